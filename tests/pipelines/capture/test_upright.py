"""Upright: a camera hung in any of eight ways shows people upright once it is told how it hangs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.capture.mounting import Upright
from pipelines.capture.settings import CameraSettings
from pipelines.capture.upright import UprightCamera, turned
from pipelines.media import Frame, SourceState

SCENE = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)


class Hung:
    """A camera whose pictures are as it hangs."""

    state = SourceState("camera", "live")

    def __init__(self, rgb) -> None:
        self.rgb, self.is_closed = rgb, False

    def read(self, timeout_s: float) -> Frame | None:
        return None if timeout_s == 0 else Frame(self.rgb, 90, 7)

    def close(self) -> None:
        self.is_closed = True


def seen(turned_deg: int, mirrored: bool):
    """What a camera sees that was turned clockwise, perhaps behind a mirror."""
    quarter = np.rot90(SCENE, k=turned_deg // 90)  # a clockwise camera sees the scene turned anticlockwise
    return np.ascontiguousarray(quarter[:, ::-1] if mirrored else quarter)


@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_scene_comes_back_bit_for_bit(turn_deg, mirrored):
    camera = UprightCamera(Hung(seen(turn_deg, mirrored)), Upright(turn_deg, mirrored))
    frame = camera.read(1.0)
    assert (frame.rgb == SCENE).all()
    assert (frame.pts, frame.captured_ns, frame.size_wh) == (90, 7, (160, 90))


def test_nothing_to_do_hands_on_the_very_frame_and_no_frame_is_none():
    hung = Hung(SCENE)
    camera = UprightCamera(hung, Upright())
    assert camera.read(1.0).rgb is SCENE
    assert camera.read(0) is None
    camera.upright = Upright(180)
    turned = camera.read(1.0)
    assert (turned.rgb == cv2.rotate(SCENE, cv2.ROTATE_180)).all() and not turned.rgb.flags.writeable
    assert camera.state is hung.state
    camera.close()
    assert hung.is_closed


@pytest.mark.parametrize("first", [Upright(turn, m) for turn in (0, 90, 180, 270) for m in (False, True)])
@pytest.mark.parametrize("then", [Upright(turn, m) for turn in (0, 90, 180, 270) for m in (False, True)])
def test_one_turn_after_another_is_one_turn(first, then):
    assert (turned(SCENE, first.then(then)) == turned(turned(SCENE, first), then)).all()


def test_flags_and_environment_give_the_turn_as_text():
    assert CameraSettings.model_validate({"turn_deg": "270", "mirrored": "true"}).upright == Upright(
        270, True
    )
    with pytest.raises(ValueError, match="turn_deg"):
        CameraSettings.model_validate({"turn_deg": "45"})
