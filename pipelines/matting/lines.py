"""Loops along rows of numbers, each so plain that the compiler makes vectors of it.

It does where a loop knows few arrays (it must see that they do not overlap), where none of its indices might
be negative (hence slices), where all numbers are float32 (its whole numbers are 64 bits wide), and where the
next element lies a known number of bytes on: a row of colour is taken as 3 w bytes, not as (w, 3).
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.cells import CELL_PX
from pipelines.media import F32, U8

_CELL_SHARE = np.float32(1 / CELL_PX)
_HALF, _ZERO = np.float32(0.5), np.float32(0)


@compiled(fastmath=True)
def split(rgb: U8, r: U8, g: U8, b: U8) -> None:
    """A row of colour u8 (3 w) as three rows u8 (w)."""
    for x in range(r.shape[0]):
        r[x], g[x], b[x] = rgb[3 * x], rgb[3 * x + 1], rgb[3 * x + 2]


@compiled(fastmath=True)
def take(codes: U8, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = np.float32(codes[x])


@compiled(fastmath=True)
def put(values: F32, out: U8) -> None:
    """Rounded. values: 0 to 255."""
    for x in range(out.shape[0]):
        out[x] = np.uint8(np.int32(values[x] + _HALF))


@compiled(fastmath=True)
def mix(one: F32, other: F32, share: np.float32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = one[x] + share * (other[x] - one[x])


@compiled(fastmath=True, inline=True)
def between(at: int, count: int) -> tuple[int, np.float32]:
    """The cell whose middle lies before a pixel, and how far the pixel is on its way to the next one."""
    place = (np.float32(at) + _HALF) * _CELL_SHARE - _HALF
    place = min(max(place, _ZERO), np.float32(count - 1))
    first = min(int(place), count - 2)
    return first, place - np.float32(first)


@compiled(fastmath=True)
def across(cells: F32, x0: int, out: F32) -> None:
    """A row of cells' values, f32 (columns), at the pixels from x0 on."""
    for k in range(out.shape[0]):
        left, far = between(x0 + k, cells.shape[0])
        out[k] = cells[left] + far * (cells[left + 1] - cells[left])


@compiled(fastmath=True)
def along(cells: F32, y: int, x0: int, drawn: int, lines: F32, out: F32) -> int:
    """Values of cells f32 (rows, columns) at the pixels of row y from x0 on, between the cells' middles.

    lines: f32 (2, n), the rows of cells above and below at these pixels. drawn: the upper one's number, what
    was returned for the row of pixels before; -1 for the first.
    """
    top, low = between(y, cells.shape[0])
    if top != drawn:
        across(cells[top], x0, lines[0])
        across(cells[top + 1], x0, lines[1])
    mix(lines[0], lines[1], low, out)
    return top


@compiled(fastmath=True)
def largest(values: F32) -> np.float32:
    """Of values that are not negative."""
    most = _ZERO
    for x in range(values.shape[0]):
        most = max(most, values[x])
    return most


@compiled(fastmath=True)
def split_part(rgb: U8, y0: int, x0: int, out: U8) -> None:
    """A part of a picture u8 (h, w, 3) as planes u8 (3, n, m), from (y0, x0) on."""
    width, rows, columns = rgb.shape[1], out.shape[1], out.shape[2]
    flat = rgb.reshape(rgb.size)
    for row in range(rows):
        start = 3 * ((y0 + row) * width + x0)
        split(flat[start : start + 3 * columns], out[0, row], out[1, row], out[2, row])
