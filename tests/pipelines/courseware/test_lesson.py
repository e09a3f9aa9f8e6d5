from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from pipelines.courseware.faults import BadPage
from pipelines.courseware.lesson import Lesson
from pipelines.courseware.limits import KEEP_PAGES
from pipelines.media import U8, SizeWh, SourceLost

SIZE = (64, 36)


class SlowPages:
    """Pages whose colour is their index, drawn only while the gate is open."""

    name = "slow"
    kind = "test"

    def __init__(self, count: int, bad: tuple[int, ...] = ()) -> None:
        self.count = count
        self.bad = bad
        self.gate = threading.Event()
        self.gate.set()
        self.drawn: list[int] = []
        self.closed = False

    def draw(self, index: int, size_wh: SizeWh) -> U8:
        assert not self.closed
        self.drawn.append(index)
        assert self.gate.wait(10)
        if index in self.bad:
            raise BadPage(f"page {index + 1} is torn")
        return np.full((size_wh[1], size_wh[0], 3), index, np.uint8)

    def abort(self) -> None:
        self.gate.set()

    def close(self) -> None:
        self.closed = True


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def opened() -> Iterator[Callable[[SlowPages], Lesson]]:
    lessons: list[Lesson] = []

    def open_lesson(pages: SlowPages) -> Lesson:
        lessons.append(Lesson(pages, SIZE))
        return lessons[-1]

    yield open_lesson
    for lesson in lessons:
        lesson.close()


Open = Callable[[SlowPages], Lesson]


def test_the_first_page_is_there_at_once_and_cannot_be_written_to(opened: Open) -> None:
    before_ns = time.monotonic_ns()
    page = opened(SlowPages(3)).page()
    assert (page.index, page.is_flip, page.size_wh) == (0, True, SIZE)
    assert before_ns <= page.shown_ns <= time.monotonic_ns()
    with pytest.raises(ValueError, match="read-only"):
        page.rgb[0, 0] = 0


def test_neighbours_are_drawn_unasked_and_a_turn_to_them_waits_for_nothing(opened: Open) -> None:
    pages = SlowPages(9)
    lesson = opened(pages)
    wait_until(lambda: pages.drawn == [0, 1, 2])
    first = lesson.page()
    pages.gate.clear()  # from here on nothing can be drawn
    before_ns = time.monotonic_ns()
    lesson.turn(+1)
    page = lesson.page()
    assert (page.index, int(page.rgb[0, 0, 0]), page.revision) == (1, 1, first.revision + 1)
    assert before_ns <= page.shown_ns <= time.monotonic_ns()
    lesson.turn(-1)
    assert lesson.page().index == 0
    assert lesson.page().rgb is first.rgb


def test_the_page_asked_for_comes_before_its_neighbours(opened: Open) -> None:
    pages = SlowPages(30)
    lesson = opened(pages)
    wait_until(lambda: len(pages.drawn) == 3)
    lesson.turn(index=20)
    wait_until(lambda: len(pages.drawn) == 7)
    assert pages.drawn[3:] == [20, 21, 19, 22]
    assert lesson.page().index == 20


def test_of_quick_turns_only_the_last_is_shown_and_none_is_lost(opened: Open) -> None:
    pages = SlowPages(30)
    lesson = opened(pages)
    wait_until(lambda: len(pages.drawn) == 3)
    revision = lesson.page().revision
    pages.gate.clear()
    lesson.turn(index=10)
    wait_until(lambda: pages.drawn[-1] == 10)
    for _ in range(5):
        lesson.turn(+1)
    assert lesson.page().index == 0
    pages.gate.set()
    page = lesson.wait_change(revision, 10)
    assert page is not None
    assert (page.index, page.revision) == (15, revision + 1)
    assert pages.drawn[4] == 15


def test_turns_stay_inside_and_no_turn_is_no_change(opened: Open) -> None:
    lesson = opened(SlowPages(3))
    revision = lesson.page().revision
    for step, index in ((-1, None), (0, None), (0, -5), (-(10**9), None)):
        lesson.turn(step, index)
    assert lesson.page().revision == revision
    lesson.turn(index=99)
    page = lesson.wait_change(revision, 10)
    assert page is not None
    assert page.index == 2
    lesson.turn(+1)
    assert lesson.page().revision == page.revision


def test_memory_stays_bounded(opened: Open) -> None:
    pages = SlowPages(100)
    lesson = opened(pages)
    for index in range(0, 100, 3):
        lesson.turn(index=index)
        wait_until(lambda index=index: lesson.page().index == index)  # type: ignore[misc]
    assert len(lesson._drawn) <= KEEP_PAGES


def test_a_bad_page_becomes_a_notice_and_the_lesson_goes_on(opened: Open) -> None:
    lesson = opened(SlowPages(3, bad=(1,)))
    wait_until(lambda: len(lesson._drawn) == 3)
    assert lesson.state.reason == ""
    lesson.turn(+1)
    page = lesson.page()
    assert page.index == 1
    assert np.unique(page.rgb).size > 10  # letters, not a plain colour
    assert lesson.state.reason == "page 2 is torn"
    assert lesson.state.state == "live"
    lesson.turn(+1)
    assert (lesson.page().index, lesson.state.reason) == (2, "")
    assert lesson.state.detail["page"] == 3


def test_a_bad_first_page_is_a_notice_but_a_bad_only_page_is_refused(opened: Open) -> None:
    assert opened(SlowPages(2, bad=(0,))).state.reason == "page 1 is torn"
    pages = SlowPages(1, bad=(0,))
    with pytest.raises(SourceLost, match="torn"):
        Lesson(pages, SIZE)
    assert pages.closed


def test_wait_change(opened: Open) -> None:
    lesson = opened(SlowPages(3))
    page = lesson.page()
    assert lesson.wait_change(page.revision, 0.01) is None
    assert lesson.wait_change(page.revision - 1, 0) is page
    threading.Timer(0.05, lesson.turn, (1,)).start()
    changed = lesson.wait_change(page.revision, 10)
    assert changed is not None
    assert changed.index == 1


def test_close_wakes_the_sleepers_and_ends_the_thread_in_the_middle_of_a_drawing() -> None:
    pages = SlowPages(5)
    lesson = Lesson(pages, SIZE)
    wait_until(lambda: len(pages.drawn) == 3)
    pages.gate.clear()
    lesson.turn(index=4)
    wait_until(lambda: pages.drawn[-1] == 4)
    threading.Timer(0.05, lesson.close).start()
    assert lesson.wait_change(lesson.page().revision, 10) is None
    wait_until(lambda: pages.closed)
    lesson._thread.join(10)
    assert not lesson._thread.is_alive()
    assert lesson.page().index == 0
