"""Coded programmes to record, and what a player makes of a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from programme import RATE_HZ, coded

from pipelines.media import Packet


@pytest.fixture(scope="session")
def packets() -> list[Packet]:
    """Six seconds with key frames at 0 and 3 s."""
    return list(coded(6 * RATE_HZ, keys=(0, 3 * RATE_HZ)))


@pytest.fixture
def played() -> Callable[[Path], tuple[int, float, float]]:
    """Of a file: pictures decoded, seconds of sound decoded, and when the last picture is shown, s."""

    def play(path: Path) -> tuple[int, float, float]:
        pictures, sound_s, last_s = 0, 0.0, 0.0
        with av.open(str(path)) as container:
            frames: Iterator[Any] = container.decode()
            for frame in frames:
                if isinstance(frame, av.VideoFrame):
                    pictures, last_s = pictures + 1, max(last_s, frame.time or 0.0)
                else:
                    sound_s += frame.samples / 48_000
        return pictures, sound_s, last_s

    return play
