"""The teacher's colour without the camera's grain: where the picture stands still, it is averaged over time.

Grain is new in every picture, so that a coder spends the text's bits on a still jacket. A pixel that has not
changed by more than noise does is mixed with the colour shown before; one that has is left as it is, each
channel by itself. So nothing lags: what is shown is never more than a few codes from what the camera saw.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.compiling import compiled
from pipelines.media import EMPTY_BOX, PTS_HZ, U8, Box, Matte

STILL_CODES = 6.0  # from one picture to the next: from here on it has changed
MOST_SAY = 0.7  # of the colour before: leaves 0.42 of the grain's deviation
GAP_S = 0.5  # longer without a matte, and the colour before says nothing

_TO_STILL = np.float32(1 / STILL_CODES**2)
_MOST = np.float32(MOST_SAY)
_ONE, _HALF = np.float32(1), np.float32(0.5)


class Denoiser:
    """For the mattes of one camera, in order. For one thread."""

    def __init__(self) -> None:
        self._before: U8 = np.zeros((0, 0, 3), np.uint8)
        self._box, self._pts = EMPTY_BOX, 0

    def __call__(self, matte: Matte) -> Matte:
        width, height = matte.frame.size_wh
        if self._before.shape[:2] != (height, width):
            self._before, self._box = np.zeros((height, width, 3), np.uint8), EMPTY_BOX
        if matte.pts - self._pts > GAP_S * PTS_HZ:
            self._box = EMPTY_BOX
        box, fgr = matte.box, np.array(matte.fgr)
        both = _common(box, self._box)
        if not both.is_empty:
            flat = self._before.reshape(height, -1), fgr.reshape(box.h, -1)
            part = both.y, 3 * both.x, both.h, 3 * both.w
            _draw(flat[0], *part, flat[1], both.y - box.y, 3 * (both.x - box.x))
        self._before[box.slices] = fgr
        self._box, self._pts = box, matte.pts
        return replace(matte, fgr=fgr)


def warm_up_denoising() -> None:
    """Compiles the loops, or loads them from the cache."""
    _draw(np.zeros((2, 6), np.uint8), 0, 0, 2, 6, np.zeros((2, 6), np.uint8), 0, 0)


def _common(one: Box, other: Box) -> Box:
    x, y = max(one.x, other.x), max(one.y, other.y)
    right, bottom = min(one.x + one.w, other.x + other.w), min(one.y + one.h, other.y + other.h)
    return EMPTY_BOX if right <= x or bottom <= y else Box(x, y, right - x, bottom - y)


@compiled(fastmath=True)
def _draw(before: U8, y0: int, x0: int, rows: int, columns: int, fgr: U8, top: int, left: int) -> None:
    """Draws fgr u8 (h, w * 3) from (left, top) on towards `before` u8 (H, W * 3) from (x0, y0) on."""
    for row in range(rows):
        was, now = before[y0 + row, x0 : x0 + columns], fgr[top + row, left : left + columns]
        for x in range(columns):
            value = np.float32(now[x])
            step = np.float32(was[x]) - value
            moved = step * step * _TO_STILL
            say = _MOST / (_ONE + moved * moved)
            now[x] = np.uint8(np.int32(value + say * step + _HALF))
