"""Puts the samples of a device, which has a clock of its own, onto the session's clock.

A sound card's 48,000 Hz are off by up to some hundred parts in a million: 1 s an hour. Two steps mend it:
a delay-locked loop turns the jittery times of arrival into the card's true time line (F. Adriaensen,
"Using a DLL to filter time", Linux Audio Conference 2005), and a resampler follows that line.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from pipelines.media import F32, I16, SOUND_BLOCK_SAMPLES, SOUND_HZ
from pipelines.timing import NS_PER_MS, NS_PER_S

_NOMINAL_NS: Final = NS_PER_S / SOUND_HZ
_SETTLING_HZ, _SETTLED_HZ, _SETTLING_S = 0.5, 0.05, 5.0  # bandwidth of the loop, at first and later
_MAX_DEVIATION: Final = 2e-3  # of a card's rate; worse is a fault
_OUTLIER_NS: Final = 40 * NS_PER_MS
_OUTLIERS: Final = 5  # in a row, before the line is drawn anew: a late thread is not a gap

_JUMP_SAMPLES: Final = 15 * SOUND_HZ // 1000  # an error above this is cut away at once
_CORRECT_S: Final = 2.0  # a smaller one is worked off in about this time
_MAX_BEND: Final = 5e-3  # and never by more than this change of pitch: 9 cents
_FADE_SAMPLES: Final = SOUND_HZ // 200
_KEEP_SAMPLES: Final = SOUND_HZ

_TAPS: Final = 16
_PHASES: Final = 4096  # nearest phase: error under -75 dB at 10 kHz


def _sinc_table() -> F32:
    """f32 (4096 + 1, 16): weights of the samples around a position between two of them."""
    fraction = np.arange(_PHASES + 1)[:, None] / _PHASES
    distance = np.arange(_TAPS)[None, :] - (_TAPS // 2 - 1) - fraction
    window = np.i0(8.0 * np.sqrt(np.clip(1 - (distance / (_TAPS / 2)) ** 2, 0, None))) / np.i0(8.0)
    weights = np.sinc(distance) * window
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


class Aligner:
    """Samples in with their times, blocks out at the session's times. For one thread, or under a lock."""

    def __init__(self) -> None:
        self._table = _sinc_table()
        self._pcm: F32 = np.zeros((_TAPS, 2), np.float32)
        self._first = -_TAPS  # the device's number of the first sample kept
        self._next = 0  # and of the one that will come next
        self._next_ns = 0.0  # when that one is spoken, filtered
        self._period_ns = _NOMINAL_NS
        self._outliers = 0
        self._position: float | None = None  # of the next sample to play, in the device's numbers
        self.jumps = 0
        self.error_ms = 0.0

    @property
    def drift_ppm(self) -> float:
        """How much faster than nominal the device's clock runs, as filtered."""
        return (_NOMINAL_NS / self._period_ns - 1) * 1e6

    def put(self, pcm: I16, first_ns: int) -> None:
        """pcm: i16 (n, 2), the next samples of the device. first_ns: about when the first was spoken."""
        self._follow(first_ns, len(pcm))
        self._pcm = np.concatenate((self._pcm[-_KEEP_SAMPLES:], pcm.astype(np.float32)))
        self._next += len(pcm)
        self._first = self._next - len(self._pcm)

    def take(self, start_ns: int) -> I16 | None:
        """What was spoken in the 20 ms from start_ns, i16 (960, 2); None when nothing is there."""
        target = self._next - (self._next_ns - start_ns) / self._period_ns
        position = target if self._position is None else self._position
        error = target - position
        self.error_ms = error * 1000 / SOUND_HZ
        if abs(error) > _JUMP_SAMPLES:
            self.jumps += 1
            before = self._rendered(position, 1.0)
            after = self._rendered(target, 1.0)
            fade = np.linspace(0, 1, SOUND_BLOCK_SAMPLES, dtype=np.float32)[:, None]
            self._position = target + SOUND_BLOCK_SAMPLES
            return _to_i16(before * (1 - fade) + after * fade)
        bend = min(max(error / (SOUND_HZ * _CORRECT_S), -_MAX_BEND), _MAX_BEND)
        ratio = _NOMINAL_NS / self._period_ns * (1 + bend)
        if position >= self._next - _TAPS // 2:
            self._position = None
            return None
        block = self._rendered(position, ratio)
        if self._position is None:
            block[:_FADE_SAMPLES] *= np.linspace(0, 1, _FADE_SAMPLES, dtype=np.float32)[:, None]
        self._position = position + SOUND_BLOCK_SAMPLES * ratio
        return _to_i16(block)

    def _follow(self, first_ns: int, n: int) -> None:
        """One step of the delay-locked loop: moves the line by part of what it was wrong."""
        if self._next == 0:
            self._next_ns = float(first_ns)
        wrong_ns = first_ns - self._next_ns
        if abs(wrong_ns) > _OUTLIER_NS:
            self._outliers += 1
            if self._outliers >= _OUTLIERS:
                self._next_ns, self._outliers = float(first_ns), 0
        elif n:
            self._outliers = 0
            settling = self._next < _SETTLING_S * SOUND_HZ
            omega = 2 * math.pi * (_SETTLING_HZ if settling else _SETTLED_HZ) * n / SOUND_HZ
            self._next_ns += math.sqrt(2) * omega * wrong_ns
            period_ns = self._period_ns + omega * omega * wrong_ns / n
            bound_ns = _NOMINAL_NS * _MAX_DEVIATION
            self._period_ns = min(max(period_ns, _NOMINAL_NS - bound_ns), _NOMINAL_NS + bound_ns)
        self._next_ns += n * self._period_ns

    def _rendered(self, position: float, ratio: float) -> F32:
        """f32 (960, 2) read at position, position + ratio, ...; fades out where the samples end."""
        at = position - self._first + np.arange(SOUND_BLOCK_SAMPLES) * ratio
        whole = np.floor(at).astype(np.int64)
        phase = np.rint((at - whole) * _PHASES).astype(np.int64)
        taps = whole[:, None] + np.arange(1 - _TAPS // 2, _TAPS // 2 + 1)[None, :]
        samples = self._pcm[np.clip(taps, 0, len(self._pcm) - 1)]  # (960, 16, 2)
        block = np.einsum("nt,ntc->nc", self._table[phase], samples)
        left = len(self._pcm) - _TAPS // 2 - at
        gain = np.clip(np.minimum(left, at + 1) / _FADE_SAMPLES, 0, 1) if left[-1] < _FADE_SAMPLES else 1.0
        return np.asarray(block * np.reshape(gain, (-1, 1)), np.float32)


def _to_i16(block: F32) -> I16:
    return np.clip(np.rint(block), -32768, 32767).astype(np.int16)
