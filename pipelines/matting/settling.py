"""Alpha by the mixing itself, where it is told better by light than by any network.

Where the camera's tone curve is known (`Calibration.tone`), picture and plate are light, and unmixing.py
gives an alpha with a variance. The refiner's alpha has one too, the same everywhere; each has as much of a
say as the other is unsure. Before a page of nearly the teacher's colour the mixing says nothing, before a
bright one it leaves the refiner little: so hair before a white page is right to a few hundredths.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.cells import CELL_PX
from pipelines.matting.light import Tables
from pipelines.matting.lines import along
from pipelines.matting.unmixing import EXPECTED, FOUND, KNOWN, SUMS, VARIANCE, expect, unmix
from pipelines.media import F32, U8, Box

BARE, WHOLE = 2, 253  # alpha that the refiner is sure of stands
DARK = 64  # codes
_HALF_CELL = CELL_PX // 2
_REFINED2 = np.float32(0.07**2)  # variance of its alpha elsewhere
_OTHER2 = np.float32(0.02**2)  # of the teacher's colour, taken for granted
_HALF, _ZERO, _FULL = np.float32(0.5), np.float32(0), np.float32(255)


def settle(
    rgb: U8,
    plate: U8,
    sigma: U8,
    weight: F32,
    expected: F32,
    seen: Box,
    part: Box,
    tables: Tables,
    pha: U8,
) -> None:
    """Moves alpha u8 (h, w) of the whole picture towards what the mixing says, inside `part`.

    rgb, plate: planes u8 (3, h, w) of a tile's pixels `seen`, which hold the part. sigma: u8 (h, w), of
    `evidence.deviation`. weight: f32 (rows, columns) by cells of CELL_PX, how much of it is taken. expected:
    of `colouring.by_plane`, in the light of the same tables.
    """
    corners = seen.y, seen.x, part.y, part.x, part.h, part.w
    _settle(rgb, plate, sigma, weight, expected, *corners, tables.light, tables.slope, tables.off, pha)


@compiled(fastmath=True)
def _settle(
    rgb: U8,
    plate: U8,
    sigma: U8,
    weight: F32,
    expected: F32,
    y0: int,
    x0: int,
    top: int,
    left: int,
    rows: int,
    columns: int,
    light_of: F32,
    slope_of: F32,
    off: np.float32,
    pha: U8,
) -> None:
    y = top
    while y < top + rows:
        # Rows that lie between the same cells' middles go together, and of them the soft stretch alone.
        until = min(y - (y - _HALF_CELL) % CELL_PX + CELL_PX, top + rows)
        first, past = _soft_stretch(pha, y, until, left, left + columns)
        n = max(past - first, 0)
        lines, own = np.empty((2 * EXPECTED + 2, n), np.float32), np.empty((EXPECTED, n), np.float32)
        share, sums = np.empty(n, np.float32), np.empty((SUMS, n), np.float32)
        drawn = -1
        while y < until and n > 0:
            along(weight, y, first, drawn, lines[2 * EXPECTED :], share)
            drawn = expect(expected, y, first, drawn, lines, own)
            doubt = sigma[y, first:past]
            unmix(rgb, plate, y - y0, first - x0, doubt, light_of, slope_of, off, _OTHER2, own, sums)
            _hold(plate[:, y - y0, first - x0 :], sums[FOUND], share, pha[y, first:past])
            _move(sums[FOUND], sums[VARIANCE], sums[KNOWN], share, pha[y, first:past])
            y += 1
        y = until


@compiled()
def _soft_stretch(pha: U8, top: int, bottom: int, left: int, right: int) -> tuple[int, int]:
    """Columns from the first to behind the last in which alpha is not sure, in some rows."""
    first, past = right, left
    for y in range(top, bottom):
        row = pha[y]
        for x in range(left, first):
            if BARE < row[x] < WHOLE:
                first = x
                break
        for x in range(right - 1, past - 1, -1):
            if BARE < row[x] < WHOLE:
                past = x + 1
                break
    return first, past


@compiled(fastmath=True)
def _hold(plate: U8, found: F32, share: F32, alpha: U8) -> None:
    """Before something as dark as hair nothing is taken that lowers alpha: what is expected around may be a
    sleeve, and dark hair on it is no mixture of sleeve and page. plate: u8 (3, m), of a row.
    """
    red, green, blue = plate[0], plate[1], plate[2]
    for x in range(share.shape[0]):
        is_dark = max(red[x], green[x], blue[x]) < DARK
        share[x] = _ZERO if is_dark and _FULL * found[x] < np.float32(alpha[x]) else share[x]


@compiled(fastmath=True)
def _move(found: F32, variance: F32, known: F32, share: F32, alpha: U8) -> None:
    for x in range(share.shape[0]):
        was = np.float32(alpha[x])
        say = known[x] * share[x] * _REFINED2 / (_REFINED2 + variance[x])
        say = say if BARE < alpha[x] < WHOLE else _ZERO
        alpha[x] = np.uint8(np.int32(was + say * (_FULL * found[x] - was) + _HALF))
