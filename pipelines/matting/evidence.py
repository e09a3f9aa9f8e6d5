"""What the refiner sees of a tile, and what its answer means. Training and the box share these loops.

Features of a pixel, 14: the picture (3) and the plate (3), 0 to 1 less a half; their difference in standard
deviations, squashed (3); that deviation, squashed (1); the coarse alpha and the alpha a frame before, less a
half (2); the alpha that the mixing itself gives, and how sure it is, less a half (2; unmixing.py). Four
neighbours (2 x 2) make one element of the network's input: 56 planes of half size, as PixelUnshuffle(2)
orders them (Shi et al., "Real-Time Single Image and Video Super-Resolution", 2016).

The answer, 4 planes of half size in the same order: what to add to the coarse alpha. The teacher's own colour
then follows from picture and plate: colouring.py.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.light import Tables
from pipelines.matting.lines import along, largest, take
from pipelines.matting.unmixing import EXPECTED, FOUND, KNOWN, NOISE_CODES, SUMS, VARIANCE, expect, unmix
from pipelines.media import DOUBT_UNITS, F32, U8, UNKNOWN, Box

FEATURES, ANSWERS = 14, 1
SLOPE_SHARE = 0.3  # of the plate's gradient: what is left of misregistration, in pixels
CONFIDENT = 250  # coarse alpha that is not lowered where the plate is DARK or PALE
DARK, PALE = 48, 228  # codes
_MOST_KNOWN = 254
SQUASH = 6.0  # deviations; twice as many hardly count twice
SOFT_CODES = 6.0
_DOUBTED2 = np.float32(0.1**2)  # variance of an unmixed alpha that is half sure
_OTHER2 = np.float32(0.006**2)  # of the teacher's colour, taken for granted, in light

_NOISE2 = np.float32((NOISE_CODES * DOUBT_UNITS) ** 2)
_SLOPE2 = np.float32((SLOPE_SHARE * DOUBT_UNITS / 2) ** 2)  # of a central difference over two pixels
_TO_UNIT = np.float32(1 / 255)
_HALF, _ONE, _ZERO, _FULL = np.float32(0.5), np.float32(1), np.float32(0), np.float32(255)
_TO_CODES = np.float32(1 / DOUBT_UNITS)
_SHRINK = np.float32(1 / SQUASH)
_SOFT = np.float32(SOFT_CODES)
_DARK, _PALE, _CONFIDENT = np.float32(DARK), np.float32(PALE), np.float32(CONFIDENT)


@compiled(fastmath=True)
def deviation(plate: U8, doubt: U8, out: U8) -> None:
    """Standard deviation of picture less plate, quarter codes, u8 (h, w), at most 254; UNKNOWN stays 255.

    Sensor noise, misregistration times the steepest slope of the plate within a pixel, and the plate's own
    doubt. plate: u8 (h, w, 3). doubt: u8 (h, w).
    """
    height, width = doubt.shape
    slope = np.empty((height, width), np.int16)
    for y in range(height):
        above, below = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            most = 0
            for c in range(3):
                across = abs(int(plate[y, right, c]) - int(plate[y, left, c]))
                down = abs(int(plate[below, x, c]) - int(plate[above, x, c]))
                most = max(most, across, down)
            slope[y, x] = most
    for y in range(height):
        above, below = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            if doubt[y, x] == UNKNOWN:
                out[y, x] = UNKNOWN
                continue
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            most = max(slope[above, x], slope[y, x], slope[below, x])
            most = max(most, slope[above, left], slope[y, left], slope[below, left])
            most = max(most, slope[above, right], slope[y, right], slope[below, right])
            own = np.float32(doubt[y, x])
            steep = np.float32(most)
            sigma = np.sqrt(_NOISE2 + _SLOPE2 * steep * steep + own * own)
            out[y, x] = min(int(sigma + _HALF), _MOST_KNOWN)


def gather(
    rgb: U8,
    plate: U8,
    sigma: U8,
    coarse: U8,
    before: U8,
    expected: F32,
    tables: Tables,
    y0: int,
    x0: int,
    out: F32,
) -> None:
    """Writes the features of a tile, f32 (56, n, m), of the 2n x 2m pixels from (y0, x0) on.

    rgb, plate: the tile's planes, u8 (3, 2n, 2m). sigma (from `deviation`), coarse, before: u8 (h, w), of the
    whole picture. expected: of `colouring.by_plane`, in the light of the same tables.
    """
    light, slope, _, off = tables
    _gather(rgb, plate, sigma, coarse, before, expected, light, slope, off, y0, x0, out)


@compiled(fastmath=True)
def _gather(
    rgb: U8,
    plate: U8,
    sigma: U8,
    coarse: U8,
    before: U8,
    expected: F32,
    light_of: F32,
    slope_of: F32,
    off: np.float32,
    y0: int,
    x0: int,
    out: F32,
) -> None:
    rows, columns = out.shape[1], 2 * out.shape[2]
    line, sums = np.empty((FEATURES + 2, columns), np.float32), np.empty((SUMS, columns), np.float32)
    lines, own = np.empty((2 * EXPECTED, columns), np.float32), np.empty((EXPECTED, columns), np.float32)
    drawn = -1
    for row in range(2 * rows):
        y, x1 = y0 + row, x0 + columns
        doubt = sigma[y, x0:x1]
        _describe(rgb, plate, row, doubt, line)
        _centre(coarse[y, x0:x1], line[10])
        _centre(before[y, x0:x1], line[11])
        drawn = expect(expected, y, x0, drawn, lines, own)
        unmix(rgb, plate, row, 0, doubt, light_of, slope_of, off, _OTHER2, own, sums)
        _tell(sums[FOUND], sums[VARIANCE], sums[KNOWN], line[10], line[12], line[13])
        i, sub = row // 2, row % 2 * 2
        for k in range(FEATURES):
            _halve(line[k], out[4 * k + sub, i], out[4 * k + sub + 1, i])


@compiled(fastmath=True)
def _tell(found: F32, variance: F32, known: F32, coarse: F32, alpha: F32, sure: F32) -> None:
    """The unmixed alpha and how sure it is, both less a half; the coarse alpha where it is not known."""
    for j in range(alpha.shape[0]):
        alpha[j] = coarse[j] + known[j] * (found[j] - _HALF - coarse[j])
        sure[j] = known[j] * _DOUBTED2 / (_DOUBTED2 + variance[j]) - _HALF


@compiled(fastmath=True)
def _describe(rgb: U8, plate: U8, row: int, sigma: U8, line: F32) -> None:
    """Features 0 to 9 of a row of pixels, and two rows of scratch, f32 (16, n)."""
    scale, known = line[FEATURES], line[FEATURES + 1]
    _width(sigma, line[9], scale, known)
    for c in range(3):
        seen, behind = line[6 + c], line[3 + c]
        take(rgb[c, row], seen)
        take(plate[c, row], behind)
        _centre(seen, line[c])
        _squash(seen, behind, scale)
        _fill(line[c], known, behind)


@compiled(fastmath=True)
def _width(sigma: U8, squashed: F32, scale: F32, known: F32) -> None:
    """The deviation's own feature, what differences are multiplied by, and 1 where there is a plate."""
    for j in range(sigma.shape[0]):
        codes = np.float32(sigma[j]) * _TO_CODES
        squashed[j] = codes / (codes + _SOFT) - _HALF
        known[j] = _ZERO if sigma[j] == UNKNOWN else _ONE
        scale[j] = known[j] * _SHRINK / codes


@compiled(fastmath=True)
def _squash(seen: F32, behind: F32, scale: F32) -> None:
    """Codes seen become what they differ by, squashed."""
    for j in range(seen.shape[0]):
        step = (seen[j] - behind[j]) * scale[j]
        seen[j] = np.float32(2) * step / (_ONE + abs(step))


@compiled(fastmath=True)
def _fill(seen: F32, known: F32, behind: F32) -> None:
    """The plate's codes to features, those of the picture where there is no plate. seen: features."""
    for j in range(seen.shape[0]):
        behind[j] = seen[j] + known[j] * (behind[j] * _TO_UNIT - _HALF - seen[j])


@compiled(fastmath=True)
def _centre(codes: U8 | F32, out: F32) -> None:
    """Codes to 0..1 less a half."""
    for j in range(out.shape[0]):
        out[j] = np.float32(codes[j]) * _TO_UNIT - _HALF


@compiled(fastmath=True)
def _halve(line: F32, even: F32, odd: F32) -> None:
    """A row's even and odd pixels."""
    for j in range(even.shape[0]):
        even[j] = line[2 * j]
        odd[j] = line[2 * j + 1]


def accept(answer: F32, plate: U8, coarse: U8, weight: F32, seen: Box, part: Box, pha: U8) -> None:
    """Mixes a tile's refined alpha into pha, inside `part`.

    answer: f32 (4, h/2, w/2), plate: planes u8 (3, h, w), of a tile's pixels `seen`. coarse, pha: u8 (h, w),
    of the whole picture; seen, part: in its pixels. weight: f32 (rows, columns) by cells of CELL_PX: how much
    of it is taken.
    """
    _accept(answer, plate, coarse, weight, seen.y, seen.x, part.y, part.x, part.h, part.w, pha)


@compiled(fastmath=True)
def _accept(
    answer: F32,
    plate: U8,
    coarse: U8,
    weight: F32,
    y0: int,
    x0: int,
    top: int,
    left: int,
    rows: int,
    columns: int,
    pha: U8,
) -> None:
    lines, share = np.empty((2, columns), np.float32), np.empty(columns, np.float32)
    delta, was = np.empty(2 * answer.shape[2], np.float32), np.empty(columns, np.float32)
    drawn = -1
    for y in range(top, top + rows):
        drawn = along(weight, y, left, drawn, lines, share)
        if largest(share) <= _ZERO:
            continue
        row, first = y - y0, left - x0
        i, sub = row // 2, row % 2 * 2
        _join(answer[sub, i], answer[sub + 1, i], delta)
        take(coarse[y, left : left + columns], was)
        step = delta[first : first + columns]
        r, g, b = plate[0, row, first:], plate[1, row, first:], plate[2, row, first:]
        _hold(r, g, b, was, step, share)
        _add(step, was, share, pha[y, left : left + columns])


@compiled(fastmath=True)
def _join(even: F32, odd: F32, line: F32) -> None:
    """A row from its even and odd pixels."""
    for j in range(even.shape[0]):
        line[2 * j] = even[j]
        line[2 * j + 1] = odd[j]


@compiled(fastmath=True)
def _hold(r: U8, g: U8, b: U8, was: F32, step: F32, share: F32) -> None:
    """Nothing is taken of what lowers a sure alpha before something so dark or so pale that hair or a shirt
    of the same looks like the plate: agreement says nothing there.
    """
    for x in range(share.shape[0]):
        red, green, blue = np.float32(r[x]), np.float32(g[x]), np.float32(b[x])
        is_extreme = max(red, green, blue) < _DARK or min(red, green, blue) > _PALE
        share[x] = _ZERO if is_extreme and step[x] < _ZERO and was[x] >= _CONFIDENT else share[x]


@compiled(fastmath=True)
def _add(step: F32, was: F32, share: F32, pha: U8) -> None:
    for x in range(pha.shape[0]):
        alpha = min(max(was[x] + _FULL * step[x], _ZERO), _FULL)
        old = np.float32(pha[x])
        pha[x] = np.uint8(np.int32(old + share[x] * (alpha - old) + _HALF))
