"""Sounds that need no device: silence, and a tone that marks the seconds."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.media import I16, SOUND_BLOCK_SAMPLES, SOUND_HZ, SourceState, freeze

BEEP_HZ: Final = 440
BEEP_SAMPLES: Final = SOUND_HZ // 10
_EDGE_SAMPLES: Final = SOUND_HZ // 200  # raised cosine, 5 ms: no clicks
_LEVEL: Final = 0.1 * 32767  # -20 dB of full scale: audible, not annoying


class SilenceFeed:
    """Satisfies Feed."""

    lag_ns = 0

    @property
    def state(self) -> SourceState:
        return SourceState("sound", "live", detail={"source": "silence:"})

    def take(self, pts: int) -> I16 | None:
        return None

    def close(self) -> None:
        """Holds nothing."""


class ToneFeed:
    """Satisfies Feed: a soft beep of 100 ms at each full second of the session, to see lips in sync."""

    lag_ns = 0

    def __init__(self) -> None:
        n = np.arange(BEEP_SAMPLES)
        edge = np.minimum(np.minimum(n, BEEP_SAMPLES - 1 - n) / _EDGE_SAMPLES, 1.0)
        beep = _LEVEL * np.sin(2 * np.pi * BEEP_HZ / SOUND_HZ * n) * (0.5 - 0.5 * np.cos(np.pi * edge))
        # Longer by a block, because one may begin anywhere.
        self._second: I16 = np.zeros((SOUND_HZ + SOUND_BLOCK_SAMPLES, 2), np.int16)
        self._second[:BEEP_SAMPLES] = np.rint(beep)[:, None]
        self._second[SOUND_HZ:] = self._second[:SOUND_BLOCK_SAMPLES]
        freeze(self._second)

    @property
    def state(self) -> SourceState:
        return SourceState("sound", "live", detail={"source": "tone:"})

    def take(self, pts: int) -> I16 | None:
        start = pts % SOUND_HZ
        return self._second[start : start + SOUND_BLOCK_SAMPLES]

    def close(self) -> None:
        """Holds nothing."""
