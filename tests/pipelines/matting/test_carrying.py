"""The network's alpha on later frames, with a network for which red is teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from pipelines.matting.carrying import MOST_S, Carrier
from pipelines.matting.coarse import Coarse, seen
from pipelines.matting.keyer import Keyer
from pipelines.matting.metrics import full_pha
from pipelines.matting.motion import Trail
from pipelines.matting.settings import MattingSettings
from pipelines.media import F32, PTS_HZ, U8, Box, Frame, Matte

if TYPE_CHECKING:
    from conftest import RedNet

CAMERA_WH = (1280, 720)
FRAME = PTS_HZ // 25
STANDING = Box(700, 150, 260, 570)


def cloud(seed: int, low: int, high: int, soft_px: float = 6) -> U8:
    """Smooth texture, u8 (H, W), that flow can hold on to."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.random(CAMERA_WH[::-1], dtype=np.float32), (0, 0), soft_px)
    return np.asarray(cv2.normalize(noise, None, low, high, cv2.NORM_MINMAX), np.uint8)  # type: ignore[call-overload]


CLOTH = np.dstack((200 + cloud(1, 0, 55), cloud(1, 0, 55), cloud(1, 0, 55)))
WALLS = [np.dstack([cloud(seed, low, low + 60)] * 3) for seed, low in ((4, 90), (5, 150))]


def picture(teacher: Box | None, number: int = 0, wall: int = 0) -> Frame:
    """The teacher's cloth moves with them, the wall stays."""
    rgb = WALLS[wall].copy()
    if teacher is not None:
        rgb[teacher.slices] = CLOTH[: teacher.h, : teacher.w]
    return Frame(rgb, number * FRAME, number)


def red(rgb: U8) -> F32:
    """What is teacher to the network, f32 (h, w)."""
    return np.clip((rgb[..., 0] - rgb[..., 1:].max(axis=2).astype(np.float32)) / 200, 0, 1)


def moved(by_x: int, by_y: int = 0) -> Box:
    return STANDING._replace(x=STANDING.x + by_x, y=STANDING.y + by_y, h=STANDING.h - by_y)


def off_px(matte: Matte, there: Box) -> float:
    """How far left, right and upper edge are from where they should be: nine tenths of them are nearer."""
    solid = full_pha(matte) > 127
    rows = solid[there.y + 20 : there.y + there.h - 20]
    columns = solid[:, there.x + 20 : there.x + there.w - 20]
    left, right = rows.argmax(axis=1) - there.x, rows[:, ::-1].argmax(axis=1)
    off = np.concatenate((left, CAMERA_WH[0] - right - there.x - there.w, columns.argmax(axis=0) - there.y))
    return float(np.quantile(np.abs(off), 0.9))


@pytest.fixture
def answer(red_net: RedNet) -> Coarse:
    """The network's answer to the teacher standing, at number 10, the crop having settled on them."""
    keyer = Keyer(red_net, MattingSettings(), CAMERA_WH)
    for number in range(11):
        asked = keyer.ask(picture(STANDING, number))
    assert asked.crop.box.w < CAMERA_WH[0]
    return asked


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


def carry(carrier: Carrier, frame: Frame, answer: Coarse) -> Matte:
    matte = carrier.matte(frame, answer, None)
    assert matte is not None
    return matte


@pytest.mark.parametrize("by_xy", [(0, 0), (12, 0), (-30, 8), (44, 20)])
def test_alpha_follows_the_teacher_to_a_pixel(
    carrier: Carrier, answer: Coarse, by_xy: tuple[int, int]
) -> None:
    there = moved(*by_xy)
    frame = picture(there, number=13)
    matte = carry(carrier, frame, answer)
    assert matte.frame is frame
    assert not matte.pha.flags.writeable
    assert off_px(matte, there) <= 1


def test_nothing_stays_behind_where_the_teacher_was(carrier: Carrier, answer: Coarse) -> None:
    there = moved(40)
    pha = full_pha(carry(carrier, picture(there, number=12), answer))
    left = Box(STANDING.x, STANDING.y, 40 - 4, STANDING.h)
    assert (pha[left.slices] > 25).mean() < 0.01


def test_a_page_turned_behind_the_teacher_pulls_nothing_along(carrier: Carrier, answer: Coarse) -> None:
    carry(carrier, picture(STANDING, number=11), answer)
    there = moved(10)
    matte = carry(carrier, picture(there, number=12, wall=1), answer)
    assert off_px(matte, there) <= 1


@pytest.mark.parametrize("numbers", [(12,), (11, 12), (11, 12, 13, 14)])
def test_the_motion_alone_is_right_to_a_pixel(answer: Coarse, numbers: tuple[int, ...]) -> None:
    """Without the camera's edges, which would hide a pixel or two. In one step and in several."""
    assert answer.teacher is not None
    trail, pha = Trail(), answer.teacher.pha
    for number in numbers:
        there = moved(9 * (number - 10), 3 * (number - 10))
        carried = trail.to(number * FRAME, seen(picture(there), answer.crop), answer, pha).pha()
    wanted = np.asarray(red(seen(picture(there), answer.crop)) > 0.5)
    outline_px = 2 * there.h * answer.crop.ratio + there.w * answer.crop.ratio
    assert np.count_nonzero((carried > 0.5) != wanted) < outline_px  # a pixel all round


def test_the_teacher_may_leave_where_the_network_looked(carrier: Carrier, answer: Coarse) -> None:
    end = answer.crop.box.x + answer.crop.box.w
    for number in range(11, 15):
        there = moved(25 * (number - 10))
        matte = carry(carrier, picture(there, number), answer)
    assert there.x + there.w > end + 30
    assert off_px(matte, there) <= 2


def test_a_later_answer_takes_up_the_trail(carrier: Carrier, red_net: RedNet) -> None:
    keyer, frames = (
        Keyer(red_net, MattingSettings(), CAMERA_WH),
        [picture(moved(-8 * k), k) for k in range(17)],
    )
    for frame in frames[:10]:
        first = keyer.ask(frame)
    for frame in frames[10:14]:
        carry(carrier, frame, first)
    later = keyer.ask(frames[11])
    assert later.crop == first.crop
    matte = carry(carrier, frames[14], later)
    assert carrier.answered is frames[11]
    assert off_px(matte, moved(-8 * 14)) <= 1


def test_its_own_frame_gets_the_networks_own_alpha(carrier: Carrier, answer: Coarse) -> None:
    matte = carry(carrier, answer.frame, answer)
    np.testing.assert_array_equal(matte.pha, answer.matte().pha)
    assert carrier.answered is answer.frame


def test_before_any_answer_there_is_nothing_to_show(carrier: Carrier) -> None:
    assert carrier.matte(picture(STANDING), None, None) is None


def test_a_cut_drops_what_was_known_before_it(carrier: Carrier, answer: Coarse, red_net: RedNet) -> None:
    carry(carrier, picture(STANDING, number=11), answer)
    other = picture(Box(100, 100, 200, 620), number=12, wall=1)
    assert carrier.matte(other, answer, None) is None
    after = picture(Box(100, 100, 200, 620), number=13, wall=1)
    assert carrier.matte(after, answer, None) is None
    again = Keyer(red_net, MattingSettings(), CAMERA_WH).ask(other)
    matte = carrier.matte(after, again, None)
    assert matte is not None
    assert matte.frame is after


def test_an_answer_too_old_to_be_carried_is_shown_once_with_its_own_frame(
    carrier: Carrier, answer: Coarse
) -> None:
    late = 11 + round(25 * MOST_S)
    matte = carrier.matte(picture(moved(200), number=late), answer, None)
    assert matte is not None
    assert matte.frame is answer.frame
    assert carrier.matte(picture(moved(210), number=late + 1), answer, None) is None


def test_a_frame_older_than_the_answer_is_passed_over(carrier: Carrier, answer: Coarse) -> None:
    matte = carrier.matte(picture(STANDING, number=9), answer, None)
    assert matte is not None
    assert matte.frame is answer.frame
    assert carrier.matte(answer.frame, answer, None) is None


def test_a_camera_of_another_size_starts_anew(carrier: Carrier, answer: Coarse) -> None:
    small = Frame(np.zeros((480, 640, 3), np.uint8), 11 * FRAME, 0)
    assert carrier.matte(small, answer, None) is None


class Refining:
    """Halves alpha and keeps what it was asked about."""

    def __init__(self) -> None:
        self.asked: list[Frame] = []

    def __call__(self, coarse: Coarse) -> Matte:
        self.asked.append(coarse.frame)
        matte = coarse.matte()
        return Matte(matte.frame, matte.box, matte.pha // 2, matte.fgr)


def test_every_frame_is_refined_by_itself_and_in_order(carrier: Carrier, answer: Coarse) -> None:
    refine, frames = Refining(), [picture(moved(4 * k), number=11 + k) for k in range(4)]
    mattes = [carrier.matte(frame, answer, refine) for frame in frames]
    assert [matte.pts for matte in mattes if matte is not None] == [frame.pts for frame in frames]
    assert all(asked is frame for asked, frame in zip(refine.asked, frames, strict=True))
    assert all(matte is not None and matte.pha.max() == 127 for matte in mattes)


def test_an_empty_room_is_learnt_from_where_the_network_saw_it(carrier: Carrier, red_net: RedNet) -> None:
    refine = Refining()
    keyer = Keyer(red_net, MattingSettings(), CAMERA_WH)
    nobody = keyer.ask(picture(None, number=1))
    frames = [picture(None, number=number) for number in (2, 3)]
    mattes = [carrier.matte(frame, nobody, refine) for frame in frames]
    assert [matte.pts for matte in mattes if matte is not None] == [frame.pts for frame in frames]
    assert all(matte is not None and matte.box.is_empty for matte in mattes)
    assert len(refine.asked) == 1
    assert refine.asked[0] is nobody.frame


def test_who_walks_out_of_the_picture_leaves_an_empty_matte(carrier: Carrier, red_net: RedNet) -> None:
    keyer, edge = Keyer(red_net, MattingSettings(), CAMERA_WH), Box(1240, 150, 40, 570)
    answer = keyer.ask(picture(edge, number=1))
    assert answer.teacher is not None
    frame = picture(None, number=2)
    matte = carry(carrier, frame, answer)
    assert matte.frame is frame


def test_a_refinement_that_strays_to_another_frame_is_a_bug(carrier: Carrier, answer: Coarse) -> None:
    other = Matte.empty(picture(STANDING, number=5))
    with pytest.raises(ValueError, match="another frame"):
        carrier.matte(picture(STANDING, number=11), answer, lambda _: other)


def test_what_is_carried_stays_thrifty(carrier: Carrier, red_net: RedNet) -> None:
    seen: list[bool] = []

    def refine(coarse: Coarse) -> Matte:
        seen.append(coarse.is_thrifty)
        return coarse.matte()

    for start, is_thrifty in ((1, True), (10, False)):
        keyer = Keyer(red_net, MattingSettings(), CAMERA_WH)
        answer = keyer.ask(picture(STANDING, number=start), is_thrifty)
        carrier.matte(picture(moved(4), number=start + 1), answer, refine)
    assert seen == [True, False]
