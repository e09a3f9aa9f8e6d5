"""Where the network looks: a crop that follows the teacher, and moves as rarely as it can.

A finger at 1080p is 14 pixels wide; a network that sees the whole picture at 480 pixels leaves it
three. So the network is shown the teacher only. Every move of the crop costs a little of the recurrent
memory, hence three rules:

- grow or follow at once, when the teacher comes near the crop's border (a raised arm must not be cut);
- shrink late, when a clearly finer crop would have been enough for `SHRINK_AFTER_S`;
- move by whole cells: a cell is what one element of the network's coarsest memory (1/16) covers, so
  that after a move of the same size the memory is shifted, not resampled.

Pure arithmetic: no pictures, no network, no clock (time comes in as pts).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from pipelines.media import PTS_HZ, Box, SizeWh

STRIDE_PX = 16  # network pixels a cell, the coarsest stride of the recurrent memory
SHRINK_AFTER_S = 2.0
LOST_AFTER_S = 0.7
SETTLE_S = 0.15  # a recurrent network's first pictures are not to be trusted with a crop
MARGIN_SHARE = 0.1  # of the teacher's longer side, left free around them after a move
LEAD_SHARE = 0.1  # of the same, on top, on the side where the teacher came near the border
GUARD_SHARE = 0.045  # of the same: nearer than this to the crop's border means move
# Never finer than the camera; steps of 4 % from 32 on, so that few budgets are left unused and sizes repeat.
_CELL_SIZES_PX = (*range(STRIDE_PX, 32), *(round(32 * 1.04**k) for k in range(125)))
FINER_BY = 0.85  # shrink only when a cell gets smaller than this share of today's


class Sides(NamedTuple):
    """Something for each side of a box."""

    left: bool
    top: bool
    right: bool
    bottom: bool


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of the camera's picture and the size at which the network sees it.

    box: camera pixels, always inside the picture. cell_px: camera pixels a cell. net_wh: multiples of 16;
    where the picture's size is no multiple of the cell, the two axes' scales differ by a few per cent.
    """

    box: Box
    cell_px: int
    net_wh: SizeWh

    @property
    def ratio(self) -> float:
        """Network pixels per camera pixel, along the finer axis."""
        return max(self.net_wh[0] / self.box.w, self.net_wh[1] / self.box.h)


def fit(need: Box, core: Box, camera_size_wh: SizeWh, budget_px: int) -> Crop:
    """The finest crop of the size of `need` within the budget. It surely holds `core`, a part of `need`."""
    budget_cells = max(budget_px // STRIDE_PX**2, 4)
    for cell_px in _CELL_SIZES_PX:
        cells_wh = (ceil(need.w / cell_px), ceil(need.h / cell_px))
        if cells_wh[0] * cells_wh[1] <= budget_cells:
            break
    return place(need, core, cell_px, cells_wh, camera_size_wh)


def fit_whole(camera_size_wh: SizeWh, budget_px: int) -> Crop:
    """The whole picture, within the budget."""
    whole = Box(0, 0, *camera_size_wh)
    return fit(whole, whole, camera_size_wh, budget_px)


def place(need: Box, core: Box, cell_px: int, cells_wh: tuple[int, int], camera_size_wh: SizeWh) -> Crop:
    """A crop of so many cells, centred on `need`, on the grid of cells where that leaves `core` inside."""
    x, w = _place_axis((need.x, need.w), (core.x, core.w), cell_px, cells_wh[0], camera_size_wh[0])
    y, h = _place_axis((need.y, need.h), (core.y, core.h), cell_px, cells_wh[1], camera_size_wh[1])
    return Crop(Box(x, y, w, h), cell_px, (cells_wh[0] * STRIDE_PX, cells_wh[1] * STRIDE_PX))


def widened(crop: Crop, sides: Sides, cells: int, camera_size_wh: SizeWh) -> Crop:
    """With so many whole cells more on these sides, as far as the picture goes."""
    box, cell_px = crop.box, crop.cell_px
    rooms_px = (box.x, box.y, camera_size_wh[0] - box.x - box.w, camera_size_wh[1] - box.y - box.h)
    left, top, right, bottom = (
        min(cells, room_px // cell_px) if side else 0 for side, room_px in zip(sides, rooms_px, strict=True)
    )
    wide = Box(
        box.x - left * cell_px,
        box.y - top * cell_px,
        box.w + (left + right) * cell_px,
        box.h + (top + bottom) * cell_px,
    )
    net_w, net_h = crop.net_wh
    return Crop(wide, cell_px, (net_w + (left + right) * STRIDE_PX, net_h + (top + bottom) * STRIDE_PX))


class CropTracker:
    """Follows the teacher. `crop` is where to look in the next frame."""

    def __init__(self, camera_size_wh: SizeWh, budget_px: int) -> None:
        self._camera_size_wh = camera_size_wh
        self._budget_px = budget_px
        self._whole = fit_whole(camera_size_wh, budget_px)
        self._recent: deque[tuple[int, Box]] = deque()
        self._found_since: int | None = None
        self.crop = self._whole

    @property
    def is_whole(self) -> bool:
        return self.crop == self._whole

    @property
    def found(self) -> Box | None:
        """Where the teacher was last found, camera pixels."""
        return self._recent[-1][1] if self._recent else None

    def reset(self) -> None:
        """Nothing is known: look at the whole picture."""
        self._recent.clear()
        self._found_since = None
        self.crop = self._whole

    def spend(self, budget_px: int) -> Crop:
        """Another budget from now on, and the crop within it."""
        if budget_px != self._budget_px:
            was_whole, self._budget_px = self.is_whole, budget_px
            self._whole = fit_whole(self._camera_size_wh, budget_px)
            if was_whole or self.found is None:
                self.crop = self._whole
            else:
                self.crop = self._fitted(self.found)
        return self.crop

    def follow(self, found: Box | None, pts: int) -> Crop:
        """The crop for the next frame. found: the teacher in this frame, camera pixels; None when nowhere."""
        if found is None or found.is_empty:
            if self._recent and pts - self._recent[-1][0] > LOST_AFTER_S * PTS_HZ:
                self.reset()
            return self.crop
        if self._found_since is None:
            self._found_since = pts
        self._recent.append((pts, found))
        while pts - self._recent[0][0] > SHRINK_AFTER_S * PTS_HZ:
            self._recent.popleft()
        if self.is_whole:
            if pts - self._found_since >= SETTLE_S * PTS_HZ:
                self.crop = self._fitted(found)
        elif any(self._near_sides(found)):
            self.crop = self._moved(found)
        elif pts - self._found_since >= SHRINK_AFTER_S * PTS_HZ:
            self.crop = self._shrunk()
        return self.crop

    def outside(self, seen: Box) -> float:
        """How much of what was seen lies outside the crop, as a share of its area."""
        x0, y0 = max(seen.x, self.crop.box.x), max(seen.y, self.crop.box.y)
        x1 = min(seen.x + seen.w, self.crop.box.x + self.crop.box.w)
        y1 = min(seen.y + seen.h, self.crop.box.y + self.crop.box.h)
        return 1.0 - max(x1 - x0, 0) * max(y1 - y0, 0) / (seen.w * seen.h)

    def include(self, seen: Box) -> Crop:
        """Widens the crop to someone seen outside it."""
        need = union(self.crop.box, seen)
        self.crop = fit(need, need, self._camera_size_wh, self._budget_px)
        return self.crop

    def _fitted(self, found: Box) -> Crop:
        need, core = self._with_share(found, MARGIN_SHARE), self._with_share(found, GUARD_SHARE)
        return fit(need, core, self._camera_size_wh, self._budget_px)

    def _moved(self, found: Box) -> Crop:
        """Same size if the teacher with margins fits into it, because then the memory is only shifted."""
        need, core = self._led(found), self._with_share(found, GUARD_SHARE)
        now = self.crop
        if need.w <= now.box.w and need.h <= now.box.h:
            cells_wh = (now.net_wh[0] // STRIDE_PX, now.net_wh[1] // STRIDE_PX)
            return place(need, core, now.cell_px, cells_wh, self._camera_size_wh)
        return fit(need, core, self._camera_size_wh, self._budget_px)

    def _shrunk(self) -> Crop:
        recent = self._recent[0][1]
        for _, found in self._recent:
            recent = union(recent, found)
        finer = self._fitted(recent)
        return finer if finer.cell_px <= FINER_BY * self.crop.cell_px else self.crop

    def _near_sides(self, found: Box) -> Sides:
        """Left, top, right, bottom: is the teacher near that side of the crop, with picture beyond it?"""
        camera_w, camera_h = self._camera_size_wh
        box, near = self.crop.box, grown(found, round(GUARD_SHARE * max(found.w, found.h)))
        return Sides(
            near.x < box.x and box.x > 0,
            near.y < box.y and box.y > 0,
            near.x + near.w > box.x + box.w and box.x + box.w < camera_w,
            near.y + near.h > box.y + box.h and box.y + box.h < camera_h,
        )

    def _led(self, found: Box) -> Box:
        """With margin, and more of it on the sides the teacher is moving to."""
        need = self._with_share(found, MARGIN_SHARE)
        lead = round(LEAD_SHARE * max(found.w, found.h))
        left, top, right, bottom = (lead * side for side in self._near_sides(found))
        led = Box(need.x - left, need.y - top, need.w + left + right, need.h + top + bottom)
        return inside(led, self._camera_size_wh)

    def _with_share(self, found: Box, share: float) -> Box:
        return inside(grown(found, round(share * max(found.w, found.h))), self._camera_size_wh)


def union(a: Box, b: Box) -> Box:
    """The smallest box that holds both."""
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Box(x, y, max(a.x + a.w, b.x + b.w) - x, max(a.y + a.h, b.y + b.h) - y)


def inside(box: Box, size_wh: SizeWh) -> Box:
    """The part of a box that lies in a picture of this size."""
    x0, y0 = min(max(box.x, 0), size_wh[0]), min(max(box.y, 0), size_wh[1])
    x1, y1 = min(max(box.x + box.w, x0), size_wh[0]), min(max(box.y + box.h, y0), size_wh[1])
    return Box(x0, y0, x1 - x0, y1 - y0)


def grown(box: Box, by_px: int) -> Box:
    """The box with so many pixels more on each side."""
    return Box(box.x - by_px, box.y - by_px, box.w + 2 * by_px, box.h + 2 * by_px)


def _place_axis(
    need: tuple[int, int], core: tuple[int, int], cell_px: int, cells: int, camera: int
) -> tuple[int, int]:
    """Start and length along one axis, inside the picture. need, core: start and length."""
    covered = min(cells * cell_px, camera)
    start = round((need[0] + (need[1] - covered) / 2) / cell_px) * cell_px
    start = max(min(start, core[0]), core[0] + core[1] - covered)
    return min(max(start, 0), camera - covered), covered
