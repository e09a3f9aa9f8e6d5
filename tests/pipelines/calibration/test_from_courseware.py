"""Calibration from the lesson's own pages: light, dark, before a teacher, from corners."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.calibration.from_courseware import from_courseware
from pipelines.calibration.measuring import NotMeasured
from pipelines.media import U8, Page
from pipelines.studio.calibration import from_corners

WH = (1280, 720)
FORMULA = "1/u + 1/v = 1/f"


def draw(paper: tuple[int, int, int], ink: tuple[int, int, int]) -> U8:
    rgb = np.full((720, 1280, 3), paper, np.uint8)
    for line in range(10):
        text = f"{line + 1}. {FORMULA}, f = {10 + 3 * line} cm"
        cv2.putText(rgb, text, (40 + 40 * (line % 4), 70 + 66 * line), cv2.FONT_HERSHEY_DUPLEX, 1.1, ink, 2)
    rng = np.random.default_rng(5)
    for _ in range(60):
        x, y = int(rng.integers(760, 1230)), int(rng.integers(30, 690))
        colour = tuple(int(v) for v in rng.integers(0, 255, 3))
        cv2.circle(rgb, (x, y), int(rng.integers(6, 26)), colour, -1, cv2.LINE_AA)
    return rgb


LIGHT = draw((248, 248, 246), (20, 24, 30))
DARK = draw((14, 18, 40), (200, 205, 190))


def pictures(room, rgb: U8, *, teacher: bool) -> list[U8]:
    page = Page(rgb, 1, 0)
    return [room.renderer.render(100 + 6 * k, page, teacher=teacher) for k in range(9)]


@pytest.mark.parametrize("rgb", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("url", ["simulated:", "simulated:?yaw=20&pitch=-6&k1=-0.15&fill=0.7&noise=2"])
def test_an_empty_room_is_found_within_a_tenth_of_a_pixel(url, rgb, room):
    made = room(url)
    outcome = from_courseware(rgb, pictures(made, rgb, teacher=False))
    assert not outcome.report.is_refused
    assert made.error_px(outcome.calibration) < 0.1
    assert outcome.report.photometric_codes is not None and outcome.report.photometric_codes < 2
    assert outcome.calibration.source == "courseware"
    assert abs(outcome.report.angle_deg - made.angle_deg()) < 1.5


@pytest.mark.parametrize("rgb", [LIGHT, DARK], ids=["light", "dark"])
def test_a_teacher_before_the_lcd_does_no_harm(rgb, room):
    made = room("simulated:?yaw=8&seed=4")
    outcome = from_courseware(rgb, pictures(made, rgb, teacher=True))
    assert not outcome.report.is_refused
    assert made.error_px(outcome.calibration) < 0.15


def test_corners_are_a_start_and_the_courseware_makes_them_precise(room):
    made = room("simulated:?yaw=12&k1=-0.12")
    corners = made.truth.to_camera(np.array([[0, 0], [1279, 0], [1279, 719], [0, 719]], np.float64), WH, WH)
    rough = from_corners(np.asarray(corners + np.array([[5, -4], [-6, 3], [4, 5], [-3, -6]]), np.float32), WH)
    assert made.error_px(rough) > 3
    outcome = from_courseware(LIGHT, pictures(made, LIGHT, teacher=False), rough)
    assert made.error_px(outcome.calibration) < 0.1


def test_an_empty_page_is_refused_with_the_mend(room):
    blank = np.full((720, 1280, 3), 240, np.uint8)
    with pytest.raises(NotMeasured, match="more on it"):
        from_courseware(blank, pictures(room("simulated:"), blank, teacher=True))


def test_a_page_with_one_word_is_refused_one_way_or_the_other(room):
    """What can be seen in one corner does not tell where the opposite one is."""
    sparse = np.full((720, 1280, 3), 240, np.uint8)
    cv2.putText(sparse, FORMULA, (60, 90), cv2.FONT_HERSHEY_DUPLEX, 1.2, (20, 20, 20), 2)
    try:
        outcome = from_courseware(sparse, pictures(room("simulated:"), sparse, teacher=False))
    except NotMeasured as error:
        assert "pattern" in str(error)
    else:
        assert outcome.report.is_refused


def test_another_page_on_the_lcd_is_refused(room):
    other = cv2.applyColorMap(
        cv2.resize(np.random.default_rng(7).integers(0, 255, (24, 40), np.uint8), WH), cv2.COLORMAP_JET
    )
    with pytest.raises(NotMeasured, match=r"does not see this page|too little"):
        from_courseware(LIGHT, pictures(room("simulated:"), np.asarray(other, np.uint8), teacher=False))
