"""A camera that hangs sideways, upside down, or sees through a mirror: its frames are turned upright."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from pipelines.capture.camera import Camera
from pipelines.capture.mounting import Upright
from pipelines.media import U8, Frame, SourceState, freeze

_ROTATIONS: Final = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def turned(rgb: U8, upright: Upright) -> U8:
    """u8 (H, W, 3), or (W, H, 3) for a quarter turn; the same array where there is nothing to do."""
    if upright.mirrored:
        rgb = np.asarray(cv2.flip(rgb, 1), np.uint8)
    if upright.turn_deg:
        rgb = np.asarray(cv2.rotate(rgb, _ROTATIONS[upright.turn_deg]), np.uint8)
    return rgb


class UprightCamera:
    """A Camera around another one. `upright` may be replaced, as a whole, at any time, by any thread."""

    def __init__(self, source: Camera, upright: Upright) -> None:
        self.source = source
        self.upright = upright

    @property
    def state(self) -> SourceState:
        return self.source.state

    def read(self, timeout_s: float) -> Frame | None:
        """As Camera.read. Raises SourceLost."""
        frame, upright = self.source.read(timeout_s), self.upright
        if frame is None or upright.is_identity:
            return frame
        rgb = turned(frame.rgb, upright)
        freeze(rgb)
        return replace(frame, rgb=rgb)

    def close(self) -> None:
        self.source.close()
