"""Sounds to measure, and files of them."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

MakeWave = Callable[..., Path]
Floats = npt.NDArray[np.float64]


def roughness(pcm: npt.NDArray[np.int16], hz: float, rate_hz: int = 48_000) -> float:
    """How far a sine strays from being one: the largest residue of x[n+1] + x[n-1] = 2 cos(w) x[n]."""
    x = pcm.astype(np.float64)
    return float(np.abs(x[2:] + x[:-2] - 2 * np.cos(2 * np.pi * hz / rate_hz) * x[1:-1]).max())


@pytest.fixture
def make_wave(tmp_path: Path) -> MakeWave:
    def make(mono: Floats, rate_hz: int = 48_000, name: str = "voice.wav") -> Path:
        path = tmp_path / name
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate_hz)
            file.writeframes(np.rint(mono).astype("<i2").tobytes())
        return path

    return make
