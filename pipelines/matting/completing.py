"""What the whole picture shows to be solid, though the network saw nobody: white cloth before a white page.

A tile of the refiner's network sees 96 pixels: inside a large plain thing all it is told is that the picture
is a little off the plate, which a veil or a fault of the plate may be as well, and it answers with half an
alpha. But what is half there lets the plate through, or changes from pixel to pixel, as hair does, or moves,
as a blurred hand does. So a cell is solid that hangs together with the teacher, is plain, stands still, and
is further off the plate than trust allows a plate to be wrong, and than a shadow explains. Where alpha is old
(banding.py) what has moved counts too; it has to stand out from the plate instead of standing still.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.matting.cells import CELL_PX, SAMPLES
from pipelines.matting.colouring import Canvas
from pipelines.matting.light import LIGHT
from pipelines.matting.shading import DIFFER, LEAST_LIGHT
from pipelines.media import F32, U8, UNKNOWN

# Further off the plate than codes, a share of its level (trust allows two thirds of that), and added light.
LEAST_CODES, LEVEL_SHARE, ADDED_LIGHT = 3.0, 0.03, 0.012
LEAST_CELLS = 16  # of a thing: what is smaller the refiner's tiles see whole
PLAIN_CODES = 3.5  # standard deviation within a cell: twice a camera's noise
STILL_CODES = 4.0  # a cell's mean since the picture before
SOLID_TRUST = 0.9
LEAST_COME_CELLS = 6
OUT_CODES, VARIES_SHARE = 24.0, 0.25  # of what moves: its mean off the plate's; its deviation, of that
_LEAST_SAMPLES = 12  # of SAMPLES, that far off
_IS_OFF, _IS_PLAIN = 1, 2  # kinds of cells
_SHADE = np.float32(0.75)  # of the lamps' light: a shadow that was not found, or found where there is none

_CODES = np.arange(256)
_LIMIT: F32 = np.asarray(
    LEAST_CODES + LEVEL_SHARE * _CODES + 255 * (LIGHT + ADDED_LIGHT) ** (1 / 2.2) - _CODES, np.float32
)
_PLAIN2, _STILL = np.float32(PLAIN_CODES**2), np.float32(STILL_CODES)
_OUT_CODES, _VARIES2 = np.float32(OUT_CODES), np.float32(VARIES_SHARE**2)
_PER_SAMPLE = np.float32(1 / SAMPLES)
_FULL, _ZERO = np.float32(255), np.float32(0)

Mask = npt.NDArray[np.bool_]


def find_solid(
    seen: U8, before: U8 | None, behind: U8, sigma: U8, room: U8, candidates: Mask, body: Mask
) -> Mask:
    """Cells that are the teacher's through and through, bool (rows, columns).

    seen, before, behind: the cells of the picture, of the one before and of the plate, u8 (rows, columns, 3,
    16), see cells.py. sigma (of `evidence.deviation`), room (of media.Prediction): u8 (rows, columns, 16).
    candidates: bool (rows, columns), what hangs together with the teacher, where the plate is trusted. body:
    bool (rows, columns), whole already: a cell where both meet is not plain, and may move.
    """
    if before is None:
        return np.zeros_like(candidates)
    kinds: U8 = np.zeros(candidates.shape, np.uint8)
    _find(seen, before, behind, sigma, room, candidates, kinds)
    plain = _large(_by_fours(kinds == _IS_PLAIN))
    return np.asarray(plain | ((kinds == _IS_OFF) & _beside(plain) & _beside(body)))


def find_come(seen: U8, behind: U8, sigma: U8, room: U8, candidates: Mask) -> Mask:
    """Cells that are somebody's through and through, and unlike the plate: bool (rows, columns). What moves
    is found as well, so it has to stand out. Arguments: as for `find_solid`.
    """
    kinds: U8 = np.zeros(candidates.shape, np.uint8)
    _find_outstanding(seen, behind, sigma, room, candidates, kinds)
    return _large(_by_fours(kinds == _IS_PLAIN), LEAST_COME_CELLS)


def _by_fours(cells: Mask) -> Mask:
    """Those that are in a block of two by two."""
    whole = cells[:-1, :-1] & cells[1:, :-1] & cells[:-1, 1:] & cells[1:, 1:]
    out = np.zeros_like(cells)
    for part in (out[:-1, :-1], out[1:, :-1], out[:-1, 1:], out[1:, 1:]):
        part |= whole
    return out


def _large(cells: Mask, least_cells: int = LEAST_CELLS) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(cells, np.uint8), connectivity=4)
    large = stats[:count, cv2.CC_STAT_AREA] >= least_cells
    large[0] = False
    return np.asarray(large[labels])


def _beside(cells: Mask) -> Mask:
    return np.asarray(cv2.dilate(np.asarray(cells, np.uint8), np.ones((3, 3), np.uint8)) > 0)


def fill(cells: Mask, pha: U8, alpha: int) -> None:
    """Writes alpha into u8 (h, w), in cells bool (rows, columns)."""
    for row, column in np.argwhere(cells):
        pha[row * CELL_PX : (row + 1) * CELL_PX, column * CELL_PX : (column + 1) * CELL_PX] = alpha


def show(solid: Mask, rgb: U8, on: Canvas) -> None:
    """Gives these cells the picture's own colour. rgb: u8 (h, w, 3), of which they are cells."""
    height, width = on.fgr.shape[:2]
    for row, column in np.argwhere(solid):
        y, x = int(row) * CELL_PX, int(column) * CELL_PX
        top, left = y - on.y, x - on.x
        if 0 <= top <= height - CELL_PX and 0 <= left <= width - CELL_PX:
            cell = rgb[y : y + CELL_PX, x : x + CELL_PX]
            on.fgr[top : top + CELL_PX, left : left + CELL_PX] = cell


@compiled(fastmath=True)
def _find(seen: U8, before: U8, behind: U8, sigma: U8, room: U8, candidates: Mask, kinds: U8) -> None:
    """Writes _IS_PLAIN where a cell is plain, still and off the plate, _IS_OFF where it is off all over."""
    now, was, there = np.zeros(3, np.float32), np.zeros(3, np.float32), np.zeros(3, np.float32)
    for row in range(kinds.shape[0]):
        for column in range(kinds.shape[1]):
            if not candidates[row, column] or not _is_known(sigma[row, column]):
                continue
            here = seen[row, column]
            count = _look(here, behind[row, column], room[row, column], now, there)
            if count < _LEAST_SAMPLES:
                continue
            _means(before[row, column], was)
            if _is_plain(here, now) and _is_still(now, was):
                kinds[row, column] = _IS_PLAIN
            elif count == SAMPLES:
                kinds[row, column] = _IS_OFF


@compiled(fastmath=True)
def _find_outstanding(seen: U8, behind: U8, sigma: U8, room: U8, candidates: Mask, kinds: U8) -> None:
    """Writes _IS_PLAIN where a cell is off the plate all over, by much more than it varies."""
    now, there = np.zeros(3, np.float32), np.zeros(3, np.float32)
    for row in range(kinds.shape[0]):
        for column in range(kinds.shape[1]):
            if not candidates[row, column] or not _is_known(sigma[row, column]):
                continue
            here = seen[row, column]
            count = _look(here, behind[row, column], room[row, column], now, there)
            if count == SAMPLES and _stands_out(here, now, there):
                kinds[row, column] = _IS_PLAIN


@compiled(fastmath=True)
def _look(here: U8, plate: U8, room: U8, now: F32, there: F32) -> int:
    """How many samples of a cell are off the plate; 0 where a shade explains it. Writes the means of both."""
    _means(here, now)
    _means(plate, there)
    return 0 if _is_shade(now, there, room) else _count_off(here, plate)


@compiled(fastmath=True)
def _stands_out(cell: U8, mean: F32, there: F32) -> bool:
    for c in range(3):
        step = abs(mean[c] - there[c])
        square = _ZERO
        for k in range(SAMPLES):
            off = np.float32(cell[c, k]) - mean[c]
            square += off * off
        if step >= _OUT_CODES and square * _PER_SAMPLE <= _VARIES2 * step * step:
            return True
    return False


@compiled()
def _is_known(sigma: U8) -> bool:
    unknown = 0
    for k in range(SAMPLES):
        unknown += sigma[k] == UNKNOWN
    return unknown == 0


@compiled(fastmath=True)
def _is_plain(cell: U8, mean: F32) -> bool:
    most = _ZERO
    for c in range(3):
        square = _ZERO
        for k in range(SAMPLES):
            step = np.float32(cell[c, k]) - mean[c]
            square += step * step
        most = max(most, square)
    return bool(most * _PER_SAMPLE <= _PLAIN2)


@compiled(fastmath=True)
def _is_still(now: F32, was: F32) -> bool:
    most = _ZERO
    for c in range(3):
        most = max(most, abs(now[c] - was[c]))
    return bool(most <= _STILL)


@compiled(fastmath=True)
def _count_off(here: U8, plate: U8) -> int:
    count = 0
    for k in range(SAMPLES):
        is_off = False
        for c in range(3):
            level = plate[c, k]
            is_off |= bool(abs(np.float32(here[c, k]) - np.float32(level)) > _LIMIT[level])
        count += is_off
    return count


@compiled(fastmath=True)
def _means(cell: U8, mean: F32) -> None:
    for c in range(3):
        total = _ZERO
        for k in range(SAMPLES):
            total += np.float32(cell[c, k])
        mean[c] = total * _PER_SAMPLE


@compiled(fastmath=True)
def _is_shade(mean: F32, there: F32, room: U8) -> bool:
    """May this be the plate with less of the lamps' light?"""
    lamps = _ZERO
    for k in range(SAMPLES):
        lamps += np.float32(room[k])
    share = lamps * _PER_SAMPLE / _FULL
    lowest, highest = np.float32(9), np.float32(-9)
    for c in range(3):
        light = LIGHT[int(there[c])]
        lost = (light - LIGHT[int(mean[c])]) / (light * share + LEAST_LIGHT)
        lowest, highest = min(lowest, lost), max(highest, lost)
    return bool(highest - lowest <= DIFFER and highest <= _SHADE and lowest >= -_SHADE)
