"""How the LCD's light becomes the camera's codes, learnt from what the camera sees of the page itself.

Model, for each channel c of the camera: light = M_c . page + q_c(x, y) page_c + o_c(x, y), with a colour mix
M, quadratic q (brightness, vignetting) and o (room light on the glass: quadratic, plus a grid of cells for the
reflections of windows); code = curve(light). Fitted on means over blocks of pixels, which a shift of a pixel
hardly changes, of sure background, with weights that outliers lose (Cauchy) and rare colours gain. A page of
few colours does not tell all unknowns apart, so they are held near what was known before.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import F32, F64, U8

CODE_GAMMA = 2.2
CELL_PX = 32  # of the camera's picture: everything soft is kept on this grid
BLOCK_PX = 8
MIN_BLOCKS = 600
CURVE_STEPS = 8_192

_SPREADS = (16.0, 6.0, 3.0, 2.0)  # codes: what counts as an outlier, round by round, at least
_BINS = 16
_BIN_PRIOR = 6.0  # blocks
_SHARP = 30.0  # codes between neighbouring blocks that make one count half
_CELL_PRIOR = 40_000.0  # a block of middle grey weighs this much
_KNOWN_BETTER = 10.0  # how much closer to an earlier fit than to the first guess
_NOISE = 2.0  # codes
_TERMS = 6  # 1, u, v, u^2, uv, v^2
_UNKNOWNS = 3 + 5 + _TERMS  # M_c; q_c without its constant, which M has; o_c
# Expected deviations from the guess, in light.
_DEVIATIONS = np.repeat([0.15, 0.1, 0.03, 0.02], [3, 5, 1, 5])
_PLANES = 6

_LEVELS = (np.arange(_BINS) + 0.5) * (256 / _BINS)
_LIGHT_OF_CODE: F32 = np.asarray((np.arange(256) / 255) ** CODE_GAMMA, np.float32).reshape(1, 256, 1)
_LIGHT_OF_CODES: F32 = np.ascontiguousarray(_LIGHT_OF_CODE.repeat(3, axis=2))
Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Photometry:
    """One fit. weights: f64 (3, 14), for each channel M_c, q_c and the quadratic part of o_c. cells: f64
    (gh, gw, 3), the rest of o, by cell of CELL_PX. bends: f64 (3, 16), codes that the camera's curve adds to a
    pure power, for each channel by level.
    """

    weights: F64
    cells: F64
    bends: F64

    def plates(self, light: F32) -> tuple[U8, U8]:
        """What the camera sees of a page's light f32 (h, w, 3): two pictures u8 (h, w, 3).

        The first with all of the room's light on the glass; the second with the part of it gone that a
        teacher's shadow may take.
        """
        height, width = light.shape[:2]
        plate, shaded = np.empty((height, width, 3), np.uint8), np.empty((height, width, 3), np.uint8)
        mix = np.ascontiguousarray(self.weights[:, :3], np.float32)
        _render(light, mix, self._planes((height, width)), self._curve(), plate, shaded)
        return plate, shaded

    def off_codes(self, page: F32, seen: F32) -> F64:
        """By how many codes blocks differ from what is expected, f64 (bh, bw). page, seen: as for `fit`.

        At edges of the page's drawings a slight shift is allowed for.
        """
        bh, bw = page.shape[:2]
        gh, gw = self.cells.shape[:2]
        y, x = np.mgrid[0:bh, 0:bw] * BLOCK_PX + BLOCK_PX // 2
        size_hw = (bh * BLOCK_PX, bw * BLOCK_PX)
        terms = _terms(x.ravel(), y.ravel(), size_hw)
        lit = page.reshape(-1, 3).astype(np.float64)
        mixed = np.stack([_design(terms, lit, c) @ self.weights[c] for c in range(3)], axis=1)
        mixed += self.cells.reshape(gh * gw, 3)[(y // CELL_PX * gw + x // CELL_PX).ravel()]
        expected, found = (255 * np.clip(light, 0, 1) ** (1 / CODE_GAMMA) for light in (mixed, seen.reshape(-1, 3)))
        for c in range(3):
            expected[:, c] += np.interp(expected[:, c], _LEVELS, self.bends[c])
        off = np.abs(expected - found).max(axis=1).reshape(bh, bw)
        return np.asarray(off * _flatness(page))

    def _planes(self, size_hw: tuple[int, int]) -> F32:
        """q (3) and o (3) at the middles of cells, f32 (gh, gw, 6)."""
        gh, gw = self.cells.shape[:2]
        y, x = np.mgrid[0:gh, 0:gw] * float(CELL_PX) + (CELL_PX - 1) / 2
        terms = _terms(x.ravel(), y.ravel(), size_hw)
        gain, room = terms[:, 1:] @ self.weights[:, 3:8].T, terms @ self.weights[:, 8:].T
        fields = [gain.reshape(gh, gw, 3), room.reshape(gh, gw, 3) + self.cells]
        return np.ascontiguousarray(np.dstack(fields), np.float32)

    def _curve(self) -> F32:
        """Light 0 to 1 in CURVE_STEPS to code, f32 (3, CURVE_STEPS)."""
        codes = 255 * np.linspace(0, 1, CURVE_STEPS) ** (1 / CODE_GAMMA)
        return np.asarray([codes + np.interp(codes, _LEVELS, bend) for bend in self.bends], np.float32)


def first_guess() -> F64:
    """A camera that sees the page's colours as they are, under a little room light: f64 (3, 14)."""
    weights = np.zeros((3, _UNKNOWNS))
    weights[:, :3] = 0.85 * np.eye(3)
    weights[:, 8] = 0.01
    return weights


def block_means(picture: F32) -> F32:
    """Means over blocks of BLOCK_PX, f32 (h // BLOCK_PX, w // BLOCK_PX, 3)."""
    rows, columns = picture.shape[0] // BLOCK_PX, picture.shape[1] // BLOCK_PX
    whole = picture[: rows * BLOCK_PX, : columns * BLOCK_PX]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def seen_light(rgb: U8) -> F32:
    """The camera's codes u8 (h, w, 3) as light, were its curve a pure power; f32 (h, w, 3), 0 to 1."""
    return np.asarray(cv2.LUT(rgb, _LIGHT_OF_CODES), np.float32)


def fit(page: F32, seen: F32, sure: U8, size_hw: tuple[int, int], before: Photometry | None) -> Photometry | None:
    """Fits the model to one frame; None when too little of the page is in sight.

    page, seen: f32 (bh, bw, 3), block means of the page's light and of the camera's. sure: u8 (bh, bw), above
    0 where the page is seen without the teacher. size_hw: of the LCD's box in camera pixels.
    """
    rows, columns = np.nonzero(sure)
    if len(rows) < MIN_BLOCKS:
        return None
    y, x = rows * BLOCK_PX + BLOCK_PX // 2, columns * BLOCK_PX + BLOCK_PX // 2
    grid_hw = -(-size_hw[0] // CELL_PX), -(-size_hw[1] // CELL_PX)
    cell = y // CELL_PX * grid_hw[1] + x // CELL_PX
    flat = _flatness(page)[rows, columns]
    lit, target = page[rows, columns].astype(np.float64), seen[rows, columns].astype(np.float64)
    even = _rarity(lit) * flat
    guess, known = (first_guess(), 1.0) if before is None else (before.weights, _KNOWN_BETTER)
    ridge = np.diag(known * (_NOISE / _DEVIATIONS) ** 2)
    terms = _terms(x, y, size_hw)
    designs = [_design(terms, lit, channel) for channel in range(3)]
    # Errors count in codes: how many codes a step of light is at this level.
    steep = 255 / CODE_GAMMA * np.maximum(target.mean(axis=1), 0.003) ** (1 / CODE_GAMMA - 1)
    cells, trust = np.zeros((grid_hw[0] * grid_hw[1], 3)), np.ones(len(y))
    for least in _SPREADS:
        weights = _solve(designs, target - cells[cell], trust * even * steep**2, ridge, guess)
        mixed = np.stack([design @ row for design, row in zip(designs, weights, strict=True)], axis=1)
        cells = _cell_means(target - mixed, trust * flat * steep**2, cell, grid_hw)
        mixed += cells[cell]
        off = np.abs(target - mixed).max(axis=1) * steep
        trust = 1 / (1 + (off / max(least, 3 * float(np.median(off)))) ** 2)
    bends = np.zeros((3, _BINS)) if before is None else before.bends
    return Photometry(weights, cells.reshape(*grid_hw, 3), _bends(mixed, target, trust * even * flat, bends))


def _flatness(page: F32) -> F64:
    """Weights of blocks, 1 where the neighbours are alike, f64 (bh, bw)."""
    code = np.asarray(255 * page.mean(axis=2) ** np.float32(1 / CODE_GAMMA), np.float32)
    around = np.ones((3, 3), np.uint8)
    step = cv2.dilate(code, around) - cv2.erode(code, around)
    return np.asarray(1 / (1 + (step / _SHARP) ** 2), np.float64)


def _solve(designs: list[F64], seen: F64, weight: F64, ridge: F64, guess: F64) -> F64:
    """Weighted least squares held near the guess, for each channel: f64 (3, 14)."""
    weights = np.empty_like(guess)
    for c, design in enumerate(designs):
        scaled = design * weight[:, None]
        rest = seen[:, c] - design @ guess[c]
        weights[c] = guess[c] + np.linalg.solve(scaled.T @ design + ridge, scaled.T @ rest)
    return weights


def _design(terms: F64, page: F64, channel: int) -> F64:
    """What the 14 unknowns of a channel are multiplied by, f64 (n, 14)."""
    return np.concatenate([page, terms[:, 1:] * page[:, channel : channel + 1], terms], axis=1)


def _terms(x: npt.ArrayLike, y: npt.ArrayLike, size_hw: tuple[int, ...]) -> F64:
    """1, u, v, u^2, uv, v^2 with u, v from -1 to 1 over the LCD's box, f64 (n, 6)."""
    u = np.asarray(x, np.float64) * (2 / size_hw[1]) - 1
    v = np.asarray(y, np.float64) * (2 / size_hw[0]) - 1
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)


def _rarity(page: F64) -> F64:
    """Weights, mean 1, that let a small coloured drawing count beside much white paper, f64 (n,)."""
    steps = np.minimum((np.sqrt(page) * 6).astype(np.intp), 5)
    colour = (steps[:, 0] * 6 + steps[:, 1]) * 6 + steps[:, 2]
    rarity = 1 / np.sqrt(np.bincount(colour, minlength=216)[colour])
    return np.asarray(rarity / rarity.mean())


def _bends(mixed: F64, target: F64, weight: F64, known: F64) -> F64:
    """What the camera's curve adds to the code of a pure power, by level: f64 (3, 16). Unseen levels: as known."""
    bends = np.empty_like(known)
    for c in range(3):
        coded, codes = (255 * np.clip(light[:, c], 0, 1) ** (1 / CODE_GAMMA) for light in (mixed, target))
        index = np.minimum((coded * (_BINS / 256)).astype(np.intp), _BINS - 1)
        count = np.bincount(index, weight, _BINS)
        sums = np.bincount(index, weight * (codes - coded), _BINS)
        bends[c] = (sums + _BIN_PRIOR * known[c]) / (count + _BIN_PRIOR)
    return bends


def _cell_means(missed: F64, weight: F64, cell: Index, grid_hw: tuple[int, int]) -> F64:
    """What is missed, in light, averaged over cells and their neighbours, f64 (gh * gw, 3)."""
    count = grid_hw[0] * grid_hw[1]
    planes = [np.bincount(cell, weight * missed[:, c], count) for c in range(3)]
    sums = np.stack([*planes, np.bincount(cell, weight, count)], axis=1).reshape(*grid_hw, 4)
    soft = cv2.GaussianBlur(sums, (0, 0), 0.8, borderType=cv2.BORDER_REFLECT).reshape(count, 4)
    return np.asarray(soft[:, :3] / (soft[:, 3:] + _CELL_PRIOR))


@compiled(fastmath=True)
def _render(light: F32, mix: F32, planes: F32, curve: F32, plate: U8, shaded: U8) -> None:
    """Evaluates the model at each pixel; the planes are interpolated between cells, row by row."""
    height, width = light.shape[:2]
    gh, gw = planes.shape[:2]
    row = np.empty((gw + 1, _PLANES), np.float32)
    last = np.float32(curve.shape[1] - 1)
    zero, one, full, half = np.float32(0), np.float32(1), np.float32(255), np.float32(0.5)
    step = np.float32(1 / CELL_PX)
    for y in range(height):
        at = min(max((y + 0.5) / CELL_PX - 0.5, 0.0), gh - 1.0)
        top = min(int(at), max(gh - 2, 0))
        bottom, low = min(top + 1, gh - 1), np.float32(at - top)
        for i in range(gw):
            for k in range(_PLANES):
                row[i, k] = planes[top, i, k] + low * (planes[bottom, i, k] - planes[top, i, k])
        row[gw] = row[gw - 1]
        for x in range(width):
            across = min(max((np.float32(x) + half) * step - half, zero), np.float32(gw - 1))
            left = np.uint32(across)
            w = across - np.float32(left)
            here, after = row[left], row[left + np.uint32(1)]
            r, g, b = light[y, x, 0], light[y, x, 1], light[y, x, 2]
            for c in range(3):
                gain = here[c] + w * (after[c] - here[c])
                room = here[3 + c] + w * (after[3 + c] - here[3 + c])
                mixed = mix[c, 0] * r + mix[c, 1] * g + mix[c, 2] * b + gain * light[y, x, c]
                code = curve[c, np.uint32(min(max(mixed + room, zero), one) * last)]
                plate[y, x, c] = np.uint8(min(max(code, zero), full) + half)
                # A teacher's shadow takes up to half of the room's light, and none of the page's.
                dim = mixed + min(room, half * room)
                dark = curve[c, np.uint32(min(max(dim, zero), one) * last)]
                shaded[y, x, c] = np.uint8(min(max(dark, zero), full) + half)
