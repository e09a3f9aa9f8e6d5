"""What is looked at of the whole picture: sixteen pixels of every cell of 8 x 8.

Where the teacher is, what differs from the plate and how deep their shadow is are told by every second pixel
of every second row, those of one row between those of the next. They are kept by cell, a channel of a cell
being sixteen bytes in one run: so little is read, and the compiler makes vectors of the loops over them.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.media import DOUBT_UNITS, F32, U8, UNKNOWN, Box

CELL_PX = 8
SAMPLES = 16
MOST_OFF = 16.0
_SIDE = 4  # samples in a row of a cell

_OFF_SCALE = np.float32(DOUBT_UNITS**2 / 3)
_LIMIT = np.float32(MOST_OFF)
_ONE, _ZERO = np.float32(1), np.float32(0)


def colour_cells(rgb: U8, box: Box | None = None) -> U8:
    """Of a picture u8 (H, W, 3), or of a box of it: u8 (rows, columns, 3, 16)."""
    box = Box(0, 0, rgb.shape[1], rgb.shape[0]) if box is None else box
    cells = np.empty((box.h // CELL_PX, box.w // CELL_PX, 3, SAMPLES), np.uint8)
    _take_colour(np.ascontiguousarray(rgb), box.y, box.x, cells)
    return cells


def cells_of(plane: U8) -> U8:
    """Of a plane u8 (h, w): u8 (rows, columns, 16)."""
    cells = np.empty((plane.shape[0] // CELL_PX, plane.shape[1] // CELL_PX, SAMPLES), np.uint8)
    _take_plane(np.ascontiguousarray(plane), cells)
    return cells


@compiled()
def _take_colour(rgb: U8, y0: int, x0: int, cells: U8) -> None:
    rows, columns, width = cells.shape[0], cells.shape[1], rgb.shape[1]
    flat = rgb.reshape(rgb.size)
    for row in range(rows):
        for i in range(_SIDE):
            start = 3 * ((y0 + row * CELL_PX + 2 * i) * width + x0 + i % 2)
            line = flat[start : start + 3 * CELL_PX * columns]
            for column in range(columns):
                cell, first = cells[row, column], 3 * CELL_PX * column
                for c in range(3):
                    for k in range(_SIDE):
                        cell[c, _SIDE * i + k] = line[first + 6 * k + c]


@compiled()
def _take_plane(plane: U8, cells: U8) -> None:
    for row in range(cells.shape[0]):
        for i in range(_SIDE):
            line = plane[row * CELL_PX + 2 * i, i % 2 :]
            for column in range(cells.shape[1]):
                cell, first = cells[row, column], CELL_PX * column
                for k in range(_SIDE):
                    cell[_SIDE * i + k] = line[first + 2 * k]


@compiled()
def take_alpha(pha: U8, y0: int, x0: int, y1: int, x1: int, cells: U8, least: U8, most: U8) -> None:
    """Takes alpha u8 (h, w) into the cells that a part touches, and their least and most.

    The part: rows y0 to y1 and columns x0 to x1 of pixels, the latter not included. cells: u8 (rows, columns,
    16). least, most: u8 (rows, columns).
    """
    rows, columns = least.shape
    for row in range(y0 // CELL_PX, min(-(-y1 // CELL_PX), rows)):
        for column in range(x0 // CELL_PX, min(-(-x1 // CELL_PX), columns)):
            cell, low, high = cells[row, column], 255, 0
            for i in range(_SIDE):
                line = pha[row * CELL_PX + 2 * i, column * CELL_PX + i % 2 :]
                for k in range(_SIDE):
                    alpha = int(line[2 * k])
                    low, high = min(low, alpha), max(high, alpha)
                    cell[_SIDE * i + k] = alpha
            least[row, column], most[row, column] = low, high


@compiled(fastmath=True)
def survey(seen: U8, behind: U8, sigma: U8, off: F32) -> None:
    """Mean squared difference from the plate in deviations, each pixel's at most MOST_OFF; -1 where no plate
    is known.

    seen, behind: the cells of picture and plate, u8 (rows, columns, 3, 16). sigma: of `evidence.deviation`,
    u8 (rows, columns, 16). off: f32 (rows, columns).
    """
    for row in range(off.shape[0]):
        for column in range(off.shape[1]):
            here, there, wide = seen[row, column], behind[row, column], sigma[row, column]
            total, known = _ZERO, _ZERO
            for k in range(SAMPLES):
                r = np.float32(here[0, k]) - np.float32(there[0, k])
                g = np.float32(here[1, k]) - np.float32(there[1, k])
                b = np.float32(here[2, k]) - np.float32(there[2, k])
                codes = np.float32(wide[k])
                has_plate = _ZERO if wide[k] == UNKNOWN else _ONE
                square = (r * r + g * g + b * b) * _OFF_SCALE / (codes * codes)
                total += has_plate * min(square, _LIMIT)
                known += has_plate
            off[row, column] = total / known if known > _ZERO else -_ONE
