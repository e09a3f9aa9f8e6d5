"""What somebody holds out beyond the strip around them: off the plate, and yet no fault of the plate.

A book, or an arm that the network lost, is solid, hangs together with the teacher and ends soon. A fault of
the plate is thin (misregistered writing), lies elsewhere, or goes on and on (another page, another light).
Where alpha is old, an arm may have swung further; but it has moved, and a fault of the plate stays.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import DOUBT_UNITS, U8, UNKNOWN, SizeWh, freeze, length_scale
from pipelines.plate.beside import Around

REACH_PX = 120  # for a picture of 720 rows: how far beyond the strip somebody holds something
OFF_CODES = 48  # further than a shadow on the glass takes away
MOVED_OFF_CODES = 12  # of what has moved
MOST_MOVED = 0.12  # of what is far from the teacher: more of it, and a page has turned
_STEP = 4  # pixels: every fourth row and column is looked at
_SOLID = np.ones((3, 3), np.uint8)
_NEAR = np.ones((5, 5), np.uint8)


def without_held(rgb: U8, plate: U8, doubt: U8, around: Around, picture_wh: SizeWh) -> U8:
    """`around.far`, less what somebody holds or an arm has come to: the same array where there is nothing of
    the kind, else a new one.

    rgb, plate: u8 (h, w, 3). doubt: quarter codes u8 (h, w). picture_wh: of the whole picture.
    """
    sure = _without_moved(rgb, plate, doubt, around)
    small = np.minimum(sure[::_STEP, ::_STEP], 1)
    far = np.empty_like(small)
    _far_off(rgb, plate, doubt, OFF_CODES, far)
    # Together with what is in the strip: of a book only a hem may stick out.
    solid = cv2.morphologyEx(far, cv2.MORPH_OPEN, _SOLID) & small
    if not solid.any() or small.all():
        return sure
    depth_px = cv2.distanceTransform(small, cv2.DIST_L2, 3) * _STEP
    reach_px = REACH_PX * length_scale(picture_wh)
    count, labels = cv2.connectedComponents(cv2.dilate(solid, _SOLID))
    held = np.zeros(count, np.bool_)
    held[labels[depth_px <= 2 * _STEP]] = True
    held[labels[depth_px > reach_px]] = False
    held[0] = False
    if not held.any():
        return sure
    return _less(sure, cv2.dilate(np.asarray(held[labels], np.uint8), _NEAR))


def _without_moved(rgb: U8, plate: U8, doubt: U8, around: Around) -> U8:
    if around.moved is None:
        return around.far
    small, moved = np.minimum(around.far[::_STEP, ::_STEP], 1), around.moved[::_STEP, ::_STEP]
    off = np.empty_like(small)
    _far_off(rgb, plate, doubt, MOVED_OFF_CODES, off)
    arm = cv2.morphologyEx(off & moved & small, cv2.MORPH_OPEN, _SOLID)
    if not 0 < np.count_nonzero(arm) <= MOST_MOVED * np.count_nonzero(small):
        return around.far
    return _less(around.far, cv2.dilate(arm, _NEAR))


def _less(sure: U8, small: npt.NDArray[Any]) -> U8:
    """sure u8 (h, w) where a mask of every _STEP is 0, a new array."""
    wide = cv2.resize(small, (sure.shape[1], sure.shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.bitwise_and(sure, sure, mask=1 - wide), np.uint8)


@compiled()
def _far_off(rgb: U8, plate: U8, doubt: U8, codes: int, far: U8) -> None:
    """1 where a pixel of every _STEP is further off the plate than it may be in any channel, else 0."""
    for row in range(far.shape[0]):
        for column in range(far.shape[1]):
            y, x = row * _STEP, column * _STEP
            off = 0
            for c in range(3):
                off = max(off, abs(int(rgb[y, x, c]) - int(plate[y, x, c])))
            unsure = int(doubt[y, x])
            far[row, column] = unsure != UNKNOWN and off > unsure // DOUBT_UNITS + codes


def warm_up_held() -> None:
    """Compiles the loop over pixels, or loads it from the cache."""
    frame: U8 = np.zeros((16, 16, 3), np.uint8)
    plate: U8 = np.zeros((8, 8, 3), np.uint8)
    doubt: U8 = np.zeros((8, 8), np.uint8)
    freeze(frame)
    freeze(plate)
    without_held(frame[:8, :8], plate, doubt, Around(doubt), (16, 16))  # as the wall asks
    freeze(doubt)
    without_held(frame[:8, :8], plate, doubt, Around(doubt), (16, 16))  # and the LCD
