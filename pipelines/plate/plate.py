"""The plate: what the camera sees of the LCD without the teacher, predicted from the page that is shown.

Camera and LCD lag behind the page by an unknown delay. So the newest page and the one before it are both held
against the picture, where they differ: no delay needs to be measured.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from pipelines.media import (
    DOUBT_UNITS,
    F32,
    F64,
    PTS_HZ,
    TRUST_TILE_PX,
    U8,
    Box,
    Calibration,
    Matte,
    Page,
    Prediction,
    freeze,
)
from pipelines.plate.geometry import PageView
from pipelines.plate.photometry import LEVELS, Photometry, doubts, first_guess, fit, seen_light
from pipelines.plate.trust import Trust

AROUND_PX = 40  # of the teacher's alpha: what the network missed of them, their glow and shadow
REFIT_S = 5.0
RETRY_S = 0.25
STILL_S = 0.5  # a film is not worth a plate for each picture; one that has stopped is
MISFIT_SHARE = 0.025  # of the blocks in sight: more of them off, and the camera sees something else
RELIT_SHARE = 0.3  # more of them off the last fit: the light has changed, not something been held up
OFF_CODES = 12.0
_DIFFER = 0.02  # of light, between two pages
_FEW_BLOCKS = 4
_RELIT_TRUST = 0.5  # less, and the light may have changed
_RIM_DOUBT = 20 * DOUBT_UNITS  # where lens and LCD's frame mix with the page
_MOST_DOUBT, _UNKNOWN = 254, 255
_COARSE_PX = 8


class _Shown:
    """A page, its light in the camera's pixels, and what was made of them."""

    def __init__(self, page: Page, view: PageView) -> None:
        self.page = page
        self.light: F32 = view.light(page.rgb)
        self.means: F32 = view.blocks.means(self.light)
        self.plate: U8 | None = None
        self.doubt: U8 | None = None
        self.tried_pts: int | None = None


class Plate:
    """Predicts the LCD for the frames of one camera. For one thread.

    page: gives the newest page, or None. misfit: share of the LCD in sight that was off at the last fit.
    """

    def __init__(self, calibration: Calibration, page: Callable[[], Page | None]) -> None:
        self.misfit = 1.0
        self._calibration, self._page = calibration, page
        self._view: PageView | None = None
        self._photometry: Photometry | None = None
        self._newest: Page | None = None
        self._changed_pts = 0
        self._coming: _Shown | None = None
        self._shown: _Shown | None = None
        self._trust = Trust()

    def predict(self, matte: Matte) -> Prediction | None:
        """What this matte's camera would see of the LCD with nobody there, and how far to trust it.

        None without a page, while a film runs, before the first fit, and when the camera sees another page.
        The same arrays come again while nothing has changed. Ask with empty mattes too: an empty room is the
        best one to learn from.
        """
        shown, view = self._follow(matte), self._view
        if shown is None or view is None or shown.plate is None or shown.doubt is None:
            self._trust.forget()
            return None
        rgb, sure = matte.frame.rgb[view.box.slices], _far_from_teacher(matte)[view.box.slices]
        return Prediction(
            view.box, shown.plate, shown.doubt, self._trust.measure(rgb, shown.plate, shown.doubt, sure)
        )

    def _follow(self, matte: Matte) -> _Shown | None:
        """The page that this frame shows, fitted when that is due."""
        page, pts = self._page(), matte.frame.pts
        if page is None or not self._settled(page, pts):
            self._coming = self._shown = None
            return None
        view = self._view_for(matte, page)
        if view.box.is_empty:
            return None
        if self._coming is None and self._shown is not None and self._shown.page.revision == page.revision:
            if not self._is_due(self._shown, pts):
                return self._shown
        elif self._coming is None or self._coming.page.revision != page.revision:
            self._coming = _Shown(page, view)
        rgb = matte.frame.rgb[view.box.slices]
        seen, sure = view.blocks.means(seen_light(rgb)), _sure_blocks(matte, view)
        if self._coming is not None and self._has_come(self._coming, view, seen, sure):
            self._shown, self._coming = self._coming, None
        if self._shown is not None and self._coming is None:
            self._shown.tried_pts = pts
            self._fit(self._shown, view, seen, sure)
        return self._shown

    def _settled(self, page: Page, pts: int) -> bool:
        """False while the page moves, as a film does."""
        if self._newest is None or page.revision != self._newest.revision:
            self._newest, self._changed_pts = page, pts
        still_pts = pts - self._changed_pts
        return page.is_flip or not 0 <= still_pts < STILL_S * PTS_HZ

    def _is_due(self, shown: _Shown, pts: int) -> bool:
        """Is it time to fit again?"""
        if shown.tried_pts is None:
            return True
        is_right = shown.plate is not None and self._trust.mean >= _RELIT_TRUST
        pause_s = REFIT_S if is_right else RETRY_S
        return not 0 <= pts - shown.tried_pts < pause_s * PTS_HZ

    def _view_for(self, matte: Matte, page: Page) -> PageView:
        view = self._view
        if view is None or view.camera_wh != matte.frame.size_wh or view.page_wh != page.size_wh:
            view = PageView(self._calibration, matte.frame.size_wh, page.size_wh)
            self._view, self._photometry, self._shown, self._coming = view, None, None, None
        return view

    def _has_come(self, coming: _Shown, view: PageView, seen: F32, sure: U8) -> bool:
        """Does the camera see the new page already? Judged where it differs from the one before."""
        if self._shown is None or self._photometry is None:
            return True
        differ = (cv2.absdiff(coming.means, self._shown.means).max(axis=2) > _DIFFER) & (sure > 0)
        if np.count_nonzero(differ) < _FEW_BLOCKS:
            return True
        off_new, off_old = (
            self._photometry.off_codes(shown.means, seen, view.blocks)[differ].sum()
            for shown in (coming, self._shown)
        )
        return bool(off_new < off_old)

    def _fit(self, shown: _Shown, view: PageView, seen: F32, sure: U8) -> None:
        """Learns the photometry from this frame; no plate when the page does not fit what the camera sees."""
        before = self._photometry
        if before is not None and shown.plate is not None:
            held = (before.off_codes(shown.means, seen, view.blocks) > OFF_CODES) & (sure > 0)
            if np.count_nonzero(held) < RELIT_SHARE * np.count_nonzero(sure):
                sure = np.where(held, np.uint8(0), sure)
        photometry = fit(shown.means, seen, sure, view.blocks, before) or before
        shown.plate = shown.doubt = None
        if photometry is None:
            return
        off = photometry.off_codes(shown.means, seen, view.blocks)
        self.misfit = float((off[sure > 0] > OFF_CODES).mean()) if sure.any() else 1.0
        if self.misfit > MISFIT_SHARE:
            return
        self._photometry = photometry
        shown.plate = photometry.plate(shown.light)
        shown.doubt = _doubt(doubts(shown.means, off, sure), view)
        freeze(shown.plate)
        freeze(shown.doubt)


def _doubt(by_block: F64, view: PageView) -> U8:
    """Prediction.doubt from the photometry's doubts f64 (bh, bw), in codes, and from where the LCD ends."""
    quarters = np.asarray(np.clip(by_block * DOUBT_UNITS, 0, _MOST_DOUBT), np.uint8)
    doubt = view.blocks.spread(quarters)
    rim = (view.inside == 0) & (doubt < _RIM_DOUBT)
    doubt[rim] = _RIM_DOUBT
    doubt[view.lcd == 0] = _UNKNOWN
    return doubt


def _far_from_teacher(matte: Matte) -> U8:
    """255 where neither the teacher nor what is near them is seen, u8 (H, W)."""
    width, height = matte.frame.size_wh
    small: U8 = np.zeros((-(-height // _COARSE_PX), -(-width // _COARSE_PX)), np.uint8)
    if not matte.box.is_empty:
        box = matte.box
        rows, columns = np.nonzero(matte.pha[:: _COARSE_PX // 2, :: _COARSE_PX // 2] > 2)
        step = _COARSE_PX // 2
        small[(rows * step + box.y) // _COARSE_PX, (columns * step + box.x) // _COARSE_PX] = 255
    near = round(AROUND_PX * height / 720 / _COARSE_PX) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * near + 1, 2 * near + 1))
    far = cv2.bitwise_not(cv2.dilate(small, disc))
    wide_wh = small.shape[1] * _COARSE_PX, small.shape[0] * _COARSE_PX
    wide = cv2.resize(far, wide_wh, interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(wide[:height, :width])


def _sure_blocks(matte: Matte, view: PageView) -> U8:
    """Blocks that are LCD, with nobody near, u8 (bh, bw)."""
    pha = np.zeros((view.box.h, view.box.w), np.uint8)
    x0, y0 = max(matte.box.x, view.box.x), max(matte.box.y, view.box.y)
    x1 = min(matte.box.x + matte.box.w, view.box.x + view.box.w)
    y1 = min(matte.box.y + matte.box.h, view.box.y + view.box.h)
    if x1 > x0 and y1 > y0:
        part = Box(x0 - matte.box.x, y0 - matte.box.y, x1 - x0, y1 - y0)
        pha[Box(x0 - view.box.x, y0 - view.box.y, x1 - x0, y1 - y0).slices] = matte.pha[part.slices]
    near = round(AROUND_PX * matte.frame.size_wh[1] / 720 / view.blocks.block_px)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * near + 1, 2 * near + 1))
    teacher = cv2.dilate(view.blocks.means(pha), disc)
    return np.asarray((teacher == 0) & (view.blocks.means(view.inside) == 255), np.uint8)


def warm_up_plate() -> None:
    """Compiles the loops over pixels, or loads them from the cache: call it before the first page is due."""
    size = 2 * TRUST_TILE_PX
    guess = Photometry(first_guess(), np.zeros((2, 2, 3)), np.zeros((3, LEVELS)))
    plate = guess.plate(np.zeros((size, size, 3), np.float32))
    flat: U8 = np.zeros((size, size), np.uint8)
    Trust().measure(plate, plate, flat, flat + np.uint8(1))
