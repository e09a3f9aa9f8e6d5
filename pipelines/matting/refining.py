"""Refining: the network's alpha, corrected by what is known of the LCD behind.

The plate says what the camera would see with nobody there. Where the picture differs and the network saw
nobody (a pointer, a lost arm), where it agrees and the network claims somebody (a pictured person), and along
every edge, a small network of the project's own decides (models/weights). It looks at tiles along that band
only. What the plate cannot be trusted with stays the network's: trust comes with the plate, by tile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from pipelines.matting.banding import Band, find_band
from pipelines.matting.calming import calm
from pipelines.matting.cells import CELL_PX
from pipelines.matting.colouring import Canvas, by_plane, colour, expected_light
from pipelines.matting.completing import show
from pipelines.matting.evidence import ANSWERS, FEATURES, accept, gather
from pipelines.matting.light import PURE, Tables
from pipelines.matting.lines import split_part
from pipelines.matting.planes import Behind, Planes, overlap
from pipelines.matting.quality import MinuteMean, quality
from pipelines.matting.settling import settle
from pipelines.matting.shading import Shadow, shade
from pipelines.matting.tiling import TILE_PX, Tile, place_tiles
from pipelines.media import (
    EMPTY_BOX,
    F32,
    PTS_HZ,
    TRUST_TILE_PX,
    U8,
    Box,
    Frame,
    Matte,
    Prediction,
    freeze,
)

LEAST_TRUST = 0.3  # around the teacher: below, the plate says nothing of the matte
MOST_PX = 1_500_000  # of tiles: more, and the plate is wrong, whatever its trust says
FORGET_S = 0.25  # the alpha before is of no use any more
SEEN_S = 1.0  # nor the picture before, to tell what has gone from it


class Net(Protocol):
    """What is asked of `models.refiner_net.RefinerNet`."""

    def answer(self, features: F32) -> F32: ...


class Refiner:
    """Refines mattes of one size. For one thread, one camera.

    predict: the plate of this matte's frame, None when it is not known. trust: 0 to 1, mean of the plate's
    around the teacher in the newest frame; at 0 the matte is the network's. tiles: how many were looked at.
    quality: of the newest matte, see pipelines/matting/quality.py; of_minute: is told it, for its mean over
    the last minute.
    """

    def __init__(
        self,
        net: Net,
        predict: Callable[[Matte], Prediction | None],
        of_minute: MinuteMean | None = None,
    ) -> None:
        self._net, self._predict = net, predict
        self._planes = Planes(EMPTY_BOX)
        self._behind: Behind | None = None
        self._rgb_before: U8 | None = None
        self._seen_before: U8 | None = None
        self._seen_pts = 0
        self._before_pts: int | None = None
        self._features: F32 = np.empty(FEATURES * TILE_PX**2, np.float32)
        self._tone: F32 | None = None
        self._tables = PURE  # of this tone
        self.trust = 0.0
        self.tiles = 0
        self.quality: float | None = None
        self._of_minute = of_minute or MinuteMean()

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
        planes, behind = self._planes_of(prediction), self._behind_of(prediction)
        rgb = np.ascontiguousarray(matte.frame.rgb)
        planes.take(matte)
        remembers = self._remembers(matte)
        if not remembers:
            np.copyto(planes.before, planes.coarse)
        known = rgb, planes, behind, prediction, self._recently_seen(matte.pts)
        band = find_band(*known, matte.stale_s, remembers=remembers)
        # With what `planes` keeps of this matte, whatever becomes of it.
        self._seen_before, self._seen_pts = band.seen, matte.pts
        self.trust = band.trust
        tiles = place_tiles(band.cells, planes.coarse.shape)
        if not tiles or sum(tile.seen.w * tile.seen.h for tile in tiles) > MOST_PX:
            return None
        sights = [_Sight.of(tile, rgb, prediction, band.shadow) for tile in tiles]
        tables = self._tables_of(prediction)
        own_light = by_plane(expected_light(band.seen, planes.cells, tables))
        for sight in sights:
            self._answer(sight, band.weight, behind.sigma, own_light)
        self._calm(sights, remembers)
        self.tiles, self._before_pts = len(tiles), matte.pts
        self._rgb_before = rgb
        told = self.trust >= LEAST_TRUST
        self.quality = quality(planes.off, planes.least, planes.most, behind.contrast) if told else None
        expected = expected_light(band.seen, planes.cells, tables)
        if prediction.tone is not None:
            self._settle(sights, band.weight, behind.sigma, expected)
        return self._matte(matte, rgb, behind.sigma, band, sights, expected)

    def _calm(self, sights: list[_Sight], remembers: bool) -> None:
        """Alpha of what stands still stays nearer to that of the frame before; then it is told by cell."""
        planes = self._planes
        for sight in sights:
            if self._rgb_before is not None and remembers:
                before = _cut(self._rgb_before, planes.box, sight.tile.seen)
                calm(sight.rgb, before, planes.before, *sight.tile, planes.pha)
            planes.look(planes.pha, sight.tile.part)

    def _matte(
        self, matte: Matte, rgb: U8, sigma: U8, band: Band, sights: list[_Sight], expected: F32
    ) -> Matte:
        """With the alpha that the planes have now, and the teacher's own colour. rgb: the camera's."""
        planes = self._planes
        out = self._box(matte.box, [sight.tile for sight in sights])
        pha, fgr = _in_box(matte, out)
        part, inner = overlap(planes.box, out)
        pha[inner.slices] = planes.pha[part.slices]
        canvas = Canvas(fgr, out.y - planes.box.y, out.x - planes.box.x)
        show(band.solid, rgb[planes.box.slices], canvas)
        for tile, seen_rgb, plate in sights:
            pictures = seen_rgb, plate, sigma, planes.pha
            colour(*pictures, band.weight, expected, *tile, canvas, self._tables)
        freeze(pha)
        freeze(fgr)
        return Matte(matte.frame, out, pha, fgr, matte.carried_pts)

    def _planes_of(self, prediction: Prediction) -> Planes:
        if self._planes.box != prediction.box:
            self._planes, self._before_pts, self._seen_before = Planes(prediction.box), None, None
        return self._planes

    def _behind_of(self, prediction: Prediction) -> Behind:
        if self._behind is None or not self._behind.is_of(prediction):
            self._behind = Behind(prediction)
        return self._behind

    def _tables_of(self, prediction: Prediction) -> Tables:
        if prediction.tone is not self._tone:
            self._tone = prediction.tone
            self._tables = PURE if self._tone is None else Tables.of(self._tone)
        return self._tables

    def _recently_seen(self, pts: int) -> U8 | None:
        """Cells of the picture before; None where there is none, or none of late."""
        return self._seen_before if 0 < pts - self._seen_pts <= SEEN_S * PTS_HZ else None

    def _remembers(self, matte: Matte) -> bool:
        before = self._rgb_before
        if self._before_pts is None or before is None or before.shape != matte.frame.rgb.shape:
            return False
        return 0 < matte.pts - self._before_pts <= FORGET_S * PTS_HZ

    def _answer(self, sight: _Sight, weight: F32, sigma: U8, own_light: F32) -> None:
        """One tile at a time: so its features stay in the processor's cache until they are asked about."""
        planes, (seen, part) = self._planes, sight.tile
        shape = 1, FEATURES * 4, seen.h // 2, seen.w // 2
        features = self._features[: FEATURES * seen.h * seen.w].reshape(shape)
        known = sigma, planes.coarse, planes.before, own_light, self._tables
        gather(sight.rgb, sight.plate, *known, seen.y, seen.x, features[0])
        answer = self._net.answer(features)[0]
        accept(answer, sight.plate, planes.coarse, weight, seen, part, planes.pha)

    def _settle(self, sights: list[_Sight], weight: F32, sigma: U8, expected: F32) -> None:
        """After the score was taken: this moves what is soft anyway, which says little to it."""
        own_light = by_plane(expected)
        for tile, rgb, plate in sights:
            settle(rgb, plate, sigma, weight, own_light, *tile, self._tables, self._planes.pha)

    def _box(self, old: Box, tiles: list[Tile]) -> Box:
        """The old matte's box and every tile looked at, in the camera's picture."""
        origin = self._planes.box
        x0 = min(old.x, origin.x + min(seen.x for seen, _ in tiles))
        y0 = min(old.y, origin.y + min(seen.y for seen, _ in tiles))
        x1 = max(old.x + old.w, origin.x + max(seen.x + seen.w for seen, _ in tiles))
        y1 = max(old.y + old.h, origin.y + max(seen.y + seen.h for seen, _ in tiles))
        return Box(x0, y0, x1 - x0, y1 - y0)


class _Sight(NamedTuple):
    """A tile's pictures, planes u8 (3, h, w): the camera's, and the plate under the teacher's shadow."""

    tile: Tile
    rgb: U8
    plate: U8

    @classmethod
    def of(cls, tile: Tile, rgb: U8, prediction: Prediction, shadow: Shadow) -> _Sight:
        """rgb: the camera's whole picture."""
        seen = tile.seen
        plate: U8 = np.empty((3, seen.h, seen.w), np.uint8)
        shade(prediction.rgb, prediction.room, shadow, seen.y, seen.x, plate)
        return cls(tile, _cut(rgb, prediction.box, seen), plate)


def _cut(rgb: U8, box: Box, part: Box) -> U8:
    """A part of a box of the camera's picture, planes u8 (3, h, w)."""
    planes: U8 = np.empty((3, part.h, part.w), np.uint8)
    split_part(rgb, box.y + part.y, box.x + part.x, planes)
    return planes


def _in_box(matte: Matte, box: Box) -> tuple[U8, U8]:
    """New arrays of the matte's alpha and colour in a larger box, with the camera's colour beyond the old."""
    pha: U8 = np.zeros((box.h, box.w), np.uint8)
    fgr = np.array(matte.frame.rgb[box.slices])
    _, old = overlap(matte.box, box)
    pha[old.slices], fgr[old.slices] = matte.pha, matte.fgr
    return pha, fgr


def warm_up_refining() -> None:
    """Compiles the loops over pixels, or loads them from the cache: call it before the first frame is due."""
    size = TILE_PX + CELL_PX
    box = Box(0, 0, size, size)
    rgb: U8 = np.zeros((size, size, 3), np.uint8)
    pha: U8 = np.zeros((size, size), np.uint8)
    pha[:, size // 2 :] = 255
    tiles = -(-size // TRUST_TILE_PX)
    trust: U8 = np.full((tiles, tiles), 255, np.uint8)
    doubt: U8 = np.zeros((size, size), np.uint8)
    for array in (rgb, pha, doubt):
        freeze(array)
    known = Prediction(box, rgb, doubt, trust, pha, PURE.light)
    refiner = Refiner(_NoChange(), lambda _: known)
    for pts in (0, 1):  # the second remembers the first
        refiner(Matte(Frame(rgb, pts, 0), box, pha, rgb))


class _NoChange:
    """A network that adds nothing. Satisfies Net."""

    def answer(self, features: F32) -> F32:
        return np.zeros((len(features), ANSWERS * 4, *features.shape[2:]), np.float32)
