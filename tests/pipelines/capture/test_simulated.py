"""The simulated classroom is opened like any camera."""

from __future__ import annotations

from typing import Any


def test_the_simulated_classroom_is_a_camera(camera_at: Any, reader: Any) -> None:
    camera = camera_at("simulated:", width_px=640, height_px=360, rate_hz=5)
    frames = reader.frames(camera, 2, patience_s=60)
    assert frames[0].size_wh == (640, 360) and frames[1].pts > frames[0].pts
    assert camera.state.state == "live"


def test_a_classroom_that_cannot_be_says_why(camera_at: Any, reader: Any) -> None:
    camera = camera_at("simulated:?no_such_option=1")
    lost = reader.loss(camera, patience_s=60)
    assert not lost.retry and camera.state.state == "lost" and "no_such_option" in camera.state.reason
