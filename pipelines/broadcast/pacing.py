"""Pacer: whose packets leave next. All viewers in turn, none faster than a line can take it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import Protocol

# One viewer: ordinary pictures pass at once. How fast a key frame follows, see bursts.py.
FREE_BYTES = 40_000
# All together: a page turn before fifty viewers is 8 MB. A gigabit card's queue holds a fifth of that.
TOTAL_BYTES_PER_S = 80_000_000
TOTAL_FREE_BYTES = 400_000
# Then the loop serves others: sound, handshakes, requests. Where those take long, as when fifty join at once,
# a turn lasts as long as they did, for who watches already must not be starved by who comes.
TURN_S = 0.002
LONGEST_TURN_S = 0.02
# The loop's clock ticks in milliseconds: shorter pauses are saved up.
SHORTEST_PAUSE_S = 0.001


class Bucket:
    """Bytes that may leave: `free` at once, then `per_s`."""

    def __init__(self, per_s: float, free: float) -> None:
        self._per_s = per_s
        self._free = free
        self._owed = 0.0
        self._counted_s = 0.0

    def refill(self, per_s: float, now_s: float) -> None:
        """Another speed from now on, and as much at once as takes the same time; what is owed stays owed."""
        self.spend(0, now_s)
        self._free *= per_s / self._per_s
        self._per_s = per_s

    def spend(self, size: int, now_s: float) -> None:
        self._owed = self._owed_at(now_s) + size
        self._counted_s = now_s

    def pause_s(self, now_s: float) -> float:
        """How long until the next bytes may leave; 0 or less: they may now."""
        return (self._owed_at(now_s) - self._free) / self._per_s

    def _owed_at(self, now_s: float) -> float:
        return max(0.0, self._owed - (now_s - self._counted_s) * self._per_s)


class Paced(Protocol):
    """A stream as the pacer sees it."""

    def send_run(self, now_s: float) -> tuple[int, float | None]:
        """Sends one run if it is time. (bytes sent, pause in s until the next; None: nothing is left)."""


class Pacer:
    """Of one broadcast, in its event loop's thread. Serves streams that have something to send.

    Who waits longest is next, a run at a time, so that a key frame reaches all viewers side by side.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._total = Bucket(TOTAL_BYTES_PER_S, TOTAL_FREE_BYTES)
        self._waiting: list[tuple[float, int, Paced]] = []
        self._known: set[Paced] = set()
        self._order = itertools.count()
        self._timer: asyncio.Handle | None = None
        self._due_s = 0.0  # when the next turn was meant to be

    def wake(self, stream: Paced) -> None:
        """The stream has something to send."""
        if stream not in self._known:
            self._known.add(stream)
            heapq.heappush(self._waiting, (self._loop.time(), next(self._order), stream))
            self._call_in(0.0)

    def forget(self, stream: Paced) -> None:
        """The stream has ended."""
        if stream in self._known:
            self._known.discard(stream)
            self._waiting = [entry for entry in self._waiting if entry[2] is not stream]
            heapq.heapify(self._waiting)

    def _turn(self) -> None:
        self._timer = None
        began_s = now_s = self._loop.time()
        pause_s = 0.0
        turn_s = min(max(TURN_S, began_s - self._due_s), LONGEST_TURN_S)
        while self._waiting and now_s - began_s < turn_s:
            pause_s = max(self._total.pause_s(now_s), self._waiting[0][0] - now_s)
            if pause_s > 0:
                break
            _, _, stream = heapq.heappop(self._waiting)
            sent_bytes, rest_s = stream.send_run(now_s)
            self._total.spend(sent_bytes, now_s)
            if rest_s is None:
                self._known.discard(stream)
            elif stream in self._known:
                heapq.heappush(self._waiting, (now_s + rest_s, next(self._order), stream))
            now_s = self._loop.time()
            pause_s = 0.0
        if self._waiting:
            self._call_in(pause_s)

    def _call_in(self, pause_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due_s = self._loop.time() + max(0.0, pause_s)
        if pause_s > 0:
            self._timer = self._loop.call_later(max(pause_s, SHORTEST_PAUSE_S), self._turn)
        else:
            self._timer = self._loop.call_soon(self._turn)
