"""From half the camera's resolution to all of it: alpha by interpolation, along edges by the mixing itself.

Between the pixels of the half picture alpha is somewhere between theirs. Where the plate is known and unlike
the teacher's own colour F, the camera's pixel I = alpha F + (1 - alpha) B, in linear light, says where. The
guided filter (`upsampling.py`), which knows no plate, was hardly nearer to the truth than interpolation, for
fifteen times its cost.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.light import PURE
from pipelines.media import F32, TRUST_TILE_PX, U8, UNKNOWN, Box, Frame, Matte, Prediction, freeze

LEAST_STEP = 16  # between the alphas around, codes: less is no edge
SOLID = 254  # alpha from which the pixel's own colour is the teacher's
_UNLIKE = np.float32(0.15)  # squared distance of F and B in light, at which mixing has half a say

_LEAST = np.float32(1e-5)  # where F and B are alike there is nothing to divide by, and no say
_FULL, _ZERO, _HALF = np.float32(255), np.float32(0), np.float32(0.5)
_AROUND = np.ones((3, 3), np.uint8)


def doubled(half: Matte, frame: Frame, known: Prediction) -> Matte:
    """The matte of a frame from that of its picture of half the size. known: the plate, of the whole one."""
    box = twice(half.box)
    pha = np.asarray(cv2.resize(half.pha, (box.w, box.h), interpolation=cv2.INTER_LINEAR), np.uint8)
    fgr = np.asarray(cv2.resize(half.fgr, (box.w, box.h), interpolation=cv2.INTER_LINEAR), np.uint8)
    low, high = (np.asarray(of(half.pha, _AROUND), np.uint8) for of in (cv2.erode, cv2.dilate))
    rgb = np.ascontiguousarray(frame.rgb)
    corner, behind = (box.y, box.x), (box.y - known.box.y, box.x - known.box.x)
    light = PURE.light if known.tone is None else known.tone
    _sharpen(rgb, *corner, known.rgb, known.doubt, known.trust, *behind, low, high, light, fgr, pha)
    freeze(pha)
    freeze(fgr)
    return Matte(frame, box, pha, fgr, half.carried_pts)


def twice(box: Box) -> Box:
    """A box of the half picture, in the camera's pixels."""
    return Box(2 * box.x, 2 * box.y, 2 * box.w, 2 * box.h)


@compiled(fastmath=True)
def _sharpen(
    rgb: U8,
    top: int,
    left: int,
    plate: U8,
    doubt: U8,
    trust: U8,
    y0: int,
    x0: int,
    low: U8,
    high: U8,
    light_of: F32,
    fgr: U8,
    pha: U8,
) -> None:
    """fgr u8 (h, w, 3), pha u8 (h, w): of the matte. rgb: u8 (H, W, 3), the picture; the matte's first pixel
    is its (top, left), and (y0, x0) of plate, doubt and trust, see Prediction. low, high: least and largest
    alpha around, u8 (h / 2, w / 2). light_of: of each code, f32 (256,).
    """
    for y in range(pha.shape[0]):
        at_y = y + y0
        row = rgb[y + top]
        is_row_known = 0 <= at_y < plate.shape[0]
        for x in range(pha.shape[1]):
            least, most = low[y // 2, x // 2], high[y // 2, x // 2]
            at_x = x + x0
            if most - least >= LEAST_STEP and is_row_known and 0 <= at_x < plate.shape[1]:
                say = np.float32(trust[at_y // TRUST_TILE_PX, at_x // TRUST_TILE_PX]) / _FULL
                if doubt[at_y, at_x] == UNKNOWN:
                    say = _ZERO
                seen, unlike = _ZERO, _ZERO
                for c in range(3):
                    behind = light_of[plate[at_y, at_x, c]]
                    step = light_of[fgr[y, x, c]] - behind
                    seen += (light_of[row[x + left, c]] - behind) * step
                    unlike += step * step
                alpha = _FULL * seen / max(unlike, _LEAST)
                alpha = min(max(alpha, np.float32(least)), np.float32(most))
                was = np.float32(pha[y, x])
                say *= unlike / (unlike + _UNLIKE)
                pha[y, x] = np.uint8(np.int32(was + say * (alpha - was) + _HALF))
            if pha[y, x] >= SOLID:
                for c in range(3):
                    fgr[y, x, c] = row[x + left, c]


def warm_up_doubling() -> None:
    """Compiles the loop over pixels, or loads it from the cache: call it before the first frame is due."""
    rgb: U8 = np.zeros((32, 32, 3), np.uint8)
    flat: U8 = np.zeros((32, 32), np.uint8)
    small = Frame(rgb[:16, :16].copy(), 0, 0), Box(0, 0, 16, 16), flat[:16, :16].copy(), rgb[:16, :16].copy()
    for array in (rgb, flat):
        freeze(array)
    trust: U8 = np.zeros((1, 1), np.uint8)
    freeze(trust)
    doubled(Matte(*small), Frame(rgb, 0, 0), Prediction(Box(0, 0, 32, 32), rgb, flat, trust, flat))
