"""Keeps lips in sync: sound waits as long as the picture takes from the camera to the coder."""

from __future__ import annotations

import threading
from collections import deque

from pipelines.media import Sound
from pipelines.timing import NS_PER_MS

MAX_DELAY_NS = 2000 * NS_PER_MS
_DEAD_BAND_NS = 10 * NS_PER_MS  # a measured delay trembles; lips forgive this much (ITU-R BT.1359: 45 ms)
_SLEW = 0.05  # of the time gone by: blocks leave 19 to 21 ms apart, which a receiver's buffer stretches
_MAX_BLOCKS = 128


class DelayLine:
    """Holds each block until its delay is over. Safe between threads.

    Samples and pts stay as they are: only the moment of sending moves, so nothing clicks. The first
    delay holds at once; later ones are approached slowly.
    """

    def __init__(self) -> None:
        self._blocks: deque[Sound] = deque()
        self._lock = threading.Lock()
        self._delay_ns: int | None = None
        self._following = False
        self._asked_ns = 0
        self.dropped = 0

    @property
    def delay_ns(self) -> int:
        """The delay in force."""
        return self._delay_ns or 0

    def put(self, sound: Sound) -> None:
        """Takes a block in. When nobody asks for them, the oldest are dropped and counted."""
        with self._lock:
            if len(self._blocks) >= _MAX_BLOCKS:
                self._blocks.popleft()
                self.dropped += 1
            self._blocks.append(sound)

    def due(self, now_ns: int, delay_ns: int) -> list[Sound]:
        """The blocks whose delay is over at now_ns (monotonic), oldest first.

        delay_ns: of the picture, capture to coder, clamped to 0 .. MAX_DELAY_NS.
        """
        with self._lock:
            self._approach(now_ns, min(max(delay_ns, 0), MAX_DELAY_NS))
            result = []
            while self._blocks and self._blocks[0].captured_ns + self.delay_ns <= now_ns:
                result.append(self._blocks.popleft())
            return result

    def next_due_ns(self) -> int | None:
        """When the oldest block will be due if the delay stays; None when the line is empty."""
        with self._lock:
            return self._blocks[0].captured_ns + self.delay_ns if self._blocks else None

    def _approach(self, now_ns: int, wanted_ns: int) -> None:
        if self._delay_ns is None:
            self._delay_ns, self._asked_ns = wanted_ns, now_ns
        step_ns = round(_SLEW * max(0, now_ns - self._asked_ns))
        self._asked_ns = now_ns
        away_ns = wanted_ns - self._delay_ns
        # Hysteresis: set out only for a real change, and then go all the way.
        self._following = abs(away_ns) > (0 if self._following else _DEAD_BAND_NS)
        if self._following:
            self._delay_ns += min(max(away_ns, -step_ns), step_ns)
