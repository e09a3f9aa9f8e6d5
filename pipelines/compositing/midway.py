"""Midway: the pictures between two looks, with page and teacher on their way. Nothing here knows of time."""

from __future__ import annotations

import numpy as np

from pipelines.compositing.beside import draw_midway, fade_at, lay_picture
from pipelines.compositing.cutout import Fade, cut_out, filter_for
from pipelines.compositing.fading import TextFade
from pipelines.compositing.looks import Look, Pane, Rect, between
from pipelines.compositing.placing import Placement, shrink_ratio
from pipelines.media import F64, U8, Box, Frame, Layout, Matte, Scene, SizeWh

# Camera pixels around what a pane shows, so that its border is not the picture's; a lens bends a little more.
_AROUND_PX = 12


class Midway:
    """For one thread, and one compositor. look: of the newest picture, None while nothing moves."""

    def __init__(self, size_wh: SizeWh, text_fade: TextFade) -> None:
        self._size_wh = size_wh
        self._whole = Rect(0, 0, *size_wh)
        self._text_fade = text_fade
        self._start: Look | None = None
        self._target: Look | None = None
        self._anchor: F64 | None = None
        self.look: Look | None = None

    def begin(self, start: Look | None) -> None:
        """A move from this look; None: there is none, and all is at once where it is to be."""
        self._start, self._anchor, self.look = start, None, None

    @property
    def can_move(self) -> bool:
        return self._start is not None

    def go(self, target: Look, share: float, matte: Matte | None) -> Look:
        """The look of the next picture: this share of the way, 0 to 1, to target. After `begin`."""
        assert self._start is not None
        if self._anchor is None and matte is not None and not matte.box.is_empty:
            x, y, w, h = matte.box
            corners = [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
            self._anchor = np.array(corners, np.float64) - 0.5
        camera_wh = self._size_wh if matte is None else matte.frame.size_wh
        self._target = target
        self.look = between(self._start, target, share, self._anchor, camera_wh)
        return self.look

    def ground(self, page_rgb: U8) -> U8:
        """What the teacher is laid over: u8 (H, W, 3), a new array. page_rgb: u8 (H, W, 3)."""
        assert self.look is not None
        box = self.look.page.box
        return page_rgb.copy() if box == self._whole.box else draw_midway(page_rgb, box)

    def lay_over(self, programme: U8, page_rgb: U8 | None, matte: Matte, scene: Scene) -> None:
        """The teacher, in place, over u8 (H, W, 3 or 4). page_rgb: whose writing they may hide."""
        look, target = self.look, self._target
        assert look is not None and target is not None
        if look.pane is not None and look.opacity > 0:
            self._lay_pane(programme, matte.frame, look.pane, look.place, look.opacity)
            if look.pane.share >= 1:  # the teacher is in it
                return
        if look.place is None or matte.box.is_empty or look.opacity <= 0:
            return
        if page_rgb is not None:
            # As where they are going, so that they arrive as faded as a cut would have shown them.
            strength = 0.0 if scene.layout == Layout.BESIDE else scene.text_fade
            matte = self._text_fade.faded(page_rgb, matte, target.place or look.place, strength)
        if look.edges is not None:
            matte = fade_at(matte, look.edges)
        matrix, fade, lens = look.place
        step, taps = filter_for(shrink_ratio(matrix, matte.box, self._size_wh))
        cut_out(matte, step, fade).blend(programme, matrix, look.opacity, taps, lens)

    def _lay_pane(
        self, programme: U8, frame: Frame, pane: Pane, place: Placement | None, opacity: float
    ) -> None:
        """The camera's picture in its pane. It goes with the teacher, lest they be seen twice."""
        box, opacity = pane.at.box, opacity * pane.share
        if place is None:
            lay_picture(programme, box, frame, pane.body, mirror=pane.mirror, opacity=opacity)
            return
        part = np.ascontiguousarray(programme[box.slices])
        matrix = place.camera_from_programme @ np.array(
            [[1.0, 0.0, box.x], [0.0, 1.0, box.y], [0.0, 0.0, 1.0]]
        )
        seen = _seen_through(matrix, place, (box.w, box.h), frame.size_wh)
        if seen.is_empty:
            return
        picture = Matte(frame, seen, np.full((seen.h, seen.w), 255, np.uint8), frame.rgb[seen.slices])
        step, taps = filter_for(shrink_ratio(matrix, seen, (box.w, box.h)))
        if pane.share < 1:  # the teacher is blended as well, and what fades and moves shows no aliases
            taps = 1
        cut_out(picture, step, Fade()).blend(part, matrix, opacity, taps, place.lens)
        programme[box.slices] = part


def _seen_through(camera_from_pane: F64, place: Placement, pane_wh: SizeWh, camera_wh: SizeWh) -> Box:
    """The part of the camera's picture that a pane shows; all of it where the pane reaches the horizon."""
    (pane_w, pane_h), (camera_w, camera_h) = pane_wh, camera_wh
    x, y = np.meshgrid(np.linspace(-0.5, pane_w - 0.5, 5), np.linspace(-0.5, pane_h - 0.5, 5))
    aimed = np.column_stack((x.ravel(), y.ravel(), np.ones(25))) @ camera_from_pane.T
    if aimed[:, 2].min() <= 0:
        return Box(0, 0, camera_w, camera_h)
    flat = np.asarray(aimed[:, :2] / aimed[:, 2:], np.float64)
    camera = flat if place.lens is None else place.lens.bend(flat, camera_wh)
    around = _AROUND_PX + 0.1 * np.ptp(camera, axis=0).max()
    left, top = np.clip(np.floor(camera.min(axis=0) - around), 0, camera_wh).astype(int)
    right, bottom = np.clip(np.ceil(camera.max(axis=0) + around), 0, camera_wh).astype(int)
    return Box(int(left), int(top), int(right - left), int(bottom - top))
