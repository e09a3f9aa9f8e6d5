"""Page, matte and scene become one programme picture."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.compositing.beside import (
    Edges,
    Sides,
    draw_beside,
    edges_of_pane,
    fade_at,
    frame_picture,
    lay_picture,
    sides_of,
    stand_in_pane,
)
from pipelines.compositing.cutout import Fade, cut_out, filter_for
from pipelines.compositing.fading import TextFade
from pipelines.compositing.looks import Look, Pane, Rect
from pipelines.compositing.midway import Midway
from pipelines.compositing.moving import STILL, Step
from pipelines.compositing.placing import (
    DegenerateCalibration,
    Placement,
    place_aligned,
    place_corner,
    shrink_ratio,
)
from pipelines.compositing.slate import camera_lost, courseware_lost, draw_slate, paused
from pipelines.compositing.steadying import Body, SteadyBody, find_body
from pipelines.media import U8, Box, Frame, Layout, Matte, Page, Scene, SizeWh, freeze

_LETTERBOX = 16


class EffectiveLayout(NamedTuple):
    """The layout that is really shown. reason: why it is not what the scene asks for; empty if it is."""

    layout: Layout
    reason: str = ""


class _Inputs(NamedTuple):
    page: Page | None
    matte: Matte | None
    scene: Scene
    calibration: Calibration | None
    step: Step

    def same(self, other: _Inputs) -> bool:
        return (
            self.page is other.page
            and self.matte is other.matte
            and self.calibration is other.calibration
            and self.scene == other.scene
            and self.step == other.step
        )


class Compositor:
    """Composes programme pictures of one size. For one thread.

    Owns: the place of the teacher in the corner layout, which follows them calmly while the placement
    (layout, corner, scale, mirror) lasts and is forgotten with it; the newest picture, handed out again
    while nothing changes; the newest slate; the newest page that stands beside the teacher; how far the body
    has faded over writing; where page and teacher were when the move began that is under way.
    """

    def __init__(self, size_wh: SizeWh) -> None:
        self._size_wh = size_wh
        self._text_fade = TextFade(size_wh)
        self._midway = Midway(size_wh, self._text_fade)
        self._move = STILL.number
        self._steady = SteadyBody()
        self._steady_for: tuple[object, ...] = ()
        self._newest: tuple[_Inputs, U8] | None = None
        self._slate: tuple[tuple[str, ...], U8] | None = None
        self._beside: tuple[U8, Sides, U8] | None = None
        self._effective = EffectiveLayout(Layout.SLATE, "nothing has been composed yet")

    @property
    def effective_layout(self) -> EffectiveLayout:
        """What the newest picture shows, and why it is not what its scene asked for."""
        return self._effective

    def compose(
        self,
        page: Page | None,
        matte: Matte | None,
        scene: Scene,
        calibration: Calibration | None,
        step: Step = STILL,
    ) -> U8:
        """One programme picture: u8 (H, W, 3), sRGB-coded, frozen.

        step: how far the programme has got on its way to this scene; from where it was when the step's number
        was first given. A step that has arrived gives the very picture of one that never moved.

        The array may be kept for ever and shared between threads: no buffer is written to twice. It may
        be the page's own array, the camera's own, or the one returned before when nothing has changed.
        Where the teacher's alpha is 0 the page's pixels are untouched.

        Without a page a slate stands in its place; without a calibration, or with one that makes no
        sense, the aligned layout falls back to the corner (`effective_layout` says why).
        Raises ValueError for a page that has not the programme's size.
        """
        inputs = _Inputs(page, matte, scene, calibration, step)
        if self._newest is not None and self._newest[0].same(inputs):
            return self._newest[1]
        if page is not None and page.size_wh != self._size_wh:
            raise ValueError(f"page {page.revision} is {page.size_wh}, not the programme's {self._size_wh}")
        if step.number != self._move:
            self._move = step.number
            self._midway.begin(self._look_before() if step.is_moving else None)
        self._begin(scene)
        if step.is_moving and self._midway.can_move:
            rgb = self._draw_moving(page, matte, scene, calibration, step.share)
        else:
            self._midway.look = None
            rgb = self._draw(page, matte, scene, calibration)
        freeze(rgb)
        self._newest = (inputs, rgb)
        return rgb

    def sheet(self, page: Page | None, scene: Scene) -> U8 | None:
        """The programme without the teacher, u8 (H, W, 3); the same array while nothing changes.

        It is where it is to be at once: a page that moves would be a film, which no lossless pictures carry.
        None where there is no such thing: the camera's layout is one picture with them in it.
        """
        if scene.layout == Layout.CAMERA:
            return None
        if scene.layout == Layout.SLATE:
            return self._slate_of(_texts(scene.slate_text))
        return self._ground(page, scene)

    def teacher(
        self, page: Page | None, matte: Matte | None, scene: Scene, calibration: Calibration | None
    ) -> U8 | None:
        """The teacher alone, where `compose` puts them: u8 (H, W, 4); None where they are not shown.

        Red, green, blue are sRGB codes of light premultiplied by alpha; alpha is linear, 0 to 255.
        `sheet` with this laid over it in linear light is what `compose` makes. While `compose` moves them,
        they are as far on their way as in its newest picture, which is to be of the same arguments.
        """
        is_moving = self._midway.look is not None
        if matte is None or scene.layout in (Layout.CAMERA, Layout.SLATE):
            return None
        if not is_moving and not _stands(matte, scene):
            return None
        self._begin(scene)
        alone = np.zeros((self._size_wh[1], self._size_wh[0], 4), np.uint8)
        if is_moving:
            self._midway.lay_over(alone, None if page is None else page.rgb, matte, scene)
        else:
            self._lay_over(alone, page, matte, scene, calibration)
        return alone

    def _begin(self, scene: Scene) -> None:
        """A new placement forgets whom the corner followed."""
        placing = (
            scene.layout,
            scene.corner,
            scene.scale,
            scene.mirror,
            scene.place_xy,
            scene.pane_share,
            scene.cut_out,
        )
        if placing != self._steady_for:
            self._steady, self._steady_for = SteadyBody(), placing

    def _draw(
        self, page: Page | None, matte: Matte | None, scene: Scene, calibration: Calibration | None
    ) -> U8:
        layout = scene.layout
        self._effective = EffectiveLayout(layout)
        if layout == Layout.SLATE:
            return self._slate_of(_texts(scene.slate_text))
        if layout == Layout.CAMERA:
            if matte is not None:
                return _fit_camera(matte.frame, self._size_wh, mirror=scene.mirror)
            self._effective = EffectiveLayout(Layout.SLATE, "there is no picture from the camera yet")
            return self._slate_of(camera_lost())
        if page is None:
            self._effective = EffectiveLayout(layout, "there is no courseware to show")
        ground = self._ground(page, scene)
        if matte is None or not _stands(matte, scene):
            return ground.view()
        programme = ground.copy()
        self._lay_over(programme, page, matte, scene, calibration)
        return programme

    def _ground(self, page: Page | None, scene: Scene) -> U8:
        """What the teacher stands before, or beside; the same array for the same page."""
        rgb = self._slate_of(courseware_lost()) if page is None else page.rgb
        if scene.layout != Layout.BESIDE:
            return rgb
        sides = sides_of(scene, self._size_wh)
        if self._beside is None or self._beside[0] is not rgb or self._beside[1] != sides:
            self._beside = rgb, sides, draw_beside(rgb, sides)
        return self._beside[2]

    def _draw_moving(
        self,
        page: Page | None,
        matte: Matte | None,
        scene: Scene,
        calibration: Calibration | None,
        share: float,
    ) -> U8:
        no_page = "" if page is not None else "there is no courseware to show"
        self._effective = EffectiveLayout(scene.layout, no_page)
        rgb = self._slate_of(courseware_lost()) if page is None else page.rgb
        self._midway.go(self._look(matte, scene, calibration), share, matte)
        programme = self._midway.ground(rgb)
        if matte is not None:
            self._midway.lay_over(programme, None if page is None else rgb, matte, scene)
        return programme

    def _look_before(self) -> Look | None:
        """Of the newest picture; None where there is none yet."""
        if self._midway.look is not None or self._newest is None:
            return self._midway.look
        _, matte, scene, calibration, _ = self._newest[0]
        return self._look(matte, scene, calibration)

    def _look(self, matte: Matte | None, scene: Scene, calibration: Calibration | None) -> Look:
        """Where a scene wants page and teacher."""
        opacity = min(scene.opacity, 1.0)
        if scene.layout == Layout.BESIDE:
            sides = sides_of(scene, self._size_wh)
            if matte is None:
                return Look(Rect(*sides.page), opacity)
            body, at = self._body_in_pane(matte), Rect(*sides.pane)
            pane = None if scene.cut_out else Pane(at, body, scene.mirror)
            if body is None:
                return Look(Rect(*sides.page), opacity, pane=pane)
            placement, edges = _in_pane(matte, body, scene, sides.pane)
            return Look(Rect(*sides.page), opacity, placement, edges, pane)
        whole = Rect(0, 0, *self._size_wh)
        if scene.layout not in (Layout.ALIGNED, Layout.CORNER):
            return Look(whole, 0.0)
        if matte is None or matte.box.is_empty:
            return Look(whole, opacity)
        return Look(whole, opacity, self._place(matte, scene, calibration))

    def _body_in_pane(self, matte: Matte) -> Body | None:
        """Whom the pane frames. With nobody there, the picture stays where it was."""
        if matte.box.is_empty:
            return self._steady.newest
        return self._steady.follow(find_body(matte), matte.pts)

    def _fill_pane(self, programme: U8, matte: Matte, scene: Scene) -> None:
        """The teacher, or the camera's picture of them, in the pane; nothing beyond it."""
        box, opacity = sides_of(scene, self._size_wh).pane, min(scene.opacity, 1.0)
        body = self._body_in_pane(matte)
        if not scene.cut_out or body is None:
            lay_picture(programme, box, matte.frame, body, mirror=scene.mirror, opacity=opacity)
            return
        pane, pane_wh = np.ascontiguousarray(programme[box.slices]), (box.w, box.h)
        matrix, fade = stand_in_pane(body, matte.frame.size_wh[0], pane_wh, mirror=scene.mirror)
        step, taps = filter_for(float(matrix[1, 1]))
        matte = fade_at(matte, edges_of_pane(matrix, pane_wh))
        cut_out(matte, step, fade).blend(pane, matrix, opacity, taps)
        programme[box.slices] = pane

    def _lay_over(
        self,
        programme: U8,
        page: Page | None,
        matte: Matte,
        scene: Scene,
        calibration: Calibration | None,
    ) -> None:
        if scene.layout == Layout.BESIDE:
            self._fill_pane(programme, matte, scene)
            return
        placement = self._place(matte, scene, calibration)
        matrix, fade, lens = placement
        if page is not None:
            matte = self._text_fade.faded(page.rgb, matte, placement, scene.text_fade)
        ratio = shrink_ratio(matrix, matte.box, self._size_wh)
        step, taps = filter_for(ratio)
        cut_out(matte, step, fade).blend(programme, matrix, min(scene.opacity, 1.0), taps, lens)

    def _place(self, matte: Matte, scene: Scene, calibration: Calibration | None) -> Placement:
        camera_wh = matte.frame.size_wh
        if scene.layout == Layout.ALIGNED:
            try:
                if calibration is None:
                    raise DegenerateCalibration("the camera is not calibrated: set the page's four corners")
                return place_aligned(calibration, camera_wh, self._size_wh)
            except DegenerateCalibration as problem:
                self._effective = EffectiveLayout(Layout.CORNER, problem.reason)
        body = self._steady.follow(find_body(matte), matte.pts)
        return place_corner(body, scene, camera_wh, self._size_wh)

    def _slate_of(self, texts: tuple[str, ...]) -> U8:
        if self._slate is None or self._slate[0] != texts:
            self._slate = (texts, draw_slate(self._size_wh, *texts))
        return self._slate[1]


def warm_up() -> None:
    """Compiles the loops over pixels, or loads them from the cache: call it before the first frame is due."""
    size_wh = (64, 64)
    frame = Frame(np.zeros((64, 64, 3), np.uint8), 0, 0)
    matte = Matte(frame, Box(8, 8, 40, 56), np.full((56, 40), 128, np.uint8), np.zeros((56, 40, 3), np.uint8))
    programme = np.zeros((64, 64, 3), np.uint8)
    for step in (1, 2):
        cut_out(matte, step, Fade()).blend(programme, np.eye(3), 1.0, taps=1)
    Compositor(size_wh).compose(Page(programme, 0, 0), matte, Scene(), None)


def _in_pane(matte: Matte, body: Body, scene: Scene, pane: Box) -> tuple[Placement, Edges]:
    """Where the teacher stands in a pane of the programme, by themselves or in the camera's picture."""
    pane_wh, camera_w = (pane.w, pane.h), matte.frame.size_wh[0]
    if scene.cut_out:
        matrix, fade = stand_in_pane(body, camera_w, pane_wh, mirror=scene.mirror)
    else:
        _, matrix = frame_picture(matte.frame, body, pane_wh, mirror=scene.mirror, step=1)
        fade = Fade()
    pane_from_programme = np.array([[1.0, 0.0, -pane.x], [0.0, 1.0, -pane.y], [0.0, 0.0, 1.0]])
    return Placement(matrix @ pane_from_programme, fade), edges_of_pane(matrix, pane_wh)


def _stands(matte: Matte | None, scene: Scene) -> bool:
    """Is there a teacher to be laid over the page?"""
    if matte is None or scene.opacity <= 0 or scene.layout == Layout.COURSEWARE:
        return False
    shows_picture = scene.layout == Layout.BESIDE and not scene.cut_out
    return shows_picture or not matte.box.is_empty


def _texts(slate_text: str) -> tuple[str, ...]:
    """The first line as the title, the rest below; the text for a pause where there is none."""
    lines = [line for line in slate_text.splitlines() if line.strip()]
    if not lines:
        return paused()
    return lines[0], *(("\n".join(lines[1:]),) if len(lines) > 1 else ())


def _fit_camera(frame: Frame, size_wh: SizeWh, *, mirror: bool) -> U8:
    """The camera's picture, whole, in the programme's size, with bars where the shapes differ."""
    width, height = size_wh
    camera_w, camera_h = frame.size_wh
    if frame.size_wh == size_wh:
        return cv2.flip(frame.rgb, 1).astype(np.uint8, copy=False) if mirror else frame.rgb.view()
    scale = min(width / camera_w, height / camera_h)
    fit_w, fit_h = max(1, round(camera_w * scale)), max(1, round(camera_h * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted = cv2.resize(frame.rgb, (fit_w, fit_h), interpolation=how)
    if mirror:
        fitted = cv2.flip(fitted, 1)
    if (fit_w, fit_h) == size_wh:
        return fitted.astype(np.uint8, copy=False)
    programme = np.full((height, width, 3), _LETTERBOX, np.uint8)
    programme[Box((width - fit_w) // 2, (height - fit_h) // 2, fit_w, fit_h).slices] = fitted
    return programme
