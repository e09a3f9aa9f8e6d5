"""A camera that hangs sideways, upside down, or sees through a mirror: its frames are turned upright."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, cast

import cv2
import numpy as np

from pipelines.capture.camera import Camera
from pipelines.media import U8, Frame, SourceState, freeze

Turn = Literal[0, 90, 180, 270]

_ROTATIONS: Final = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


@dataclass(frozen=True, slots=True)
class Upright:
    """How to make the camera's picture upright: first swap left and right if `mirrored`, then turn it
    clockwise by turn_deg."""

    turn_deg: Turn = 0
    mirrored: bool = False

    @property
    def is_identity(self) -> bool:
        return self.turn_deg == 0 and not self.mirrored

    def then(self, more: Upright) -> Upright:
        """What does at once what this one and then `more` do."""
        turned = -self.turn_deg if more.mirrored else self.turn_deg
        turn = cast(Turn, (more.turn_deg + turned) % 360)
        return Upright(turn, self.mirrored != more.mirrored)

    def applied(self, rgb: U8) -> U8:
        """u8 (H, W, 3), or (W, H, 3) for a quarter turn; the same array where there is nothing to do."""
        if self.mirrored:
            rgb = np.asarray(cv2.flip(rgb, 1), np.uint8)
        if self.turn_deg:
            rgb = np.asarray(cv2.rotate(rgb, _ROTATIONS[self.turn_deg]), np.uint8)
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
        rgb = upright.applied(frame.rgb)
        freeze(rgb)
        return replace(frame, rgb=rgb)

    def close(self) -> None:
        self.source.close()
