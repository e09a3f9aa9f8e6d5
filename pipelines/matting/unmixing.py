"""Alpha from the mixing itself: what picture, plate and the teacher's expected colour say, row by row.

In light I = B + alpha (F - B) (Porter and Duff, "Compositing Digital Images", 1984), with the plate for B and
what is expected for F: alpha by least squares over the channels (Smith and Blinn, "Blue screen matting",
1996, for one known backdrop and an F that is nearly known). Its variance comes from noise of the picture and
of the plate, the spread of the teacher's own colours around, what no alpha explains, and a tone curve that is
not the camera's, all against the distance of F and B: where they are alike it says nothing.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.lines import along
from pipelines.media import DOUBT_UNITS, F32, U8, UNKNOWN

NOISE_CODES = 1.6
EXPECTED, SUMS = 7, 6  # planes of what is expected; rows that `unmix` works in
FOUND, VARIANCE, KNOWN = 0, 1, 2  # of these, what it leaves

_OTHER = np.float32(0.02 / 3)  # of F beyond the spread around, of its square
_REST = np.float32(2)  # of what no alpha explains
_LEAST = np.float32(1e-7)
_NEAR = np.float32(0.999)  # something is expected in all four cells around
_TO_CODES = np.float32(1 / DOUBT_UNITS)
_NOISE = np.float32(NOISE_CODES)
_ONE, _TWO, _ZERO, _FOUR = np.float32(1), np.float32(2), np.float32(0), np.float32(4)


@compiled(fastmath=True)
def expect(expected: F32, y: int, x0: int, drawn: int, lines: F32, own: F32) -> int:
    """What is expected at the pixels of row y from x0 on, f32 (EXPECTED, n). expected: by cell, of
    `colouring.by_plane`. drawn, lines f32 (2 EXPECTED, n): see `lines.along`, as what is returned.
    """
    above = drawn
    for k in range(EXPECTED):
        drawn = along(expected[k], y, x0, above, lines[2 * k : 2 * k + 2], own[k])
    return drawn


@compiled(fastmath=True)
def unmix(
    rgb: U8,
    plate: U8,
    row: int,
    x: int,
    sigma: U8,
    light_of: F32,
    slope_of: F32,
    off: np.float32,
    other2: np.float32,
    own: F32,
    sums: F32,
) -> None:
    """A row's alpha into sums[FOUND], its variance into sums[VARIANCE], and into sums[KNOWN] 1, or 0 where no
    plate is known or nothing of the teacher near. sums: f32 (SUMS, n).

    rgb, plate: planes u8 (3, h, m), of which these are row `row` from column x on. sigma: u8 (n), of
    `evidence.deviation`. light_of, slope_of, off: see `light.Tables`. other2: variance of F that is taken for
    granted, in light. own: of `expect`; its last four planes are used up.
    """
    n = sigma.shape[0]
    sums[:] = _ZERO
    for c in range(3):
        seen, behind = rgb[c, row, x : x + n], plate[c, row, x : x + n]
        _add(seen, behind, light_of, own[c], sums[0], sums[1], sums[2], sums[3])
        _widen(behind, light_of, own[c], own[4 + c], sums[4])
    seen, behind = rgb[1, row, x : x + n], plate[1, row, x : x + n]
    _doubt(seen, behind, sigma, slope_of, own[3], own[4], sums[5])
    _solve(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], own[3], own[4], off, other2)


@compiled(fastmath=True)
def _add(rgb: U8, plate: U8, light_of: F32, own: F32, dot: F32, square: F32, off2: F32, own2: F32) -> None:
    """One channel into the sums: <I - B, F - B>, |F - B|^2, |I - B|^2, |F|^2. light_of: of each code."""
    for x in range(own.shape[0]):
        behind = light_of[plate[x]]
        step, span = light_of[rgb[x]] - behind, own[x] - behind
        dot[x] += step * span
        square[x] += span * span
        off2[x] += step * step
        own2[x] += own[x] * own[x]


@compiled(fastmath=True)
def _widen(behind: U8, light_of: F32, own: F32, spread: F32, wide: F32) -> None:
    """One channel of F's variance in the direction of F - B, times |F - B|^2."""
    for x in range(wide.shape[0]):
        span = own[x] - light_of[behind[x]]
        wide[x] += spread[x] * span * span


@compiled(fastmath=True)
def _doubt(seen: U8, behind: U8, sigma: U8, slope_of: F32, known: F32, of_seen: F32, of_plate: F32) -> None:
    """Standard deviations in light, of the picture and the plate. known: what is near becomes 1 or 0. seen,
    behind: green.
    """
    for x in range(known.shape[0]):
        known[x] = _ZERO if sigma[x] == UNKNOWN or known[x] < _NEAR else _ONE
        of_plate[x] = np.float32(sigma[x]) * _TO_CODES * slope_of[behind[x]]
        of_seen[x] = _NOISE * slope_of[seen[x]]


@compiled(fastmath=True)
def _solve(
    dot: F32,
    square: F32,
    off2: F32,
    own2: F32,
    wide: F32,
    of_plate: F32,
    known: F32,
    of_seen: F32,
    off: np.float32,
    other2: np.float32,
) -> None:
    """Leaves alpha in dot, its variance in square, and in off2 what is known."""
    for x in range(known.shape[0]):
        span = square[x] + _LEAST
        found = min(max(dot[x] / span, _ZERO), _ONE)
        rest = max(off2[x] - found * (_TWO * dot[x] - found * span), _ZERO)
        bare, bent = (_ONE - found) * of_plate[x], _FOUR * found * (_ONE - found) * off
        of_own = wide[x] / span + _OTHER * own2[x] + other2
        light2 = bare * bare + of_seen[x] * of_seen[x] + found * found * of_own + _REST * rest
        dot[x], square[x], off2[x] = found, light2 / span + bent * bent, known[x]
