"""What the refiner sees of a tile, and what its answer means. Training and the box share these loops.

Features of a pixel, 14: the picture (3) and the plate (3), 0 to 1 less a half; their difference in standard
deviations, squashed (3); that deviation, squashed (1); the coarse alpha and the alpha a frame before, less a
half (2); the alpha that picture, plate and the teacher's expected colour give by themselves, and how much
they tell of it, less a half (2). Four neighbours (2 x 2) make one element of the network's input: 56 planes
of half size, as PixelUnshuffle(2) orders them (Shi et al., "Real-Time Single Image and Video
Super-Resolution", 2016).

The answer, 4 planes of half size in the same order: what to add to the coarse alpha. The teacher's own colour
then follows from picture and plate: colouring.py.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.media import DOUBT_UNITS, F32, U8, UNKNOWN

FEATURES, ANSWERS = 14, 1
CELL_PX = 8
MOST_OFF = 16.0
NOISE_CODES = 1.6
SLOPE_SHARE = 0.3  # of the plate's gradient: what is left of misregistration, in pixels
CONFIDENT = 250  # coarse alpha that is not lowered where the plate is DARK or PALE
DARK, PALE = 48, 228  # codes
CODE_STEPS = 4096
_MOST_KNOWN = 254
_SQUASH = 6.0  # deviations; twice as many hardly count twice
_SOFT_CODES = 6.0

_NOISE2 = np.float32((NOISE_CODES * DOUBT_UNITS) ** 2)
_SLOPE2 = np.float32((SLOPE_SHARE * DOUBT_UNITS / 2) ** 2)  # of a central difference over two pixels
_TO_UNIT = np.float32(1 / 255)
_HALF, _ONE, _ZERO, _FULL = np.float32(0.5), np.float32(1), np.float32(0), np.float32(255)
_TO_CODES = np.float32(1 / DOUBT_UNITS)
_SHRINK = np.float32(1 / _SQUASH)
_SOFT = np.float32(_SOFT_CODES)
LIGHT: F32 = np.asarray((np.arange(256) / 255) ** 2.2, np.float32)
_SLOPE: F32 = np.asarray(2.2 / 255 * (np.arange(256) / 255) ** 1.2, np.float32)  # of light, a code
CODE: U8 = np.asarray(np.rint(np.linspace(0, 1, CODE_STEPS) ** (1 / 2.2) * 255), np.uint8)
_CELL_SHARE = np.float32(1 / CELL_PX)
_OFF_SCALE = np.float32(DOUBT_UNITS**2 / 3)
# What an unmixed alpha suffers from, against the squared distance of the two colours that are mixed.
_BY_NOISE, _BY_REST, _BY_SPREAD = np.float32(12), np.float32(12), np.float32(0.05)
_LEAST_SPAN = np.float32(1e-7)


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


@compiled(fastmath=True)
def gather(
    rgb: U8, plate: U8, sigma: U8, coarse: U8, before: U8, expected: F32, y0: int, x0: int, out: F32
) -> None:
    """Writes the features of a tile, f32 (56, n, m), of the 2n x 2m pixels from (y0, x0) on.

    rgb, plate: u8 (h, w, 3). sigma (from `deviation`), coarse, before: u8 (h, w). expected: of
    `colouring.expected_light`. All of the same picture; three times as fast where rgb is contiguous.
    """
    rows, columns = out.shape[1], out.shape[2]
    line = np.empty((FEATURES + 2, 2 * columns), np.float32)
    for row in range(2 * rows):
        # Slices: an index that might be negative keeps the compiler from vectors.
        y, x1 = y0 + row, x0 + 2 * columns
        _describe(rgb[y, x0:x1], plate[y, x0:x1], sigma[y, x0:x1], line)
        _centre(coarse[y, x0:x1], line[10])
        _centre(before[y, x0:x1], line[11])
        _unmix(rgb[y, x0:x1], plate[y, x0:x1], sigma[y, x0:x1], expected, y, x0, line[10:14])
        i, sub = row // 2, row % 2 * 2
        for k in range(FEATURES):
            _halve(line[k], out[4 * k + sub, i], out[4 * k + sub + 1, i])


@compiled(fastmath=True)
def _describe(rgb: U8, plate: U8, sigma: U8, line: F32) -> None:
    """Features 0 to 9 of a row of pixels, and two rows of scratch, f32 (14, n). rgb, plate: u8 (n, 3).

    In loops so plain that the compiler makes vectors of them.
    """
    scale, known = line[FEATURES], line[FEATURES + 1]
    _width(sigma, line[9], scale, known)
    _planes(rgb, line[6], line[7], line[8])
    for c in range(3):
        _centre(line[6 + c], line[c])
    _planes(plate, line[3], line[4], line[5])
    for c in range(3):
        behind = line[3 + c]
        _squash(line[6 + c], behind, scale)
        _fill(line[c], known, behind)


@compiled(fastmath=True)
def _unmix(rgb: U8, plate: U8, sigma: U8, expected: F32, y: int, x0: int, line: F32) -> None:
    """The alpha of a row of pixels from the mixing itself, and how sure it is; line f32 (4, n), from the
    coarse alpha on, which stands where nothing is known.

    In linear light I = B + alpha (F - B), with the plate for B and what is expected for F: alpha by least
    squares. It says little where F and B are alike against noise and the spread of the teacher's own
    colours, and where what is left over is more than noise.
    """
    top, low = _between(y, expected.shape[0])
    span = np.empty(3, np.float32)
    for j in range(rgb.shape[0]):
        line[2, j], line[3, j] = line[0, j], -_HALF
        left, across = _between(x0 + j, expected.shape[1])
        one, two = expected[top, left], expected[top, left + 1]
        three, four = expected[top + 1, left], expected[top + 1, left + 1]
        if sigma[j] == UNKNOWN or min(one[3], two[3], three[3], four[3]) <= _ZERO:
            continue
        dot, square, own2, off2 = _ZERO, _LEAST_SPAN, _ZERO, _ZERO
        for c in range(3):
            upper = one[c] + across * (two[c] - one[c])
            own = upper + low * (three[c] + across * (four[c] - three[c]) - upper)
            behind = LIGHT[plate[j, c]]
            step = LIGHT[rgb[j, c]] - behind
            span[c] = own - behind
            dot += step * span[c]
            square += span[c] * span[c]
            own2 += own * own
            off2 += step * step
        alpha = min(max(dot / square, _ZERO), _ONE)
        rest = max(off2 - alpha * (np.float32(2) * dot - alpha * square), _ZERO)
        noise = np.float32(sigma[j]) * _TO_CODES * _SLOPE[max(rgb[j, 1], plate[j, 1])]
        lost = _BY_NOISE * noise * noise + _BY_REST * rest + _BY_SPREAD * own2
        line[2, j], line[3, j] = alpha - _HALF, square / (square + lost) - _HALF


@compiled(fastmath=True)
def _width(sigma: U8, squashed: F32, scale: F32, known: F32) -> None:
    """The deviation's own feature, what differences are multiplied by, and 1 where there is a plate."""
    for j in range(sigma.shape[0]):
        codes = np.float32(sigma[j]) * _TO_CODES
        squashed[j] = codes / (codes + _SOFT) - _HALF
        known[j] = _ZERO if sigma[j] == UNKNOWN else _ONE
        scale[j] = known[j] * _SHRINK / codes


@compiled(fastmath=True)
def _planes(rgb: U8, r: F32, g: F32, b: F32) -> None:
    for j in range(r.shape[0]):
        r[j], g[j], b[j] = np.float32(rgb[j, 0]), np.float32(rgb[j, 1]), np.float32(rgb[j, 2])


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


@compiled(fastmath=True)
def accept(
    answer: F32,
    plate: U8,
    coarse: U8,
    weight: F32,
    y0: int,
    x0: int,
    inset: int,
    pha: U8,
) -> None:
    """Mixes a tile's refined alpha into pha, its outermost `inset` pixels left out.

    answer: f32 (4, n, m) of the 2n x 2m pixels from (y0, x0) on. plate: u8 (h, w, 3); coarse, pha: u8 (h, w).
    weight: f32 (rows, columns) by cells of CELL_PX: how much of it is taken.
    """
    margin = inset // 2
    share = np.empty(2 * answer.shape[2], np.float32)
    for i in range(margin, answer.shape[1] - margin):
        for below in range(2):
            y = y0 + 2 * i + below
            if not shares(weight, y, x0, share):
                continue
            for j in range(margin, answer.shape[2] - margin):
                for right in range(2):
                    k = 2 * j + right
                    if share[k] <= _ZERO:
                        continue
                    x, was = x0 + k, np.float32(coarse[y, x0 + k])
                    delta = _FULL * answer[2 * below + right, i, j]
                    if delta < 0 and coarse[y, x] >= CONFIDENT and _is_extreme(plate, y, x):
                        continue
                    alpha = min(max(was + delta, _ZERO), _FULL)
                    old = np.float32(pha[y, x])
                    alpha = old + share[k] * (alpha - old)
                    pha[y, x] = int(alpha + _HALF)


@compiled(fastmath=True)
def shares(weight: F32, y: int, x0: int, share: F32) -> bool:
    """The weights of a row of pixels from x0 on, between the cells' middles. False where all are 0."""
    top, low = _between(y, weight.shape[0])
    most = _ZERO
    for k in range(share.shape[0]):
        left, across = _between(x0 + k, weight.shape[1])
        upper = weight[top, left] + across * (weight[top, left + 1] - weight[top, left])
        lower = weight[top + 1, left] + across * (weight[top + 1, left + 1] - weight[top + 1, left])
        share[k] = upper + low * (lower - upper)
        most = max(most, share[k])
    return bool(most > _ZERO)


@compiled(inline=True)
def _is_extreme(plate: U8, y: int, x: int) -> bool:
    """So dark or so pale that hair or a shirt of the same looks like the plate: agreement says nothing."""
    r, g, b = plate[y, x, 0], plate[y, x, 1], plate[y, x, 2]
    return bool(max(r, g, b) < DARK or min(r, g, b) > PALE)


@compiled(fastmath=True, inline=True)
def _between(at: int, count: int) -> tuple[int, np.float32]:
    """The cell whose middle lies before a pixel, and how far the pixel is on its way to the next one."""
    place = (np.float32(at) + _HALF) * _CELL_SHARE - _HALF
    place = min(max(place, _ZERO), np.float32(count - 1))
    first = min(int(place), count - 2)
    return first, place - np.float32(first)


@compiled(fastmath=True)
def survey(rgb: U8, plate: U8, sigma: U8, coarse: U8, off: F32, least: U8, most: U8) -> None:
    """Looks at every second pixel of each cell of CELL_PX.

    Writes off f32 (rows, columns): mean squared difference from the plate in deviations, each pixel's at most
    MOST_OFF; -1 where no plate is known. least, most: u8 (rows, columns), of the coarse alpha.
    """
    rows, columns = off.shape
    limit = np.float32(MOST_OFF)
    for row in range(rows):
        for column in range(columns):
            total, known, low, high = np.float32(0), 0, 255, 0
            for y in range(row * CELL_PX, (row + 1) * CELL_PX, 2):
                for x in range(column * CELL_PX + (y // 2) % 2, (column + 1) * CELL_PX, 2):
                    alpha = int(coarse[y, x])
                    low, high = min(low, alpha), max(high, alpha)
                    wide = int(sigma[y, x])
                    if wide == UNKNOWN:
                        continue
                    square = 0
                    for c in range(3):
                        step = int(rgb[y, x, c]) - int(plate[y, x, c])
                        square += step * step
                    known += 1
                    total += min(np.float32(square) * _OFF_SCALE / np.float32(wide * wide), limit)
            off[row, column] = total / np.float32(known) if known else np.float32(-1)
            least[row, column], most[row, column] = low, high
