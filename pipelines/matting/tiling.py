"""Where the refiner looks: tiles that cover what is in question, as small as they can be.

A tile is at most 96 pixels wide and high, and decides all of it but its rim. Tiles stand in strips across the
picture, in each from where its share of the band begins to where it ends, or for as long as a tile may be.
Where one strip ends and the next begins is chosen so that the network has the least to do (dynamic
programming, from the last row of cells up); or strips stand upright, if that is less.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.matting.cells import CELL_PX
from pipelines.media import U8, Box

TILE_PX, INSET_PX = 96, 8  # the largest; what a tile's rim says is left out
STEP_PX = 16  # of a tile's height and width: what one element of the network's coarsest level covers
_MOST_CELLS = (TILE_PX - 2 * INSET_PX) // CELL_PX
_LEAST_CELLS = 4  # of the band in a tile: the band's hem alone is not worth one
_EACH_PX = 1_000  # what a tile costs however small it is, in pixels of the network's work

I32 = npt.NDArray[np.int32]


class Tile(NamedTuple):
    """What the network sees, and what of it is decided, both in the picture. No pixel is decided by two."""

    seen: Box
    part: Box


def place_tiles(band: npt.NDArray[np.bool_], size_hw: tuple[int, int]) -> list[Tile]:
    """Tiles whose parts cover the band, bool (rows, columns) of cells, all inside a picture of size_hw.

    Nothing is decided within INSET_PX of the picture's border.
    """
    cells = np.asarray(band, np.uint8)
    (across, work), (upright, upright_work) = _cover(cells), _cover(np.ascontiguousarray(cells.T))
    covered = across if work <= upright_work else upright[:, [1, 0, 3, 2]]
    tiles = []
    for row, column, rows, columns in covered.tolist():
        if np.count_nonzero(band[row : row + rows, column : column + columns]) < _LEAST_CELLS:
            continue
        y, h, top, height = _placed(row, rows, size_hw[0])
        x, w, left, width = _placed(column, columns, size_hw[1])
        if height > 0 and width > 0:
            tiles.append(Tile(Box(x, y, w, h), Box(left, top, width, height)))
    return tiles


def _placed(first: int, cells: int, length: int) -> tuple[int, int, int, int]:
    """Along one axis, from cells to pixels: start and length of what is seen, and of what is decided."""
    start, end, tile_px = first * CELL_PX, (first + cells) * CELL_PX, _tile_px(cells)
    origin = min(max(start - INSET_PX, 0), length - tile_px)
    start = max(start, origin + INSET_PX)
    return origin, tile_px, start, min(end, origin + tile_px - INSET_PX) - start


@compiled()
def _tile_px(cells: int) -> int:
    """Along one axis: a tile that decides so many cells."""
    return -(-(cells * CELL_PX + 2 * INSET_PX) // STEP_PX) * STEP_PX


@compiled()
def _cover(band: U8) -> tuple[I32, int]:
    """Row, column, rows and columns of boxes that cover the band in strips, i32 (n, 4), and their cost."""
    rows, columns = band.shape
    least = np.zeros(rows + 1, np.int64)  # cost of this row and all below
    heights = np.zeros(rows, np.int64)  # of the strip that begins with this row; 0 where it is empty
    occupied = np.zeros(columns, np.uint8)
    for row in range(rows - 1, -1, -1):
        least[row] = least[row + 1]
        if not band[row].any():
            continue
        occupied[:] = 0
        for height in range(1, min(_MOST_CELLS, rows - row) + 1):
            occupied |= band[row + height - 1]
            cost = _cost(occupied, height) + least[row + height]
            if heights[row] == 0 or cost <= least[row]:
                least[row], heights[row] = cost, height
    boxes = np.zeros((rows * columns, 4), np.int32)
    n, row = 0, 0
    while row < rows:
        height = heights[row]
        if height > 0:
            occupied[:] = 0
            for below in range(row, row + height):
                occupied |= band[below]
            first, last = _next(occupied, 0)
            while first < columns:
                boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3] = row, first, height, last - first
                n += 1
                first, last = _next(occupied, last)
        row += max(height, 1)
    return boxes[:n], least[0]


@compiled()
def _cost(occupied: U8, height: int) -> int:
    """Of a strip. occupied: u8 (columns,)."""
    cost = 0
    first, last = _next(occupied, 0)
    while first < occupied.shape[0]:
        cost += _tile_px(height) * _tile_px(last - first) + _EACH_PX
        first, last = _next(occupied, last)
    return cost


@compiled()
def _next(occupied: U8, start: int) -> tuple[int, int]:
    """First column, and the one after the last, of the next tile of a strip from `start` on."""
    columns = occupied.shape[0]
    while start < columns and occupied[start] == 0:
        start += 1
    end = min(start + _MOST_CELLS, columns)
    while end > start and occupied[end - 1] == 0:
        end -= 1
    return start, end
