"""How long to wait before a lost camera is tried again."""

from __future__ import annotations

import random
import threading
import time

FIRST_S = 0.5
LONGEST_S = 5.0


class Backoff:
    """0.5 s, doubling up to 5 s, each 20 % up or down by chance, so that ten boxes do not knock in step."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()
        self._pause_s = FIRST_S
        self._due_s = 0.0

    def failed(self, least_s: float = 0.0) -> float:
        """Notes a failure; returns the pause before the next try, s, at least about least_s."""
        pause_s = max(self._pause_s, least_s) * self._chance.uniform(0.8, 1.2)
        self._pause_s = min(self._pause_s * 2, LONGEST_S)
        self._due_s = time.monotonic() + pause_s
        return pause_s

    def succeeded(self) -> None:
        self._pause_s = FIRST_S
        self._due_s = 0.0

    def wait(self, timeout_s: float, stop: threading.Event) -> bool:
        """Waits for the next try, at most timeout_s. True: try now."""
        left_s = self._due_s - time.monotonic()
        if left_s > 0:
            stop.wait(min(left_s, timeout_s))
        return not stop.is_set() and time.monotonic() >= self._due_s
