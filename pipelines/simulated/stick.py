"""The end of the teacher's pointer stick, which the clip cuts off at its left edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.media import U8
from pipelines.simulated.marks import Mark

PAD_PX = 160  # columns drawn on at the clip's left; the tip lies up to 138 px outside
_CUT_COLUMN = 6  # where the stick's cross-section is taken from


@dataclass(frozen=True, slots=True, eq=False)
class PackedFrame:
    """A clip frame with its stick drawn on, without the four fifths of it in which nobody stands."""

    shape_hw: tuple[int, int]
    bits: U8
    colour: U8
    cover: U8

    @classmethod
    def pack(cls, colour: U8, cover: U8) -> PackedFrame:
        inside = cover > 0
        return cls((cover.shape[0], cover.shape[1]), np.packbits(inside), colour[inside], cover[inside])

    def unpack(self) -> tuple[U8, U8]:
        """colour u8 (h, w, 3), 0 where the alpha is 0, and cover u8 (h, w)."""
        height, width = self.shape_hw
        inside = np.unpackbits(self.bits, count=height * width).reshape(self.shape_hw).astype(bool)
        colour, cover = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
        colour[inside], cover[inside] = self.colour, self.cover
        return colour, cover


def draw_stick_on(rgb: U8, pha: U8, mark: Mark) -> tuple[U8, U8]:
    """The clip frame with PAD_PX columns more at its left, and the stick drawn on into them up to its tip.

    The stick's cross-section where the clip cuts it is repeated along its line.
    """
    colour = cv2.copyMakeBorder(rgb, 0, 0, PAD_PX, 0, cv2.BORDER_REPLICATE)
    cover = cv2.copyMakeBorder(pha, 0, 0, PAD_PX, 0, cv2.BORDER_CONSTANT, value=(0,))
    if mark.tip_xy is None or mark.stick is None or mark.tip_xy[0] >= 0:
        return np.asarray(colour, np.uint8), np.asarray(cover, np.uint8)
    y0, slope = mark.stick
    tip_x = mark.tip_xy[0]
    top = max(int(min(y0, mark.tip_xy[1])) - 8, 0)
    bottom = min(int(max(y0, mark.tip_xy[1])) + 9, len(pha))
    x, y = np.meshgrid(np.arange(-PAD_PX, 1, dtype=np.float32), np.arange(top, bottom, dtype=np.float32))
    from_y = y + slope * (_CUT_COLUMN - x)
    on_stick = np.abs(y - (y0 + slope * x)) < 6
    ends = np.clip(x - tip_x + 1, 0, 1) * on_stick
    from_x = np.full_like(x, _CUT_COLUMN)
    band = slice(top, bottom), slice(0, PAD_PX + 1)
    drawn = cv2.remap(pha, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    cover[band] = np.rint(drawn * ends)
    colour[band] = cv2.remap(rgb, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(colour, np.uint8), np.asarray(cover, np.uint8)
