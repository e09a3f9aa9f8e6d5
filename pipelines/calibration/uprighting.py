"""How the camera hangs, told by the page on the LCD: the page is known to stand upright, and not mirrored."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.calibration.from_courseware import match
from pipelines.calibration.measuring import NotMeasured
from pipelines.media import F64, U8


class Hanging(NamedTuple):
    """What makes the picture upright: left and right swapped first if mirrored, then turned clockwise."""

    quarters: int
    mirrored: bool


def hanging_of(calibration: Calibration) -> Hanging:
    """Of the pictures that were calibrated."""
    width, height = calibration.page_size_wh
    camera_from_page = np.asarray(np.linalg.inv(calibration.page_from_camera), np.float64)
    return _hanging(camera_from_page, (width / 2, height / 2))


def hanging_by_page(page_rgb: U8, picture: U8) -> Hanging | None:
    """None where the page is not found. Both u8 (H, W, 3); the picture may be turned and mirrored."""
    for mirrored in (False, True):
        seen = np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture
        try:
            found = match(page_rgb, seen)
        except NotMeasured:
            continue
        matrix, _ = cv2.findHomography(found.page_xy, found.camera_xy, cv2.RANSAC, 4.0)
        if matrix is None:
            continue
        middle = found.page_xy.mean(axis=0)
        hanging = _hanging(np.asarray(matrix, np.float64), (float(middle[0]), float(middle[1])))
        return Hanging(hanging.quarters, hanging.mirrored != mirrored)
    return None


def _hanging(camera_from_page: F64, at_xy: tuple[float, float]) -> Hanging:
    """camera_from_page: f64 (3, 3), looked at there, because perspective bends directions elsewhere."""
    steps = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    steps[:2] += np.array(at_xy)[:, None]
    seen = camera_from_page @ steps
    points = seen[:2] / seen[2]
    right, down = points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]
    mirrored = bool(right[0] * down[1] - right[1] * down[0] < 0)
    if mirrored:
        right = right * (-1, 1)
    # The page's right, clockwise from the picture's own.
    off = np.degrees(np.arctan2(right[1], right[0]))
    return Hanging(round(-off / 90) % 4, mirrored)
