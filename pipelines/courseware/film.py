"""A video file as courseware: plays in real time, stands where it is paused, goes where it is wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipelines.courseware.faults import refused
from pipelines.courseware.film_clock import FilmClock, Goal
from pipelines.courseware.film_file import FilmReader, PageScaler
from pipelines.courseware.film_sound import FilmSound
from pipelines.courseware.shown import Shown, ShowsPages
from pipelines.media import U8, SizeWh, SourceState
from pipelines.receiving.sounding import Sounding
from pipelines.reports import FilmStatus
from pipelines.saying import said
from pipelines.timing import NS_PER_S

_LATE_NS: Final = NS_PER_S // 10  # later than this, a picture is left out ...
_HOLD_NS: Final = NS_PER_S // 2  # ... unless nothing new was shown for so long


class Film(ShowsPages):
    """Satisfies Courseware: one page, whose revision grows with every picture; paused, it is a still page.

    turn(index=0) plays from the start again; a step does nothing. on_change: called when the film has gone
    where it was ordered, and at its end.
    """

    count = 1

    def __init__(self, path: Path, size_wh: SizeWh) -> None:
        """Decodes the first picture. Raises SourceLost if there is none to be had."""
        self.name = path.name
        self.on_change: Callable[[], None] = lambda: None
        self._reader = FilmReader(path)
        self._scaler = PageScaler(size_wh, self._reader.pixel_aspect)
        self._clock = FilmClock(self._reader.length_s)
        self._dropped = 0
        self.sounding = Sounding()
        self._sound = FilmSound(path, self.sounding)
        self._heard_ns: int | None = None  # the beginning that the sound was told of
        self._pictures = self._reader.play()
        first = self._next_page()
        if first is None:
            self._reader.close()
            raise refused(
                said(
                    "film_no_picture",
                    "{path}: no picture of this file can be decoded. Save it again as MP4 (H.264).",
                    path=path,
                )
            )
        self._shown = Shown(first)
        self._thread = threading.Thread(target=self._run, name="courseware", daemon=True)
        self._thread.start()

    @property
    def state(self) -> SourceState:
        detail: dict[str, str | int | float | bool | None] = {
            "courseware": self.name,
            "kind": "film",
            "page": 1,
            "pages": 1,
            "dropped": self._dropped,
        }
        state = "ended" if self.status.state == "ended" else "live"
        return SourceState("courseware", state, self._reader.fault, detail)

    @property
    def status(self) -> FilmStatus:
        return self._clock.status

    def order(self, is_paused: bool | None = None, position_s: float | None = None) -> None:
        """As orders.SetFilm: from this call on the film stands or runs. Never blocks."""
        self._clock.order(is_paused, position_s)

    def turn(self, step: int = 0, index: int | None = None) -> None:
        if index is not None:
            self._clock.order(False, 0.0)

    def close(self) -> None:
        self._clock.close()
        self._shown.close()
        self._thread.join()

    def _run(self) -> None:
        goal = self._clock.next_goal()
        is_there = True  # the first picture is shown already
        while goal is not None:
            if is_there or self._jump(goal):
                self._play(goal)
            elif not self._clock.is_stale(goal):
                self._clock.end(goal, None)  # nothing can be decoded from there on
            self.on_change()
            goal, is_there = self._clock.next_goal(), False
        self._reader.close()
        self._sound.stop()

    def _jump(self, goal: Goal) -> bool:
        """Shows the picture of this second; False where there is none, or another one is wanted by then."""
        self._sound.stop()
        self._heard_ns = None
        self._pictures = self._reader.play(goal.at_s, lambda: self._clock.is_stale(goal))
        page = self._next_page()
        if page is None or self._clock.is_stale(goal):
            return False
        self._shown.show(page, 0, is_flip=True)
        return True

    def _next_page(self) -> U8 | None:
        pages = (self._scaler.page_of(picture) for picture, _ in self._pictures)
        return next((page for page in pages if page is not None), None)

    def _play(self, goal: Goal) -> None:
        """Shows each picture at its time, until the end, or until the goal is stale."""
        if not self._clock.arrive(goal):
            return
        self.on_change()
        shown_ns, ends_s = time.monotonic_ns(), None
        for picture, at_s in self._pictures:
            if (due_ns := self._wait(goal, at_s)) is None:
                return
            ends_s, now_ns = at_s + self._reader.period_s, time.monotonic_ns()
            is_late = now_ns - due_ns > _LATE_NS and now_ns - shown_ns < _HOLD_NS
            page = None if is_late else self._scaler.page_of(picture)
            if page is None:
                self._dropped += 1
                continue
            self._shown.show(page, 0, is_flip=False)
            shown_ns = now_ns
        self._clock.end(goal, None if self._reader.fault else ends_s)

    def _wait(self, goal: Goal, at_s: float) -> int | None:
        """Sleeps until this second, through a pause too; the sound stands and goes on with the pictures.

        Returns when it was due, by the monotonic clock; None once the goal is stale.
        """
        while True:
            became, began_ns = self._clock.wait(goal, at_s, self._heard_ns)
            if became == "gone":
                return None
            if began_ns is not None and began_ns == self._heard_ns:
                return began_ns + round(at_s * NS_PER_S)
            self._heard_ns = began_ns
            if began_ns is None:
                self._sound.stop()
            else:
                self._sound.play(began_ns, (time.monotonic_ns() - began_ns) / NS_PER_S)
