"""How the camera hangs, told by the page: each of the eight ways, and none where there is no page."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.alignment import Calibration
from pipelines.calibration.uprighting import Hanging, hanging_by_page, hanging_of

PAGE_WH, CAMERA_WH = (640, 360), (640, 360)
SEEN = np.float32([[60, 40], [590, 62], [575, 330], [48, 318]])
BORDER = np.float32([[-0.5, -0.5], [639.5, -0.5], [639.5, 359.5], [-0.5, 359.5]])
CAMERA_FROM_PAGE = cv2.getPerspectiveTransform(BORDER, SEEN)


def a_page():
    """Drawn at random, with nothing that is alike when turned."""
    rng = np.random.default_rng(5)
    page = np.full((PAGE_WH[1], PAGE_WH[0], 3), 245, np.uint8)
    for _ in range(160):
        at = tuple(int(v) for v in rng.integers((10, 10), (600, 340)))
        text = "".join(rng.choice(list("abcdefghkmnpqrstuvwxyz23456789"), 3))
        cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, float(rng.uniform(0.4, 0.9)), (20, 30, 60), 1)
    return page


def turned_back(rgb, hanging):
    """What a camera sees whose pictures `hanging` makes upright."""
    quarter = np.rot90(rgb, k=hanging.quarters)
    return np.ascontiguousarray(quarter[:, ::-1] if hanging.mirrored else quarter)


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_page_tells_turn_and_mirror(quarters, mirrored):
    page = a_page()
    seen = cv2.warpPerspective(page, CAMERA_FROM_PAGE, CAMERA_WH, borderValue=(90, 100, 110))
    hanging = Hanging(quarters, mirrored)
    assert hanging_by_page(page, turned_back(seen, hanging)) == hanging


def test_no_page_tells_nothing():
    noise = np.random.default_rng(1).integers(0, 255, (360, 640, 3)).astype(np.uint8)
    assert hanging_by_page(a_page(), noise) is None


@pytest.mark.parametrize("corners", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_calibration_tells_it_too(corners, mirrored):
    """The page's corners seen in another order; a mirror runs round the other way."""
    seen = np.roll(SEEN, corners, axis=0)
    if mirrored:
        seen = seen * np.float32([-1, 1]) + np.float32([639, 0])
    matrix = cv2.getPerspectiveTransform(seen.astype(np.float32), BORDER).astype(np.float64)
    found = hanging_of(Calibration(matrix, CAMERA_WH, PAGE_WH, "pattern"))
    # Rolled by one, the page's top left corner is where the bottom left is: it is turned anticlockwise.
    assert found == Hanging(corners, mirrored)
