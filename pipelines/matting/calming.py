"""Alpha that does not flicker: where the picture stands still, alpha does.

Each frame's alpha is found anew, so that sensor noise shows along every edge. A pixel that has not changed
since the frame before has no reason for another alpha; one that has, for the alpha of before. So the two are
mixed by how little the picture has changed, against what noise does to it.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.media import F32, U8, Box

STILL_CODES = 4.0  # root mean square over the channels: from here on the pixel has changed
MOST_SAY = 0.6  # of the alpha before

_TO_STILL = np.float32(1 / (3 * STILL_CODES**2))
_MOST = np.float32(MOST_SAY)
_ONE, _HALF, _ZERO = np.float32(1), np.float32(0.5), np.float32(0)


def calm(rgb: U8, rgb_before: U8, before: U8, seen: Box, part: Box, pha: U8) -> None:
    """Draws pha u8 (h, w) towards `before` u8 (h, w) inside `part`.

    rgb, rgb_before: planes u8 (3, h, w) of a tile's pixels `seen`, which hold the part.
    """
    _calm(rgb, rgb_before, before, seen.y, seen.x, part.y, part.x, part.h, part.w, pha)


@compiled(fastmath=True)
def _calm(
    rgb: U8,
    rgb_before: U8,
    before: U8,
    y0: int,
    x0: int,
    top: int,
    left: int,
    rows: int,
    columns: int,
    pha: U8,
) -> None:
    square = np.empty(columns, np.float32)
    for y in range(top, top + rows):
        row, first = y - y0, left - x0
        square[:] = _ZERO
        for c in range(3):
            _add_square(rgb[c, row, first:], rgb_before[c, row, first:], square)
        _draw(square, before[y, left:], pha[y, left : left + columns])


@compiled(fastmath=True)
def _add_square(one: U8, other: U8, square: F32) -> None:
    for x in range(square.shape[0]):
        step = np.float32(one[x]) - np.float32(other[x])
        square[x] += step * step


@compiled(fastmath=True)
def _draw(square: F32, before: U8, pha: U8) -> None:
    for x in range(pha.shape[0]):
        moved = square[x] * _TO_STILL
        say = _MOST / (_ONE + moved * moved)
        now = np.float32(pha[x])
        pha[x] = np.uint8(np.int32(now + say * (np.float32(before[x]) - now) + _HALF))
