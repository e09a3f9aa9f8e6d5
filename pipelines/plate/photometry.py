"""How the LCD's light becomes the camera's codes, learnt from what the camera sees of the page itself.

Model, for each channel c of the camera: light = M_c . page + q_c(x, y) page_c + o_c(x, y), with a colour
mix M, quadratic q (brightness, vignetting) and o (room light on the glass: quadratic, plus a grid of cells
for the reflections of windows); code = curve(light). Fitted on means over blocks of pixels, which a shift of
a pixel hardly changes, of sure background, with weights that outliers lose (Cauchy) and rare colours gain. A
page of few colours does not tell all unknowns apart, so they are held near what was known before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import F32, F64, U8, SizeWh, length_scale

CODE_GAMMA = 2.2
CELL_PX = 32  # of the camera's picture: everything soft is kept on this grid
BLOCK_PX = 8  # for a picture of 720 rows
MANY_BLOCKS = 4_000  # an LCD that is wider than half of a lying picture has more
MIN_BLOCKS = 600  # of so many
LEAST_CONTRAST = 0.1  # of white and black pages; a page turned inside out would fit as well otherwise
MOST_ROOM_LIGHT = 0.5
CURVE_STEPS = 8_192

_SPREADS = (16.0, 6.0, 3.0, 2.0)  # codes: what counts as an outlier, round by round, at least
_SAY = 0.3
LEVELS = 16
_BIN_PRIOR = 6.0  # blocks
_SHARP = 30.0  # codes between neighbouring blocks that make one count half
_CELL_PRIOR = 40_000.0  # a block of middle grey weighs this much
_KNOWN_BETTER = 10.0  # how much closer to an earlier fit than to the first guess
_NOISE = 2.0  # codes
_TERMS = 6  # 1, u, v, u^2, uv, v^2
UNKNOWNS = 3 + 5 + _TERMS  # M_c; q_c without its constant, which M has; o_c
# Expected deviations from the guess, in light.
DEVIATIONS = np.repeat([0.15, 0.1, 0.03, 0.02], [3, 5, 1, 5])
_PLANES = 6
_COLOURS = 6**3
_ENOUGH = 3  # blocks of a colour, to say that it was seen
_MOST_OFF = 25.0  # codes: what is held before the page must not count for more
_NEAR_DOUBT, _DOUBT = 8.0, 60.0  # codes, of colours that were not seen: close to one that was, or not
_AGED_DOUBT = 4.0  # codes, more for a colour that was seen before, and is not now

CENTRES = (np.arange(LEVELS) + 0.5) * (256 / LEVELS)
_LIGHT_OF_CODE: F32 = np.asarray((np.arange(256) / 255) ** CODE_GAMMA, np.float32).reshape(1, 256, 1)
_LIGHT_OF_CODES: F32 = np.ascontiguousarray(_LIGHT_OF_CODE.repeat(3, axis=2))
Index = npt.NDArray[np.intp]


class Blocks(NamedTuple):
    """The LCD's box cut into square blocks, from its top left corner on. What remains is left out."""

    size_hw: tuple[int, int]
    block_px: int

    @classmethod
    def of(cls, size_hw: tuple[int, int], camera_wh: SizeWh) -> Blocks:
        return cls(size_hw, max(2, round(BLOCK_PX * length_scale(camera_wh))))

    @property
    def hw(self) -> tuple[int, int]:
        return self.size_hw[0] // self.block_px, self.size_hw[1] // self.block_px

    @property
    def fine(self) -> Blocks:
        """Half as large where the LCD is small in the picture: small fields would have no flat block."""
        return self if self.number >= MANY_BLOCKS else Blocks(self.size_hw, max(2, self.block_px // 2))

    @property
    def number(self) -> int:
        return self.hw[0] * self.hw[1]

    def least(self, of_many: int) -> int:
        """How many are enough, where so many of MANY_BLOCKS are: the same share of an LCD that has fewer,
        and never none."""
        return max(1, min(of_many, of_many * self.number // MANY_BLOCKS))

    @property
    def grid_hw(self) -> tuple[int, int]:
        """Cells of CELL_PX that cover the box."""
        return -(-self.size_hw[0] // CELL_PX), -(-self.size_hw[1] // CELL_PX)

    def means(self, picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Means over blocks (bh, bw, ...) of a picture of the box."""
        rows, columns = self.hw
        whole = picture[: rows * self.block_px, : columns * self.block_px]
        return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), picture.dtype)

    def spread(self, values: U8) -> U8:
        """A picture u8 (h, w, ...) of the box, values (bh, bw, ...) interpolated between the blocks."""
        rows, columns = self.hw
        size_wh = columns * self.block_px, rows * self.block_px
        grown = cv2.resize(values, size_wh, interpolation=cv2.INTER_LINEAR)
        bottom, right = self.size_hw[0] - size_wh[1], self.size_hw[1] - size_wh[0]
        return np.asarray(cv2.copyMakeBorder(grown, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.uint8)

    def centres(self) -> tuple[Index, Index]:
        """Rows and columns of the blocks' middles, row by row, (bh * bw,) each."""
        y, x = np.mgrid[0 : self.hw[0], 0 : self.hw[1]] * self.block_px + self.block_px // 2
        return y.ravel(), x.ravel()

    def cells(self, y: Index, x: Index) -> Index:
        """Numbers of the cells of CELL_PX that pixels are in."""
        return np.asarray(y // CELL_PX * self.grid_hw[1] + x // CELL_PX)


@dataclass(frozen=True, slots=True, eq=False)
class Photometry:
    """One fit. weights: f64 (3, 14), for each channel M_c, q_c and the quadratic part of o_c.

    cells: f64 (gh, gw, 3), the rest of o, by cell of CELL_PX. bends: f64 (3, 16), codes that the camera's
    curve adds to a pure power, for each channel by level. strokes: f64 (3, 16), what pixels add to that where
    blocks do not tell, see levels.py; of the plate alone.
    """

    weights: F64
    cells: F64
    bends: F64
    strokes: F64 = field(default_factory=lambda: np.zeros((3, LEVELS)))

    def plate(self, light: F32) -> U8:
        """What the camera sees of a page's light f32 (h, w, 3): u8 (h, w, 3)."""
        height, width = light.shape[:2]
        plate = np.empty((height, width, 3), np.uint8)
        mix = np.ascontiguousarray(self.weights[:, :3], np.float32)
        _render(light, mix, self._planes((height, width)), self._curve(), plate)
        return plate

    def room_share(self, plate: U8) -> U8:
        """How much of the plate's light the lamps give, 255 all: u8 (h, w). plate: u8 (h, w, 3)."""
        share = np.empty(plate.shape[:2], np.uint8)
        room = np.ascontiguousarray(self._planes(plate.shape[:2])[..., 3:].mean(axis=2))
        _room_share(plate, room, np.ascontiguousarray(_LIGHT_OF_CODE.ravel()), share)
        return share

    def off_codes(self, page: F32, seen: F32, blocks: Blocks) -> F64:
        """By how many codes blocks differ from what is expected, f64 (bh, bw). page, seen: as for `fit`.

        At edges of the page's drawings a slight shift is allowed for.
        """
        expected, found = (coded(light.reshape(-1, 3)) for light in (self.expected(page, blocks), seen))
        for c in range(3):
            expected[:, c] += np.interp(expected[:, c], CENTRES, self.bends[c])
        off = np.abs(expected - found).max(axis=1).reshape(page.shape[:2])
        return np.asarray(off * flatness(page))

    def expected(self, page: F32, blocks: Blocks) -> F64:
        """Light that the camera should see of a page, f64 (bh, bw, 3). page: as for `fit`."""
        y, x = blocks.centres()
        terms, cell = terms_at(x, y, blocks.size_hw), blocks.cells(y, x)
        lit, own = page.reshape(-1, 3).astype(np.float64), self.cells.reshape(-1, 3)
        mixed = np.stack([design(terms, lit, c) @ self.weights[c] for c in range(3)], axis=1)
        return np.asarray((mixed + own[cell]).reshape(page.shape))

    def straight(self, seen: F32) -> tuple[F64, F64]:
        """What blocks show, on the scale of `expected`: f64 (bh, bw, 3); and codes per light there, f64
        (bh, bw), less where neighbours differ. seen: as for `fit`.
        """
        light = _straightened(coded(seen.reshape(-1, 3)), self.bends).reshape(seen.shape)
        return light, steepness(light.mean(axis=2)) * np.sqrt(flatness(seen))

    def _planes(self, size_hw: tuple[int, int]) -> F32:
        """q (3) and o (3) at the middles of cells, f32 (gh, gw, 6)."""
        gh, gw = self.cells.shape[:2]
        y, x = np.mgrid[0:gh, 0:gw] * float(CELL_PX) + (CELL_PX - 1) / 2
        terms = terms_at(x.ravel(), y.ravel(), size_hw)
        gain, room = terms[:, 1:] @ self.weights[:, 3:8].T, terms @ self.weights[:, 8:].T
        fields = [gain.reshape(gh, gw, 3), room.reshape(gh, gw, 3) + self.cells]
        return np.ascontiguousarray(np.dstack(fields), np.float32)

    def _curve(self) -> F32:
        """Light 0 to 1 in CURVE_STEPS to code, f32 (3, CURVE_STEPS)."""
        codes = 255 * np.linspace(0, 1, CURVE_STEPS) ** (1 / CODE_GAMMA)
        bends = self.bends + self.strokes
        return np.asarray([codes + np.interp(codes, CENTRES, bend) for bend in bends], np.float32)


def first_guess() -> F64:
    """A camera that sees the page's colours as they are, under a little room light: f64 (3, 14)."""
    weights = np.zeros((3, UNKNOWNS))
    weights[:, :3] = 0.85 * np.eye(3)
    weights[:, 8] = 0.01
    return weights


def first_doubts() -> F64:
    """`doubts_by_colour` before anything was seen."""
    return np.full(_COLOURS, _DOUBT)


def doubts_by_colour(page: F32, off: F64, sure: U8, before: F64) -> F64:
    """How far the prediction may be wrong, in codes, by coarse colour of the page, f64 (216,): what comes out
    otherwise than expected wherever it is seen, and what was not seen, now or before. off: of `off_codes`.
    before: of an earlier picture in the same light.
    """
    colours, seen = _colours(page.reshape(-1, 3)), sure.ravel() > 0
    count = np.bincount(colours[seen], minlength=_COLOURS)
    sums = np.bincount(colours[seen], np.minimum(off.ravel()[seen], _MOST_OFF), _COLOURS)
    known = np.asarray(count >= _ENOUGH, np.uint8).reshape(6, 6, 6)
    near = np.pad(known, 1)
    for axis in range(3):
        near = np.maximum(near, np.maximum(np.roll(near, 1, axis), np.roll(near, -1, axis)))
    doubt = np.where(near[1:-1, 1:-1, 1:-1].ravel() > 0, _NEAR_DOUBT, _DOUBT)
    doubt = np.minimum(doubt, before + _AGED_DOUBT)
    doubt[count >= _ENOUGH] = (sums / np.maximum(count, 1))[count >= _ENOUGH]
    return np.asarray(doubt, np.float64)


def doubts(page: F32, by_colour: F64) -> F64:
    """The same by block, f64 (bh, bw)."""
    return np.asarray(by_colour[_colours(page.reshape(-1, 3))].reshape(page.shape[:2]))


def seen_light(rgb: U8) -> F32:
    """The camera's codes u8 (h, w, 3) as light, were its curve a pure power; f32 (h, w, 3), 0 to 1."""
    return np.asarray(cv2.LUT(rgb, _LIGHT_OF_CODES), np.float32)


def fit(page: F32, seen: F32, sure: U8, blocks: Blocks, before: Photometry | None) -> Photometry | None:
    """Fits the model to one frame; None when too little of the page is in sight, or no LCD is like that.

    page, seen: f32 (bh, bw, 3), block means of the page's light and of the camera's. sure: u8 (bh, bw), above
    0 where the page is seen without the teacher.
    """
    chosen = np.flatnonzero(sure)
    if len(chosen) < max(blocks.least(MIN_BLOCKS), UNKNOWNS):
        return None
    y, x = (axis[chosen] for axis in blocks.centres())
    grid_hw, cell = blocks.grid_hw, blocks.cells(y, x)
    flat = flatness(page).ravel()[chosen]
    lit, target = (means.reshape(-1, 3)[chosen].astype(np.float64) for means in (page, seen))
    even = rarity_of(lit) * flat
    guess, known = (first_guess(), 1.0) if before is None else (before.weights, _KNOWN_BETTER)
    ridge = np.diag(known * (_NOISE / DEVIATIONS) ** 2)
    terms = terms_at(x, y, blocks.size_hw)
    designs = [design(terms, lit, channel) for channel in range(3)]
    # Errors count in codes: how many codes a step of light is at this level.
    steep = steepness(target.mean(axis=1))
    codes, bends = coded(target), np.zeros((3, LEVELS)) if before is None else before.bends
    cells, trust = np.zeros((grid_hw[0] * grid_hw[1], 3)), np.ones(len(y))
    for least in _SPREADS:
        target = _straightened(codes, bends)
        weights = _solve(designs, target - cells[cell], trust * even * steep**2, ridge, guess)
        mixed = np.stack([design @ row for design, row in zip(designs, weights, strict=True)], axis=1)
        # A window's reflection looks like many outliers side by side: they keep a say about their own cell.
        cells = _cell_means(target - mixed, np.maximum(trust, _SAY) * flat * steep**2, cell, grid_hw)
        mixed += cells[cell]
        off = np.abs(target - mixed).max(axis=1) * steep
        trust = 1 / (1 + (off / max(least, 3 * float(np.median(off)))) ** 2)
        bends = _bends(coded(mixed), codes, trust * even * flat, bends)
    if weights[:, :3].sum(axis=1).min() < LEAST_CONTRAST or weights[:, 8].max() > MOST_ROOM_LIGHT:
        return None
    return Photometry(weights, cells.reshape(*grid_hw, 3), bends)


def steepness(light: F64) -> F64:
    """Codes per light."""
    return np.asarray(255 / CODE_GAMMA * np.maximum(light, 0.003) ** (1 / CODE_GAMMA - 1))


def flatness(page: F32) -> F64:
    """Weights of blocks, 1 where the neighbours are alike, f64 (bh, bw)."""
    code = np.asarray(255 * page.mean(axis=2) ** np.float32(1 / CODE_GAMMA), np.float32)
    around = np.ones((3, 3), np.uint8)
    step = cv2.dilate(code, around) - cv2.erode(code, around)
    return np.asarray(1 / (1 + (step / _SHARP) ** 2), np.float64)


def _solve(designs: list[F64], seen: F64, weight: F64, ridge: F64, guess: F64) -> F64:
    """Weighted least squares held near the guess, f64 (3, 14)."""
    weights = np.empty_like(guess)
    for c, design in enumerate(designs):
        scaled = design * weight[:, None]
        rest = scaled.T @ (seen[:, c] - design @ guess[c])
        weights[c] = guess[c] + np.linalg.solve(scaled.T @ design + ridge, rest)
    return weights


def coded(light: npt.NDArray[np.floating]) -> F64:
    return np.asarray(255 * np.clip(light, 0, 1) ** (1 / CODE_GAMMA), np.float64)


def design(terms: F64, page: F64, channel: int) -> F64:
    """What the 14 unknowns of a channel are multiplied by, f64 (n, 14)."""
    return np.concatenate([page, terms[:, 1:] * page[:, channel : channel + 1], terms], axis=1)


def terms_at(x: npt.ArrayLike, y: npt.ArrayLike, size_hw: tuple[int, ...]) -> F64:
    """1, u, v, u^2, uv, v^2 with u, v from -1 to 1 over the LCD's box, f64 (n, 6)."""
    u = np.asarray(x, np.float64) * (2 / size_hw[1]) - 1
    v = np.asarray(y, np.float64) * (2 / size_hw[0]) - 1
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)


def _colours(page: npt.NDArray[np.floating]) -> Index:
    """Numbers of coarse colours, 0 to _COLOURS - 1, of light (n, 3)."""
    steps = np.minimum((np.sqrt(page) * 6).astype(np.intp), 5)
    return np.asarray((steps[:, 0] * 6 + steps[:, 1]) * 6 + steps[:, 2])


def rarity_of(page: F64) -> F64:
    """Weights, mean 1, that let a small coloured drawing count beside much white paper, f64 (n,)."""
    colours = _colours(page)
    rarity = 1 / np.sqrt(np.bincount(colours, minlength=_COLOURS)[colours])
    return np.asarray(rarity / rarity.mean())


def _bends(coded: F64, codes: F64, weight: F64, known: F64) -> F64:
    """What the camera's curve adds to the code of a pure power, by level, f64 (3, 16); unseen: as known."""
    bends = np.empty_like(known)
    for c in range(3):
        index = np.clip((coded[:, c] * (LEVELS / 256)).astype(np.intp), 0, LEVELS - 1)
        count = np.bincount(index, weight, LEVELS)
        sums = np.bincount(index, weight * (codes[:, c] - coded[:, c]), LEVELS)
        bends[c] = (sums + _BIN_PRIOR * known[c]) / (count + _BIN_PRIOR)
    return bends


def _straightened(codes: F64, bends: F64) -> F64:
    """The light of codes f64 (n, 3), with the camera's curve taken off."""
    plain = np.stack(
        [codes[:, c] - np.interp(codes[:, c], CENTRES + bends[c], bends[c]) for c in range(3)], axis=1
    )
    return np.asarray((np.clip(plain, 0, 255) / 255) ** CODE_GAMMA)


def _cell_means(missed: F64, weight: F64, cell: Index, grid_hw: tuple[int, int]) -> F64:
    """What is missed, in light, averaged over cells and their neighbours, f64 (gh * gw, 3)."""
    count = grid_hw[0] * grid_hw[1]
    planes = [np.bincount(cell, weight * missed[:, c], count) for c in range(3)]
    sums = np.stack([*planes, np.bincount(cell, weight, count)], axis=1).reshape(*grid_hw, 4)
    soft = cv2.GaussianBlur(sums, (0, 0), 0.8, borderType=cv2.BORDER_REFLECT).reshape(count, 4)
    return np.asarray(soft[:, :3] / (soft[:, 3:] + _CELL_PRIOR))


@compiled(fastmath=True)
def _render(light: F32, mix: F32, planes: F32, curve: F32, plate: U8) -> None:
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


@compiled(fastmath=True)
def _room_share(plate: U8, room: F32, light: F32, share: U8) -> None:
    """room: f32 (gh, gw), light by cell; of so smooth a thing the nearest cell is enough."""
    height, width = share.shape
    for y in range(height):
        for x in range(width):
            lamps = max(room[y // CELL_PX, x // CELL_PX], np.float32(0))
            total = light[plate[y, x, 0]] + light[plate[y, x, 1]] + light[plate[y, x, 2]]
            most = min(np.float32(765) * lamps / (total + np.float32(1e-4)), np.float32(255))
            share[y, x] = int(most)
