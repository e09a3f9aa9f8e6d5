"""The two loops over pixels, compiled by Numba: shrinking a matte, and blending it over a page.

Both run without the GIL. Integers throughout, so that every machine makes the same picture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.compositing.bending import Bend, Limits, bent_rows, flat_columns, outer_limits
from pipelines.light import U16
from pipelines.media import F64, U8

Sums = tuple[np.uintp, np.uintp, np.uintp, np.uintp]
I32 = npt.NDArray[np.int32]

# Bilinear weights are in 1/256 px each way: 65536 in sum. Times alpha in 1/255:
FULL = 65_536 * 255
# A pixel whose ray runs nearly parallel to the camera's plane sees the horizon, not the teacher.
HORIZON = 1e-6
# Matte pixels that a programme pixel reaches beyond its centre: one for the bilinear sample, and taps.
_REACH_PX = 3.0
ANYWHERE = (-1e9, 1e9, -1e9, 1e9)


@compiled()
def _span(matrix: F64, limits: Limits, y: int, width: int) -> tuple[int, int]:
    """First and end column of row y whose pixels fall inside limits (x0, x1, y0, y1) of the matte.

    Each limit, multiplied by the depth w > 0, is a half-plane a x + b >= 0: no pixel outside is visited,
    however the homography bends, horizon included.
    """
    x_row = matrix[0, 1] * y + matrix[0, 2]
    y_row = matrix[1, 1] * y + matrix[1, 2]
    w_row = matrix[2, 1] * y + matrix[2, 2]
    low, high = 0.0, width - 1.0
    for side in range(5):
        if side == 0:
            # Taps lie up to a quarter of a pixel away: they too must see the front side.
            margin = HORIZON + 0.25 * (abs(matrix[2, 0]) + abs(matrix[2, 1]))
            a, b = matrix[2, 0], w_row - margin
        elif side == 1:
            a, b = matrix[0, 0] - limits[0] * matrix[2, 0], x_row - limits[0] * w_row
        elif side == 2:
            a, b = limits[1] * matrix[2, 0] - matrix[0, 0], limits[1] * w_row - x_row
        elif side == 3:
            a, b = matrix[1, 0] - limits[2] * matrix[2, 0], y_row - limits[2] * w_row
        else:
            a, b = limits[3] * matrix[2, 0] - matrix[1, 0], limits[3] * w_row - y_row
        if a > 0.0:
            low = max(low, -b / a)
        elif a < 0.0:
            high = min(high, -b / a)
        elif b < 0.0:
            return 0, 0
    if not low <= high:
        return 0, 0
    return int(np.ceil(low)), int(np.floor(high)) + 1


@compiled()
def _narrowed(matrix: F64, limits: Limits, reach: I32, y: int, start: int, end: int, bend: Bend) -> Limits:
    """Limits of the matte for row y, columns start..end, without the empty ends of the matte's rows.

    reach: i32 (h, 2), first and last column of each matte row with alpha above 0; last < first for none.
    Along a programme row the matte's row runs one way, so that its ends bound it; a bent one is probed.
    """
    low, high = 1e30, -1e30
    for corner in range(4):
        at_x = start - 0.25 if corner % 2 == 0 else end - 0.75
        at_y = y - 0.25 if corner < 2 else y + 0.25
        depth = matrix[2, 0] * at_x + matrix[2, 1] * at_y + matrix[2, 2]
        row = (matrix[1, 0] * at_x + matrix[1, 1] * at_y + matrix[1, 2]) / depth
        low, high = min(low, row), max(high, row)
    if bend[2] != 0.0:
        low, high = bent_rows(matrix, y, start, end, bend)
    first, last = 1e9, -1e9
    for row_at in range(max(0, int(max(low, 0.0)) - 1), min(reach.shape[0], int(min(high, 1e9)) + 3)):
        first, last = min(first, float(reach[row_at, 0])), max(last, float(reach[row_at, 1]))
    first, last = first - _REACH_PX, last + _REACH_PX
    if bend[2] != 0.0 and first < last:
        first, last = flat_columns(first, last, low, high, bend)
    return max(limits[0], first), min(limits[1], last), limits[2], limits[3]


@compiled()
def _row_span(matrix: F64, outer: Limits, reach: I32, y: int, width: int, bend: Bend) -> tuple[int, int]:
    """First and end column of row y that can have alpha."""
    start, end = _span(matrix, outer, y, width)
    if start < end:
        start, end = _span(matrix, _narrowed(matrix, outer, reach, y, start, end, bend), y, width)
    return start, end


@compiled()
def _aim(
    matrix: F64,
    y: float,
    start: float,
    count: int,
    ends: tuple[int, int],
    limits: Limits,
    bend: Bend,
    at_x: I32,
    at_y: I32,
) -> None:
    """Matte coordinates, in 1/256 px, of `count` pixels of row y from column `start` on, clamped to 0..ends.

    Through a lens the span is only an outer bound: there what lies outside `limits` becomes -1.
    """
    if bend[2] == 0.0:
        _aim_straight(matrix, y, start, count, ends, at_x, at_y)
    else:
        _aim_bent(matrix, y, start, count, ends, limits, bend, at_x, at_y)


@compiled()
def _aim_straight(
    matrix: F64, y: float, start: float, count: int, ends: tuple[int, int], at_x: I32, at_y: I32
) -> None:
    """`_aim` without a lens.

    A loop of its own without branches, so that the compiler makes vector instructions of it: four
    times faster than dividing pixel by pixel.
    """
    x_row = (matrix[0, 1] * y + matrix[0, 2]) * 256.0
    y_row = (matrix[1, 1] * y + matrix[1, 2]) * 256.0
    w_row = matrix[2, 1] * y + matrix[2, 2]
    x_step, y_step, w_step = matrix[0, 0] * 256.0, matrix[1, 0] * 256.0, matrix[2, 0]
    x_end, y_end = float(ends[0]), float(ends[1])
    for i in range(count):
        x = start + i
        depth = 1.0 / (w_row + w_step * x)
        at_x[i] = np.int32(min(max((x_row + x_step * x) * depth, 0.0), x_end))
        at_y[i] = np.int32(min(max((y_row + y_step * x) * depth, 0.0), y_end))


@compiled()
def _aim_bent(
    matrix: F64,
    y: float,
    start: float,
    count: int,
    ends: tuple[int, int],
    limits: Limits,
    bend: Bend,
    at_x: I32,
    at_y: I32,
) -> None:
    """`_aim` through a lens."""
    x_row = matrix[0, 1] * y + matrix[0, 2] - bend[0] * (matrix[2, 1] * y + matrix[2, 2])
    y_row = matrix[1, 1] * y + matrix[1, 2] - bend[1] * (matrix[2, 1] * y + matrix[2, 2])
    w_row = matrix[2, 1] * y + matrix[2, 2]
    x_step = matrix[0, 0] - bend[0] * matrix[2, 0]
    y_step = matrix[1, 0] - bend[1] * matrix[2, 0]
    w_step = matrix[2, 0]
    x_end, y_end = float(ends[0]), float(ends[1])
    for i in range(count):
        x = start + i
        depth = 1.0 / (w_row + w_step * x)
        dx, dy = (x_row + x_step * x) * depth, (y_row + y_step * x) * depth
        r2 = (dx * dx + dy * dy) * bend[2]
        by = 1.0 + r2 * (bend[3] + r2 * bend[4])
        u, v = dx * by + bend[0], dy * by + bend[1]
        outside = (u < limits[0]) | (u > limits[1]) | (v < limits[2]) | (v > limits[3])
        at_x[i] = -1 if outside else np.int32(min(max(u * 256.0, 0.0), x_end))
        at_y[i] = np.int32(min(max(v * 256.0, 0.0), y_end))


@compiled()
def _sample(pha: U8, fgr: U8, linear: U16, at_x: int, at_y: int) -> Sums:
    """Bilinear, alpha-weighted: (coverage 0..FULL, R, G, B = sums of coverage times linear light).

    Colour under alpha 0 has weight 0, so that it cannot bleed. at_x, at_y: in 1/256 px.
    Unsigned throughout: Numba would test a signed index for being negative.
    """
    x0, y0 = np.uintp(at_x >> 8), np.uintp(at_y >> 8)
    x1, y1 = x0 + np.uintp(1), y0 + np.uintp(1)
    p00, p01, p10, p11 = pha[y0, x0], pha[y0, x1], pha[y1, x0], pha[y1, x1]
    if (p00 | p01 | p10 | p11) == 0:
        return np.uintp(0), np.uintp(0), np.uintp(0), np.uintp(0)
    fx, fy = np.uintp(at_x & 255), np.uintp(at_y & 255)
    w11 = fx * fy
    w01 = (fx << np.uintp(8)) - w11
    w10 = (fy << np.uintp(8)) - w11
    w00 = np.uintp(65_536) - w11 - w01 - w10
    w00, w01, w10, w11 = w00 * p00, w01 * p01, w10 * p10, w11 * p11
    red = w00 * linear[fgr[y0, x0, 0]] + w01 * linear[fgr[y0, x1, 0]]
    red += w10 * linear[fgr[y1, x0, 0]] + w11 * linear[fgr[y1, x1, 0]]
    green = w00 * linear[fgr[y0, x0, 1]] + w01 * linear[fgr[y0, x1, 1]]
    green += w10 * linear[fgr[y1, x0, 1]] + w11 * linear[fgr[y1, x1, 1]]
    blue = w00 * linear[fgr[y0, x0, 2]] + w01 * linear[fgr[y0, x1, 2]]
    blue += w10 * linear[fgr[y1, x0, 2]] + w11 * linear[fgr[y1, x1, 2]]
    return w00 + w01 + w10 + w11, red, green, blue


@compiled(inline=True)
def _mix(
    programme: U8,
    row: np.uintp,
    column: np.uintp,
    sums: Sums,
    opacity: np.uintp,
    linear: U16,
    codes: U8,
) -> None:
    """One pixel of the matte, as `_sample` gives it, over one of the programme."""
    whole, half = np.uintp(FULL * 256), np.uintp(FULL * 128)
    rest = whole - sums[0] * opacity
    red = sums[1] * opacity + rest * linear[programme[row, column, 0]]
    green = sums[2] * opacity + rest * linear[programme[row, column, 1]]
    blue = sums[3] * opacity + rest * linear[programme[row, column, 2]]
    programme[row, column, 0] = codes[(red + half) // whole]
    programme[row, column, 1] = codes[(green + half) // whole]
    programme[row, column, 2] = codes[(blue + half) // whole]
    if programme.shape[2] == 4:
        before = np.uintp(programme[row, column, 3])
        programme[row, column, 3] = (sums[0] * opacity * np.uintp(255) + rest * before + half) // whole


@compiled()
def blend_warped(
    programme: U8,
    pha: U8,
    fgr: U8,
    matrix: F64,
    bend: Bend,
    limits: Limits,
    reach: I32,
    opacity_256: int,
    taps: int,
    linear: U16,
    codes: U8,
) -> None:
    """Lays a matte over a picture, in place: programme <- a F + (1 - a) programme, in linear light.

    programme: u8 (H, W, 3), written only where the warped alpha is above 0; or (H, W, 4), at first all 0,
    whose fourth channel is alpha and whose colours are premultiplied by it, in light. pha: u8 (h, w),
    fgr: u8 (h, w, 3), straight. matrix: f64 (3, 3), programme pixel to matte pixel, the flat one that `bend`
    leads on from; depth positive on the visible side. limits: x0, x1, y0, y1 of the matte's visible part,
    inside 0..w-1, 0..h-1. reach: as in Cutout. opacity_256: 0 to 256. taps: 1, or 2 each way. linear, codes:
    light's tables. A call that is not inlined counts references, and takes five times as long.
    """
    height, width = programme.shape[:2]
    ends = ((pha.shape[1] - 1) * 256 - 1, (pha.shape[0] - 1) * 256 - 1)
    at_x, at_y = np.empty((4, width), np.int32), np.empty((4, width), np.int32)
    apart = 0.25 * (taps - 1)
    opacity = np.uintp(opacity_256)
    outer = outer_limits(limits, bend)
    for y in range(height):
        start, end = _row_span(matrix, outer, reach, y, width, bend)
        for tap in range(taps * taps):
            tap_y, tap_x = y - apart + (tap >> 1) * 0.5, start - apart + (tap & 1) * 0.5
            seen = limits if tap == 0 else ANYWHERE  # the first tap says what is outside
            _aim(matrix, tap_y, tap_x, end - start, ends, seen, bend, at_x[tap], at_y[tap])
        row = np.uintp(y)
        for i in range(end - start):
            at = np.uintp(i)
            if at_x[0, at] < 0:
                continue
            cover, red, green, blue = _sample(pha, fgr, linear, at_x[0, at], at_y[0, at])
            if taps == 2:
                # The diagonal pair first: inside the body it will do, and the other two change nothing.
                more = _sample(pha, fgr, linear, at_x[3, at], at_y[3, at])
                cover, red, green, blue = cover + more[0], red + more[1], green + more[2], blue + more[3]
                shift = np.uintp(1)
                if cover != 2 * FULL:
                    shift = np.uintp(2)
                    more = _sample(pha, fgr, linear, at_x[1, at], at_y[1, at])
                    cover, red, green, blue = cover + more[0], red + more[1], green + more[2], blue + more[3]
                    more = _sample(pha, fgr, linear, at_x[2, at], at_y[2, at])
                    cover, red, green, blue = cover + more[0], red + more[1], green + more[2], blue + more[3]
                cover, red, green, blue = cover >> shift, red >> shift, green >> shift, blue >> shift
            if cover == 0:
                continue
            _mix(programme, row, np.uintp(start + i), (cover, red, green, blue), opacity, linear, codes)


@compiled()
def shrink(
    pha: U8,
    fgr: U8,
    origin_xy: tuple[int, int],
    step: int,
    inside: F64,
    linear: U16,
    codes: U8,
    small_pha: U8,
    small_fgr: U8,
) -> None:
    """Mean of blocks of step x step pixels: alpha as coverage, colour weighted by alpha, in linear light.

    pha: u8 (h, w), fgr: u8 (h, w, 3), straight. origin_xy: first pixel of the first block, in matte
    pixels, 0 or negative. small_pha: u8 (h', w'), small_fgr: u8 (h', w', 3), written; colour only where
    alpha is above 0. inside: f64 (x0, x1, y0, y1), the camera's picture in matte pixels, ends
    excluded: what a block has outside of it does not count, what it has outside of the matte is alpha 0.
    """
    height, width = pha.shape[0], pha.shape[1]
    for row in range(small_pha.shape[0]):
        top = origin_xy[1] + row * step
        y0, y1 = max(top, 0), min(top + step, height)
        rows = min(top + step, int(inside[3])) - max(top, int(inside[2]))
        for column in range(small_pha.shape[1]):
            left = origin_xy[0] + column * step
            x0, x1 = max(left, 0), min(left + step, width)
            cover, red, green, blue = np.uintp(0), np.uintp(0), np.uintp(0), np.uintp(0)
            for y in range(y0, y1):
                for x in range(x0, x1):
                    at_y, at_x = np.uintp(y), np.uintp(x)
                    part = np.uintp(pha[at_y, at_x])
                    if part > 0:
                        cover += part
                        red += part * linear[fgr[at_y, at_x, 0]]
                        green += part * linear[fgr[at_y, at_x, 1]]
                        blue += part * linear[fgr[at_y, at_x, 2]]
            columns = min(left + step, int(inside[1])) - max(left, int(inside[0]))
            count = np.uintp(max(rows * columns, 1))
            small_pha[row, column] = (cover + (count >> np.uintp(1))) // count
            if cover > 0:
                half = cover >> np.uintp(1)
                small_fgr[row, column, 0] = codes[(red + half) // cover]
                small_fgr[row, column, 1] = codes[(green + half) // cover]
                small_fgr[row, column, 2] = codes[(blue + half) // cover]
