"""The plate of a camera that hangs sideways: its picture is 720 wide and 1280 high."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from pipelines.media import Page
from pipelines.plate.plate import Plate

if TYPE_CHECKING:
    from conftest import Classroom

WH = (720, 1280)
KNOWN = 60  # doubt up to 15 codes
ROOMS = [f"simulated:?fill={fill}&yaw=0&pitch=0&roll=0" for fill in (0.5, 0.65, 0.8, 0.9)]


@pytest.mark.parametrize("teacher", [False, True], ids=["empty", "teacher"])
@pytest.mark.parametrize("room", ROOMS)
def test_the_lcd_is_learnt_however_small(
    make_classroom: type[Classroom], pages: list[Page], room: str, teacher: bool
) -> None:
    classroom = make_classroom(room, WH)
    for page in pages:
        classroom.shown = page
        known = classroom.plate.predict(classroom.matte(60, page, teacher=teacher))
        assert known is not None, (page.index, classroom.plate.misfit)
        hidden = float((classroom.renderer.truth(60, page).pha[known.box.slices] > 127).mean())
        assert hidden > 0.15, "there is somebody before it"
        empty = classroom.renderer.render(0, page, teacher=False, noise=False)[known.box.slices]
        off = cv2.absdiff(known.rgb, empty).max(axis=2)[known.doubt < KNOWN]
        assert np.median(off) <= 3, page.index
        assert np.median(known.trust) > 200


@pytest.mark.parametrize("room", ROOMS[::3])
def test_another_page_is_refused_all_the_same(
    make_classroom: type[Classroom], pages: list[Page], room: str
) -> None:
    classroom = make_classroom(room, WH)
    for shown, seen in ((0, 1), (1, 2), (2, 0)):
        plate = Plate(classroom.calibration, lambda page=pages[shown]: (page,))
        assert plate.predict(classroom.matte(60, pages[seen])) is None
