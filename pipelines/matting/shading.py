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

import cv2
import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.evidence import CELL_PX, LIGHT
from pipelines.media import F32, U8, UNKNOWN

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
_LEAST_LIGHT = np.float32(0.004)
_DIFFER = np.float32(0.16)  # between the shares of two channels: more is another colour, not shade
_NOISE = np.float32(0.004)  # of light

_STEPS = 512
_FULL = np.float32(255)
# Code's factor for light's factor 1 - q, q from LEAST_SHARE to MOST_SHARE.
_DIM: F32 = np.asarray((1 - np.linspace(LEAST_SHARE, MOST_SHARE, _STEPS)) ** (1 / 2.2), np.float32)
_TO_STEP = np.float32((_STEPS - 1) / (MOST_SHARE - LEAST_SHARE))


def shadow_field(rgb: U8, plate: U8, room: U8, sigma: U8, coarse: U8) -> F32:
    """Share of the lamps' light that is gone, by cell of CELL_PX, f32 (rows, columns).

    rgb, plate: u8 (h, w, 3). room: u8 (h, w), of media.Prediction. sigma: of `evidence.deviation`. coarse:
    u8 (h, w), the network's alpha.
    """
    sums = np.zeros((rgb.shape[0] // CELL_PX, rgb.shape[1] // CELL_PX, 2), np.float32)
    _tally(rgb, plate, room, sigma, coarse, sums)
    loss, weight = (np.ascontiguousarray(sums[..., k]) for k in (0, 1))
    wide = cv2.GaussianBlur(sums, (0, 0), _WIDE_CELLS, borderType=cv2.BORDER_REFLECT)
    # Moments about each cell: of the weights up to the second, of the losses up to the first.
    of_weight = [_moment(weight, x, y) for x, y in ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))]
    of_loss = [_moment(loss, x, y) for x, y in ((0, 0), (1, 0), (0, 1))]
    level = np.float32(_FLAT * _NEAR_CELLS**2) * of_weight[0] + np.float32(_LEAST_LEVEL)
    of_weight[3] += level
    of_weight[5] += level
    of_weight[0] += np.float32(_WIDE_SAY) * wide[..., 1] + np.float32(_PRIOR)
    of_loss[0] += np.float32(_WIDE_SAY) * wide[..., 0]
    share = _middle_of_plane(of_weight, of_loss)
    return np.asarray(np.clip(share, LEAST_SHARE, MOST_SHARE), np.float32)


def _moment(values: F32, x: int, y: int) -> F32:
    """Sum over the cells around, under a bell, of values times right^x below^y, their distances in cells."""
    at = np.arange(-_REACH_CELLS, _REACH_CELLS + 1, dtype=np.float64)
    bell = np.exp(-0.5 * (at / _NEAR_CELLS) ** 2)
    bell /= bell.sum()
    blurred = cv2.sepFilter2D(values, cv2.CV_32F, bell * at**x, bell * at**y, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, np.float32)


def _middle_of_plane(of_weight: list[F32], of_loss: list[F32]) -> F32:
    """The plane's value at its cell: Cramer's rule for the first unknown of the three normal equations."""
    one, x, y, xx, xy, yy = of_weight
    loss, loss_x, loss_y = of_loss
    a, b, c = xx * yy - xy * xy, xy * y - x * yy, x * xy - xx * y
    return np.asarray((loss * a + loss_x * b + loss_y * c) / (one * a + x * b + y * c), np.float32)


def shade(plate: U8, room: U8, share: F32, out: U8) -> None:
    """Writes the plate as it is under this shadow, u8 (h, w, 3). share: of `shadow_field`."""
    np.copyto(out, plate)
    _shade(plate, room, share, out)


@compiled(fastmath=True)
def _tally(rgb: U8, plate: U8, room: U8, sigma: U8, coarse: U8, sums: F32) -> None:
    """Adds up, over every second pixel of each cell, loss times lamps, and lamps squared, in light."""
    rows, columns = sums.shape[0], sums.shape[1]
    for row in range(rows):
        for column in range(columns):
            loss, weight = np.float32(0), np.float32(0)
            for y in range(row * CELL_PX, (row + 1) * CELL_PX, 2):
                for x in range(column * CELL_PX + (y // 2) % 2, (column + 1) * CELL_PX, 2):
                    if coarse[y, x] > NOBODY or sigma[y, x] == UNKNOWN or room[y, x] < _LEAST_LAMPS:
                        continue
                    lamps_share = np.float32(room[y, x]) / _FULL
                    lowest, highest = np.float32(9), np.float32(-9)
                    gone, lamps = np.float32(0), np.float32(0)
                    for c in range(3):
                        behind = LIGHT[plate[y, x, c]]
                        lost = behind - LIGHT[rgb[y, x, c]]
                        own = behind * lamps_share + _LEAST_LIGHT
                        slack = _NOISE / own
                        lowest = min(lowest, lost / own + slack)
                        highest = max(highest, lost / own - slack)
                        gone += lost
                        lamps += own
                    if highest - lowest > _DIFFER or highest > MOST_SHARE or lowest < LEAST_SHARE:
                        continue
                    loss += gone * lamps
                    weight += lamps * lamps
            sums[row, column, 0], sums[row, column, 1] = loss, weight


@compiled(fastmath=True)
def _shade(plate: U8, room: U8, share: F32, out: U8) -> None:
    rows, columns = share.shape
    height, width = room.shape
    half, cell = np.float32(0.5), np.float32(CELL_PX)
    for row in range(rows):
        above, below = max(row - 1, 0), min(row + 1, rows - 1)
        for column in range(columns):
            left, right = max(column - 1, 0), min(column + 1, columns - 1)
            most = np.float32(0)
            for r in (above, row, below):
                most = max(most, abs(share[r, left]), abs(share[r, column]), abs(share[r, right]))
            if most < IGNORED_SHARE:
                continue
            for y in range(row * CELL_PX, height if row == rows - 1 else (row + 1) * CELL_PX):
                down = min(max((np.float32(y) + half) / cell - half, np.float32(0)), np.float32(rows - 1))
                top = min(int(down), max(rows - 2, 0))
                low, bottom = down - np.float32(top), min(top + 1, rows - 1)
                for x in range(column * CELL_PX, width if column == columns - 1 else (column + 1) * CELL_PX):
                    across = (np.float32(x) + half) / cell - half
                    across = min(max(across, np.float32(0)), np.float32(columns - 1))
                    first = min(int(across), max(columns - 2, 0))
                    far, next_ = across - np.float32(first), min(first + 1, columns - 1)
                    upper = share[top, first] + far * (share[top, next_] - share[top, first])
                    lower = share[bottom, first] + far * (share[bottom, next_] - share[bottom, first])
                    q = (upper + low * (lower - upper)) * np.float32(room[y, x]) / _FULL
                    dim = _DIM[int((q - np.float32(LEAST_SHARE)) * _TO_STEP + half)]
                    for c in range(3):
                        out[y, x, c] = int(min(np.float32(plate[y, x, c]) * dim + half, _FULL))
