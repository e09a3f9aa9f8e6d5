"""The keyer's behaviour, with a network for which red is teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.matting.crop import STRIDE_PX
from pipelines.matting.keyer import Keyer
from pipelines.matting.metrics import full_pha
from pipelines.matting.settings import MattingSettings
from pipelines.media import PTS_HZ, U8, Box, Frame, Matte

if TYPE_CHECKING:
    from conftest import RedNet

CAMERA_WH = (1280, 720)
FRAME = PTS_HZ // 25
WALL, TEACHER = (90, 110, 100), (230, 20, 20)
STANDING = Box(800, 150, 260, 570)


def picture(*people: Box, wall: tuple[int, int, int] = WALL, number: int = 0) -> Frame:
    rgb: U8 = np.full((CAMERA_WH[1], CAMERA_WH[0], 3), wall, np.uint8)
    for box in people:
        rgb[box.slices] = TEACHER
    return Frame(rgb, number * FRAME, number)


@pytest.fixture
def keyer(red_net: RedNet) -> Keyer:
    return Keyer(red_net, MattingSettings(), CAMERA_WH)


def follow(keyer: Keyer, frames: int = 10, first: int = 0) -> Matte:
    """Lets the crop settle on someone standing still."""
    for number in range(first, first + frames):
        matte = keyer.matte(picture(STANDING, number=number))
    return matte


def test_a_matte_is_of_its_very_frame_and_read_only(keyer: Keyer) -> None:
    frame = picture(STANDING)
    matte = keyer.matte(frame)
    assert matte.frame is frame
    assert (matte.pts, matte.captured_ns) == (frame.pts, frame.captured_ns)
    assert not matte.pha.flags.writeable
    assert not matte.fgr.flags.writeable


def test_alpha_and_colour_are_the_teachers(keyer: Keyer) -> None:
    matte = follow(keyer)
    assert keyer.crop.box.w < CAMERA_WH[0]
    pha = full_pha(matte)
    inside = pha[STANDING.y + 4 : 720, STANDING.x + 4 : STANDING.x + STANDING.w - 4]
    assert inside.min() == 255
    pha[STANDING.slices] = 0
    assert (pha > 25).sum() < 0.02 * STANDING.w * STANDING.h
    off = np.abs(matte.fgr.astype(int) - TEACHER).max(axis=2)
    assert off[matte.pha > 0].max() < 60


def test_an_empty_stage_is_an_empty_matte_and_the_crop_opens_again(keyer: Keyer) -> None:
    follow(keyer)
    for number in range(10, 40):
        matte = keyer.matte(picture(number=number))
        assert matte.box.is_empty
    assert keyer.crop.box == Box(0, 0, *CAMERA_WH)


def test_memory_moves_with_the_crop_by_whole_cells(keyer: Keyer, red_net: RedNet) -> None:
    follow(keyer)
    for number in range(10, 60):
        box = STANDING._replace(x=STANDING.x - 8 * (number - 10))
        keyer.matte(picture(box, number=number))
    _to_teacher, _with_lead, *steps = red_net.windows
    assert len(steps) >= 2
    for (x, y, w, h), size_wh in steps:
        assert (w, h) == size_wh
        assert x % STRIDE_PX == y % STRIDE_PX == 0
    assert red_net.resets == 1  # when the keyer took the network over


def test_a_page_turn_keeps_the_memory_and_another_scene_does_not(keyer: Keyer, red_net: RedNet) -> None:
    follow(keyer)
    keyer.matte(picture(STANDING, wall=(20, 40, 160), number=10))
    assert red_net.resets == 1
    keyer.matte(picture(Box(100, 100, 200, 620), wall=(200, 220, 210), number=11))
    assert red_net.resets == 2


def test_a_pupil_who_comes_in_is_seen(keyer: Keyer) -> None:
    pupil = Box(60, 330, 160, 390)
    follow(keyer)
    for number in range(10, 80):
        matte = keyer.matte(picture(STANDING, pupil, number=number))
    assert full_pha(matte)[pupil.slices].mean() > 240


def test_somebody_pictured_high_on_the_wall_does_not_open_the_crop(keyer: Keyer) -> None:
    follow(keyer)
    before = keyer.crop
    for number in range(10, 80):
        keyer.matte(picture(STANDING, Box(60, 60, 160, 200), number=number))
    assert keyer.crop == before


def test_the_budget_is_the_networks(red_net: RedNet) -> None:
    keyer = Keyer(red_net, MattingSettings(budget_px=40_000), CAMERA_WH)
    assert keyer.crop.net_wh[0] * keyer.crop.net_wh[1] <= 40_000


def test_a_thrifty_question_shows_the_network_less_of_the_same_teacher(keyer: Keyer, red_net: RedNet) -> None:
    follow(keyer)
    before = keyer.crop.net_wh
    thrifty = keyer.ask(picture(STANDING, number=10), is_thrifty=True)
    assert thrifty.crop.net_wh[0] * thrifty.crop.net_wh[1] < 0.7 * before[0] * before[1]
    assert red_net.windows[-1][1] == thrifty.crop.net_wh, "its memory has come along"
    assert thrifty.teacher is not None
    assert keyer.ask(picture(STANDING, number=11)).crop.net_wh == before
    own = Keyer(red_net, MattingSettings(budget_px=40_000), CAMERA_WH)
    whole = own.ask(picture(STANDING)).crop
    assert own.ask(picture(STANDING, number=1), is_thrifty=True).crop == whole, "an operator's own budget"


def test_a_picture_of_another_size_is_refused(keyer: Keyer) -> None:
    with pytest.raises(ValueError, match="1280"):
        keyer.matte(Frame(np.zeros((480, 640, 3), np.uint8), 0, 0))
