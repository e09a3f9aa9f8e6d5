"""What the studio (a child process) tells the gateway (the daemon): the way up, see `pipelines.orders`.

Pickled over one pipe between two processes of one user. Encoded packets are the only pictures that cross:
4 Mbit/s instead of 187 MB/s.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pipelines.media import Packet, Scene, SheetUpdate, SizeWh, SourceState
from pipelines.orders import CalibrationKind


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


GOOD_SHIFT_PX = 0.25  # as a calibration's own error may be; from the second on the plate is not trusted
FAIR_SHIFT_PX = 0.5
ShiftVerdict = Literal["good", "fair", "bad", "unknown"]


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """What the box measures of camera and LCD while teaching.

    geometry: "locked", "moved" (the camera is elsewhere: the network works alone), "relocking" (followed,
    not yet confirmed), "unwatched" (too little in sight to say). shift_px: of the camera's picture against
    the calibration, root mean square over the LCD, at the last look; shift_std_px: its uncertainty.
    last_move_px: the last knock that was followed; moves: how many were. light: "steady", "changed" (being
    learnt anew) or "unknown". delay_ms: from a page shown to its light in the camera, by the calibration and
    the page turns since; delay_sigma_ms: its standard error; turns: how many turns were measured.
    """

    geometry: str
    shift_px: float | None = None
    shift_std_px: float | None = None
    last_move_px: float | None = None
    moves: int = 0
    light: str = "unknown"
    delay_ms: float | None = None
    delay_sigma_ms: float | None = None
    turns: int = 0

    @property
    def verdict(self) -> ShiftVerdict:
        """What the last look's shift is worth."""
        if self.geometry == "moved":
            return "bad"
        if self.shift_px is None or self.geometry == "unwatched":
            return "unknown"
        return (
            "good" if self.shift_px <= GOOD_SHIFT_PX else "fair" if self.shift_px <= FAIR_SHIFT_PX else "bad"
        )


@dataclass(frozen=True, slots=True)
class SoundLevel:
    """How loud a sound was since the last report: the highest peak and the root mean square, dBFS, where a
    full-scale square wave is at 0 in both. is_clipping: of late; is_silent: dead, for seconds already."""

    peak_dbfs: float
    rms_dbfs: float
    is_clipping: bool
    is_silent: bool


@dataclass(frozen=True, slots=True)
class SoundLevels:
    """A few times a second. teacher: the microphone as it is sent. courseware: None while it has no sound."""

    teacher: SoundLevel
    courseware: SoundLevel | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a calibration is. views: pictures of the camera used so far. points: of the page, as found in
    the newest of them; residual_px: how far they are off where they should be, camera pixels, root mean
    square. None: not known yet."""

    views: int = 0
    points: int | None = None
    residual_px: float | None = None


@dataclass(frozen=True, slots=True)
class CalibrationNews:
    """How a calibration stands. "stored": one from an earlier day is in use; "refused": measured, but not
    good enough, so that nothing changed; "failed": not measured, the reason says why.

    step: what is being done. report: of pipelines.calibration.Report, ready for JSON. picture: JPEG or empty.
    progress: how far it is, while it is running.
    """

    state: Literal["none", "stored", "running", "accepted", "refused", "failed"]
    kind: CalibrationKind | None = None
    step: str = ""
    reason: str = ""
    report: dict[str, Any] | None = None
    picture: bytes = b""
    progress: Progress | None = None


UprightState = Literal["looking", "fits", "found", "unknown"]
UprightWitness = Literal["", "page", "people"]


@dataclass(frozen=True, slots=True)
class UprightFound:
    """How the camera hangs, as far as the box can tell. "fits": as it is set; "found": otherwise, namely
    turn_deg and mirrored, which are a suggestion; "unknown": nothing tells. witness: what told it."""

    state: UprightState
    turn_deg: Literal[0, 90, 180, 270] = 0
    mirrored: bool = False
    witness: UprightWitness = ""


@dataclass(frozen=True, slots=True)
class CalibrationStatus:
    """The calibration in use. Numbers: None where it was not measured, as for the operator's corners."""

    source: str
    rms_px: float | None = None
    angle_deg: float | None = None
    delay_ms: float | None = None
    age_s: float | None = None


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """To OfferScreen, OfferVoice and OfferCamera. fault: "" with an SDP answer; else "too_large",
    "malformed", "unsupported", "failed", and a reason."""

    session: str
    sdp: str
    fault: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A shared screen, a remote voice or camera has gone, on purpose or not."""

    session: str
    reason: str


@dataclass(frozen=True, slots=True)
class VoiceHeard:
    """The first sound of a remote voice was decoded."""

    session: str


@dataclass(frozen=True, slots=True)
class CameraSeen:
    """The first picture of a remote room's camera was decoded."""

    session: str


@dataclass(frozen=True, slots=True)
class CameraPicture:
    """The small picture of a remote room, for the main room: a JPEG."""

    session: str
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class RemoteCameraStatus:
    """rate_hz: pictures taken, over the last seconds. sent_wh: their size as they came; (0, 0) before the
    first. dropped: those that came too fast, so far. is_shown: it is in the programme's newest picture."""

    rate_hz: float
    sent_wh: SizeWh
    dropped: int
    is_shown: bool


@dataclass(frozen=True, slots=True)
class PictureTaken:
    """data: PNG or JPEG; empty, with a reason, where there is nothing to be seen."""

    number: int
    data: bytes
    reason: str = ""


FilmState = Literal["playing", "paused", "ended"]


@dataclass(frozen=True, slots=True)
class FilmStatus:
    """The film that is shown. ended: it stands on its last picture. position_s: where it was when this was
    said. length_s: None where the file does not tell. began_ns: while it runs, when its first picture was
    due by the monotonic clock; None while it stands, or is on its way to another second.
    """

    state: FilmState
    position_s: float
    length_s: float | None = None
    began_ns: int | None = None

    def at(self, now_ns: int) -> FilmStatus:
        """The same at this instant: a film that runs is further."""
        if self.began_ns is None:
            return self
        position_s = max(0.0, (now_ns - self.began_ns) / 1e9)
        if self.length_s is not None:
            position_s = min(position_s, self.length_s)
        return replace(self, position_s=position_s)


@dataclass(frozen=True, slots=True)
class RawStatus:
    """The recording of raw inputs. reason: why it ended by itself. dropped: what it was too slow for."""

    is_on: bool
    reason: str
    dropped: int


@dataclass(frozen=True, slots=True)
class StudioStatus:
    """Sent about once a second. Everything in it is plain data, ready for JSON.

    programme_fps, matte_hz (mattes shown, each once), net_hz (answers of the network), camera_hz: over the
    last seconds; unchanged_hz: pictures not sent, because nothing in them had changed and processors were
    short. is_thrifty: for that reason mattes are made at half size. alpha_age_ms: how much older the
    network's picture was than the one that its alpha was carried to. stages_ms: {stage: {p50, p95, p99, n}}.
    counts: {"capture", "network", "matting", "programme", "unchanged": so far}.
    dropped: {channel: count, on purpose}.
    late: ticks left out by the programme. plate_trust: 0 to 1, how well the LCD in sight agrees with what
    the page lets expect; None while the box does not know where the LCD is. matte_quality: 0 to 1, of the
    last minute, said without the truth; None where it cannot be said. watch, calibrated: None without a
    calibration. courseware_path: what was opened last; is_screen: a shared screen is shown over it.
    film: None where none is shown. voice_dbfs: peak of the remote voice's newest block; None while no room
    speaks.
    remote_camera: None while no room's camera is connected.
    raw: None where no raw recording is wanted."""

    scene: Scene
    page_index: int
    page_count: int
    page_revision: int
    courseware: str
    sources: dict[str, SourceState]
    programme_fps: float
    net_hz: float
    matte_hz: float
    camera_hz: float
    size_wh: tuple[int, int]
    provider: str
    network: str
    calibration: str
    capture_to_send_ms: dict[str, float] = field(default_factory=dict)
    alpha_age_ms: dict[str, float] = field(default_factory=dict)
    stages_ms: dict[str, dict[str, float]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    late: int = 0
    unchanged_hz: float = 0.0
    is_thrifty: bool = False
    stale_mattes: int = 0
    plate_trust: float | None = None
    matte_quality: float | None = None
    watch: WatchStatus | None = None
    calibrated: CalibrationStatus | None = None
    courseware_path: str = ""
    is_screen: bool = False
    film: FilmStatus | None = None
    voice_dbfs: float | None = None
    remote_camera: RemoteCameraStatus | None = None
    raw: RawStatus | None = None


Report = (
    Packet
    | SheetUpdate
    | Started
    | Fatal
    | Rejected
    | CalibrationNews
    | OfferAnswer
    | SessionEnded
    | VoiceHeard
    | CameraSeen
    | CameraPicture
    | UprightFound
    | PictureTaken
    | SoundLevels
    | StudioStatus
)
