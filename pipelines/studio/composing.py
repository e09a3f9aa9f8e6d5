"""One programme picture from what is newest, the same in a live lesson and in its replay."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.alignment import Calibration
from pipelines.compositing.compositor import Compositor
from pipelines.compositing.moving import Course, Step
from pipelines.compositing.recording_light import RecordingLight
from pipelines.media import U8, Matte, Page, Scene, SizeWh
from pipelines.studio.showing import Showing


class Wish(NamedTuple):
    """What a picture is to be made of. page: with its ink. Reasons: why a source is missing, "" if it is not;
    each language on a line.
    light: the recording light is due in the corner. step: of the way to this scene."""

    page: Page | None
    matte: Matte | None
    scene: Scene
    calibration: Calibration | None
    page_reason: str
    camera_reason: str
    light: bool
    step: Step


class Composed(NamedTuple):
    """One programme picture, u8 (H, W, 3), and what it was made of. page: with the ink, or its stand-in;
    scene: as really shown; wish: as it was asked for."""

    rgb: U8
    page: Page
    matte: Matte | None
    scene: Scene
    wish: Wish


class Composing:
    """For one thread. transition_ms: as in ProgrammeSettings."""

    def __init__(self, size_wh: SizeWh, transition_ms: int) -> None:
        self.compositor = Compositor(size_wh)
        self._course = Course(transition_ms)
        self._showing = Showing(size_wh)
        self._light = RecordingLight(size_wh)

    def step(self, tick_ns: int, scene: Scene) -> Step:
        """Of the way to this scene, for the wish of this tick. Once a tick."""
        return self._course.step(tick_ns, scene)

    def compose(self, wish: Wish) -> Composed:
        page, scene = self._showing.choose(
            wish.page, wish.matte, wish.scene, wish.page_reason, wish.camera_reason
        )
        rgb = self.compositor.compose(page, wish.matte, scene, wish.calibration, wish.step)
        if wish.light:
            rgb = self._light.on(rgb)
        return Composed(rgb, page, wish.matte, scene, wish)
