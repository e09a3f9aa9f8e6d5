"""When a move begins, how far it is at each tick, and what is a cut: all by the ticks' own clock."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.compositing.moving import STILL, Course
from pipelines.media import Corner, Layout, Scene
from pipelines.timing import NS_PER_MS

TICK_NS = 40 * NS_PER_MS
ALIGNED, CORNER = Scene(), Scene(1, Layout.CORNER)
PLACED = replace(CORNER, place_xy=(0.3, 1.0))


class Lesson:
    """A course with a clock: `shares` of the next pictures, 25 a second, in a scene."""

    def __init__(self, transition_ms: int = 400) -> None:
        self.course = Course(transition_ms)
        self.now_ns = 7_000_000_000

    def shares(self, scene: Scene, count: int = 1) -> list[float]:
        found = []
        for _ in range(count):
            self.now_ns += TICK_NS
            found.append(self.course.step(self.now_ns, scene).share)
        return found


def test_a_move_eases_in_and_out_and_arrives_in_its_time() -> None:
    lesson = Lesson()
    assert lesson.shares(ALIGNED, 3) == [1, 1, 1], "nothing moves at the start"
    shares = lesson.shares(CORNER, 12)
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.05, "the first picture has begun to move"
    assert shares[4] == pytest.approx(0.5)
    assert shares[8] < 1 and shares[9:] == [1, 1, 1], "ten pictures are 400 ms"
    steps = [late - early for early, late in pairwise(shares)]
    assert max(steps[3:5]) > 1.9 * max(steps[0], steps[8]), "slow at both ends"


def test_while_nothing_changes_the_step_is_the_same_object() -> None:
    course = Course(400)
    assert course.step(TICK_NS, ALIGNED) is not STILL
    first = course.step(2 * TICK_NS, ALIGNED)
    assert course.step(3 * TICK_NS, replace(ALIGNED, number=5, text_fade=1.0)) is first
    assert course.step(4 * TICK_NS, replace(ALIGNED, corner=Corner.TOP_LEFT, scale=0.2)) is first


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ALIGNED, Scene(1, Layout.SLATE)),
        (Scene(0, Layout.SLATE), ALIGNED),
        (ALIGNED, Scene(1, Layout.CAMERA)),
        (Scene(0, Layout.CAMERA), Scene(1, Layout.COURSEWARE)),
        (CORNER, replace(CORNER, mirror=True)),
        (ALIGNED, replace(CORNER, transition_ms=0)),
    ],
)
def test_what_must_not_wait_is_a_cut(before: Scene, after: Scene) -> None:
    lesson = Lesson()
    lesson.shares(before, 20)
    number = lesson.course.step(lesson.now_ns, before).number
    assert lesson.shares(after) == [1]
    assert lesson.course.step(lesson.now_ns, after).number > number


@pytest.mark.parametrize("layout", [Layout.SLATE, Layout.CAMERA])
def test_a_slate_cuts_a_move_short(layout: Layout) -> None:
    lesson = Lesson()
    lesson.shares(ALIGNED, 3)
    assert lesson.shares(CORNER, 3)[-1] < 1
    assert lesson.shares(Scene(2, layout)) == [1]


def test_zero_cuts_everywhere_and_a_scene_may_take_its_own_time() -> None:
    lesson = Lesson(transition_ms=0)
    lesson.shares(ALIGNED)
    assert lesson.shares(CORNER) == [1]
    slow = lesson.shares(Scene(2, Layout.BESIDE, transition_ms=2000), 50)
    assert slow[48] < 1 and slow[49] == 1


def test_an_order_on_the_way_begins_a_new_move_with_its_own_time() -> None:
    lesson = Lesson()
    lesson.shares(ALIGNED, 3)
    lesson.shares(CORNER, 4)
    number = lesson.course.step(lesson.now_ns, CORNER).number
    shares = lesson.shares(Scene(2, Layout.BESIDE), 11)
    assert lesson.course.step(lesson.now_ns, Scene(2, Layout.BESIDE)).number == number + 1
    assert shares[0] < 0.05 and shares[9] == 1


@given(st.integers(1, 7), st.integers(4, 12))
def test_a_drag_is_never_behind_by_more_than_one_of_its_orders(apart: int, count: int) -> None:
    """Orders `apart` pictures from each other: each has arrived when the next one comes."""
    lesson = Lesson()
    lesson.shares(PLACED, 40)
    for order in range(count):
        scene = replace(PLACED, number=order + 2, place_xy=(0.3 + 0.02 * order, 1.0))
        shares = lesson.shares(scene, apart)
        assert shares == sorted(shares)
        if order >= 2:
            assert shares[-1] == 1
            assert shares[0] == pytest.approx(1 / min(apart, 3.75)), "as smooth as they come"


def test_a_drag_whose_orders_come_with_every_picture_is_followed_at_once() -> None:
    lesson = Lesson()
    lesson.shares(PLACED, 40)
    dragged = [replace(PLACED, number=n, place_xy=(0.3 + 0.01 * n, 1.0)) for n in range(2, 20)]
    shares = [lesson.shares(scene)[0] for scene in dragged]
    assert shares[1:] == [1] * 17


def test_one_far_order_in_a_layout_eases_as_a_layout_does() -> None:
    lesson = Lesson()
    lesson.shares(PLACED, 40)
    shares = lesson.shares(replace(PLACED, number=2, place_xy=(0.8, 1.0)), 11)
    assert shares[0] < 0.05 and shares[8] < 1 and shares[9] == 1
    assert lesson.shares(replace(CORNER, number=3, corner=Corner.TOP_LEFT))[0] < 0.05


def test_a_box_that_stalled_does_not_make_up_for_it() -> None:
    lesson = Lesson()
    lesson.shares(ALIGNED, 3)
    lesson.now_ns += 1000 * NS_PER_MS
    assert lesson.shares(CORNER) == [1]
