"""The teacher's own colour where the plate is known: the light of the screen leaves hair and edges.

The picture is I = alpha F + (1 - alpha) B in linear light, with the plate for B. Where alpha is small the
picture says little about F, so of all F that fit, the one nearest to what is expected is taken, by as much
as alpha says and noise allows (the conditional mean of two normal distributions). Expected is the mean of
what is surely the teacher's in the cells around: a strand before a white page has the colour of the head it
grows on.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.compiling import compiled
from pipelines.matting.cells import CELL_PX, SAMPLES
from pipelines.matting.light import CODE_STEPS, Tables
from pipelines.matting.lines import along, largest, take
from pipelines.matting.unmixing import EXPECTED
from pipelines.media import F32, U8, UNKNOWN, Box

SOLID = 250  # alpha from which a pixel's colour is the teacher's
_NEAR_CELLS, _WIDE_CELLS = 1.0, 4.0
_WIDE_SAY = np.float32(0.01)
_LEAST_SAY = np.float32(1e-4)
_OWN2 = np.float32(0.08**2)  # variance of the teacher's colour about what is expected, in light
_NOISE2 = np.float32(0.012**2)
_TO_UNIT = np.float32(1 / 255)
_STEPS = np.float32(CODE_STEPS - 1)
_HALF, _ONE, _ZERO = np.float32(0.5), np.float32(1), np.float32(0)


def expected_light(seen: U8, alpha: U8, tables: Tables) -> F32:
    """What colour the teacher is expected to have, light by cell of CELL_PX: f32 (rows, columns, 7), its
    mean, 0 where nothing of them is near or else 1, and its variance.

    seen: the picture's cells, u8 (rows, columns, 3, 16). alpha: u8 (rows, columns, 16).
    """
    sums = np.zeros((*alpha.shape[:2], EXPECTED), np.float32)
    _tally(seen, alpha, tables.light, sums)
    near, wide = (
        np.asarray(cv2.GaussianBlur(sums, (0, 0), cells, borderType=cv2.BORDER_CONSTANT), np.float32)
        for cells in (_NEAR_CELLS, _WIDE_CELLS)
    )
    both = near + _WIDE_SAY * wide
    say = both[..., 3:4]
    means = both / np.maximum(say, _LEAST_SAY)
    means[..., 3:4] = say > _LEAST_SAY
    means[..., 4:] = np.maximum(means[..., 4:] - means[..., :3] ** 2, 0)
    return np.asarray(means, np.float32)


def by_plane(expected: F32) -> F32:
    """The same as planes, f32 (7, rows, columns)."""
    return np.ascontiguousarray(expected.transpose(2, 0, 1))


@compiled(fastmath=True)
def _tally(seen: U8, alpha: U8, light_of: F32, sums: F32) -> None:
    """Adds up the light of the solid ones among the pixels of a cell, how many they are, and its squares."""
    for row in range(sums.shape[0]):
        for column in range(sums.shape[1]):
            here = sums[row, column]
            for k in range(SAMPLES):
                if alpha[row, column, k] < SOLID:
                    continue
                here[3] += _ONE
                for c in range(3):
                    light = light_of[seen[row, column, c, k]]
                    here[c] += light
                    here[4 + c] += light * light


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Colour that is written to: u8 (h, w, 3), of the picture's pixels from (y, x) on."""

    fgr: U8
    y: int
    x: int


def colour(
    rgb: U8,
    plate: U8,
    sigma: U8,
    pha: U8,
    weight: F32,
    expected: F32,
    seen: Box,
    part: Box,
    on: Canvas,
    tables: Tables,
) -> None:
    """Writes the teacher's own colour, inside `part`.

    rgb, plate: planes u8 (3, h, w) of a tile's pixels `seen`, which hold the part. sigma, pha: u8 (h, w), of
    the whole picture. weight: f32 (rows, columns) by cells of CELL_PX, how much of it is taken. expected: of
    `expected_light`. Where no plate is known, and where nothing of the teacher is near, colour stays.
    """
    line = on.fgr[part.y - on.y : part.y - on.y + part.h].reshape(part.h, 3 * on.fgr.shape[1])
    first = 3 * (part.x - on.x)
    corners = seen.y, seen.x, part.y, part.x, part.w
    _colour(rgb, plate, sigma, pha, weight, expected, *corners, first, tables.light, tables.code, line)


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
    top: int,
    left: int,
    columns: int,
    first: int,
    light_of: F32,
    code_of: U8,
    fgr: U8,
) -> None:
    """fgr: whole rows of colour, u8 (rows, 3 w), of which the part begins at `first`."""
    lines, share = np.empty((2, columns), np.float32), np.empty(columns, np.float32)
    own, codes = np.empty((4, columns), np.float32), np.empty((3, columns), np.float32)
    alpha, gain = np.empty(columns, np.float32), np.empty(columns, np.float32)
    light, behind = np.empty(columns, np.float32), np.empty(columns, np.float32)
    drawn, cell_row = -1, -1
    for y in range(top, top + fgr.shape[0]):
        drawn = along(weight, y, left, drawn, lines, share)
        if largest(share) <= _ZERO:
            continue
        if cell_row != min(y // CELL_PX, expected.shape[0] - 1):
            cell_row = min(y // CELL_PX, expected.shape[0] - 1)
            _repeat(expected[cell_row], left, own)
        _known(sigma[y, left:], own[3], share)
        take(pha[y, left : left + columns], alpha)
        _trust(alpha, gain)
        for c in range(3):
            _look_up(rgb[c, y - y0, left - x0 :], light_of, light)
            _look_up(plate[c, y - y0, left - x0 :], light_of, behind)
            _unmix(own[c], light, behind, alpha, gain, light_of[255], code_of, codes[c])
        _blend(codes[0], codes[1], codes[2], share, fgr[y - top, first:])


@compiled(fastmath=True)
def _repeat(expected: F32, x0: int, own: F32) -> None:
    """What is expected in a row of cells, f32 (columns, 7), for each pixel from x0 on, f32 (4, n)."""
    for k in range(own.shape[1]):
        here = expected[min((x0 + k) // CELL_PX, expected.shape[0] - 1)]
        own[0, k], own[1, k], own[2, k], own[3, k] = here[0], here[1], here[2], here[3]


@compiled(fastmath=True)
def _known(sigma: U8, is_near: F32, share: F32) -> None:
    """Nothing is taken where no plate is known, or nothing of the teacher near."""
    for x in range(share.shape[0]):
        share[x] = _ZERO if sigma[x] == UNKNOWN or is_near[x] <= _ZERO else share[x]


@compiled(fastmath=True)
def _trust(alpha: F32, gain: F32) -> None:
    """How far what is seen corrects what is expected. alpha: codes in, 0 to 1 out."""
    for x in range(alpha.shape[0]):
        alpha[x] *= _TO_UNIT
        gain[x] = alpha[x] * _OWN2 / (alpha[x] * alpha[x] * _OWN2 + _NOISE2)


@compiled(fastmath=True)
def _look_up(codes: U8, light_of: F32, light: F32) -> None:
    for x in range(light.shape[0]):
        light[x] = light_of[codes[x]]


@compiled(fastmath=True)
def _unmix(
    own: F32,
    seen: F32,
    behind: F32,
    alpha: F32,
    gain: F32,
    brightest: np.float32,
    code_of: U8,
    codes: F32,
) -> None:
    """Codes of one channel: what is expected, light, corrected by what is seen."""
    to_steps = _STEPS / brightest
    for x in range(codes.shape[0]):
        left_over = seen[x] - alpha[x] * own[x] - (_ONE - alpha[x]) * behind[x]
        codes[x] = min(max(own[x] + gain[x] * left_over, _ZERO), brightest) * to_steps + _HALF
    for x in range(codes.shape[0]):
        codes[x] = np.float32(code_of[int(codes[x])])


@compiled(fastmath=True)
def _blend(r: F32, g: F32, b: F32, share: F32, fgr: U8) -> None:
    """Three rows of codes into a row of colour u8 (3 n)."""
    for x in range(share.shape[0]):
        for c in range(3):
            code = r[x] if c == 0 else g[x] if c == 1 else b[x]
            old = np.float32(fgr[3 * x + c])
            fgr[3 * x + c] = np.uint8(np.int32(old + share[x] * (code - old) + _HALF))
