"""The teacher's own colour where the plate is known: the light of the screen leaves hair and edges.

The picture is I = alpha F + (1 - alpha) B in linear light, with the plate for B. Where alpha is small the
picture says little about F, so of all F that fit, the one nearest to what is expected is taken, by as much
as alpha says and noise allows (the conditional mean of two normal distributions). Expected is the mean of
what is surely the teacher's in the cells around: a strand before a white page has the colour of the head it
grows on.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.evidence import CELL_PX, CODE, CODE_STEPS, LIGHT, shares
from pipelines.media import F32, U8, UNKNOWN, Box

SOLID = 250  # alpha from which a pixel's colour is the teacher's
_NEAR_CELLS, _WIDE_CELLS = 1.0, 4.0
_WIDE_SAY = np.float32(0.01)
_LEAST_SAY = np.float32(1e-4)
_OWN2 = np.float32(0.08**2)  # variance of the teacher's colour about what is expected, in light
_NOISE2 = np.float32(0.012**2)
_TO_UNIT = np.float32(1 / 255)
_HALF, _ONE, _ZERO = np.float32(0.5), np.float32(1), np.float32(0)


def expected_light(rgb: U8, pha: U8) -> F32:
    """What colour the teacher is expected to have, light f32 (rows, columns, 4) by cell of CELL_PX.

    The fourth plane is 0 where nothing of them is near. rgb: u8 (h, w, 3). pha: u8 (h, w).
    """
    sums = np.zeros((rgb.shape[0] // CELL_PX, rgb.shape[1] // CELL_PX, 4), np.float32)
    _tally(rgb, pha, sums)
    near, wide = (
        np.asarray(cv2.GaussianBlur(sums, (0, 0), cells, borderType=cv2.BORDER_CONSTANT), np.float32)
        for cells in (_NEAR_CELLS, _WIDE_CELLS)
    )
    both = near + _WIDE_SAY * wide
    say = both[..., 3:]
    return np.asarray(np.dstack([both[..., :3] / np.maximum(say, _LEAST_SAY), say > _LEAST_SAY]), np.float32)


@compiled(fastmath=True)
def _tally(rgb: U8, pha: U8, sums: F32) -> None:
    """Adds up the light of the solid ones among every second pixel of a cell, and how many they are."""
    for row in range(sums.shape[0]):
        for column in range(sums.shape[1]):
            r, g, b, count = _ZERO, _ZERO, _ZERO, _ZERO
            for y in range(row * CELL_PX, (row + 1) * CELL_PX, 2):
                for x in range(column * CELL_PX + (y // 2) % 2, (column + 1) * CELL_PX, 2):
                    if pha[y, x] < SOLID:
                        continue
                    r += LIGHT[rgb[y, x, 0]]
                    g += LIGHT[rgb[y, x, 1]]
                    b += LIGHT[rgb[y, x, 2]]
                    count += _ONE
            here = sums[row, column]
            here[0], here[1], here[2], here[3] = r, g, b, count


def colour(rgb: U8, plate: U8, sigma: U8, pha: U8, weight: F32, expected: F32, part: Box, fgr: U8) -> None:
    """Writes the teacher's own colour into fgr u8 (h, w, 3), inside `part`.

    rgb, plate: u8 (h, w, 3); sigma, pha: u8 (h, w). weight: f32 (rows, columns) by cells of CELL_PX, how much
    of it is taken. expected: of `expected_light`. Where no plate is known, and where nothing of the teacher
    is near, colour stays as it is.
    """
    _colour(rgb, plate, sigma, pha, weight, expected, part.y, part.x, part.h, part.w, fgr)


@compiled(fastmath=True)
def _colour(
    rgb: U8,
    plate: U8,
    sigma: U8,
    pha: U8,
    weight: F32,
    expected: F32,
    y0: int,
    x0: int,
    rows: int,
    columns: int,
    fgr: U8,
) -> None:
    share = np.empty(columns, np.float32)
    own = np.empty(3, np.float32)
    for y in range(y0, y0 + rows):
        if not shares(weight, y, x0, share):
            continue
        row = min(y // CELL_PX, expected.shape[0] - 1)
        for k in range(columns):
            x = x0 + k
            if share[k] <= _ZERO or sigma[y, x] == UNKNOWN:
                continue
            here = expected[row, min(x // CELL_PX, expected.shape[1] - 1)]
            if here[3] <= _ZERO:
                continue
            alpha = np.float32(pha[y, x]) * _TO_UNIT
            own[0], own[1], own[2] = here[0], here[1], here[2]
            if alpha > _ZERO:
                _unmix(rgb[y, x], plate[y, x], alpha, own)
            for c in range(3):
                code = np.float32(CODE[int(own[c] * np.float32(CODE_STEPS - 1) + _HALF)])
                old = np.float32(fgr[y, x, c])
                fgr[y, x, c] = int(old + share[k] * (code - old) + _HALF)


@compiled(fastmath=True, inline=True)
def _unmix(seen: U8, behind: U8, alpha: np.float32, own: F32) -> None:
    """Corrects what is expected, light f32 (3,), in place, by what is seen."""
    gain = alpha * _OWN2 / (alpha * alpha * _OWN2 + _NOISE2)
    for c in range(3):
        light = own[c] + gain * (LIGHT[seen[c]] - alpha * own[c] - (_ONE - alpha) * LIGHT[behind[c]])
        own[c] = min(max(light, _ZERO), _ONE)
