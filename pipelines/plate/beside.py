"""Where nobody is near: what of a picture is surely background."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.media import U8, Box, Matte, SizeWh, length_scale
from pipelines.plate.geometry import PageView

# Of the teacher's alpha, for a picture of 720 rows: what the network missed of them, their glow and shadow;
# how far beyond a hand may be, for each second more.
AROUND_PX, STRAY_PX_S = 40, 400.0
MOVED_CODES = 14  # from one picture to the next, of green: more than noise
_COARSE_PX = 8
_STEP = 4  # pixels: every fourth of every fourth row
_PAIR = np.ones((2, 2), np.uint8)
_NEAR = np.ones((7, 7), np.uint8)

I16 = npt.NDArray[np.int16]
I64 = npt.NDArray[np.int64]


class Around(NamedTuple):
    """What lies around the teacher. far: 255 where neither they nor what is near them is seen, u8 (h, w).
    moved: 1 where something has moved that alpha does not know of yet, u8 (h, w); None where alpha is fresh.
    """

    far: U8
    moved: U8 | None = None

    def part(self, box: Box) -> Around:
        return Around(self.far[box.slices], None if self.moved is None else self.moved[box.slices])


def far_from_teacher(matte: Matte) -> U8:
    """255 where neither the teacher nor what is near them is seen, u8 (H, W)."""
    width, height = matte.frame.size_wh
    small: U8 = np.zeros((-(-height // _COARSE_PX), -(-width // _COARSE_PX)), np.uint8)
    if not matte.box.is_empty:
        box = matte.box
        rows, columns = np.nonzero(matte.pha[:: _COARSE_PX // 2, :: _COARSE_PX // 2] > 2)
        step = _COARSE_PX // 2
        small[(rows * step + box.y) // _COARSE_PX, (columns * step + box.x) // _COARSE_PX] = 255
    near = round(_around_px(matte) / _COARSE_PX) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * near + 1, 2 * near + 1))
    far = cv2.bitwise_not(cv2.dilate(small, disc))
    return enlarged(np.asarray(far, np.uint8), _COARSE_PX, matte.frame.size_wh)


def enlarged(small: U8, times: int, size_wh: SizeWh) -> U8:
    """Every pixel so many times as wide and high, cut off at this size."""
    wide_wh = small.shape[1] * times, small.shape[0] * times
    wide = cv2.resize(small, wide_wh, interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(wide[: size_wh[1], : size_wh[0]])


class Movement:
    """Where something has moved of late, whoever it is: alpha that was carried for long does not know it yet.

    For one thread, one camera.
    """

    def __init__(self) -> None:
        self._green: I16 = np.zeros((0, 0), np.int16)
        self._moved_pts: I64 = np.zeros((0, 0), np.int64)

    def since(self, matte: Matte) -> U8 | None:
        """1 where something has moved since the picture that the matte's alpha is of, u8 (H, W); None where
        alpha is fresh. Ask about every matte, in order.
        """
        green = matte.frame.rgb[::_STEP, ::_STEP, 1].astype(np.int16)
        if green.shape != self._green.shape:
            self._green, self._moved_pts = green, np.full(green.shape, -1, np.int64)
        self._moved_pts[np.abs(green - self._green) > MOVED_CODES] = matte.frame.pts
        self._green = green
        if matte.stale_s == 0:
            return None
        moved = np.asarray(self._moved_pts > matte.frame.pts - matte.carried_pts, np.uint8)
        # Grain is single; what moves is not.
        near = np.asarray(cv2.dilate(cv2.morphologyEx(moved, cv2.MORPH_OPEN, _PAIR), _NEAR), np.uint8)
        return enlarged(near, _STEP, matte.frame.size_wh)


def sure_blocks(matte: Matte, view: PageView) -> U8:
    """Blocks that are LCD, with nobody near, u8 (bh, bw)."""
    pha = np.zeros((view.box.h, view.box.w), np.uint8)
    x0, y0 = max(matte.box.x, view.box.x), max(matte.box.y, view.box.y)
    x1 = min(matte.box.x + matte.box.w, view.box.x + view.box.w)
    y1 = min(matte.box.y + matte.box.h, view.box.y + view.box.h)
    if x1 > x0 and y1 > y0:
        part = Box(x0 - matte.box.x, y0 - matte.box.y, x1 - x0, y1 - y0)
        pha[Box(x0 - view.box.x, y0 - view.box.y, x1 - x0, y1 - y0).slices] = matte.pha[part.slices]
    near = round(_around_px(matte) / view.blocks.block_px)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * near + 1, 2 * near + 1))
    teacher = cv2.dilate(view.blocks.means(pha), disc)
    return np.asarray((teacher == 0) & (view.blocks.means(view.inside) == 255), np.uint8)


def _around_px(matte: Matte) -> float:
    """Camera pixels around alpha where the teacher may be."""
    return (AROUND_PX + STRAY_PX_S * matte.stale_s) * length_scale(matte.frame.size_wh)
