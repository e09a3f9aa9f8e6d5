"""What crosses between the gateway (the daemon) and the studio (its child process).

Orders go down, reports come up, both pickled over one pipe between two processes of one user.
Encoded packets are the only pictures that cross: 4 Mbit/s instead of 187 MB/s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipelines.media import Packet, Scene, SourceState


@dataclass(frozen=True, slots=True)
class SetScene:
    scene: Scene


@dataclass(frozen=True, slots=True)
class TurnPage:
    """step: +1 next, -1 previous; or go to `index` (from 0). Out of range: stays at the first or last."""

    step: int = 0
    index: int | None = None


@dataclass(frozen=True, slots=True)
class OpenCourseware:
    """Opens another courseware. path: a file or folder on the box, or "demo"."""

    path: str


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A viewer needs a key frame of this layer."""

    layer: str = "main"


@dataclass(frozen=True, slots=True)
class Stop:
    """End the studio in good order."""


Order = SetScene | TurnPage | OpenCourseware | RequestKey | Stop


@dataclass(frozen=True, slots=True)
class Started:
    """The studio's first packets are out. READY for systemd."""


@dataclass(frozen=True, slots=True)
class Fatal:
    """The studio cannot go on, and says so before it exits. kind "settings" exits 78: no restart helps."""

    kind: Literal["settings", "model", "crash"]
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """An order that could not be carried out: the reason, for the person who gave it."""

    order: str
    reason: str


@dataclass(frozen=True, slots=True)
class StudioStatus:
    """Sent about once a second. Everything in it is plain data, ready for JSON.

    programme_fps, net_hz, camera_hz: over the last seconds. teacher_age_ms: age of the teacher's
    picture in the newest programme frame. stages_ms: {stage: {p50, p95, p99, n}}.
    counts: {"capture", "matting", "programme": so far}. dropped: {channel: count, on purpose}.
    late: ticks left out by the programme. plate_trust: 0 to 1, how well the LCD in sight agrees with what
    the page lets expect; None while the box does not know where the LCD is. matte_quality: 0 to 1, of the
    last minute, said without the truth; None where it cannot be said.
    """

    scene: Scene
    page_index: int
    page_count: int
    page_revision: int
    courseware: str
    sources: dict[str, SourceState]
    programme_fps: float
    net_hz: float
    camera_hz: float
    size_wh: tuple[int, int]
    provider: str
    network: str
    calibration: str
    capture_to_send_ms: dict[str, float] = field(default_factory=dict)
    stages_ms: dict[str, dict[str, float]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    late: int = 0
    stale_mattes: int = 0
    plate_trust: float | None = None
    matte_quality: float | None = None


Report = Packet | Started | Fatal | Rejected | StudioStatus
