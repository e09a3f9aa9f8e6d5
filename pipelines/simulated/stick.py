"""The end of the teacher's pointer stick, which the clip cuts off at its left edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.compiling import compiled
from pipelines.media import U8
from pipelines.simulated.light import I32
from pipelines.simulated.marks import Mark

PAD_PX = 160  # columns drawn on at the clip's left; the tip lies up to 138 px outside
_CUT_COLUMN = 6  # where the stick's cross-section is taken from


@dataclass(frozen=True, slots=True, eq=False)
class PackedFrame:
    """A clip frame with its stick drawn on, without the four fifths of it in which nobody stands: of each
    row the pixels from the first of the teacher to the last, one row after the other.

    spans i32 (h, 2): first column and one past the last, both 0 in an empty row.
    """

    width: int
    spans: I32
    colour: U8
    cover: U8

    @classmethod
    def pack(cls, colour: U8, cover: U8) -> PackedFrame:
        spans: I32 = np.zeros((len(cover), 2), np.int32)
        count = _find_spans(cover, spans)
        packed = np.empty((count, 3), np.uint8), np.empty(count, np.uint8)
        _move(colour, cover, spans, *packed, packs=True)
        return cls(cover.shape[1], spans, *packed)

    def unpack(self) -> tuple[U8, U8]:
        """colour u8 (h, w, 3), and cover u8 (h, w); 0 outside the spans."""
        size_hw = len(self.spans), self.width
        colour, cover = np.zeros((*size_hw, 3), np.uint8), np.zeros(size_hw, np.uint8)
        _move(colour, cover, self.spans, self.colour, self.cover, packs=False)
        return colour, cover


@compiled()
def _find_spans(cover: U8, spans: I32) -> int:
    """Returns how many pixels they hold."""
    count = 0
    for y in range(cover.shape[0]):
        row = cover[y]
        first, past = 0, row.shape[0]
        while first < past and row[first] == 0:
            first += 1
        while past > first and row[past - 1] == 0:
            past -= 1
        if past > first:
            spans[y, 0], spans[y, 1] = first, past
            count += past - first
    return count


@compiled()
def _move(colour: U8, cover: U8, spans: I32, packed_colour: U8, packed_cover: U8, packs: bool) -> None:
    """From the whole picture into its spans, or back."""
    at = 0
    for y in range(cover.shape[0]):
        first, past = spans[y]
        end = at + past - first
        if packs:
            packed_colour[at:end] = colour[y, first:past]
            packed_cover[at:end] = cover[y, first:past]
        else:
            colour[y, first:past] = packed_colour[at:end]
            cover[y, first:past] = packed_cover[at:end]
        at = end


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
