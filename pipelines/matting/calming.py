"""Alpha that does not flicker: where the picture stands still, alpha does.

Each frame's alpha is found anew, so that sensor noise shows along every edge. A pixel that has not changed
since the frame before has no reason for another alpha; one that has, for the alpha of before. So the two are
mixed by how little the picture has changed, against what noise does to it.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.media import U8, Box

STILL_CODES = 4.0  # root mean square over the channels: from here on the pixel has changed
MOST_SAY = 0.6  # of the alpha before

_TO_STILL = np.float32(1 / (3 * STILL_CODES**2))
_MOST = np.float32(MOST_SAY)
_ONE, _HALF = np.float32(1), np.float32(0.5)


def calm(rgb: U8, rgb_before: U8, before: U8, pha: U8, part: Box) -> None:
    """Draws pha u8 (h, w) towards `before` u8 (h, w) inside `part`. rgb, rgb_before: u8 (h, w, 3)."""
    _calm(rgb, rgb_before, before, pha, part.y, part.x, part.h, part.w)


@compiled(fastmath=True)
def _calm(rgb: U8, rgb_before: U8, before: U8, pha: U8, y0: int, x0: int, rows: int, columns: int) -> None:
    for y in range(y0, y0 + rows):
        for x in range(x0, x0 + columns):
            if pha[y, x] == before[y, x]:
                continue
            square = 0
            for c in range(3):
                step = int(rgb[y, x, c]) - int(rgb_before[y, x, c])
                square += step * step
            moved = np.float32(square) * _TO_STILL
            say = _MOST / (_ONE + moved * moved)
            now = np.float32(pha[y, x])
            pha[y, x] = int(now + say * (np.float32(before[y, x]) - now) + _HALF)
