"""Shaper: what a voice wants before it is coded: no rumble of tables and fans, and the right level."""

from __future__ import annotations

import math

import numpy as np

from pipelines.compiling import compiled
from pipelines.media import F64, I16, SOUND_BLOCK_SAMPLES, SOUND_HZ

_BUTTERWORTH_Q = 1 / math.sqrt(2)
_LOWEST, _HIGHEST = -32768.0, 32767.0


class Shaper:
    """High-pass and gain, block after block without a seam. For one thread.

    high_pass_hz: below it 12 dB an octave are taken away (Butterworth, second order); 0 for none. gain_db:
    what would be louder than full scale is clipped. With neither, blocks pass bit for bit.
    """

    def __init__(self, gain_db: float, high_pass_hz: float) -> None:
        gain = 10 ** (gain_db / 20)
        self._passes = gain_db == 0 and high_pass_hz == 0
        self._coefficients: F64 = _high_pass(high_pass_hz) if high_pass_hz else np.array([1.0, 0, 0, 0, 0])
        self._coefficients[:3] *= gain
        self._memory: F64 = np.zeros((2, 2))  # two of each channel
        if not self._passes:  # compile now, not when the first block is due
            _filter(np.zeros((SOUND_BLOCK_SAMPLES, 2), np.int16), self._coefficients, self._memory)

    def shape(self, pcm: I16) -> I16:
        """i16 (N, 2), 48 kHz, to the same. The block given is not changed."""
        return pcm if self._passes else _filter(pcm, self._coefficients, self._memory)


def _high_pass(hz: float) -> F64:
    """b0, b1, b2, a1, a2 of a second-order high-pass: R. Bristow-Johnson, "Audio EQ Cookbook"."""
    angle = 2 * math.pi * hz / SOUND_HZ
    cosine, alpha = math.cos(angle), math.sin(angle) / (2 * _BUTTERWORTH_Q)
    numerator = np.array([(1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2])
    return np.concatenate([numerator, [-2 * cosine, 1 - alpha]]) / (1 + alpha)


@compiled()
def _filter(pcm: I16, coefficients: F64, memory: F64) -> I16:
    """Direct form II transposed; memory f64 (2 channels, 2) goes on from block to block."""
    b0, b1, b2, a1, a2 = coefficients
    shaped = np.empty_like(pcm)
    for channel in range(2):
        first, second = memory[channel, 0], memory[channel, 1]
        for n in range(len(pcm)):
            x = float(pcm[n, channel])
            y = b0 * x + first
            first = b1 * x - a1 * y + second
            second = b2 * x - a2 * y
            shaped[n, channel] = round(min(max(y, _LOWEST), _HIGHEST))
        memory[channel, 0], memory[channel, 1] = first, second
    return shaped


def warm_up_shaping() -> None:
    """Compiles the loop over samples, or loads it from the cache."""
    Shaper(1.0, 80.0)
