"""Where an LCD lies that is small in the picture, or hardly in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from pipelines.alignment import Calibration
from pipelines.media import Frame, Matte, Page
from pipelines.plate.geometry import PageView
from pipelines.plate.plate import Plate

if TYPE_CHECKING:
    from conftest import Classroom

CAMERA_WH = (1280, 720)
PAGE_WH = (1280, 720)


def at(x: float, y: float, w: float, h: float) -> Calibration:
    return of_corners([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])


def of_corners(corners: list[list[float]]) -> Calibration:
    width, height = PAGE_WH
    camera = np.array(corners, np.float32)
    page = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - np.float32(0.5)
    return Calibration(
        cv2.getPerspectiveTransform(camera, page).astype(np.float64), CAMERA_WH, PAGE_WH, "corners"
    )


@pytest.mark.parametrize(
    "where",
    [
        (100, 100, 2, 400),
        (100, 100, 400, 2),
        (-396, 100, 400, 300),
        (0.2, 0.2, 0.5, 0.5),
        (2000, 0, 400, 300),
    ],
    ids=["narrow", "low", "mostly outside", "less than a pixel", "outside"],
)
def test_an_lcd_without_a_whole_block_in_the_picture_is_nowhere(
    where: tuple[float, float, float, float],
) -> None:
    assert PageView(at(*where), CAMERA_WH, PAGE_WH).box.is_empty


@pytest.mark.parametrize(
    "where",
    [(100, 100, 8, 8), (100, 100, 7.5, 400), (100, 100, 400, 7.5), (-392, 100, 400, 300), (0, 0, 20, 12)],
)
def test_the_plate_survives_an_lcd_of_a_few_blocks(
    where: tuple[float, float, float, float], pages: list[Page], classroom: Classroom
) -> None:
    """pages turn meanwhile, and light is looked for in each."""
    plate = Plate(at(*where), lambda: pages[:2])
    assert not PageView(at(*where), CAMERA_WH, PAGE_WH).box.is_empty
    for index in range(3):
        frame: Frame = classroom.frame(index, pages[0])
        nobody = classroom.matte(index, pages[0])
        assert plate.predict(Matte(frame, nobody.box, nobody.pha, nobody.fgr)) is None
        assert plate.view is not None


def test_a_sliver_across_the_picture_has_light(pages: list[Page]) -> None:
    view = PageView(of_corners([[100, 100], [300, 300], [300, 300.004], [100, 100.004]]), CAMERA_WH, PAGE_WH)
    height, width = view.box.h, view.box.w
    assert view.light(pages[0].rgb).shape == (height, width, 3)
    assert view.block_light(pages[0].rgb).shape == (*view.blocks.hw, 3)
