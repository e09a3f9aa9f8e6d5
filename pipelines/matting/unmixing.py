"""Alpha from the mixing itself: what picture, plate and the teacher's expected colour say, row by row.

In linear light I = B + alpha (F - B) (Porter and Duff, "Compositing Digital Images", 1984), with the plate
for B and what is expected for F: alpha by least squares over the channels. It says little where F and B are
alike against noise and against the spread of the teacher's own colours, and where what is left over is more
than noise: so how sure it is goes with it. The refiner's network sees both, and decides.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.light import LIGHT
from pipelines.matting.lines import along
from pipelines.media import DOUBT_UNITS, F32, U8, UNKNOWN

# What an unmixed alpha suffers from, against the squared distance of the two colours that are mixed.
_BY_NOISE, _BY_REST, _BY_SPREAD = np.float32(12), np.float32(12), np.float32(0.05)
_LEAST_SPAN = np.float32(1e-7)
_NEAR = np.float32(0.999)  # something is expected in all four cells around
_SLOPE: F32 = np.asarray(2.2 / 255 * (np.arange(256) / 255) ** 1.2, np.float32)  # of light, a code
_TO_CODES = np.float32(1 / DOUBT_UNITS)
_HALF, _ONE, _ZERO, _TWO = np.float32(0.5), np.float32(1), np.float32(0), np.float32(2)

SCRATCH = 9  # rows that `unmix` works in


@compiled(fastmath=True)
def unmix(
    rgb: U8,
    plate: U8,
    row: int,
    sigma: U8,
    expected: F32,
    y: int,
    x0: int,
    drawn: int,
    lines: F32,
    work: F32,
    alpha: F32,
    sure: F32,
) -> int:
    """A row's alpha and how sure it is, both less a half, f32 (n). Where nothing is known, alpha stays as it
    came, and `sure` is -0.5.

    rgb, plate: a tile's planes, u8 (3, h, n), of which this is row `row`; pixels (y, x0) on of the picture.
    sigma: u8 (n), of `evidence.deviation`. expected: light by cell, f32 (4, rows, columns), the last plane
    above 0 where anything of the teacher is near. drawn, lines f32 (8, n): see `lines.along`; work: f32
    (SCRATCH, n). Returns the next row's `drawn`.
    """
    above = drawn
    for c in range(4):
        drawn = along(expected[c], y, x0, above, lines[2 * c : 2 * c + 2], work[c])
    dot, square, off2, own2, known = work[4], work[5], work[6], work[7], work[8]
    _begin(sigma, work[3], square, known)
    dot[:], off2[:], own2[:] = _ZERO, _ZERO, _ZERO
    for c in range(3):
        add(rgb[c, row], plate[c, row], LIGHT, work[c], dot, square, off2, own2)
    _solve(rgb[1, row], plate[1, row], sigma, dot, square, off2, own2, known, alpha, sure)
    return drawn


@compiled(fastmath=True)
def _begin(sigma: U8, near: F32, square: F32, known: F32) -> None:
    for x in range(known.shape[0]):
        square[x] = _LEAST_SPAN
        known[x] = _ZERO if sigma[x] == UNKNOWN or near[x] < _NEAR else _ONE


@compiled(fastmath=True)
def add(rgb: U8, plate: U8, light_of: F32, own: F32, dot: F32, square: F32, off2: F32, own2: F32) -> None:
    """One channel into the sums: <I - B, F - B>, |F - B|^2, |I - B|^2, |F|^2. light_of: of each code."""
    for x in range(own.shape[0]):
        behind = light_of[plate[x]]
        step, span = light_of[rgb[x]] - behind, own[x] - behind
        dot[x] += step * span
        square[x] += span * span
        off2[x] += step * step
        own2[x] += own[x] * own[x]


@compiled(fastmath=True)
def _solve(
    seen: U8,
    behind: U8,
    sigma: U8,
    dot: F32,
    square: F32,
    off2: F32,
    own2: F32,
    known: F32,
    alpha: F32,
    sure: F32,
) -> None:
    """seen, behind: green, which tells how many light a code is worth."""
    for x in range(alpha.shape[0]):
        found = min(max(dot[x] / square[x], _ZERO), _ONE)
        rest = max(off2[x] - found * (_TWO * dot[x] - found * square[x]), _ZERO)
        noise = np.float32(sigma[x]) * _TO_CODES * _SLOPE[max(seen[x], behind[x])]
        lost = _BY_NOISE * noise * noise + _BY_REST * rest + _BY_SPREAD * own2[x]
        sure[x] = known[x] * square[x] / (square[x] + lost) - _HALF
        alpha[x] += known[x] * (found - _HALF - alpha[x])
