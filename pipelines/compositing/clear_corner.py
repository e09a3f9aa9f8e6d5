"""Which corner of the programme a small picture may take without hiding the teacher."""

from __future__ import annotations

import numpy as np

from pipelines.alignment import Calibration
from pipelines.compositing.inset import inset_box
from pipelines.media import F64, PTS_HZ, Box, Corner, Layout, Matte, Scene, SizeWh

# Titles stand at the top, and so does the recording light: the lower corners first.
ORDER = (Corner.BOTTOM_RIGHT, Corner.BOTTOM_LEFT, Corner.TOP_LEFT, Corner.TOP_RIGHT)
_SOLID = 127
_STEP_PX = 8  # of the camera's picture: an arm is seen
_CELLS_WH = (8, 5)  # of the small picture
_HIDES = 0.05  # of its cells: more than one
# A teacher who walks by is not fled from: the picture leaves whom it hides for so long.
_PATIENCE = 1.5 * PTS_HZ
_LOOK_EVERY = 0.2 * PTS_HZ


class ClearCorner:
    """Stays where it is while it can. For one thread."""

    def __init__(self, size_wh: SizeWh) -> None:
        self._size_wh = size_wh
        self._corner: Corner | None = None
        self._looked = 0
        self._hid_since: int | None = None

    def forget(self) -> None:
        """The picture has gone: the next one chooses anew."""
        self._corner = self._hid_since = None

    def choose(
        self, picture_wh: SizeWh, matte: Matte | None, scene: Scene, calibration: Calibration | None
    ) -> Corner:
        """For a picture of this shape over a programme made of these."""
        by_layout = _beside_the_teacher(scene, calibration)
        if by_layout is not None:
            self._corner, self._hid_since = by_layout, None
            return by_layout
        if matte is None or matte.box.is_empty or scene.layout == Layout.COURSEWARE:
            self._corner = self._corner or ORDER[0]
            return self._corner
        if self._corner is not None and 0 <= matte.pts - self._looked < _LOOK_EVERY:
            return self._corner
        self._looked = matte.pts
        seen = _seen_at(matte, scene, calibration, self._size_wh)
        hidden = {corner: _share(seen, inset_box(picture_wh, corner, self._size_wh)) for corner in ORDER}
        best = min(ORDER, key=lambda corner: hidden[corner] if hidden[corner] > _HIDES else 0.0)
        if self._corner is None or hidden[self._corner] <= _HIDES:
            self._corner, self._hid_since = self._corner or best, None
            return self._corner
        if self._hid_since is None or self._hid_since > matte.pts:
            self._hid_since = matte.pts
        if matte.pts - self._hid_since >= _PATIENCE and hidden[best] < hidden[self._corner]:
            self._corner, self._hid_since = best, None
        return self._corner


def _beside_the_teacher(scene: Scene, calibration: Calibration | None) -> Corner | None:
    """Where the layout itself says on which side the teacher is; None where it does not."""
    in_corner = scene.layout == Layout.CORNER or (scene.layout == Layout.ALIGNED and calibration is None)
    if scene.layout != Layout.BESIDE and not in_corner:
        return None
    if in_corner and scene.place_xy is not None:
        is_left = scene.place_xy[0] < 0.5
    else:
        is_left = scene.corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)
    return Corner.BOTTOM_RIGHT if is_left else Corner.BOTTOM_LEFT


def _seen_at(matte: Matte, scene: Scene, calibration: Calibration | None, size_wh: SizeWh) -> F64:
    """Where the teacher's solid parts are in the programme: f64 (N, 2), pixels."""
    rows, columns = np.nonzero(matte.pha[::_STEP_PX, ::_STEP_PX] > _SOLID)
    at = np.stack([columns * _STEP_PX + matte.box.x, rows * _STEP_PX + matte.box.y], axis=1).astype(
        np.float64
    )
    camera_wh = matte.frame.size_wh
    if scene.layout == Layout.ALIGNED and calibration is not None:
        with np.errstate(all="ignore"):  # a calibration that folds the page puts the teacher nowhere
            return calibration.to_page(at, camera_wh, size_wh)
    scale = min(size_wh[0] / camera_wh[0], size_wh[1] / camera_wh[1])
    flipped = np.array([-1.0 if scene.mirror else 1.0, 1.0])
    return np.asarray((at + 0.5 - np.array(camera_wh) / 2) * scale * flipped + np.array(size_wh) / 2 - 0.5)


def _share(seen: F64, box: Box) -> float:
    """How many of the box's cells have something of the teacher in them, 0 to 1."""
    cells = np.floor((seen - [box.x, box.y]) / [box.w, box.h] * _CELLS_WH)
    inside = ((cells >= 0) & (cells < _CELLS_WH)).all(axis=1)  # False for what is no number
    return len(np.unique(cells[inside], axis=0)) / (_CELLS_WH[0] * _CELLS_WH[1])
