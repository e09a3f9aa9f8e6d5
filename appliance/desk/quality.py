"""How good the matte was over the lesson, as the box says of itself."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Final

EVERY_S: Final = 5.0
MOST: Final = 2880  # four hours


@dataclass(frozen=True, slots=True)
class QualitySample:
    """at_s: seconds since 1970. matte_quality, plate_trust: 0 to 1, None where that cannot be said."""

    at_s: float
    matte_quality: float | None
    plate_trust: float | None
    net_hz: float


class QualityHistory:
    """One sample every EVERY_S, the newest MOST."""

    def __init__(self) -> None:
        self._samples: deque[QualitySample] = deque(maxlen=MOST)
        self._next_s = 0.0

    def take(self, matte_quality: float | None, plate_trust: float | None, net_hz: float) -> None:
        """Call it as often as there is news."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + EVERY_S
            self._samples.append(QualitySample(time.time(), matte_quality, plate_trust, net_hz))

    def samples(self, after_s: float = 0.0) -> list[QualitySample]:
        return [sample for sample in self._samples if sample.at_s > after_s]
