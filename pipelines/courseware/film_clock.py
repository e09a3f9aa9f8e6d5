"""Which second of a film it is: it runs, is paused, is on its way to another second, or is over."""

from __future__ import annotations

import threading
import time
from typing import Literal, NamedTuple

from pipelines.reports import FilmState, FilmStatus
from pipelines.timing import NS_PER_S


class Goal(NamedTuple):
    """Where the film is to go on. number: grows with each; a later one takes its place."""

    number: int
    at_s: float


class FilmClock:
    """Orders come from any thread; `next_goal`, `arrive`, `wait` and `end` are the player's, one thread.

    length_s: None where the file does not tell; then it is learnt at the film's end.
    """

    def __init__(self, length_s: float | None) -> None:
        self._changed = threading.Condition()
        self._length_s = length_s
        self._goal: Goal | None = Goal(0, 0.0)
        self._number = 0
        self._at_s = 0.0  # while it does not run
        self._began_ns: int | None = None  # when its first picture was due, while it runs
        self._is_paused = False
        self._is_over = False
        self._is_closed = False

    @property
    def status(self) -> FilmStatus:
        with self._changed:
            state: FilmState = "ended" if self._is_over else "paused" if self._is_paused else "playing"
            status = FilmStatus(state, self._at_s, self._length_s, self._began_ns)
            return status.at(time.monotonic_ns())

    def order(self, is_paused: bool | None, at_s: float | None) -> None:
        """As orders.SetFilm."""
        with self._changed:
            if self._is_over and at_s is None:
                if is_paused is not False:
                    return
                at_s = 0.0
            self._hold()
            if is_paused is not None or self._is_over:
                self._is_paused = is_paused is not False
            if at_s is not None:
                most_s = at_s if self._length_s is None else self._length_s
                self._number += 1
                self._at_s = min(max(at_s, 0.0), most_s)
                self._goal = Goal(self._number, self._at_s)
                self._is_over = False
            self._run()
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def next_goal(self) -> Goal | None:
        """Sleeps until there is one that was not arrived at; None once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._goal is not None)
            return None if self._is_closed else self._goal

    def is_stale(self, goal: Goal) -> bool:
        """Is another second wanted by now, or nothing any more?"""
        with self._changed:
            return self._is_closed or self._number != goal.number

    def arrive(self, goal: Goal) -> bool:
        """Its picture is shown: the film runs from here, unless it is paused. False for a stale one."""
        with self._changed:
            if self._is_closed or self._number != goal.number:
                return False
            self._goal = None
            self._run()
            return True

    def wait(
        self, goal: Goal, at_s: float, heard_ns: int | None
    ) -> tuple[Literal["due", "gone"], int | None]:
        """Sleeps until the picture of this second is due. Returns early when `began_ns`, which comes second,
        is no longer heard_ns: the film was paused or goes on. gone: the goal is stale."""
        with self._changed:
            while True:
                if self._is_closed or self._number != goal.number:
                    return "gone", self._began_ns
                if self._began_ns is None:
                    rest_s = None
                else:
                    rest_s = at_s - (time.monotonic_ns() - self._began_ns) / NS_PER_S
                if self._began_ns != heard_ns or (rest_s is not None and rest_s <= 0):
                    return "due", self._began_ns
                self._changed.wait(rest_s)

    def end(self, goal: Goal, at_s: float | None) -> None:
        """No more pictures come. at_s: where the last one ended; None where the file broke off."""
        with self._changed:
            if self._is_closed or self._number != goal.number:
                return
            self._hold()
            self._length_s = self._length_s if at_s is None else at_s
            self._at_s = self._at_s if self._length_s is None else self._length_s
            self._goal, self._is_over = None, True

    def _hold(self) -> None:
        if self._began_ns is not None:
            self._at_s = (time.monotonic_ns() - self._began_ns) / NS_PER_S
            self._began_ns = None

    def _run(self) -> None:
        if self._goal is None and not self._is_paused:
            self._began_ns = time.monotonic_ns() - round(self._at_s * NS_PER_S)
