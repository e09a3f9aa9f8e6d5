"""From the network's small alpha to the camera's pixels: alpha along edges, and the teacher's own colour.

Alpha: fast guided filter (He and Sun, "Fast Guided Filter", 2015) with a colour guide: alpha is locally
a . rgb + b; a and b are found on the small picture and applied to the camera's pixels, so that edges,
fingers and strands come back that the network's picture could not hold. (A grey guide costs half a
millisecond less and is blind between a red sleeve and a blue slide of the same lightness: MAD 5 % worse.)

Colour: fast foreground estimation by blurring (Forte, "Approximate Fast Foreground Colour Estimation",
2021). F and B are means of the surely-teacher and surely-background pixels around; what alpha * F +
(1 - alpha) * B leaves unexplained of the camera's pixel goes to F, by as much as alpha says. Nothing of
the network's own colours is needed. Where alpha is 0, F stays: the colour is spread beyond the edge.
"""

from __future__ import annotations

from math import ceil, floor

import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import F32, U8, Box, SizeWh

GUIDE_RADIUS_PX = 1  # of the small picture: wider ones wash out fingers (measured)
GUIDE_EPSILON = 1e-4  # variance of the guide that counts as noise, full scale being 1
COLOUR_RADIUS_PX = 4  # of the small picture; also how far colour is spread beyond the edge
COLOUR_FLOOR = np.float32(1e-3)  # weight of the picture itself, where no sure pixel is near

PLANES = 10
_F = 4  # its first one
_FIRST, _PRODUCTS, _COLOURS = 4, 9, 8  # of r, g, b, alpha; their products; F, B and weights
_SUMS = _FIRST + _PRODUCTS + _COLOURS
FULL, ONE, HALF, ZERO = np.float32(255), np.float32(1), np.float32(0.5), np.float32(0)
EPSILON = np.float32(GUIDE_EPSILON * 255**2)
_GUIDE_SHARE = np.float32(1 / (2 * GUIDE_RADIUS_PX + 1) ** 2)
_COLOUR_SHARE = np.float32(1 / (2 * COLOUR_RADIUS_PX + 1) ** 2)

I32 = npt.NDArray[np.int32]


def upsample(crop_rgb: U8, small_rgb: U8, small_pha: F32, part: Box) -> tuple[U8, U8]:
    """Alpha and colour of one part of the crop, at the camera's resolution.

    crop_rgb: u8 (H, W, 3), the camera's pixels. small_rgb: u8 (h, w, 3), the same as the network saw it.
    small_pha: f32 (h, w), 0 to 1. part: in crop pixels. Returns pha u8 (part.h, part.w) and straight
    fgr u8 (part.h, part.w, 3).
    """
    (crop_h, crop_w), (small_h, small_w) = crop_rgb.shape[:2], small_pha.shape
    steps = (small_w / crop_w, small_h / crop_h)
    return enlarge(crop_rgb[part.slices], (part.x, part.y), steps, small_rgb, small_pha)


def enlarge(
    rgb: U8,
    start_xy: tuple[float, float],
    steps: tuple[float, float],
    small_rgb: U8,
    small_pha: F32,
    small_fgr: U8 | None = None,
) -> tuple[U8, U8]:
    """Alpha u8 (H, W) and straight colour u8 (H, W, 3) of a finer picture's pixels.

    rgb: u8 (H, W, 3), these pixels. start_xy: where the first one stands, counted in them from the corner of
    the small picture. steps: small pixels for each of them, along x and y. small_rgb: u8 (h, w, 3).
    small_pha: f32 (h, w), 0 to 1. small_fgr: u8 (h, w, 3), the teacher's own colour where it is known better
    than from their surroundings.
    """
    height, width = rgb.shape[:2]
    needed = _needed(start_xy, (width, height), steps, (small_pha.shape[1], small_pha.shape[0]))
    planes = np.empty((needed.h, PLANES, needed.w), np.float32)
    small = np.ascontiguousarray(small_rgb[needed.slices]), np.ascontiguousarray(small_pha[needed.slices])
    _find_planes(*small, planes)
    if small_fgr is not None:
        planes[:, _F : _F + 3] = small_fgr[needed.slices].transpose(0, 2, 1)
    pha = np.empty((height, width), np.uint8)
    fgr = np.array(rgb)  # the camera's own colour, until the teacher's is written over it
    left, left_weight = _taps(start_xy[0], width, steps[0], needed.x, needed.w)
    top, top_weight = _taps(start_xy[1], height, steps[1], needed.y, needed.h)
    _render(planes, left, left_weight, top, top_weight, pha, fgr)
    return pha, fgr


def warm_up_upsampling() -> None:
    """Compiles the loops over pixels, or loads them from the cache: call it before the first frame is due."""
    crop_rgb = np.zeros((32, 32, 3), np.uint8)
    upsample(crop_rgb, crop_rgb[::2, ::2].copy(), np.full((16, 16), 0.5, np.float32), Box(4, 4, 24, 24))


def _needed(
    start_xy: tuple[float, float], size_wh: SizeWh, steps: tuple[float, float], small_wh: SizeWh
) -> Box:
    """The small pixels that interpolation and blurs reach."""
    (x, y), (w, h) = start_xy, size_wh
    x0, y0 = floor(x * steps[0]) - COLOUR_RADIUS_PX - 1, floor(y * steps[1]) - COLOUR_RADIUS_PX - 1
    x1 = ceil((x + w) * steps[0]) + COLOUR_RADIUS_PX + 1
    y1 = ceil((y + h) * steps[1]) + COLOUR_RADIUS_PX + 1
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, small_wh[0]), min(y1, small_wh[1])
    return Box(x0, y0, x1 - x0, y1 - y0)


def _taps(start: float, length: int, step: float, small_start: int, small_length: int) -> tuple[I32, F32]:
    """Bilinear interpolation along one axis: first small pixel, and the weight of the one after it."""
    at = (np.arange(length) + start + 0.5) * step - 0.5 - small_start
    at = np.clip(at, 0, small_length - 1)
    first = np.minimum(at.astype(np.int32), max(small_length - 2, 0))
    return first, (at - first).astype(np.float32)


# From here on in loops along rows of planes, so plain that the compiler makes vectors of them: with few
# arrays each, because it looks whether these overlap, and gives up when there are many.


@compiled(fastmath=True)
def _find_planes(rgb: U8, pha: F32, planes: F32) -> None:
    """What is interpolated, f32 (h, 10, w): guided filter a (3, per level) and b, in 0..255; F (3); B (3)."""
    height, width = pha.shape
    near, wide = 2 * GUIDE_RADIUS_PX + 1, 2 * COLOUR_RADIUS_PX + 1
    line = np.zeros((_SUMS, width + 2 * COLOUR_RADIUS_PX), np.float32)
    threes, nines = np.zeros(line.size, np.float32), np.zeros(line.size, np.float32)
    # Sums along each of the rows that a blur reaches; the newest takes the oldest one's place.
    guide = np.zeros((near, _FIRST + _PRODUCTS, width), np.float32)
    colour = np.zeros((wide, _COLOURS, width), np.float32)
    means, sums = np.zeros(guide.shape[1:], np.float32), np.zeros(colour.shape[1:], np.float32)
    scratch = np.zeros((7, width), np.float32)
    for n in range(height + 2 * COLOUR_RADIUS_PX):
        newest = n - COLOUR_RADIUS_PX
        at = _reflected(newest, height)
        _multiply(rgb[at].reshape(3 * width), pha[at], line)
        _sum_three(line.reshape(line.size), 1, threes)
        _sum_three(threes, 3, nines)
        for k in range(_FIRST + _PRODUCTS):
            _copy(threes, k * line.shape[1] + COLOUR_RADIUS_PX, guide[n % near, k])
        for k in range(_COLOURS):
            _copy(nines, (_FIRST + _PRODUCTS + k) * line.shape[1] + COLOUR_RADIUS_PX, colour[n % wide, k])
        y = newest - GUIDE_RADIUS_PX
        if 0 <= y < height:
            _mean(guide.reshape(near, means.size), _GUIDE_SHARE, means.reshape(means.size))
            _solve(means, scratch, planes[y])
        y = newest - COLOUR_RADIUS_PX
        if y >= 0:
            _mean(colour.reshape(wide, sums.size), _COLOUR_SHARE, sums.reshape(sums.size))
            _divide(rgb[y].reshape(3 * width), sums, scratch, planes[y])


@compiled(inline=True)
def _reflected(at: int, length: int) -> int:
    """A place beyond the border is the one as far inside."""
    if at < 0:
        at = -1 - at
    if at >= length:
        at = 2 * length - 1 - at
    return min(max(at, 0), length - 1)


@compiled(fastmath=True)
def _multiply(rgb: U8, pha: F32, line: F32) -> None:
    """The guide's and alpha's first and second moments, and colours weighted by how sure F and B are.

    rgb: u8 (3 w). pha: f32 (w). line: f32 (21, w + 2 * COLOUR_RADIUS_PX), reflected at both ends.
    """
    width = pha.shape[0]
    first, end = COLOUR_RADIUS_PX, COLOUR_RADIUS_PX + width
    for c in range(3):
        _take(rgb, c, line[c, first:end])
    alpha = line[3, first:end]
    _copy(pha, 0, alpha)
    k = _FIRST
    for i in range(3):
        for j in range(i, _FIRST):
            _product(line[i, first:end], line[j, first:end], line[k, first:end])
            k += 1
    for layer in range(2):
        weight = line[k + 3, first:end]
        _power(alpha, np.float32(layer), weight)
        for c in range(3):
            _product(line[c, first:end], weight, line[k + c, first:end])
        k += 4
    for k in range(_SUMS):
        for x in range(COLOUR_RADIUS_PX):
            line[k, first - 1 - x] = line[k, first + _reflected(-1 - x, width)]
            line[k, end + x] = line[k, first + _reflected(width + x, width)]


@compiled(fastmath=True)
def _power(alpha: F32, whole: np.float32, weight: F32) -> None:
    """How sure F is (whole 0), or B (1): half-sure pixels hardly count."""
    for x in range(weight.shape[0]):
        sure = whole - alpha[x]
        weight[x] = sure * sure * sure * sure


@compiled(fastmath=True)
def _take(rgb: U8, c: int, out: F32) -> None:
    """One channel of a row u8 (3 w)."""
    for x in range(out.shape[0]):
        out[x] = np.float32(rgb[3 * x + c])


@compiled(fastmath=True)
def _copy(values: F32, start: int, out: F32) -> None:
    part = values[start : start + out.shape[0]]
    for x in range(out.shape[0]):
        out[x] = part[x]


@compiled(fastmath=True)
def _product(one: F32, other: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = one[x] * other[x]


@compiled(fastmath=True)
def _sum_three(values: F32, step: int, out: F32) -> None:
    """Each value and the ones `step` before and after it; planes in one run, nonsense where they meet."""
    before, here, after = values[: -2 * step], values[step:-step], values[2 * step :]
    inner = out[step:-step]
    for x in range(inner.shape[0]):
        inner[x] = before[x] + here[x] + after[x]


@compiled(fastmath=True)
def _mean(rows: F32, share: np.float32, out: F32) -> None:
    """The sum of three rows or of nine, times share."""
    first, second, third = rows[0], rows[1], rows[2]
    for x in range(out.shape[0]):
        out[x] = share * (first[x] + second[x] + third[x])
    for k in range(3, rows.shape[0], 3):
        first, second, third = rows[k], rows[k + 1], rows[k + 2]
        for x in range(out.shape[0]):
            out[x] += share * (first[x] + second[x] + third[x])


@compiled(fastmath=True)
def _solve(means: F32, scratch: F32, planes: F32) -> None:
    """a = (covariance of the guide + epsilon)^-1 covariance with alpha, by the adjugate; then b."""
    r, g, b, alpha = means[0], means[1], means[2], means[3]
    rr, rg, rb, ra, gg = means[4], means[5], means[6], means[7], means[8]
    gb, ga, bb, ba = means[9], means[10], means[11], means[12]
    _covary(rr, r, r, EPSILON)
    _covary(gg, g, g, EPSILON)
    _covary(bb, b, b, EPSILON)
    _covary(rg, r, g, ZERO)
    _covary(rb, r, b, ZERO)
    _covary(gb, g, b, ZERO)
    _covary(ra, r, alpha, ZERO)
    _covary(ga, g, alpha, ZERO)
    _covary(ba, b, alpha, ZERO)
    i, j, k, scale = scratch[0], scratch[1], scratch[2], scratch[6]
    _minor(gg, bb, gb, gb, i)
    _minor(rb, gb, rg, bb, j)
    _minor(rg, gb, rb, gg, k)
    _minor(rr, bb, rb, rb, scratch[3])
    _minor(rb, rg, rr, gb, scratch[4])
    _minor(rr, gg, rg, rg, scratch[5])
    for x in range(scale.shape[0]):
        scale[x] = FULL / (rr[x] * i[x] + rg[x] * j[x] + rb[x] * k[x])
    _combine(scale, i, ra, j, ga, k, ba, planes[0])
    _combine(scale, j, ra, scratch[3], ga, scratch[4], ba, planes[1])
    _combine(scale, k, ra, scratch[4], ga, scratch[5], ba, planes[2])
    for x in range(scale.shape[0]):
        alpha[x] *= FULL
    _leave(alpha, planes[0], r, planes[1], g, planes[2], b, planes[3])


@compiled(fastmath=True)
def _covary(product: F32, one: F32, other: F32, noise: np.float32) -> None:
    """A mean product becomes a covariance."""
    for x in range(product.shape[0]):
        product[x] = product[x] - one[x] * other[x] + noise


@compiled(fastmath=True)
def _minor(a: F32, b: F32, c: F32, d: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = a[x] * b[x] - c[x] * d[x]


@compiled(fastmath=True)
def _combine(scale: F32, a: F32, r: F32, b: F32, g: F32, c: F32, bl: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = scale[x] * (a[x] * r[x] + b[x] * g[x] + c[x] * bl[x])


@compiled(fastmath=True)
def _leave(whole: F32, a: F32, r: F32, b: F32, g: F32, c: F32, bl: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = whole[x] - a[x] * r[x] - b[x] * g[x] - c[x] * bl[x]


@compiled(fastmath=True)
def _divide(rgb: U8, sums: F32, scratch: F32, planes: F32) -> None:
    """F and B: weighted sums by their weights; the picture itself where these are next to nothing."""
    seen = scratch[0]
    for layer in range(2):
        weight = sums[4 * layer + 3]
        for c in range(3):
            _take(rgb, c, seen)
            total, out = sums[4 * layer + c], planes[4 + 3 * layer + c]
            for x in range(out.shape[0]):
                out[x] = (total[x] + COLOUR_FLOOR * seen[x]) / (weight[x] + COLOUR_FLOOR)


@compiled(fastmath=True)
def _render(planes: F32, left: I32, left_weight: F32, top: I32, top_weight: F32, pha: U8, fgr: U8) -> None:
    """Interpolates the planes to each camera pixel and evaluates alpha and colour there, row by row.

    fgr: the camera's colour u8 (h, w, 3), replaced by the teacher's.
    """
    height, width = pha.shape
    size = PLANES * width
    above, below = np.zeros((PLANES, width), np.float32), np.zeros((PLANES, width), np.float32)
    here, seen = np.zeros((PLANES, width), np.float32), np.zeros((3, width), np.float32)
    alpha = np.zeros(width, np.float32)
    drawn = -1  # the row of planes that is above
    for y in range(height):
        if top[y] != drawn:
            if drawn >= 0 and top[y] == drawn + 1:
                above, below = below, above
            else:
                _widen(planes[top[y]], left, left_weight, above)
            _widen(planes[top[y] + 1], left, left_weight, below)
            drawn = top[y]
        _mix(above.reshape(size), below.reshape(size), top_weight[y], here.reshape(size))
        row = fgr[y].reshape(3 * width)
        for c in range(3):
            _take(row, c, seen[c])
        _evaluate(here[0], here[1], here[2], here[3], seen[0], seen[1], seen[2], alpha)
        for x in range(width):
            pha[y, x] = np.uint8(np.int32(alpha[x] + HALF))
        for c in range(3):
            _reveal(here[4 + c], here[7 + c], alpha, seen[c])
        _put(seen[0], seen[1], seen[2], row)


@compiled(fastmath=True)
def _widen(planes: F32, left: I32, weight: F32, out: F32) -> None:
    """A row of each plane, f32 (10, w), at the camera's pixels."""
    for k in range(PLANES):
        values, line = planes[k], out[k]
        for x in range(line.shape[0]):
            here, after = values[left[x]], values[left[x] + 1]
            line[x] = here + weight[x] * (after - here)


@compiled(fastmath=True)
def _mix(above: F32, below: F32, share: np.float32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = above[x] + share * (below[x] - above[x])


@compiled(fastmath=True)
def _evaluate(a: F32, b: F32, c: F32, d: F32, red: F32, green: F32, blue: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = min(max(a[x] * red[x] + b[x] * green[x] + c[x] * blue[x] + d[x], ZERO), FULL)


@compiled(fastmath=True)
def _reveal(f: F32, b: F32, alpha: F32, seen: F32) -> None:
    """One channel of the camera's colour becomes the teacher's, where they do not fill the pixel."""
    for x in range(seen.shape[0]):
        share = alpha[x] * (ONE / FULL)
        own = f[x] + share * (seen[x] - b[x] - share * (f[x] - b[x]))
        seen[x] = seen[x] if alpha[x] > FULL - HALF else min(max(own, ZERO), FULL)


@compiled(fastmath=True)
def _put(r: F32, g: F32, b: F32, rgb: U8) -> None:
    """Three channels into a row u8 (3 w)."""
    for x in range(r.shape[0]):
        rgb[3 * x] = np.uint8(np.int32(r[x] + HALF))
        rgb[3 * x + 1] = np.uint8(np.int32(g[x] + HALF))
        rgb[3 * x + 2] = np.uint8(np.int32(b[x] + HALF))
