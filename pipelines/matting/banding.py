"""Where to look: cells of the picture in which the plate may know better than the network.

Along every edge; where the picture differs from the plate and hangs together with the teacher, though the
network saw nobody; where it agrees and the network claims somebody. How much of what is found there is taken
goes with the plate's trust.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.matting.cells import CELL_PX, colour_cells, survey
from pipelines.matting.completing import SOLID_TRUST, STILL_CODES, Mask, find_come, find_solid
from pipelines.matting.planes import Behind, Planes
from pipelines.matting.quality import BARE_CODES, CHANGED, SAME
from pipelines.matting.shading import Shadow, find_shadow, shaded_cells
from pipelines.media import F32, TRUST_TILE_PX, U8, Prediction

OWN_CELLS = 3  # from something that hangs together with the teacher: theirs as well
GONE_CELLS_S = 40.0  # how far an arm may have gone from it, for each second more
LEFT_SHARE = 0.4  # of what the picture was off the plate before
_BODY, _NOBODY, _ALL = 128, 5, 250
_BRIDGE_CELLS = 2 * 8 + 1


class Band(NamedTuple):
    """cells: to look at, solid: completed and whole already, bool (rows, columns). weight: f32 (rows,
    columns), how much of what is found is taken. trust: 0 to 1, mean of the plate's around the teacher. seen:
    the picture's cells. shadow: the teacher's.
    """

    cells: Mask
    solid: Mask
    weight: F32
    trust: float
    seen: U8
    shadow: Shadow


def find_band(
    rgb: U8,
    planes: Planes,
    behind: Behind,
    prediction: Prediction,
    seen_before: U8 | None,
    stale_s: float,
    *,
    remembers: bool,
) -> Band:
    """rgb: the camera's whole picture. planes: hold its coarse alpha; what is found solid is completed in
    them. seen_before: cells of the picture before; remembers: is it recent? stale_s: of Matte.
    """
    seen = colour_cells(rgb, planes.box)
    known = behind.colour_cells, behind.room_cells
    shadow = find_shadow(seen, *known, behind.sigma_cells, planes.cells)
    shaded = shaded_cells(*known, shadow)
    survey(seen, shaded, behind.sigma_cells, planes.off)
    if stale_s > 0 and seen_before is not None and seen_before.shape == seen.shape:
        planes.clear(_gone(planes, _changed(seen, seen_before)))
    beyond_doubt = _beyond_doubt(planes, behind.contrast, stale_s)
    trust = _trust_by_cell(prediction, planes.off.shape)
    joined = _joined(planes)
    whole = planes.least >= _ALL
    lacking = joined & (planes.off > CHANGED) & ~whole & (trust >= SOLID_TRUST)
    of_plate = shaded, behind.sigma_cells, behind.room_cells
    solid = find_solid(seen, seen_before if remembers else None, *of_plate, lacking, whole)
    if stale_s > 0:
        solid |= find_come(seen, *of_plate, lacking & (planes.most < _BODY))
    planes.complete(solid)
    cells, own = _band(planes, joined, solid, beyond_doubt)
    weight = np.asarray(trust * (own & ~beyond_doubt), np.float32)
    body = planes.most >= _BODY
    around = float(trust[body].mean()) if body.any() else 0.0
    return Band(np.asarray(cells & (weight > 0)), solid, weight, around, seen, shadow)


def _joined(planes: Planes) -> Mask:
    """Cells that hang together with the teacher, bool (rows, columns)."""
    body = planes.most >= _BODY
    changed = planes.off > CHANGED
    # A pointer may leave the hand where nothing is known of the wall, and reach the LCD further on.
    bridge = cv2.dilate(np.asarray(body, np.uint8), np.ones((_BRIDGE_CELLS, _BRIDGE_CELLS), np.uint8)) > 0
    linked = changed | body | (bridge & (planes.off < 0))
    near = cv2.dilate(np.asarray(linked, np.uint8), np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(near)
    ours = np.zeros(int(labels.max()) + 1, np.bool_)
    ours[labels[body]] = True
    ours[0] = False
    return np.asarray(ours[labels] & (changed | body))


def _band(planes: Planes, joined: Mask, solid: Mask, beyond_doubt: Mask) -> tuple[Mask, Mask]:
    """Cells to look at, and cells that can be the teacher's, bool (rows, columns) each. solid: completed."""
    reach = 2 * OWN_CELLS + 1
    own = (
        cv2.dilate(np.asarray(joined | (planes.most > _NOBODY), np.uint8), np.ones((reach, reach), np.uint8))
        > 0
    )
    soft = (planes.least < _ALL) & (planes.most > _NOBODY)
    missed = joined & (planes.least < _ALL)
    claimed = (planes.off >= 0) & (planes.off < SAME) & (planes.most > _NOBODY) & ~beyond_doubt
    band = cv2.dilate(np.asarray(soft | missed | claimed, np.uint8), np.ones((3, 3), np.uint8)) > 0
    band |= (cv2.dilate(np.asarray(solid, np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~solid
    return np.asarray(band & own), np.asarray(own)


def _changed(seen: U8, before: U8) -> Mask:
    """Cells of which the picture has changed, bool (rows, columns)."""
    now, was = (cells.mean(axis=3, dtype=np.float32) for cells in (seen, before))
    return np.asarray(np.abs(now - was).max(axis=2) > STILL_CODES)


def _gone(planes: Planes, changed: Mask) -> Mask:
    """Cells where old alpha claims somebody, and they were seen to leave, or were not there in the matte
    before and the picture is the plate. bool (rows, columns). changed: where the picture has; a page that
    turns to the colour of somebody's shirt takes nobody away.
    """
    known, claimed = planes.off >= 0, planes.most > _NOBODY
    # Their shadow may still lie there, deeper than it is found beside alpha that is old.
    has_left = (
        changed
        & (planes.off_before > CHANGED)
        & (planes.off < np.maximum(SAME, LEFT_SHARE * planes.off_before))
    )
    was_nobody = (planes.most_before <= _NOBODY) & (planes.off < SAME)
    return np.asarray(known & claimed & (has_left | was_nobody))


def _beyond_doubt(planes: Planes, contrast: U8, stale_s: float) -> Mask:
    """Cells that are all teacher to the network, before bare paper or paint: cloth of that very colour agrees
    with the plate as well as nobody does, so agreement says nothing. Before writing it says much. Along the
    outline of alpha that is old it does as well: an arm has gone from there.
    """
    whole = planes.least >= _ALL
    gone = round(GONE_CELLS_S * stale_s)
    if gone > 0:
        reach = np.ones((2 * gone + 1, 2 * gone + 1), np.uint8)
        whole = cv2.erode(np.asarray(whole, np.uint8), reach, borderValue=1) > 0
    return np.asarray(whole & (contrast <= BARE_CODES))


def _trust_by_cell(prediction: Prediction, cells_hw: tuple[int, ...]) -> F32:
    """The plate's trust, f32 by cell, 0 to 1."""
    rows, columns = cells_hw
    times = TRUST_TILE_PX // CELL_PX
    tiles = prediction.trust.astype(np.float32) / np.float32(255)
    size_wh = (tiles.shape[1] * times, tiles.shape[0] * times)
    trust = cv2.resize(tiles, size_wh, interpolation=cv2.INTER_LINEAR)[:rows, :columns]
    return np.asarray(trust, np.float32)
