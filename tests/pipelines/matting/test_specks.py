"""A teacher is kept with what they hold; specks of slide text are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.matting.specks import APPEAR_SHARE, VANISH_SHARE, find_bodies, keep_teacher
from pipelines.media import F32, Box

FRAME_PX = 240 * 416


def stage(*parts: tuple[int, int, int, int, float]) -> F32:
    """An alpha f32 (240, 416) with rectangles x, y, w, h, alpha."""
    pha = np.zeros((240, 416), np.float32)
    for x, y, w, h, alpha in parts:
        pha[y : y + h, x : x + w] = alpha
    return pha


BODY = (200, 60, 60, 180, 1.0)


def test_nobody_on_an_empty_stage() -> None:
    assert keep_teacher(stage(), FRAME_PX, was_there=True) is None


def test_text_is_nobody_however_much_of_it() -> None:
    lines = [(20, 10 + 12 * k, 300, 6, 0.45) for k in range(18)]
    assert keep_teacher(stage(*lines), FRAME_PX, was_there=False) is None


def test_specks_beside_a_teacher_go() -> None:
    pha = stage(BODY, (280, 100, 30, 6, 0.4), (150, 90, 10, 4, 0.3))
    teacher = keep_teacher(pha, FRAME_PX, was_there=False)
    assert teacher is not None
    assert teacher.box == Box(*BODY[:4])
    np.testing.assert_array_equal(teacher.pha, stage(BODY))


def test_a_torn_off_hand_stays_and_a_far_thing_goes() -> None:
    hand, far = (170, 100, 12, 10, 0.9), (20, 20, 12, 10, 0.9)
    teacher = keep_teacher(stage(BODY, hand, far), FRAME_PX, was_there=False)
    assert teacher is not None
    assert teacher.box.x == 170
    np.testing.assert_array_equal(teacher.pha, stage(BODY, hand))


def test_soft_hair_around_is_not_cut_off() -> None:
    pha = cv2.GaussianBlur(stage(BODY), (0, 0), 4).astype(np.float32)
    teacher = keep_teacher(pha, FRAME_PX, was_there=False)
    assert teacher is not None
    assert np.abs(teacher.pha - pha).max() < 0.04


@pytest.mark.parametrize("was_there", [False, True])
def test_appearing_takes_more_than_staying(was_there: bool) -> None:
    side = int((FRAME_PX * (APPEAR_SHARE + VANISH_SHARE) / 2) ** 0.5)
    teacher = keep_teacher(stage((100, 100, side, side, 1.0)), FRAME_PX, was_there=was_there)
    assert (teacher is not None) == was_there


def test_two_people_are_both_kept() -> None:
    other = (20, 100, 50, 140, 1.0)
    teacher = keep_teacher(stage(BODY, other), FRAME_PX, was_there=False)
    assert teacher is not None
    assert teacher.box == Box(20, 60, 240, 180)
    assert sorted(find_bodies(stage(BODY, other))) == sorted([Box(*BODY[:4]), Box(*other[:4])])
