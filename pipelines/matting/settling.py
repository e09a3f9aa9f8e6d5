"""Alpha by the mixing itself, where it is told better by light than by any network.

I = alpha F + (1 - alpha) B holds in linear light, and where the camera's tone curve is known
(`Calibration.tone`), picture and plate are light. What is expected for F then gives alpha by least squares
over the channels (Smith and Blinn, "Blue screen matting", 1996, for one known backdrop and an F that is
nearly known), with a variance: noise of the picture, of the plate, and the spread of the teacher's colours
around, all against the distance of F and B. The refiner's alpha has one too, the same everywhere; each has as
much of a say as the other is unsure. Before a page of nearly the teacher's colour the mixing says nothing,
before a bright one it leaves the refiner little: so hair before a white page is right to a few hundredths.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.cells import CELL_PX
from pipelines.matting.evidence import NOISE_CODES
from pipelines.matting.light import Tables
from pipelines.matting.lines import along
from pipelines.matting.unmixing import add
from pipelines.media import DOUBT_UNITS, F32, U8, UNKNOWN, Box

BARE, WHOLE = 2, 253  # alpha that the refiner is sure of stands
_HALF_CELL = CELL_PX // 2
_REFINED2 = np.float32(0.06**2)  # variance of its alpha elsewhere
_OTHER, _OTHER2 = (
    np.float32(0.02 / 3),
    np.float32(0.02**2),
)  # of F beyond the spread around: of its square; always
_REST = np.float32(2)  # of what no alpha explains
_LEAST = np.float32(1e-7)
_NEAR = np.float32(0.999)  # something is expected in all four cells around
_TO_CODES = np.float32(1 / DOUBT_UNITS)
_NOISE = np.float32(NOISE_CODES)
_HALF, _ONE, _TWO, _ZERO, _FULL = (
    np.float32(0.5),
    np.float32(1),
    np.float32(2),
    np.float32(0),
    np.float32(255),
)


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
    _settle(rgb, plate, sigma, weight, expected, *corners, tables.light, tables.slope, pha)


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
    pha: U8,
) -> None:
    planes = expected.shape[0]
    y = top
    while y < top + rows:
        # Rows that lie between the same cells' middles go together, and of them the soft stretch alone.
        until = min(y - (y - _HALF_CELL) % CELL_PX + CELL_PX, top + rows)
        first, past = _soft_stretch(pha, y, until, left, left + columns)
        n = max(past - first, 0)
        lines, own = np.empty((2 * planes + 2, n), np.float32), np.empty((planes, n), np.float32)
        share, sums = np.empty(n, np.float32), np.empty((6, n), np.float32)
        drawn = -1
        while y < until and n > 0:
            above, row, start = drawn, y - y0, first - x0
            drawn = along(weight, y, first, above, lines[:2], share)
            for k in range(planes):
                along(expected[k], y, first, above, lines[2 * k + 2 : 2 * k + 4], own[k])
            sums[:] = _ZERO
            for c in range(3):
                seen, behind = rgb[c, row, start:], plate[c, row, start:]
                add(seen, behind, light_of, own[c], sums[0], sums[1], sums[2], sums[3])
                _widen(behind, light_of, own[c], own[4 + c], sums[4])
            _doubt(
                rgb[1, row, start:], plate[1, row, start:], sigma[y, first:], slope_of, own[3], share, sums[5]
            )
            _move(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], own[3], share, pha[y, first:past])
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
def _widen(behind: U8, light_of: F32, own: F32, spread: F32, wide: F32) -> None:
    """One channel of F's variance in the direction of F - B, times |F - B|^2."""
    for x in range(wide.shape[0]):
        span = own[x] - light_of[behind[x]]
        wide[x] += spread[x] * span * span


@compiled(fastmath=True)
def _doubt(seen: U8, behind: U8, sigma: U8, slope_of: F32, near: F32, share: F32, of_plate: F32) -> None:
    """Standard deviations in light: the plate's into of_plate, the picture's into near. No share is left
    where no plate is known, or nothing of the teacher near. seen, behind: green.
    """
    for x in range(share.shape[0]):
        share[x] = _ZERO if sigma[x] == UNKNOWN or near[x] < _NEAR else share[x]
        of_plate[x] = np.float32(sigma[x]) * _TO_CODES * slope_of[behind[x]]
        near[x] = _NOISE * slope_of[seen[x]]


@compiled(fastmath=True)
def _move(
    dot: F32,
    square: F32,
    off2: F32,
    own2: F32,
    wide: F32,
    of_plate: F32,
    of_seen: F32,
    share: F32,
    alpha: U8,
) -> None:
    for x in range(share.shape[0]):
        span = square[x] + _LEAST
        found = min(max(dot[x] / span, _ZERO), _ONE)
        rest = max(off2[x] - found * (_TWO * dot[x] - found * span), _ZERO)
        bare = (_ONE - found) * of_plate[x]
        of_own = wide[x] / span + _OTHER * own2[x] + _OTHER2
        variance = (bare * bare + of_seen[x] * of_seen[x] + found * found * of_own + _REST * rest) / span
        was = np.float32(alpha[x])
        say = share[x] * _REFINED2 / (_REFINED2 + variance)
        say = say if BARE < alpha[x] < WHOLE else _ZERO
        alpha[x] = np.uint8(np.int32(was + say * (_FULL * found - was) + _HALF))
