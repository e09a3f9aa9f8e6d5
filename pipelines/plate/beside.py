"""Where nobody is near: what of a picture is surely background."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.media import PTS_HZ, U8, Box, Matte
from pipelines.plate.geometry import PageView

AROUND_PX = 40  # of the teacher's alpha: what the network missed of them, their glow and shadow
FRESH_S = 0.12  # alpha carried from no longer ago is where the teacher is
STRAY_PX_S = 400.0  # how far beyond a hand may be, for each second more
_COARSE_PX = 8


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
    wide_wh = small.shape[1] * _COARSE_PX, small.shape[0] * _COARSE_PX
    wide = cv2.resize(far, wide_wh, interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(wide[:height, :width])


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
    stale_s = max(matte.carried_pts / PTS_HZ - FRESH_S, 0.0)
    return (AROUND_PX + STRAY_PX_S * stale_s) * matte.frame.size_wh[1] / 720
