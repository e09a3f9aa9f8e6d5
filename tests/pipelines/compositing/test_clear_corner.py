"""The corner for a small picture: never the teacher's, and not another one with every step they take."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from pipelines.alignment import Calibration
from pipelines.compositing.clear_corner import ClearCorner
from pipelines.media import PTS_HZ, Box, Corner, Frame, Layout, Matte, Scene

SIZE_WH = (320, 180)
PICTURE_WH = (640, 360)
WHOLE = Calibration(np.eye(3), SIZE_WH, SIZE_WH, "corners")
LEFT, RIGHT = Box(0, 40, 100, 140), Box(220, 40, 100, 140)


def standing(box: Box, at_s: float) -> Matte:
    frame = Frame(np.zeros((180, 320, 3), np.uint8), round(at_s * PTS_HZ), 0)
    return Matte(frame, box, np.full((box.h, box.w), 255, np.uint8), np.zeros((box.h, box.w, 3), np.uint8))


@pytest.mark.parametrize("layout", [Layout.CORNER, Layout.BESIDE])
@pytest.mark.parametrize("corner", Corner)
def test_on_the_other_side_of_a_teacher_in_a_corner(layout: Layout, corner: Corner) -> None:
    chosen = ClearCorner(SIZE_WH).choose(PICTURE_WH, None, Scene(layout=layout, corner=corner), None)
    assert ("left" in chosen) != ("left" in corner) and "bottom" in chosen


def test_on_the_other_side_of_where_they_were_put() -> None:
    clear, scene = ClearCorner(SIZE_WH), Scene(layout=Layout.CORNER, corner=Corner.BOTTOM_RIGHT)
    assert clear.choose(PICTURE_WH, None, replace(scene, place_xy=(0.2, 1)), None) == Corner.BOTTOM_RIGHT
    assert clear.choose(PICTURE_WH, None, replace(scene, place_xy=(0.8, 1)), None) == Corner.BOTTOM_LEFT
    not_calibrated = replace(scene, layout=Layout.ALIGNED)
    assert clear.choose(PICTURE_WH, standing(LEFT, 0), not_calibrated, None) == Corner.BOTTOM_LEFT


@pytest.mark.parametrize("layout", [Layout.ALIGNED, Layout.CAMERA])
@pytest.mark.parametrize(("box", "corner"), [(LEFT, Corner.BOTTOM_RIGHT), (RIGHT, Corner.BOTTOM_LEFT)])
def test_where_the_teacher_is_not(layout: Layout, box: Box, corner: Corner) -> None:
    scene = Scene(layout=layout)
    assert ClearCorner(SIZE_WH).choose(PICTURE_WH, standing(box, 1), scene, WHOLE) == corner
    mirrored = ClearCorner(SIZE_WH).choose(PICTURE_WH, standing(box, 1), replace(scene, mirror=True), WHOLE)
    assert (mirrored == corner) == (layout == Layout.ALIGNED), "the camera alone is mirrored"


def test_both_lower_corners_taken() -> None:
    wide = standing(Box(0, 110, 320, 70), 1)
    assert ClearCorner(SIZE_WH).choose(PICTURE_WH, wide, Scene(), WHOLE) == Corner.TOP_LEFT


def test_a_passer_by_is_waited_for_and_who_stays_is_left() -> None:
    clear, scene = ClearCorner(SIZE_WH), Scene()
    assert clear.choose(PICTURE_WH, standing(LEFT, 0), scene, WHOLE) == Corner.BOTTOM_RIGHT
    for at_s in (0.3, 0.6, 0.9):
        assert clear.choose(PICTURE_WH, standing(RIGHT, at_s), scene, WHOLE) == Corner.BOTTOM_RIGHT
    for at_s in (1.2, 1.5):
        assert clear.choose(PICTURE_WH, standing(LEFT, at_s), scene, WHOLE) == Corner.BOTTOM_RIGHT
    chosen = [clear.choose(PICTURE_WH, standing(RIGHT, 2 + at / 4), scene, WHOLE) for at in range(12)]
    assert chosen[:4] == [Corner.BOTTOM_RIGHT] * 4 and chosen[-1] == Corner.BOTTOM_LEFT
    assert sum(one != other for one, other in pairwise(chosen)) == 1
    assert clear.choose(PICTURE_WH, Matte.empty(standing(LEFT, 9).frame), scene, WHOLE) == chosen[-1]
    clear.forget()
    assert clear.choose(PICTURE_WH, standing(LEFT, 10), scene, WHOLE) == Corner.BOTTOM_RIGHT


def test_a_calibration_that_folds_the_page_is_borne() -> None:
    folded = replace(WHOLE, page_from_camera=np.array([[1.0, 0, 0], [0, 1, 0], [0.01, 0, -1]]))
    assert ClearCorner(SIZE_WH).choose(PICTURE_WH, standing(LEFT, 1), Scene(), folded) in Corner
