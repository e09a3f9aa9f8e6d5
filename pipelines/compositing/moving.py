"""When the programme moves from one scene to the next, and how far it has got: by the clock of its ticks."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.media import Corner, Layout, Scene
from pipelines.timing import NS_PER_MS

# Orders nearer to each other than this are one drag. It glides from order to order, for as long as they are
# apart: as smooth as they come, and no further behind than one of them.
DRAG_NS = 300 * NS_PER_MS
MOST_GLIDE_NS = 150 * NS_PER_MS
# From these, and to them, a cut: nothing may show the camera for longer than it is wanted.
CUT = (Layout.CAMERA, Layout.SLATE)


class Step(NamedTuple):
    """number: of the move, growing. share: how far it has got, 0 to 1; 1: nothing moves (any more)."""

    number: int = 0
    share: float = 1.0

    @property
    def is_moving(self) -> bool:
        return self.share < 1.0


STILL = Step()


class Course:
    """The moves of one programme. For one thread."""

    def __init__(self, transition_ms: int) -> None:
        self._transition_ms = transition_ms
        self._scene: Scene | None = None
        self._tick_ns = 0  # the last one
        self._ordered_ns = 0  # when the scene changed last
        self._began_ns = self._lasts_ns = 0
        self._glides = False
        self._step = STILL

    def step(self, tick_ns: int, scene: Scene) -> Step:
        """How far the programme has got at this tick, in its scene. Once a tick, of growing time.

        A move begins with the picture before the one that first shows it: this one has moved already.
        """
        before, self._scene = self._scene, scene
        if before is not scene and (before is None or _seen(before) != _seen(scene)):
            self._lasts_ns = 0 if before is None else self._lasting(before, scene, tick_ns)
            self._began_ns, self._ordered_ns = self._tick_ns, tick_ns
            self._step = Step(self._step.number + 1, 0.0)
        self._tick_ns = tick_ns
        if self._step.is_moving:
            self._step = Step(self._step.number, self._share(tick_ns))
        return self._step

    def _share(self, tick_ns: int) -> float:
        gone = (tick_ns - self._began_ns) / self._lasts_ns if self._lasts_ns else 1.0
        gone = min(max(gone, 0.0), 1.0)
        return gone if self._glides else gone * gone * (3 - 2 * gone)

    def _lasting(self, before: Scene, scene: Scene, tick_ns: int) -> int:
        """How long the way takes, ns; 0: a cut."""
        is_same = before.layout == scene.layout
        if before.layout in CUT or scene.layout in CUT or (is_same and before.mirror != scene.mirror):
            return 0
        wanted_ms = self._transition_ms if scene.transition_ms is None else scene.transition_ms
        wanted_ns = wanted_ms * NS_PER_MS
        apart_ns = tick_ns - self._ordered_ns
        is_dragged = is_same and _kind(before) == _kind(scene) and scene.transition_ms is None
        self._glides = is_dragged and apart_ns < DRAG_NS
        return min(wanted_ns, apart_ns, MOST_GLIDE_NS) if self._glides else wanted_ns


def _seen(scene: Scene) -> tuple[object, ...]:
    """What of a scene decides where page and teacher stand, and whether they are seen."""
    match scene.layout:
        case Layout.ALIGNED:
            return scene.layout, scene.opacity
        case Layout.CORNER:
            corner = scene.corner if scene.place_xy is None else None
            return scene.layout, scene.opacity, scene.mirror, corner, scene.place_xy, scene.scale
        case Layout.BESIDE:
            is_left = scene.corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)
            return scene.layout, scene.opacity, scene.mirror, is_left, scene.pane_share, scene.cut_out
        case _:
            return (scene.layout,)


def _kind(scene: Scene) -> tuple[object, ...]:
    """What no drag changes."""
    return scene.corner if scene.place_xy is None else None, scene.cut_out
