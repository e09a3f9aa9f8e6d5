"""The still things around the LCD: its frame, the wall. They tell a moved camera when the page is empty.

Learnt from the picture where nobody is near, while the calibration is known to be right; not where it is on
the page: the page is predicted, the frame's inner edge mixes with it.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.calibration.registering import FAR_STEP
from pipelines.media import F32, U8, Box, SizeWh, length_scale
from pipelines.plate.geometry import PageView

MARGIN_PX = 40  # around the LCD, for a picture of 720 rows: farther things stand on other planes
_GAP_PX = 4
ENOUGH = 3  # looks at a pixel
_MOST_LOOKS = 8
_WORTH = 0.002  # of the picture: less that is new does not need another template
_GRID = 16


class Surroundings:
    """For one camera. version grows when there is more to hold a picture against.

    is_proven: the page itself has confirmed the calibration under which it was learnt.
    """

    def __init__(self) -> None:
        self.version = 0
        self.is_proven = False
        self._calibration: Calibration | None = None
        self._mean: F32 = np.zeros((0, 0), np.float32)
        self._looks: U8 = np.zeros((0, 0), np.uint8)

    @property
    def is_known(self) -> bool:
        """Has enough been learnt to hold a picture against?"""
        return self.version > 0

    def forget(self) -> None:
        """What was learnt was learnt under a wrong calibration."""
        self._looks[:] = 0
        self.version, self.is_proven = 0, False

    def learn(self, calibration: Calibration, rgb: U8, far: U8) -> None:
        """One look at a picture in which the calibration is right. far: u8, 1/FAR_STEP of the picture."""
        if self._mean.shape != rgb.shape[:2] or not self.is_known:
            if self._calibration is not calibration or self._mean.shape != rgb.shape[:2]:
                self._mean, self._looks = rgb[..., 1].astype(np.float32), np.zeros(rgb.shape[:2], np.uint8)
            self._calibration = calibration
        if self._calibration is not calibration:
            return  # what was learnt stays where it was learnt, and is warped when asked for
        wide_wh = far.shape[1] * FAR_STEP, far.shape[0] * FAR_STEP
        wide = cv2.resize(far, wide_wh, interpolation=cv2.INTER_NEAREST)
        seen = (wide[: rgb.shape[0], : rgb.shape[1]] > 0) & (self._looks < _MOST_LOOKS)
        if not seen.any():
            return
        self._looks += seen
        share = np.where(seen, 1 / np.maximum(self._looks, 1).astype(np.float32), np.float32(0))
        self._mean += share * (rgb[..., 1].astype(np.float32) - self._mean)
        is_new, is_ripe = (seen & (self._looks == looks) for looks in (ENOUGH, _MOST_LOOKS))
        if is_new.mean() > _WORTH or is_ripe.mean() > 0.5:
            self.version += 1

    def seen_in(self, view: PageView) -> tuple[U8, U8, Box]:
        """code u8 (h, w), group u8 (h, w): 2 where something is known, 0 elsewhere; and their box."""
        box = around(view.box, view.camera_wh)
        code, known = self._mean.astype(np.uint8), np.asarray(self._looks >= ENOUGH, np.uint8)
        if self._calibration is None or code.shape != view.camera_wh[::-1]:
            nothing: U8 = np.zeros((box.h, box.w), np.uint8)
            return nothing, nothing.copy(), box
        if self._calibration is view.calibration:
            code, known = code[box.slices].copy(), known[box.slices].copy()
        else:
            at = _map(view.calibration, self._calibration, box, view.camera_wh, view.page_wh)
            code = np.asarray(cv2.remap(code, at[0], at[1], cv2.INTER_LINEAR), np.uint8)
            known = np.asarray(cv2.remap(known, at[0], at[1], cv2.INTER_NEAREST), np.uint8)
        lcd = np.zeros((box.h, box.w), np.uint8)
        x, y = view.box.x - box.x, view.box.y - box.y
        lcd[y : y + view.box.h, x : x + view.box.w] = view.lcd
        gap = 2 * round(_GAP_PX * length_scale(view.camera_wh)) + 1
        near = cv2.dilate(lcd, np.ones((gap, gap), np.uint8))
        return code, np.asarray(np.where(near == 0, known * 2, 0), np.uint8), box


def around(box: Box, camera_wh: SizeWh) -> Box:
    margin = round(MARGIN_PX * length_scale(camera_wh))
    x0, y0 = max(box.x - margin, 0), max(box.y - margin, 0)
    x1, y1 = min(box.x + box.w + margin, camera_wh[0]), min(box.y + box.h + margin, camera_wh[1])
    return Box(x0, y0, x1 - x0, y1 - y0)


def _map(now: Calibration, then: Calibration, box: Box, camera_wh: SizeWh, page_wh: SizeWh) -> F32:
    """Where each pixel of the box was under the calibration of then: x and y, f32 (2, box.h, box.w)."""
    columns, rows = (
        np.arange(-1, size // _GRID + 2) * _GRID + (_GRID - 1) / 2 + start
        for start, size in ((box.x, box.w), (box.y, box.h))
    )
    page = now.to_page(np.stack(np.meshgrid(columns, rows), -1), camera_wh, page_wh)
    coarse = then.to_camera(page, camera_wh, page_wh)
    fine = cv2.resize(coarse, None, fx=_GRID, fy=_GRID, interpolation=cv2.INTER_LINEAR)
    inside = fine[_GRID : _GRID + box.h, _GRID : _GRID + box.w]
    return np.ascontiguousarray(inside.transpose(2, 0, 1), np.float32)
