"""What the refiner keeps from frame to frame: the plate as it looks at it, alpha by pixel and by cell."""

from __future__ import annotations

import numpy as np

from pipelines.matting.cells import CELL_PX, SAMPLES, cells_of, colour_cells, take_alpha
from pipelines.matting.completing import Mask, fill
from pipelines.matting.evidence import deviation
from pipelines.media import EMPTY_BOX, U8, Box, Matte, Prediction


class Behind:
    """What follows from a prediction alone: the same for as long as its arrays are.

    sigma: of `evidence.deviation`, u8 (h, w). colour_cells, sigma_cells, room_cells: see cells.py. contrast:
    largest less least code of green in each cell, u8 (rows, columns).
    """

    def __init__(self, prediction: Prediction) -> None:
        self._of = prediction
        self.sigma: U8 = np.empty_like(prediction.doubt)
        deviation(prediction.rgb, prediction.doubt, self.sigma)
        self.colour_cells = colour_cells(prediction.rgb)
        self.sigma_cells, self.room_cells = cells_of(self.sigma), cells_of(prediction.room)
        self.contrast = _contrast(prediction.rgb, self.sigma_cells.shape)

    def is_of(self, prediction: Prediction) -> bool:
        now, before = prediction, self._of
        return now.rgb is before.rgb and now.doubt is before.doubt and now.room is before.room


class Planes:
    """Alpha of one box of the camera's picture.

    coarse: the network's, pha: refined, before: refined, of the frame before; u8 (h, w). cells: of coarse,
    then of pha, u8 (rows, columns, 16); least, most: in each cell, u8 (rows, columns). off: see survey in
    cells.py. off_before, most_before: of the matte before.
    """

    def __init__(self, box: Box) -> None:
        self.box = box
        self.coarse, self.before, self.pha = (np.zeros((box.h, box.w), np.uint8) for _ in range(3))
        cells_hw = (box.h // CELL_PX, box.w // CELL_PX)
        self.cells: U8 = np.zeros((*cells_hw, SAMPLES), np.uint8)
        self.off, self.off_before = (np.full(cells_hw, -1, np.float32) for _ in range(2))
        self.least, self.most, self.most_before = (np.zeros(cells_hw, np.uint8) for _ in range(3))

    def take(self, matte: Matte) -> None:
        """The matte's alpha."""
        self.before, self.pha = self.pha, self.before
        self.off_before, self.off = self.off, self.off_before
        self.most_before, self.most = self.most, self.most_before
        for array in (self.coarse, self.cells, self.least, self.most):
            array[:] = 0
        part, inner = overlap(matte.box, self.box)
        if not part.is_empty:
            self.coarse[inner.slices] = matte.pha[part.slices]
            self.look(self.coarse, inner)
        np.copyto(self.pha, self.coarse)

    def complete(self, solid: Mask) -> None:
        """Makes alpha whole in these cells, bool (rows, columns); that of before too, or it would fade in."""
        for pha in (self.coarse, self.pha, self.before):
            fill(solid, pha, 255)
        for array in (self.cells, self.least, self.most):
            array[solid] = 255

    def clear(self, gone: Mask) -> None:
        """Takes alpha from these cells, bool (rows, columns)."""
        for pha in (self.coarse, self.pha):
            fill(gone, pha, 0)
        for array in (self.cells, self.least, self.most):
            array[gone] = 0

    def look(self, pha: U8, part: Box) -> None:
        """Takes alpha u8 (h, w) into the cells that a part of it touches."""
        ends = part.y + part.h, part.x + part.w
        take_alpha(pha, part.y, part.x, *ends, self.cells, self.least, self.most)


def _contrast(plate: U8, cells_hw: tuple[int, ...]) -> U8:
    green = plate[: cells_hw[0] * CELL_PX, : cells_hw[1] * CELL_PX, 1]
    blocks = green.reshape(cells_hw[0], CELL_PX, cells_hw[1], CELL_PX)
    return np.asarray(blocks.max(axis=(1, 3)) - blocks.min(axis=(1, 3)), np.uint8)


def overlap(one: Box, other: Box) -> tuple[Box, Box]:
    """What two boxes share, in the coordinates of the first and of the second."""
    x0, y0 = max(one.x, other.x), max(one.y, other.y)
    w, h = min(one.x + one.w, other.x + other.w) - x0, min(one.y + one.h, other.y + other.h) - y0
    if w <= 0 or h <= 0:
        return EMPTY_BOX, EMPTY_BOX
    return Box(x0 - one.x, y0 - one.y, w, h), Box(x0 - other.x, y0 - other.y, w, h)
