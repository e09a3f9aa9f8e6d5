"""The red light in the programme's corner: everybody who watches sees that the lesson is recorded."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from pipelines.media import F32, U8, SizeWh, freeze

_RED = np.array((226, 32, 38), np.float32)
_RIM = np.array((255, 255, 255), np.float32)
# Shares of the picture's height.
_RADIUS = 0.016
_RIM_WIDTH = 0.004
_MARGIN = 0.022
_FINER = 8  # drawn so many times larger, for smooth edges


class RecordingLight:
    """Draws the light at the top right. For one thread."""

    def __init__(self, size_wh: SizeWh) -> None:
        width, height = size_wh
        radius, rim = max(3.0, _RADIUS * height), max(1.0, _RIM_WIDTH * height)
        side = int(np.ceil(2 * (radius + rim)))
        margin = round(_MARGIN * height)
        self._place = (slice(margin, margin + side), slice(width - margin - side, width - margin))
        outer, inner = _disc(side, radius + rim), _disc(side, radius)
        self._keep: F32 = 1 - outer
        self._add: F32 = inner * _RED + (outer - inner) * _RIM
        self._lit: tuple[U8, U8] | None = None

    def on(self, rgb: U8) -> U8:
        """The picture with the light: u8 (H, W, 3), frozen; rgb is not changed. The same for the same."""
        if self._lit is None or self._lit[0] is not rgb:
            lit = rgb.copy()
            corner = lit[self._place]
            corner[:] = np.rint(corner * self._keep + self._add).astype(np.uint8)
            freeze(lit)
            self._lit = (rgb, lit)
        return self._lit[1]


def _disc(side: int, radius: float) -> F32:
    """Coverage of a disc in the middle of a square: f32 (side, side, 1), 0 to 1."""
    large = Image.new("L", (side * _FINER, side * _FINER))
    reach = [(side / 2 - radius) * _FINER] * 2 + [(side / 2 + radius) * _FINER - 1] * 2
    ImageDraw.Draw(large).ellipse(reach, fill=255)
    small = large.resize((side, side), Image.Resampling.BOX)
    return np.asarray(small, np.float32)[..., None] / np.float32(255)
