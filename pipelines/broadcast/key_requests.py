"""Turns many viewers' wishes for a key frame into few: a key frame costs as much as a second of pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

COALESCE_S = 0.3


class KeyRequests:
    """The wishes of all viewers of one layer. Lives in the event loop's thread.

    The first wish goes out at once. Those of the next 300 ms go out together at their end, unless a
    key frame passed by meanwhile and served them.
    """

    def __init__(self, send: Callable[[], None], coalesce_s: float = COALESCE_S) -> None:
        self._send = send
        self._coalesce_s = coalesce_s
        self._loop = asyncio.get_running_loop()
        self._sent_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        free_s = 0.0 if self._sent_s is None else self._sent_s + self._coalesce_s
        if self._loop.time() >= free_s:
            self._fire()
        elif self._timer is None:
            self._timer = self._loop.call_at(free_s, self._fire)

    def served(self) -> None:
        """A key frame went out to everybody who had asked."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self.served()
        self._sent_s = self._loop.time()
        self._send()


class Allowance:
    """How often one viewer may ask: a bad line must not make everybody's picture pay for key frames.

    A few at once, then one every `every_s`. A viewer in need asks again by itself.
    """

    def __init__(self, at_once: int = 4, every_s: float = 2.0) -> None:
        self._at_once = float(at_once)
        self._every_s = every_s
        self._left = float(at_once)
        self._counted_s: float | None = None

    def take(self, now_s: float) -> bool:
        if self._counted_s is not None:
            earned = (now_s - self._counted_s) / self._every_s
            self._left = min(self._at_once, self._left + earned)
        self._counted_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
