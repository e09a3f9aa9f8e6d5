"""The plate: what the camera sees of the LCD without the teacher, predicted from the page that is shown.

Camera and LCD lag behind the page, and an exposure may see two pages. So of the pages shown of late those are
found whose mixture the picture shows (pipelines/plate/turning.py): at page turns, in films, with a delay that
is known badly or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.media import (
    DOUBT_UNITS,
    F32,
    F64,
    PTS_HZ,
    TRUST_TILE_PX,
    U8,
    UNKNOWN,
    Delay,
    Matte,
    Page,
    Prediction,
    freeze,
)
from pipelines.plate.beside import Around, far_from_teacher, sure_blocks
from pipelines.plate.geometry import PageView
from pipelines.plate.held import warm_up_held, without_held
from pipelines.plate.levels import with_levels
from pipelines.plate.photometry import (
    LEVELS,
    Photometry,
    doubts,
    doubts_by_colour,
    first_doubts,
    first_guess,
    fit,
    seen_light,
)
from pipelines.plate.trust import Trust
from pipelines.plate.turning import STEEP, Seen, by_pixel_row, find, mix, widen
from pipelines.plate.waiting import Candidates, waiting_of
from pipelines.plate.wall import warm_up_wall
from pipelines.timing import NS_PER_MS

REFIT_S, FITTING_S = 5.0, 15.0  # the longer one where the plate fits as well as it can
RETRY_S = 0.25
SLIPPED_S = 0.5  # light that slides away (a cloud, a camera's gain) costs trust little by little
MISFIT_SHARE = 0.025  # of the blocks in sight: more of them off, and the camera sees something else
RELIT_SHARE = 0.3  # more of them off the last fit: the light has changed, not something been held up
OFF_CODES = 12.0
_STUCK = 3  # pictures: no exposure is so long that a turn is seen in more of them
_KEPT_LIGHTS = 3
_HALF = 0.5
_SLIPPED_TRUST, _FITTING_TRUST = 0.85, 0.97
_RELIT_TRUST = 0.5  # less, and the light may have changed
RIM_DOUBT = 20 * DOUBT_UNITS  # where lens and LCD's frame mix with the page
_MOST_DOUBT = 254
_GUESS = Photometry(first_guess(), np.zeros((1, 1, 3)), np.zeros((3, LEVELS)))


class Expected(NamedTuple):
    """What the camera should see of the LCD now, whether or not it does: `photometry.plate(light)`."""

    view: PageView
    light: F32
    photometry: Photometry


class Turn(NamedTuple):
    """What one picture says of the delay. age_ms: since the newer of two pages was shown; share: of that
    page, in the LCD's middle; sigma: its standard deviation.
    """

    taken_ns: int
    age_ms: float
    share: float
    sigma: float


class _Shown:
    """A page or a mixture of two, its light in the camera's pixels, and what was made of them."""

    def __init__(self, page: Page, light: F32, view: PageView, mixed: _Mixed | None = None) -> None:
        self.page, self.mixed = page, mixed
        self.light = light
        self.means: F32 = view.blocks.means(light)
        self.plate: U8 | None = None
        self.doubt: U8 | None = None
        self.room: U8 | None = None


class _Mixed(NamedTuple):
    """Both pages' light, and by how much their shares may be off, f32 (h,), by row."""

    old: F32
    new: F32
    sigmas: F32


class Plate:
    """Predicts the LCD for the frames of one camera. For one thread.

    pages: gives those shown of late, oldest first; the last one is the newest. calibration, delay: may be
    replaced, as a whole, at any time. misfit: share of the LCD in sight that was off at the last look. turn:
    what the newest frame says of the delay, None for most. pages_seen: those that the newest frame was held
    against.
    """

    def __init__(
        self,
        calibration: Calibration,
        pages: Callable[[], Sequence[Page]],
        delay: Delay | None = None,
    ) -> None:
        self.misfit = 1.0
        self.calibration, self.delay, self._pages = calibration, delay, pages
        self.turn: Turn | None = None
        self.pages_seen: Sequence[Page] = ()
        self._view: PageView | None = None
        self._photometry: Photometry | None = None
        self._by_colour = first_doubts()
        self._by_code: U8 = np.zeros(256, np.uint8)  # doubt of the camera's curve, quarter codes
        self._last: Page | None = None  # the page last seen, the older one of two
        self._stuck = 0
        self._shown: _Shown | None = None
        self._tried_pts: int | None = None
        self._fit_of: Page | None = None
        self._lights: dict[int, F32] = {}
        self._candidates = Candidates()
        self._trust = Trust()
        self._is_right = False  # did the plate fit the frame before?

    @property
    def view(self) -> PageView | None:
        """Where the LCD is in the newest picture; None before the first page."""
        return self._view

    def predict(self, matte: Matte, around: Around | None = None) -> Prediction | None:
        """What this matte's camera would see of the LCD with nobody there, and how far to trust it.

        None without a page, before the first fit, and when the camera sees another page. The same arrays
        come again while nothing has changed. Ask with empty mattes too: an empty room is the best one to
        learn from. around: the teacher, where that is known already.
        """
        shown, view = self._follow(matte), self._view
        if shown is None or view is None or shown.plate is None or shown.doubt is None or shown.room is None:
            self._trust.forget()
            self._is_right = False
            return None
        around = around or Around(far_from_teacher(matte))
        rgb, part = matte.frame.rgb[view.box.slices], around.part(view.box)
        sure = without_held(rgb, shown.plate, shown.doubt, part, matte.frame.size_wh)
        trust = self._trust.measure(rgb, shown.plate, shown.doubt, sure)
        self._is_right = self._trust.mean >= _RELIT_TRUST
        return Prediction(view.box, shown.plate, shown.doubt, trust, shown.room, self.calibration.tone)

    @property
    def light(self) -> str:
        """ "steady", "changed" while it is being learnt anew, "unknown" before the first fit."""
        if self._photometry is None:
            return "unknown"
        return "steady" if self._shown is None or self._is_right else "changed"

    @property
    def expected(self) -> Expected | None:
        """The page that the last frame showed, in the light last learnt; None without one, and while pages
        turn: half of a film's step would look like a camera that moved.
        """
        shown, view = self._shown, self._view
        if shown is None or view is None or view.box.is_empty or self.turn is not None:
            return None
        return Expected(view, shown.light, self._photometry or _GUESS)

    def _follow(self, matte: Matte) -> _Shown | None:
        """The page or mixture that this frame shows, fitted when that is due."""
        self.turn = None
        pages = self.pages_seen = self._pages()
        if not pages:
            self._shown = self._last = None
            return None
        view = self._view_for(matte, pages[-1])
        if view.box.is_empty:
            return None
        clock = self.delay if self._is_right else None
        waiting = waiting_of(pages, self._last, clock, matte.frame.captured_ns)
        if len(waiting) == 1 and self._is_done(waiting[0], matte.pts):
            return self._shown
        rgb = matte.frame.rgb[view.box.slices]
        look = _Look(view.blocks.means(seen_light(rgb)), sure_blocks(matte, view))
        shown = self._see(waiting, view, look, matte.frame.captured_ns)
        if self._is_due(shown, matte.pts):
            self._fit(shown, view, look, matte)
        elif shown.plate is None and self._photometry is not None:
            self._guess(shown, self._photometry, view, look)
        return shown

    def _is_done(self, page: Page, pts: int) -> bool:
        """Is this page what was shown last, and is there nothing to learn yet?"""
        shown = self._shown
        return (
            shown is not None
            and shown.mixed is None
            and shown.page.revision == page.revision
            and not self._is_due(shown, pts)
        )

    def _is_due(self, shown: _Shown, pts: int) -> bool:
        """Is it time to fit again? At once for a page turned to, and again when it is surely alone."""
        if self._tried_pts is None:
            return True
        if shown.page.is_flip:
            if shown.mixed is not None:
                return False
            if self._fit_of is not shown.page:
                return True
        return not 0 <= pts - self._tried_pts < self._pause_s() * PTS_HZ

    def _pause_s(self) -> float:
        """From one fit to the next of the same page."""
        if not self._is_right:
            return RETRY_S
        trust = self._trust.mean
        return SLIPPED_S if trust < _SLIPPED_TRUST else FITTING_S if trust >= _FITTING_TRUST else REFIT_S

    def _see(self, waiting: list[Page], view: PageView, look: _Look, taken_ns: int) -> _Shown:
        """Finds what the frame shows of the pages that are waiting."""
        if len(waiting) == 1:
            return self._show(waiting[0], view)
        photometry = self._photometry or _guess_for(view)
        target, weight = photometry.straight(look.seen)
        candidates = self._candidates.of(waiting, view, photometry, self._by_colour)
        weight = np.where(look.sure > 0, weight, 0)
        seen = find(target, weight, candidates, self.delay, taken_ns)
        old, new = waiting[seen.first : seen.first + 2]
        self.turn = Turn(taken_ns, (taken_ns - new.shown_ns) / NS_PER_MS, seen.share, seen.sigma)
        is_mixed = bool((seen.shares > 0).any() and (seen.shares < 1).any())
        is_same = self._last is not None and self._last.revision == old.revision
        self._stuck = self._stuck + 1 if is_mixed and is_same else 0
        if is_mixed and self._stuck < _STUCK:
            return self._show_mixed(old, new, seen, view)
        return self._show(new if float(seen.shares.mean()) >= _HALF else old, view)

    def _show(self, page: Page, view: PageView) -> _Shown:
        self._last = page
        shown = self._shown
        if shown is None or shown.mixed is not None or shown.page.revision != page.revision:
            shown = self._shown = _Shown(page, self._light(page, view), view)
        return shown

    def _show_mixed(self, old: Page, new: Page, seen: Seen, view: PageView) -> _Shown:
        self._last = old
        block_px, height = view.blocks.block_px, view.box.h
        lights = self._light(old, view), self._light(new, view)
        light = np.empty_like(lights[0])
        mix(*lights, by_pixel_row(seen.shares, height, block_px), light)
        self._shown = _Shown(old, light, view, _Mixed(*lights, by_pixel_row(seen.sigmas, height, block_px)))
        return self._shown

    def _light(self, page: Page, view: PageView) -> F32:
        """view.light, kept for the pages shown last."""
        light = self._lights.pop(page.revision, None)
        self._lights[page.revision] = view.light(page.rgb) if light is None else light
        while len(self._lights) > _KEPT_LIGHTS:
            self._lights.pop(next(iter(self._lights)))
        return self._lights[page.revision]

    def _view_for(self, matte: Matte, page: Page) -> PageView:
        view, known, sizes = self._view, self.calibration, (matte.frame.size_wh, page.size_wh)
        if view is not None and view.calibration is known and (view.camera_wh, view.page_wh) == sizes:
            return view
        is_near = view is not None and (view.camera_wh, view.page_wh) == sizes
        view = self._view = PageView(known, *sizes)
        self._shown = self._tried_pts = None
        self._lights, self._candidates = {}, Candidates()
        if not is_near:
            self._last = None
        before = self._photometry
        if before is not None and (
            not is_near or view.box.is_empty or before.cells.shape[:2] != view.blocks.grid_hw
        ):
            # A camera that was knocked sees the same light; another one does not.
            self._photometry, self._by_colour = None, first_doubts()
        return view

    def _fit(self, shown: _Shown, view: PageView, look: _Look, matte: Matte) -> None:
        """Learns the photometry from this frame; no plate when the page does not fit what the camera sees."""
        pts, part = matte.pts, view.box.slices
        before, (seen, sure) = self._photometry, look
        is_again = shown.plate is not None and (self._fit_of is shown.page or not shown.page.is_flip)
        self._tried_pts, self._fit_of = pts, shown.page if self.turn is None else None
        if before is not None and is_again:
            held = (before.off_codes(shown.means, seen, view.blocks) > OFF_CODES) & (sure > 0)
            if np.count_nonzero(held) < RELIT_SHARE * np.count_nonzero(sure):
                sure = np.where(held, np.uint8(0), sure)
        photometry = fit(shown.means, seen, sure, view.blocks, before) or before
        shown.plate = shown.doubt = None
        if photometry is None:
            return
        if self.light == "changed":
            self._by_colour = first_doubts()
        if self._take(shown, photometry, view, _Look(seen, sure)) and shown.plate is not None:
            # The last step is on pixels: the camera's curve where only strokes have a level.
            in_sight = np.asarray(cv2.bitwise_and(far_from_teacher(matte)[part], view.inside), np.uint8)
            photometry, self._by_code = with_levels(photometry, shown.light, matte.frame.rgb[part], in_sight)
            self._photometry = photometry
            self._draw(shown, photometry, view)

    def _guess(self, shown: _Shown, known: Photometry, view: PageView, look: _Look) -> None:
        """A plate for this frame alone: of a film's picture, or in the middle of a turn."""
        if self._take(shown, known, view, look):
            return
        bent = fit(shown.means, look.seen, look.sure, view.blocks, known)
        if bent is not None:
            self._take(shown, bent, view, look)

    def _take(self, shown: _Shown, photometry: Photometry, view: PageView, look: _Look) -> bool:
        """The plate by this photometry, if the frame is like it."""
        seen, sure = look
        off = photometry.off_codes(shown.means, seen, view.blocks)
        self.misfit = float((off[sure > 0] > OFF_CODES).mean()) if sure.any() else 1.0
        if self.misfit > MISFIT_SHARE:
            return False
        self._by_colour = doubts_by_colour(shown.means, off, sure, self._by_colour)
        self._draw(shown, photometry, view)
        return True

    def _draw(self, shown: _Shown, photometry: Photometry, view: PageView) -> None:
        shown.plate = photometry.plate(shown.light)
        shown.doubt = _doubt(doubts(shown.means, self._by_colour), view)
        by_code = cv2.LUT(np.ascontiguousarray(shown.plate[..., 1]), self._by_code)
        np.maximum(shown.doubt, by_code, out=shown.doubt)
        if shown.mixed is not None:
            widen(shown.doubt, shown.plate, *shown.mixed, STEEP, _MOST_DOUBT)
        shown.room = photometry.room_share(shown.plate)
        for array in (shown.plate, shown.doubt, shown.room):
            freeze(array)


class _Look(NamedTuple):
    """seen: f32 (bh, bw, 3), the picture's light by block. sure: u8 (bh, bw), LCD with nobody near."""

    seen: F32
    sure: U8


def _guess_for(view: PageView) -> Photometry:
    return Photometry(first_guess(), np.zeros((*view.blocks.grid_hw, 3)), np.zeros((3, LEVELS)))


def _doubt(by_block: F64, view: PageView) -> U8:
    """Prediction.doubt from the photometry's doubts f64 (bh, bw), in codes, and from where the LCD ends."""
    quarters = np.asarray(np.clip(by_block * DOUBT_UNITS, 0, _MOST_DOUBT), np.uint8)
    doubt = view.blocks.spread(quarters)
    rim = (view.inside == 0) & (doubt < RIM_DOUBT)
    doubt[rim] = RIM_DOUBT
    doubt[view.lcd == 0] = UNKNOWN
    return doubt


def warm_up_plate() -> None:
    """Compiles the loops over pixels, or loads them from the cache: call it before the first page is due."""
    size = 2 * TRUST_TILE_PX
    guess = Photometry(first_guess(), np.zeros((2, 2, 3)), np.zeros((3, LEVELS)))
    plate = guess.plate(np.zeros((size, size, 3), np.float32))
    guess.room_share(plate)
    flat: U8 = np.zeros((size, size), np.uint8)
    for rgb in (
        plate,
        plate[:, :TRUST_TILE_PX],
    ):  # an LCD that fills the picture, and one in the middle of it
        Trust().measure(rgb, plate[:, : rgb.shape[1]].copy(), *[flat[:, : rgb.shape[1]]] * 2)
    light: F32 = np.zeros((size, size, 3), np.float32)
    rows: F32 = np.zeros(size, np.float32)
    mix(light, light, rows, light)
    widen(flat, plate, light, light, rows, STEEP, _MOST_DOUBT)
    warm_up_held()
    warm_up_wall()
