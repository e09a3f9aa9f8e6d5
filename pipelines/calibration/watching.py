"""Keeps the calibration right while teaching: a knocked or sagging camera is found, and followed.

Every look holds a picture against what it should show, where it is surely background: the page as the plate
predicts it, and what stands still around the LCD. Two looks that agree make a new calibration; it replaces
the old one whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.calibration.registering import (
    ALIKE,
    FAR_STEP,
    LEAST_SAMPLES,
    Registration,
    register,
    stands_still,
    view_of,
)
from pipelines.calibration.surroundings import Surroundings
from pipelines.calibration.template import Ground, Template, make_template
from pipelines.media import F64, U8, Matte, length_scale
from pipelines.plate.plate import Expected

LOOK_EVERY_S = 0.4
MOVED_PX = 0.5  # more is a knock, less a drift
STILL_PX = 0.08  # less is not worth a new plate
SURE_PX = 0.25  # standard deviation of a look that counts
_AGREE_PX, _AGREE_SHARE = 0.1, 0.1
_LOST_LOOKS = 3
_NEAR_PX = 40  # of the teacher, for a picture of 720 rows

State = Literal["locked", "moved", "relocking", "unwatched"]


class Sight(NamedTuple):
    """A picture with its matte, and what it should show; None when there is no page to hold it against."""

    matte: Matte
    expected: Expected | None


@dataclass(frozen=True, slots=True)
class GeometryState:
    """state: "locked", "moved" (seen, not yet followed), "relocking" (followed, not yet confirmed) or
    "unwatched" (too little in sight to say). shift_px: camera pixels, root mean square over the LCD, at the
    last look, None where it could not be told; std_px: its standard deviation. last_move_px: the last
    movement that was followed. moves: how many were.
    """

    state: State = "unwatched"
    shift_px: float | None = None
    std_px: float | None = None
    last_move_px: float | None = None
    moves: int = 0


class Watcher:
    """One thread calls `look`; any thread may read `calibration` and `geometry`, which are replaced whole."""

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self.geometry = GeometryState()
        self._surroundings = Surroundings()
        self._page, self._whole = _Made(with_surroundings=False), _Made(with_surroundings=True)
        self._pending: Registration | None = None
        self._lost = 0

    @property
    def is_off(self) -> bool:
        """True while the camera is known to look elsewhere than the calibration says."""
        state = self.geometry
        return state.state == "moved" and (state.shift_px is None or state.shift_px > MOVED_PX)

    def look(self, sight: Sight) -> None:
        """Measures in one picture; at most every LOOK_EVERY_S. About 10 ms at 1280x720."""
        expected = sight.expected
        if expected is None or expected.view.calibration is not self.calibration:
            if expected is None:
                self._note("unwatched", None)
            return
        frame, far = sight.matte.frame, far_from(sight.matte)
        view = view_of(frame.rgb, far)
        guess = None if self._pending is None else self._pending.moved
        around = self._surroundings
        template = (self._whole if around.is_proven else self._page).made(expected, around)
        found = register(template, view, guess)
        by_page = found.std_px <= SURE_PX and found.alike >= ALIKE
        if not by_page and not around.is_proven and around.is_known:
            template = self._whole.made(expected, around)
            found = register(template, view, guess)
        if found.alike < ALIKE and len(template.levels[0].at) >= LEAST_SAMPLES:
            self._lose(is_still=stands_still(template, view))
        elif found.std_px > SURE_PX:
            self._lost = 0
            self._note("unwatched", None)
            self._learn(frame.rgb, far, is_proven=False)
        else:
            self._follow(found, template, by_page)
            if self.geometry.state == "locked":
                self._learn(frame.rgb, far, is_proven=by_page)

    def _learn(self, rgb: U8, far: U8, *, is_proven: bool) -> None:
        """A calibration is taken at its word until a page has something to say about it."""
        if is_proven or self._pending is None:
            self._surroundings.learn(self.calibration, rgb, far)
            self._surroundings.is_proven |= is_proven

    def _follow(self, found: Registration, template: Template, by_page: bool) -> None:
        self._lost = 0
        still_px = max(STILL_PX, 1.5 * found.std_px)
        if found.shift_px <= still_px:
            self._pending = None
            self._note("locked", found)
            return
        if by_page and not self._surroundings.is_proven:
            self._surroundings.forget()
        before, self._pending = self._pending, found
        if before is None or _apart_px(before, found, template) > _AGREE_PX + _AGREE_SHARE * found.shift_px:
            # A camera that still swings is waited for.
            self._note("moved" if found.shift_px > MOVED_PX else "locked", found)
            return
        self._pending = None
        self.calibration = moved_calibration(self.calibration, template.ground, found.moved)
        knocked = found.shift_px > MOVED_PX
        state = self.geometry
        self.geometry = replace(
            state,
            last_move_px=found.shift_px if knocked else state.last_move_px,
            moves=state.moves + knocked,
        )
        self._note("relocking" if knocked else "locked", found)

    def _lose(self, *, is_still: bool) -> None:
        """The picture is not what it should be, and no movement explains it: another page, if all around is
        where it was.
        """
        self._lost = 0 if is_still else self._lost + 1
        if is_still:
            self._pending = None
            self._note("unwatched", None)
        elif self._lost >= _LOST_LOOKS:
            self._note("moved", None)

    def _note(self, state: State, found: Registration | None) -> None:
        shift, std = (None, None) if found is None else (found.shift_px, found.std_px)
        self.geometry = replace(self.geometry, state=state, shift_px=shift, std_px=std)


class _Made:
    """The newest template of one kind: made anew for another page, a new plate, more surroundings."""

    def __init__(self, *, with_surroundings: bool) -> None:
        self._with_surroundings = with_surroundings
        self._template: Template | None = None
        self._of: tuple[object, ...] = ()

    def made(self, expected: Expected, around: Surroundings) -> Template:
        surroundings = around if self._with_surroundings else None
        of = (expected.light, expected.photometry, surroundings and surroundings.version)
        if self._template is None or any(a is not b for a, b in zip(of, self._of, strict=True)):
            self._template, self._of = _template(expected, surroundings), of
        return self._template


def moved_calibration(calibration: Calibration, ground: Ground, moved: F64) -> Calibration:
    """The calibration of a camera whose flat picture has moved by this homography."""
    camera_wh, page_wh = ground.camera_wh, calibration.page_size_wh
    exact = calibration.flat_for_sizes(camera_wh, page_wh) @ np.linalg.inv(ground.in_pixels(moved))
    exact = np.asarray(exact / exact[2, 2], np.float64)
    if calibration.lens is None:
        return replace(calibration, page_from_camera=exact, camera_size_wh=camera_wh)
    x, y = np.meshgrid(np.linspace(-0.5, page_wh[0] - 0.5, 17), np.linspace(-0.5, page_wh[1] - 0.5, 10))
    page = np.column_stack([x.ravel(), y.ravel()])
    new = replace(calibration, page_from_flat=exact, camera_size_wh=camera_wh)
    straight, _ = cv2.findHomography(new.to_camera(page, camera_wh, page_wh), page, 0)
    return replace(new, page_from_camera=np.asarray(straight, np.float64))


def far_from(matte: Matte) -> U8:
    """Above 0 where neither the teacher nor what is near them is seen, u8 (H, W) / FAR_STEP."""
    width, height = matte.frame.size_wh
    small: U8 = np.zeros((-(-height // FAR_STEP), -(-width // FAR_STEP)), np.uint8)
    if not matte.box.is_empty:
        half = FAR_STEP // 2
        rows, columns = np.nonzero(matte.pha[::half, ::half] > 2)
        small[(rows * half + matte.box.y) // FAR_STEP, (columns * half + matte.box.x) // FAR_STEP] = 255
    near = round(_NEAR_PX * length_scale(matte.frame.size_wh) / FAR_STEP) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * near + 1, 2 * near + 1))
    return np.asarray(cv2.bitwise_not(cv2.dilate(small, disc)), np.uint8)


def _template(expected: Expected, surroundings: Surroundings | None) -> Template:
    view = expected.view
    code, group, box = (surroundings or Surroundings()).seen_in(view)
    plate = expected.photometry.plate(expected.light)[..., 1]
    x, y = view.box.x - box.x, view.box.y - box.y
    part = slice(y, y + view.box.h), slice(x, x + view.box.w)
    on_page = view.inside > 0
    code[part] = np.where(on_page, plate, code[part])
    group[part] = np.where(on_page, 1, group[part])
    ground = Ground(view.calibration, view.camera_wh)
    page_wh = view.page_wh
    across, down = np.meshgrid(np.linspace(0, page_wh[0] - 1, 7), np.linspace(0, page_wh[1] - 1, 5))
    lcd = view.calibration.to_camera(np.stack([across, down], -1).reshape(-1, 2), view.camera_wh, page_wh)
    return make_template(ground, code, group, box, ground.flat(lcd))


def _apart_px(one: Registration, other: Registration, template: Template) -> float:
    """How far two movements differ, camera pixels, root mean square over the LCD."""
    seen = []
    for moved in (one.moved, other.moved):
        ahead = template.lcd @ moved[:, :2].T + moved[:, 2]
        seen.append(ahead[:, :2] / ahead[:, 2:])
    off = seen[0] - seen[1]
    return float(np.sqrt((off**2).sum(axis=1).mean())) * template.ground.half_px
