"""The teacher's shadow: how much of the lamps' light they keep from wall and glass, cell by cell.

The plate is lit as if nobody stood there. The light that lamps throw on the wall, and on the glass of the
LCD, is dimmer around whoever stands before them; the LCD's own light is not. One smooth field tells it: at
each cell the share s of the lamps' light that is gone, by least squares of  picture = plate - s . lamps  over
the pixels where the network sees nobody. A shadow is steepest where it meets its owner, and there all that
is seen of it lies on one side: so the field is a plane around each cell (local linear regression, Fan and
Gijbels 1996), which carries its slope on to the outline, where a mean would stay behind. A negative share is
light that was added. What no shade of grey explains, such as a missed hand, has no say.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.cells import CELL_PX, SAMPLES
from pipelines.matting.light import LIGHT
from pipelines.matting.lines import across, between, split
from pipelines.media import F32, F64, U8, UNKNOWN

MOST_SHARE, LEAST_SHARE = 0.7, -0.3
NOBODY = 5  # coarse alpha up to which a pixel has a say
IGNORED_SHARE = 0.02  # too little to be worth shading a cell
_NEAR_CELLS, _WIDE_CELLS = 1.5, 5.0  # sigma of the field, and of what it falls back to
_REACH_CELLS = 5
_FLAT = 0.05  # of sigma squared: how much a plane is held to be level
_WIDE_SAY = 0.03
_PRIOR = 4e-4  # of squared light, towards no shadow
_LEAST_LEVEL = 1e-3
_LEAST_LAMPS = 24  # of `room`: less tells nothing
LEAST_LIGHT = np.float32(0.004)
DIFFER = np.float32(0.16)  # between the shares of two channels: more is another colour, not shade
_NOISE = np.float32(0.004)  # of light

_STEPS = 512
_FULL = np.float32(255)
# Code's factor for light's factor 1 - q, q from LEAST_SHARE to MOST_SHARE.
_DIM: F32 = np.asarray((1 - np.linspace(LEAST_SHARE, MOST_SHARE, _STEPS)) ** (1 / 2.2), np.float32)
_TO_STEP = np.float32((_STEPS - 1) / (MOST_SHARE - LEAST_SHARE))
_MOST, _LEAST = np.float32(MOST_SHARE), np.float32(LEAST_SHARE)
_HALF, _ONE, _ZERO = np.float32(0.5), np.float32(1), np.float32(0)


def _kernels() -> list[F64]:
    """The bell times the distance in cells to the power of 0, 1 and 2."""
    at = np.arange(-_REACH_CELLS, _REACH_CELLS + 1, dtype=np.float64)
    bell = np.exp(-0.5 * (at / _NEAR_CELLS) ** 2)
    bell /= bell.sum()
    return [np.asarray(bell * at**power) for power in range(3)]


_KERNELS = _kernels()


class Shadow(NamedTuple):
    """share: of the lamps' light that is gone, by cell of CELL_PX, f32 (rows, columns). is_deep: u8 (rows,
    columns), above 0 where that is enough to be worth shading the cell.
    """

    share: F32
    is_deep: U8


def find_shadow(seen: U8, behind: U8, room: U8, sigma: U8, alpha: U8) -> Shadow:
    """The teacher's shadow in a picture.

    seen, behind: the cells of picture and plate, u8 (rows, columns, 3, 16), see cells.py. room (of
    media.Prediction), sigma (of `evidence.deviation`), alpha (the network's): u8 (rows, columns, 16).
    """
    sums = np.zeros((*seen.shape[:2], 2), np.float32)
    _tally(seen, behind, room, sigma, alpha, sums)
    wide = cv2.GaussianBlur(sums, (0, 0), _WIDE_CELLS, borderType=cv2.BORDER_REFLECT)
    # Moments about each cell: of the weights up to the second, of the losses up to the first.
    both = [_moment(sums, x, y) for x, y in ((0, 0), (1, 0), (0, 1))]
    of_loss, of_weight = ([moment[..., k] for moment in both] for k in (0, 1))
    weight = np.ascontiguousarray(sums[..., 1])
    of_weight += [_moment(weight, x, y) for x, y in ((2, 0), (1, 1), (0, 2))]
    level = np.float32(_FLAT * _NEAR_CELLS**2) * of_weight[0] + np.float32(_LEAST_LEVEL)
    of_weight[3] += level
    of_weight[5] += level
    of_weight[0] = of_weight[0] + (np.float32(_WIDE_SAY) * wide[..., 1] + np.float32(_PRIOR))
    of_loss[0] = of_loss[0] + np.float32(_WIDE_SAY) * wide[..., 0]
    share = np.clip(_middle_of_plane(of_weight, of_loss), LEAST_SHARE, MOST_SHARE).astype(np.float32)
    deepest = cv2.dilate(np.abs(share), np.ones((3, 3), np.uint8))
    return Shadow(share, np.asarray(deepest >= IGNORED_SHARE, np.uint8))


def _moment(values: F32, x: int, y: int) -> F32:
    """Sum over the cells around, under a bell, of values times right^x below^y, their distances in cells."""
    blurred = cv2.sepFilter2D(values, cv2.CV_32F, _KERNELS[x], _KERNELS[y], borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, np.float32)


def _middle_of_plane(of_weight: list[F32], of_loss: list[F32]) -> F32:
    """The plane's value at its cell: Cramer's rule for the first unknown of the three normal equations."""
    one, x, y, xx, xy, yy = of_weight
    loss, loss_x, loss_y = of_loss
    a, b, c = xx * yy - xy * xy, xy * y - x * yy, x * xy - xx * y
    return np.asarray((loss * a + loss_x * b + loss_y * c) / (one * a + x * b + y * c), np.float32)


def shade(plate: U8, room: U8, shadow: Shadow, y0: int, x0: int, out: U8) -> None:
    """Writes a part of the plate as it is under this shadow: planes u8 (3, n, m), from pixel (y0, x0) on.

    plate: u8 (h, w, 3). room: u8 (h, w).
    """
    _shade(plate, room, shadow.share, shadow.is_deep, y0, x0, out)


def shaded_cells(behind: U8, room: U8, shadow: Shadow) -> U8:
    """The plate's cells under this shadow, u8 (rows, columns, 3, 16). behind, room: as for `find_shadow`."""
    out = np.array(behind)
    _shade_cells(room, shadow.share, shadow.is_deep, out)
    return out


@compiled(fastmath=True)
def _tally(seen: U8, behind: U8, room: U8, sigma: U8, alpha: U8, sums: F32) -> None:
    """Adds up, over the pixels of each cell, loss times lamps, and lamps squared, in light."""
    light, light_behind = np.zeros((3, SAMPLES), np.float32), np.zeros((3, SAMPLES), np.float32)
    for row in range(sums.shape[0]):
        for column in range(sums.shape[1]):
            lamps, wide, pha = room[row, column], sigma[row, column], alpha[row, column]
            if not _is_any_told(lamps, wide, pha):
                continue
            for c in range(3):
                for k in range(SAMPLES):
                    light[c, k] = LIGHT[seen[row, column, c, k]]
                    light_behind[c, k] = LIGHT[behind[row, column, c, k]]
            loss, weight = _ZERO, _ZERO
            for k in range(SAMPLES):
                share = np.float32(lamps[k]) / _FULL
                lowest, highest = np.float32(9), np.float32(-9)
                gone, own_sum = _ZERO, _ZERO
                for c in range(3):
                    there = light_behind[c, k]
                    lost = there - light[c, k]
                    own = there * share + LEAST_LIGHT
                    slack = _NOISE / own
                    lowest = min(lowest, lost / own + slack)
                    highest = max(highest, lost / own - slack)
                    gone += lost
                    own_sum += own
                is_told = pha[k] <= NOBODY and wide[k] != UNKNOWN and lamps[k] >= _LEAST_LAMPS
                is_shade = highest - lowest <= DIFFER and highest <= _MOST and lowest >= _LEAST
                say = own_sum if is_told and is_shade else _ZERO
                loss += gone * say
                weight += own_sum * say
            sums[row, column, 0], sums[row, column, 1] = loss, weight


@compiled()
def _is_any_told(room: U8, sigma: U8, alpha: U8) -> bool:
    """Has any pixel of a cell a say?"""
    told = 0
    for k in range(SAMPLES):
        told += alpha[k] <= NOBODY and sigma[k] != UNKNOWN and room[k] >= _LEAST_LAMPS
    return told > 0


@compiled(fastmath=True)
def _shade(plate: U8, room: U8, share: F32, is_deep: U8, y0: int, x0: int, out: U8) -> None:
    rows, columns, width = out.shape[1], out.shape[2], plate.shape[1]
    flat = plate.reshape(plate.size)
    lines, dim = np.zeros((2, columns), np.float32), np.zeros(columns, np.float32)
    deep_rows, deep_columns = is_deep.shape
    drawn = -1
    for i in range(rows):
        y = y0 + i
        start = 3 * (y * width + x0)
        split(flat[start : start + 3 * columns], out[0, i], out[1, i], out[2, i])
        deep = is_deep[min(y // CELL_PX, deep_rows - 1)]
        if not deep[x0 // CELL_PX : (x0 + columns - 1) // CELL_PX + 1].any():
            continue
        top, low = between(y, share.shape[0])
        if top != drawn:
            across(share[top], x0, lines[0])
            across(share[top + 1], x0, lines[1])
            drawn = top
        lamps = room[y, x0 : x0 + columns]
        for k in range(columns):
            q = (lines[0, k] + low * (lines[1, k] - lines[0, k])) * np.float32(lamps[k]) / _FULL
            dim[k] = _DIM[int((q - _LEAST) * _TO_STEP + _HALF)]
        for k in range(columns):
            if deep[min((x0 + k) // CELL_PX, deep_columns - 1)] == 0:
                dim[k] = _ONE
        for c in range(3):
            line = out[c, i]
            for k in range(columns):
                line[k] = np.uint8(np.int32(min(np.float32(line[k]) * dim[k] + _HALF, _FULL)))


@compiled(fastmath=True)
def _shade_cells(room: U8, share: F32, is_deep: U8, out: U8) -> None:
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            if is_deep[row, column] == 0:
                continue
            cell = out[row, column]
            for k in range(SAMPLES):
                top, low = between(row * CELL_PX + k // 4 * 2, share.shape[0])
                left, far = between(column * CELL_PX + k % 4 * 2 + k // 4 % 2, share.shape[1])
                upper = share[top, left] + far * (share[top, left + 1] - share[top, left])
                lower = share[top + 1, left] + far * (share[top + 1, left + 1] - share[top + 1, left])
                q = (upper + low * (lower - upper)) * np.float32(room[row, column, k]) / _FULL
                dim = _DIM[int((q - _LEAST) * _TO_STEP + _HALF)]
                for c in range(3):
                    cell[c, k] = np.uint8(np.int32(min(np.float32(cell[c, k]) * dim + _HALF, _FULL)))
