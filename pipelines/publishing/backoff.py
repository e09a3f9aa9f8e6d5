"""How long to wait before a destination is tried again."""

from __future__ import annotations

import random

FIRST_S = 1.0
LONGEST_S = 60.0


class Backoff:
    """1 s, doubling up to a minute, each spread over half to the whole of it, so that the boxes of a
    district do not all come back to a server at the moment it returns. What the server asks for is kept."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()
        self._pause_s = FIRST_S

    def failed(self, retry_after_s: float | None) -> float:
        """Notes a failure; the pause before the next try, s."""
        pause_s = self._pause_s * self._chance.uniform(0.5, 1.0)
        self._pause_s = min(self._pause_s * 2, LONGEST_S)
        return pause_s if retry_after_s is None else retry_after_s + pause_s

    def succeeded(self) -> None:
        self._pause_s = FIRST_S
