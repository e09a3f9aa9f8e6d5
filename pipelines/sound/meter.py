"""How loud the sound is, and whether something is wrong with it: dead silence, or clipping."""

from __future__ import annotations

import math

import numpy as np

from pipelines.media import I16, SOUND_BLOCK_SAMPLES, SOUND_HZ
from pipelines.reports import SoundLevel
from pipelines.saying import said

FULL_SCALE = 32768
FLOOR_DBFS = -96.0  # below the last of 16 bits
SILENT_DBFS = -70.0  # a live microphone's own noise lies above it, a muted one's below
SILENT_S = 10.0
CLIPPED_SAMPLES = 3  # in a row at full scale: one alone may be an honest peak
CLIPPING_S = 5.0  # how long a clipped block is remembered

_BLOCKS_PER_S = SOUND_HZ / SOUND_BLOCK_SAMPLES


class LevelMeter:
    """Peak and root mean square of the newest block, dBFS: a full-scale square wave is at 0 in both.

    A sine wave at full scale has an rms of -3.01 here; AES17 would call that 0. For one thread.
    """

    def __init__(self) -> None:
        self.peak_dbfs = FLOOR_DBFS
        self.rms_dbfs = FLOOR_DBFS
        self._silent_blocks = 0
        self._clear_blocks = round(CLIPPING_S * _BLOCKS_PER_S)
        self._peak = self._squares = 0.0  # since `level` was asked last
        self._blocks = 0

    @property
    def is_silent(self) -> bool:
        """Dead silence, for SILENT_S already."""
        return self._silent_blocks >= SILENT_S * _BLOCKS_PER_S

    @property
    def is_clipping(self) -> bool:
        """Within the last CLIPPING_S."""
        return self._clear_blocks < CLIPPING_S * _BLOCKS_PER_S

    def level(self) -> SoundLevel:
        """Of all blocks since it was asked last; of no block: the floor."""
        mean = self._squares / self._blocks if self._blocks else 0.0
        peak_dbfs, rms_dbfs = round(_dbfs(self._peak), 1), round(_dbfs(math.sqrt(mean)), 1)
        self._peak, self._squares, self._blocks = 0.0, 0.0, 0
        return SoundLevel(peak_dbfs, rms_dbfs, self.is_clipping, self.is_silent)

    @property
    def fault(self) -> str:
        """What is wrong, in a sentence with the way to mend it; "" if nothing is."""
        if self.is_silent:
            return said(
                "sound_silent",
                "dead silence for {silent_s:.0f} s or longer: is the microphone muted or unplugged?",
                silent_s=SILENT_S,
            )
        return self.clipping

    @property
    def clipping(self) -> str:
        """`fault` without silence, for sound that may have been made soft on purpose."""
        if self.is_clipping:
            return said("sound_clips", "the sound clips: turn the microphone's gain down")
        return ""

    def take(self, pcm: I16) -> None:
        """Measures one block, i16 (960, 2)."""
        loud = np.abs(pcm.astype(np.int32))
        peak, mean = float(loud.max()), float(np.square(pcm, dtype=np.float64).mean())
        self.peak_dbfs, self.rms_dbfs = _dbfs(peak), _dbfs(math.sqrt(mean))
        self._peak = max(self._peak, peak)
        self._squares += mean
        self._blocks += 1
        self._silent_blocks = self._silent_blocks + 1 if self.peak_dbfs < SILENT_DBFS else 0
        full = loud >= FULL_SCALE - 1
        run = full[: 1 - CLIPPED_SAMPLES].copy()
        for shift in range(1, CLIPPED_SAMPLES):
            run &= full[shift : len(full) + 1 - CLIPPED_SAMPLES + shift]
        self._clear_blocks = 0 if run.any() else self._clear_blocks + 1


def _dbfs(amplitude: float) -> float:
    return max(FLOOR_DBFS, 20 * math.log10(max(amplitude, 1e-9) / FULL_SCALE))
