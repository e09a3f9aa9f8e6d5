"""LCD and wall together: the whole picture without the teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from pipelines.media import PTS_HZ, TRUST_TILE_PX, Box, Frame, Matte, Prediction
from pipelines.plate.backdrop import Backdrop

if TYPE_CHECKING:
    from conftest import Classroom

    from pipelines.media import Page


@pytest.fixture
def lesson(classroom: Classroom, pages: list[Page]) -> tuple[Classroom, Backdrop]:
    """An empty room was seen for half a second."""
    backdrop = Backdrop(classroom.plate)
    classroom.shown = pages[0]
    for index in range(12):
        backdrop.predict(Matte.empty(classroom.frame(index, pages[0])))
    return classroom, backdrop


def known_of(lesson: tuple[Classroom, Backdrop], index: int, page: Page, *, teacher: bool) -> Prediction:
    classroom, backdrop = lesson
    classroom.shown = page
    known = backdrop.predict(classroom.matte(index, page, teacher=teacher))
    assert known is not None
    return known


def test_the_wall_is_known_behind_the_teacher(lesson: tuple[Classroom, Backdrop], pages: list[Page]) -> None:
    known = known_of(lesson, 60, pages[0], teacher=True)
    assert (known.doubt < 255).mean() > 0.97
    empty = lesson[0].renderer.render(0, pages[0], teacher=False, noise=False)[known.box.slices]
    off = cv2.absdiff(known.rgb, empty).max(axis=2)
    assert np.median(off[known.doubt < 60]) <= 2
    assert np.percentile(off[known.doubt < 60], 95) <= 14


def test_trust_and_doubt_lie_over_the_picture(lesson: tuple[Classroom, Backdrop], pages: list[Page]) -> None:
    known = known_of(lesson, 60, pages[0], teacher=False)
    assert known.rgb.shape == (known.box.h, known.box.w, 3)
    assert known.trust.shape == (-(-known.box.h // 32), -(-known.box.w // 32))
    assert np.median(known.trust) > 230


def test_another_wall_is_not_trusted(lesson: tuple[Classroom, Backdrop], pages: list[Page]) -> None:
    classroom, backdrop = lesson
    frame = classroom.frame(60, pages[0])
    rgb = frame.rgb.copy()
    rgb[520:, :300] = cv2.add(rgb[520:, :300], 40)
    changed = Matte.empty(type(frame)(rgb, frame.pts, 0))
    known = backdrop.predict(changed)
    assert known is not None
    assert known.trust[-2, 2] < 40
    assert known.trust[3, known.trust.shape[1] // 2] > 200


def test_without_a_page_the_wall_remains(lesson: tuple[Classroom, Backdrop], pages: list[Page]) -> None:
    classroom, backdrop = lesson
    classroom.shown = None
    known = backdrop.predict(Matte.empty(classroom.frame(20, pages[0])))
    assert known is not None
    middle = known.box.h // 2, known.box.w // 2
    assert known.doubt[middle] == 255
    assert known.trust[middle[0] // 32, middle[1] // 32] == 0
    assert known.doubt[-4, 4] < 255


def test_the_wall_is_lit_by_lamps_and_a_bright_page_by_itself(
    lesson: tuple[Classroom, Backdrop], pages: list[Page]
) -> None:
    known = known_of(lesson, 60, pages[0], teacher=False)
    assert known.room[-4, 4] == 255
    assert known.room[known.box.h // 2, known.box.w // 3] < 60


def test_the_same_arrays_come_again(lesson: tuple[Classroom, Backdrop], pages: list[Page]) -> None:
    one = known_of(lesson, 60, pages[0], teacher=False)
    other = known_of(lesson, 61, pages[0], teacher=False)
    assert one.rgb is other.rgb
    assert one.doubt is other.doubt
    assert not one.rgb.flags.writeable


@pytest.mark.parametrize(
    ("carried_s", "appears", "is_trusted"),
    [(0.3, 30, True), (0.0, 30, False), (0.3, 12, False)],
    ids=["swung since", "alpha is fresh", "was there before"],
)
def test_an_arm_that_old_alpha_does_not_know_costs_no_trust(
    lesson: tuple[Classroom, Backdrop], pages: list[Page], carried_s: float, appears: int, is_trusted: bool
) -> None:
    """Much further out than somebody holds a book; what has been there longer than the alpha is no arm."""
    classroom, backdrop = lesson
    body, arm = Box(900, 300, 160, 420), Box(420, 360, 480, 70)
    pha = np.full((body.h, body.w), 255, np.uint8)
    known = None
    for index in range(12, 33):
        frame = classroom.frame(index, pages[0])
        seen = np.array(frame.rgb)
        seen[body.slices] = (120, 60, 50)
        if index >= appears:
            seen[arm.slices] = (120, 60, 50)
        colour = np.ascontiguousarray(seen[body.slices])
        carried = round(carried_s * PTS_HZ)
        known = backdrop.predict(Matte(Frame(seen, frame.pts, 0), body, pha, colour, carried))
    assert known is not None
    row, column = arm.y + 30 - known.box.y, arm.x + 60 - known.box.x
    there = known.trust[row // TRUST_TILE_PX, column // TRUST_TILE_PX]
    assert there > 200 if is_trusted else there < 60


@pytest.mark.parametrize("number", [1, 2])
def test_a_page_that_turns_is_not_taken_for_an_arm(
    lesson: tuple[Classroom, Backdrop], pages: list[Page], number: int
) -> None:
    """All of it has moved since the picture that old alpha is of, and is off the plate of the page before."""
    classroom, backdrop = lesson
    body = Box(900, 300, 160, 420)
    pha, known = np.full((body.h, body.w), 255, np.uint8), None
    for index in range(12, 33):
        frame = classroom.frame(index, pages[0] if index < 32 else pages[number])
        seen = np.array(frame.rgb)
        seen[body.slices] = (120, 60, 50)
        colour = np.ascontiguousarray(seen[body.slices])
        known = backdrop.predict(Matte(Frame(seen, frame.pts, 0), body, pha, colour, round(0.3 * PTS_HZ)))
    assert known is not None
    assert known.trust[3:12, 4:16].mean() < 60
