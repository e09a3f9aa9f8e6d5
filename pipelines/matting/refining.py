"""Refining: the network's alpha, corrected by what is known of the LCD behind.

The plate says what the camera would see with nobody there. Where the picture differs and the network saw
nobody (a pointer, a lost arm), where it agrees and the network claims somebody (a pictured person), and along
every edge, a small network of the project's own decides (models/weights). It looks at tiles along that band
only. What the plate cannot be trusted with stays the network's: trust comes with the plate, by tile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.matting.calming import calm
from pipelines.matting.colouring import colour, expected_light
from pipelines.matting.evidence import ANSWERS, CELL_PX, FEATURES, accept, deviation, gather, survey
from pipelines.matting.quality import BARE_CODES, CHANGED, SAME, MinuteMean, quality
from pipelines.matting.shading import shade, shadow_field
from pipelines.media import F32, PTS_HZ, TRUST_TILE_PX, U8, Box, Frame, Matte, Prediction, freeze

TILE_PX, INSET_PX = 96, 8  # what a tile's rim says is left out
RUN_TILES = 2  # at a time: features and what the network makes of them stay in the processor's cache
OWN_CELLS = 3  # from something that hangs together with the teacher: theirs as well
LEAST_TRUST = 0.3  # around the teacher: below, the plate says nothing of the matte
MOST_TILES = 170  # more, and the plate is wrong, whatever its trust says
FORGET_S = 0.25  # the alpha before is of no use any more
_BODY, _NOBODY, _ALL = 128, 5, 250
_BRIDGE_CELLS = 2 * 8 + 1
_LEAST_CELLS = 4  # of the band in a tile: the band's hem alone is not worth one
_CORE_PX = TILE_PX - 2 * INSET_PX

Mask = npt.NDArray[np.bool_]


class Net(Protocol):
    """What is asked of `models.refiner_net.RefinerNet`."""

    def answer(self, features: F32) -> F32: ...


class Refiner:
    """A refinement of the keyer. For one thread, one camera.

    predict: the plate of this matte's frame, None when it is not known. trust: 0 to 1, mean of the plate's
    around the teacher in the newest frame; at 0 the matte is the network's. tiles: how many were looked at.
    quality: of the newest matte, see pipelines/matting/quality.py; of_minute: its mean over the last minute.
    """

    def __init__(self, net: Net, predict: Callable[[Matte], Prediction | None]) -> None:
        self._net, self._predict = net, predict
        self._planes = _Planes(EMPTY)
        self._plate: U8 | None = None
        self._doubt: U8 | None = None
        self._before_pts: int | None = None
        self.trust = 0.0
        self.tiles = 0
        self.quality: float | None = None
        self._of_minute = MinuteMean()

    @property
    def of_minute(self) -> float | None:
        return self._of_minute.value

    def __call__(self, matte: Matte) -> Matte:
        prediction = self._predict(matte)  # of an empty room as well: the plate learns from it
        refined = None
        if (
            prediction is not None
            and not matte.box.is_empty
            and min(prediction.box.w, prediction.box.h) >= TILE_PX
        ):
            refined = self._refine(matte, prediction)
        if refined is None:
            self.trust, self.tiles, self.quality, self._before_pts = 0.0, 0, None, None
        self._of_minute.note(matte.pts, self.quality)
        return refined or matte

    def _refine(self, matte: Matte, prediction: Prediction) -> Matte | None:
        box = prediction.box
        if self._planes.box != box:
            self._planes, self._before_pts, self._plate = _Planes(box), None, None
        planes = self._planes
        if prediction.rgb is not self._plate or prediction.doubt is not self._doubt:
            deviation(prediction.rgb, prediction.doubt, planes.sigma)
            self._plate, self._doubt = prediction.rgb, prediction.doubt
            planes.contrast[:] = _contrast(prediction.rgb, planes.contrast.shape)
        planes.take(matte)
        rgb = planes.rgb
        remembers = self._remembers(matte.pts)
        if not remembers:
            planes.before[:] = planes.coarse
        plate = planes.shaded
        shade(prediction.rgb, prediction.room, self._shadow(rgb, prediction), plate)
        survey(rgb, plate, planes.sigma, planes.coarse, planes.off, planes.least, planes.most)
        band, own = _band(planes)
        trust = _trust_by_cell(prediction, own.shape)
        self.trust = float(trust[planes.most >= _BODY].mean()) if (planes.most >= _BODY).any() else 0.0
        weight = np.asarray(trust * (own & ~_beyond_doubt(planes)), np.float32)
        origins = _tiles(band & (weight > 0), (box.h, box.w))
        if not origins or len(origins) > MOST_TILES:
            return None
        self._run(origins, rgb, plate, weight)
        if remembers:
            for core in _cores(origins):
                calm(rgb, planes.rgb_before, planes.before, planes.pha, core)
        self._colour(origins, rgb, plate, weight)
        self.tiles, self._before_pts = len(origins), matte.pts
        planes.before[:] = planes.pha
        survey(rgb, plate, planes.sigma, planes.pha, planes.off, planes.least, planes.most)
        told = self.trust >= LEAST_TRUST
        self.quality = quality(planes.off, planes.least, planes.most, planes.contrast) if told else None
        return planes.matte(matte, origins)

    def _shadow(self, rgb: U8, prediction: Prediction) -> F32:
        planes = self._planes
        return shadow_field(rgb, prediction.rgb, prediction.room, planes.sigma, planes.coarse)

    def _remembers(self, pts: int) -> bool:
        return self._before_pts is not None and 0 < pts - self._before_pts <= FORGET_S * PTS_HZ

    def _run(self, origins: list[tuple[int, int]], rgb: U8, plate: U8, weight: F32) -> None:
        planes = self._planes
        own = expected_light(rgb, planes.coarse)
        for start in range(0, len(origins), RUN_TILES):
            run = origins[start : start + RUN_TILES]
            features = planes.features[: len(run)]
            for (y, x), out in zip(run, features, strict=True):
                gather(rgb, plate, planes.sigma, planes.coarse, planes.before, own, y, x, out)
            for (y, x), answer in zip(run, self._net.answer(features), strict=True):
                accept(answer, plate, planes.coarse, weight, y, x, INSET_PX, planes.pha)

    def _colour(self, origins: list[tuple[int, int]], rgb: U8, plate: U8, weight: F32) -> None:
        """The tiles' own colour, once alpha is known in all of them."""
        planes = self._planes
        expected = expected_light(rgb, planes.pha)
        for core in _cores(origins):
            colour(rgb, plate, planes.sigma, planes.pha, weight, expected, core, planes.fgr)


EMPTY = Box(0, 0, 0, 0)


class _Planes:
    """Buffers of one box of the camera's picture, kept from frame to frame."""

    def __init__(self, box: Box) -> None:
        self.box = box
        size_hw = (box.h, box.w)
        self.coarse, self.before, self.pha, self.sigma = (np.zeros(size_hw, np.uint8) for _ in range(4))
        self.rgb, self.rgb_before, self.fgr, self.shaded = (
            np.zeros((*size_hw, 3), np.uint8) for _ in range(4)
        )
        cells_hw = (box.h // CELL_PX, box.w // CELL_PX)
        self.off: F32 = np.zeros(cells_hw, np.float32)
        self.least, self.most, self.contrast = (np.zeros(cells_hw, np.uint8) for _ in range(3))
        side = TILE_PX // 2
        self.features: F32 = np.empty((RUN_TILES, FEATURES * 4, side, side), np.float32)

    def take(self, matte: Matte) -> None:
        """The matte's alpha and colour into the box; the camera's own colour where it has none."""
        part, inner = _overlap(matte.box, self.box)
        self.coarse[:] = 0
        self.rgb, self.rgb_before = self.rgb_before, self.rgb
        np.copyto(self.rgb, matte.frame.rgb[self.box.slices])  # in one piece, so that loops become vectors
        np.copyto(self.fgr, self.rgb)
        if not part.is_empty:
            self.coarse[inner.slices] = matte.pha[part.slices]
            self.fgr[inner.slices] = matte.fgr[part.slices]
        np.copyto(self.pha, self.coarse)

    def matte(self, matte: Matte, origins: list[tuple[int, int]]) -> Matte:
        """The refined matte: the old one's box, and every tile looked at."""
        low = np.min(origins, axis=0)
        high = np.max(origins, axis=0) + TILE_PX
        x0, y0 = min(matte.box.x, self.box.x + int(low[1])), min(matte.box.y, self.box.y + int(low[0]))
        x1 = max(matte.box.x + matte.box.w, self.box.x + int(high[1]))
        y1 = max(matte.box.y + matte.box.h, self.box.y + int(high[0]))
        box = Box(x0, y0, x1 - x0, y1 - y0)
        pha: U8 = np.zeros((box.h, box.w), np.uint8)
        fgr = np.array(matte.frame.rgb[box.slices])  # a copy, even of the whole picture
        old = Box(matte.box.x - x0, matte.box.y - y0, matte.box.w, matte.box.h)
        pha[old.slices], fgr[old.slices] = matte.pha, matte.fgr
        part, inner = _overlap(self.box, box)
        pha[inner.slices], fgr[inner.slices] = self.pha[part.slices], self.fgr[part.slices]
        freeze(pha)
        freeze(fgr)
        return Matte(matte.frame, box, pha, fgr, matte.carried_pts)


def _band(planes: _Planes) -> tuple[Mask, Mask]:
    """Cells to look at, and cells that can be the teacher's, bool (rows, columns) each."""
    body = planes.most >= _BODY
    changed = planes.off > CHANGED
    # A pointer may leave the hand where nothing is known of the wall, and reach the LCD further on.
    bridge = cv2.dilate(np.asarray(body, np.uint8), np.ones((_BRIDGE_CELLS, _BRIDGE_CELLS), np.uint8)) > 0
    linked = changed | body | (bridge & (planes.off < 0))
    near = cv2.dilate(np.asarray(linked, np.uint8), np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(near)
    ours = np.zeros(int(labels.max()) + 1, np.bool_)
    ours[np.unique(labels[body])] = True
    ours[0] = False
    joined = ours[labels] & (changed | body)
    reach = 2 * OWN_CELLS + 1
    own = (
        cv2.dilate(np.asarray(joined | (planes.most > _NOBODY), np.uint8), np.ones((reach, reach), np.uint8))
        > 0
    )
    soft = (planes.least < _ALL) & (planes.most > _NOBODY)
    missed = joined & (planes.least < _ALL)
    claimed = (planes.off >= 0) & (planes.off < SAME) & (planes.most > _NOBODY) & ~_beyond_doubt(planes)
    band = cv2.dilate(np.asarray(soft | missed | claimed, np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(band & own), np.asarray(own)


def _beyond_doubt(planes: _Planes) -> Mask:
    """Cells that are all teacher to the network, before bare paper or paint: cloth of that very colour agrees
    with the plate as well as nobody does, so agreement says nothing. Before writing it says much.
    """
    return np.asarray((planes.least >= _ALL) & (planes.contrast <= BARE_CODES))


def _trust_by_cell(prediction: Prediction, cells_hw: tuple[int, ...]) -> F32:
    """The plate's trust, f32 by cell, 0 to 1."""
    rows, columns = cells_hw
    times = TRUST_TILE_PX // CELL_PX
    tiles = prediction.trust.astype(np.float32) / np.float32(255)
    size_wh = (tiles.shape[1] * times, tiles.shape[0] * times)
    trust = cv2.resize(tiles, size_wh, interpolation=cv2.INTER_LINEAR)[:rows, :columns]
    return np.asarray(trust, np.float32)


def _contrast(plate: U8, cells_hw: tuple[int, ...]) -> U8:
    """Largest less least code of green in each cell, u8 (rows, columns)."""
    green = plate[: cells_hw[0] * CELL_PX, : cells_hw[1] * CELL_PX, 1]
    blocks = green.reshape(cells_hw[0], CELL_PX, cells_hw[1], CELL_PX)
    return np.asarray(blocks.max(axis=(1, 3)) - blocks.min(axis=(1, 3)), np.uint8)


def _tiles(band: Mask, size_hw: tuple[int, int]) -> list[tuple[int, int]]:
    """Origins y, x of tiles whose middles cover the band; all of them inside the box.

    Rows of tiles begin where the band does, and each row of tiles where its part of the band begins.
    """
    origins: list[tuple[int, int]] = []
    rows = np.flatnonzero(band.any(axis=1))
    step = _CORE_PX // CELL_PX
    while len(rows):
        first = int(rows[0])
        columns = np.flatnonzero(band[first : first + step].any(axis=0))
        while len(columns):
            y, x = first * CELL_PX - INSET_PX, int(columns[0]) * CELL_PX - INSET_PX
            if np.count_nonzero(band[first : first + step, columns[0] : columns[0] + step]) >= _LEAST_CELLS:
                origins.append((_placed(y, size_hw[0]), _placed(x, size_hw[1])))
            columns = columns[columns >= columns[0] + step]
        rows = rows[rows >= first + step]
    return origins


def _cores(origins: list[tuple[int, int]]) -> list[Box]:
    """What each tile decides."""
    return [Box(x + INSET_PX, y + INSET_PX, _CORE_PX, _CORE_PX) for y, x in origins]


def _placed(start: int, length: int) -> int:
    return min(max(start, 0), length - TILE_PX)


def _overlap(one: Box, other: Box) -> tuple[Box, Box]:
    """What two boxes share, in the coordinates of the first and of the second."""
    x0, y0 = max(one.x, other.x), max(one.y, other.y)
    w, h = min(one.x + one.w, other.x + other.w) - x0, min(one.y + one.h, other.y + other.h) - y0
    if w <= 0 or h <= 0:
        return EMPTY, EMPTY
    return Box(x0 - one.x, y0 - one.y, w, h), Box(x0 - other.x, y0 - other.y, w, h)


def warm_up_refining() -> None:
    """Compiles the loops over pixels, or loads them from the cache: call it before the first frame is due."""
    size = TILE_PX + CELL_PX
    box = Box(0, 0, size, size)
    rgb: U8 = np.zeros((size, size, 3), np.uint8)
    pha: U8 = np.zeros((size, size), np.uint8)
    pha[:, size // 2 :] = 255
    tiles = -(-size // TRUST_TILE_PX)
    trust: U8 = np.full((tiles, tiles), 255, np.uint8)
    for array in (rgb, pha):
        freeze(array)
    known = Prediction(box, rgb, np.zeros((size, size), np.uint8), trust, pha)
    Refiner(_NoChange(), lambda _: known)(Matte(Frame(rgb, 0, 0), box, pha, rgb))


class _NoChange:
    """A network that adds nothing. Satisfies Net."""

    def answer(self, features: F32) -> F32:
        return np.zeros((len(features), ANSWERS * 4, *features.shape[2:]), np.float32)
