"""The kernel's own test camera (`modprobe vivid`), where this machine has one: the ioctl layer for real."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.capture import v4l2_modes
from pipelines.capture.v4l2_driver import KernelV4l2Driver

# vivid's default pattern, "75% Colorbar"
BARS = (
    np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]]) * 191
)


@pytest.fixture(scope="module")
def vivid() -> str:
    for path in sorted(Path("/dev").glob("video*")):
        try:
            driver = KernelV4l2Driver(str(path), (640, 480), 15)
        except OSError:
            continue
        capability = driver.capability()
        driver.close()
        if capability.driver == "vivid" and capability.can_capture:
            return str(path)
    pytest.skip("needs the kernel's test camera: modprobe vivid")


@pytest.mark.parametrize("fourcc", ["YUYV", "UYVY", "RGB3", "BGR3", "NV12", "YU12"])
def test_pictures_of_every_raw_format(
    vivid: str, camera_at: Any, reader: Any, monkeypatch: pytest.MonkeyPatch, fourcc: str
) -> None:
    only = {fourcc: v4l2_modes.FORMATS[fourcc]}
    monkeypatch.setattr("pipelines.capture.v4l2_modes.FORMATS", only)
    camera = camera_at(vivid, width_px=640, height_px=480, rate_hz=15)
    frames = reader.frames(camera, 4)
    assert camera.state.detail["format"] == fourcc and frames[0].size_wh == (640, 480)
    seen = np.array([frames[-1].rgb[360, (2 * bar + 1) * 40] for bar in range(8)], int)
    assert np.abs(seen - BARS).max() <= 8
    assert all(b.captured_ns > a.captured_ns for a, b in pairwise(frames))


def test_a_second_reader_is_told_that_it_is_busy(vivid: str, camera_at: Any, reader: Any) -> None:
    reader.frames(camera_at(vivid), 1)
    assert "used by another program" in reader.loss(camera_at(vivid)).reason


def test_controls_are_locked_or_said_to_be_missing(vivid: str, camera_at: Any, reader: Any) -> None:
    camera = camera_at(vivid, width_px=640, height_px=360, rate_hz=15)
    for _ in range(40):
        reader.frames(camera, 5)
        if "lock_gain" in camera.state.detail:
            break
    # vivid has automatic gain, and none of the others.
    assert camera.state.detail["lock_gain"] == "locked"
    assert camera.state.detail["lock_focus"] == "unsupported"
