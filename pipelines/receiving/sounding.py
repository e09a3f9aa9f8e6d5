"""Sound on its way to the programme that comes unevenly: a film's, a shared screen's, a remote room's."""

from __future__ import annotations

import threading
from typing import Final

import numpy as np

from pipelines.media import I16, SOUND_HZ

_MOST_SAMPLES: Final = SOUND_HZ // 2  # what nobody fetches is dropped, oldest first
_AHEAD_SAMPLES: Final = SOUND_HZ // 10  # kept before the first sample sounds: arrival is uneven


class Sounding:
    """Samples i16 (N, 2) at 48 kHz, in and out; safe between threads. A gap is silence, never a wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: list[I16] = []
        self._samples = 0
        self._is_running = False
        self.dropped = 0

    def put(self, pcm: I16) -> None:
        with self._lock:
            self._blocks.append(pcm)
            self._samples += len(pcm)
            while self._samples > _MOST_SAMPLES:
                gone = self._blocks.pop(0)
                self._samples -= len(gone)
                self.dropped += len(gone)

    def take(self, samples: int) -> I16 | None:
        """The next samples i16 (samples, 2); None while there is nothing to hear."""
        with self._lock:
            if not self._is_running and self._samples < _AHEAD_SAMPLES:
                return None
            self._is_running = self._samples >= samples
            if not self._is_running:
                return None
            taken, count = [], 0
            while count < samples:
                block = self._blocks.pop(0)
                need = samples - count
                if len(block) > need:
                    self._blocks.insert(0, block[need:])
                    block = block[:need]
                taken.append(block)
                count += len(block)
            self._samples -= samples
            return np.concatenate(taken)

    def clear(self) -> None:
        with self._lock:
            self._blocks.clear()
            self._samples = 0
            self._is_running = False


def mixed(pcm: I16, more: I16 | None) -> I16:
    """Both together, i16 (N, 2), held at the ends of the scale."""
    if more is None:
        return pcm
    both = np.clip(pcm.astype(np.int32) + more, -32768, 32767)
    return np.asarray(both, np.int16)
