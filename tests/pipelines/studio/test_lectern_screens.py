"""What is opened while a screen is shared, and how it comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.courseware.opening import Courseware
from pipelines.courseware.screens.live import Live
from pipelines.media import U8, SourceLost
from pipelines.studio.lectern import Lectern, Wanted
from pipelines.timing import SessionClock

SIZE_WH = (160, 90)


def picture(path: Path, level: int) -> str:
    cv2.imwrite(str(path), np.full((90, 160, 3), level, np.uint8))
    return str(path)


class SlowLectern(Lectern):
    """Opens when it is let. opened: the paths, in order."""

    def __init__(self) -> None:
        self.rejected: list[str] = []
        self.opened: list[str] = []
        self.opening = threading.Semaphore()
        super().__init__(SIZE_WH, SessionClock.start(), self.rejected.append, lambda _session, _reason: None)

    def _open(self, wanted: Wanted) -> Courseware:
        self.opened.append(wanted.path)
        assert self.opening.acquire(timeout=20)
        if wanted.path == "buggy":
            raise ZeroDivisionError("by nought")
        return super()._open(wanted)


class ScreenPictures:
    """A presenter's screen of one colour, until it is ended."""

    def __init__(self, level: int) -> None:
        self._level, self._ended = level, threading.Event()

    def read(self, timeout_s: float) -> U8 | None:
        if self._ended.wait(0.01):
            raise SourceLost("courseware", "over", retry=False)
        return np.full((90, 160, 3), self._level, np.uint8)

    def close(self) -> None:
        self._ended.set()


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[SlowLectern]:
    """Page a of level 40 is open."""
    made = SlowLectern()
    made.start(Wanted(picture(tmp_path / "a.png", 40)))
    yield made
    for _ in range(9):
        made.opening.release()
    made.close()


def until(condition: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until_s, f"never happened: {what}"
        time.sleep(0.002)


def level(lectern: Lectern) -> int:
    page = lectern.page()
    return -1 if page is None else int(page.rgb[0, 0, 0])


def share(lectern: Lectern, session: str, shade: int) -> Live:
    screen = Live("screen", "screen", ScreenPictures(shade), SIZE_WH)
    lectern._show_screen(session, screen)
    return screen


def names(lectern: SlowLectern) -> list[str]:
    return [Path(path).name for path in lectern.opened]


def test_a_screen_that_ends_does_not_undo_what_is_just_being_opened(slow: SlowLectern, tmp_path: Path):
    share(slow, "s1", 120)
    slow.open(Wanted(picture(tmp_path / "b.png", 200)))
    until(lambda: len(slow.opened) == 2, "it begins to open b")
    slow._end_screen("s1", "over")
    slow.opening.release()
    until(lambda: level(slow) == 200, "b is shown")
    slow.open(Wanted(picture(tmp_path / "c.png", 220)))
    until(lambda: len(slow.opened) == 3, "it begins to open c")
    assert names(slow) == ["a.png", "b.png", "c.png"]
    assert slow._wishes.dropped == 0


def test_where_what_was_wanted_cannot_be_opened_the_old_one_follows_the_screen(slow: SlowLectern):
    share(slow, "s1", 120)
    slow.open(Wanted("no-such"))
    until(lambda: len(slow.opened) == 2, "it begins to open it")
    slow._end_screen("s1", "over")
    slow.opening.release(2)
    until(lambda: level(slow) == 40, "a is back")
    assert len(slow.rejected) == 1 and names(slow) == ["a.png", "no-such", "a.png"]


def test_a_screen_that_ended_before_it_was_shown_is_not(slow: SlowLectern):
    slow._end_screen("s1", "over")
    dead = share(slow, "s1", 120)
    assert level(slow) == 40 and not slow.is_screen
    assert not dead._thread.is_alive()
    assert names(slow) == ["a.png"]


def test_what_lay_under_a_screen_does_not_cover_the_next_one(slow: SlowLectern):
    share(slow, "s1", 120)
    slow._end_screen("s1", "over")
    until(lambda: len(slow.opened) == 2, "it begins to open a again")
    share(slow, "s2", 160)
    slow.opening.release()
    until(lambda: slow._pending is None, "it is done")
    assert level(slow) == 160 and slow.is_screen
    slow._end_screen("s2", "over")
    slow.opening.release()
    until(lambda: level(slow) == 40, "a is back")


def test_the_page_under_a_screen_comes_back_without_the_first_one(slow: SlowLectern, tmp_path: Path):
    folder = tmp_path / "pages"
    folder.mkdir()
    for index in range(5):  # large enough that drawing one takes a moment
        cv2.imwrite(str(folder / f"{index}.png"), np.full((1350, 2400, 3), 50 + 10 * index, np.uint8))
    slow.opening.release(2)
    slow.open(Wanted(str(folder)))
    until(lambda: level(slow) == 50, "the folder")
    slow.turn(0, 4)
    until(lambda: level(slow) == 90, "its last page")
    share(slow, "s1", 120)
    slow._end_screen("s1", "over")
    until(lambda: level(slow) != 120, "what lay under the screen")
    assert level(slow) == 90


def test_a_bug_while_opening_is_told_and_the_next_one_opens(
    slow: SlowLectern, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    slow.opening.release(2)
    slow.open(Wanted("buggy", "Physics"))
    until(lambda: bool(slow.rejected), "the fault")
    assert "Physics cannot be opened" in slow.rejected[0] and "by nought" in slow.rejected[0]
    assert "Traceback" in caplog.text
    slow.open(Wanted(picture(tmp_path / "b.png", 200)))
    until(lambda: level(slow) == 200, "b is shown")
