"""Looking how the camera hangs: at pictures of now."""

from __future__ import annotations

import queue
import time

import numpy as np
import pytest

from pipelines.capture.mounting import Upright
from pipelines.media import F32, U8, Frame
from pipelines.reports import UprightFound
from pipelines.studio import uprighting
from pipelines.studio.uprighting import PICTURES, Uprighting


def frame(level: int) -> Frame:
    return Frame(np.full((36, 64, 3), level, np.uint8), 0, time.monotonic_ns())


def test_a_picture_left_from_before_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uprighting, "APART_S", 0.0)
    seen: list[int] = []
    said: queue.Queue[UprightFound] = queue.Queue()

    def look(rgb: U8) -> F32:
        seen.append(int(rgb.max()))
        looking.see(frame(90))  # one that nobody takes any more
        return np.zeros(rgb.shape[:2], np.float32)

    looking = Uprighting(lambda: None, Upright, look, said.put)
    for level in (10, 20):
        seen.clear()
        looking.start()
        assert said.get(timeout=20).state == "looking"
        until_s = time.monotonic() + 20
        while not seen and time.monotonic() < until_s:
            looking.see(frame(level))
            time.sleep(0.005)
        assert said.get(timeout=20).state == "unknown"
        assert len(seen) >= PICTURES and set(seen) == {level}
        while looking._running.locked():
            time.sleep(0.005)
    looking.close()
