"""What goes over the wire, with the words of the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.api.wire_outlets import DestinationOut, RawRecordingOut, RecordingOut
from appliance.api.wire_scene import SceneOut
from appliance.api.wire_talk import CaptionOut, MuteOut, TalkOut
from appliance.desk import SignalKind
from pipelines.calibration.report import Report
from pipelines.orders import CalibrationKind
from pipelines.reports import FilmState, ShiftVerdict, UprightState, UprightWitness
from pipelines.saying import said


class PageTurn(BaseModel):
    """Give one of the two. Out of range stays at the first or last page."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"step": 1}, {"index": 0}]})

    step: Annotated[int, Field(ge=-1000, le=1000)] | None = Field(None, description="+1 next, -1 previous.")
    index: Annotated[int, Field(ge=0, le=100_000)] | None = Field(None, description="Page to go to, from 0.")

    @model_validator(mode="after")
    def _exactly_one(self) -> PageTurn:
        if (self.step is None) == (self.index is None):
            raise ValueError(said("turn_one", "give either step or index"))
        return self


class PageOut(BaseModel):
    index: int = Field(description="Page shown, from 0.")
    count: int = Field(description="Number of pages; 0 while the studio is not up.")
    revision: int = Field(description="Grows with every change of the picture.")


class CoursewareChoice(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "demo"}]})

    name: str = Field(max_length=255, description="One of the available names.")


class LiveChoice(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"address": "v4l2:/dev/video2"}]}
    )

    address: str = Field(
        max_length=60,
        pattern=r"^(v4l2:/dev/[A-Za-z0-9_/-]{1,40}|x11::[0-9]{1,3}(\.[0-9]{1,2})?)$",
        description="v4l2:/dev/video2, a capture card; x11::0, a screen of the box itself.",
    )


class FilmChange(BaseModel):
    """One of the two, or both."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"is_paused": True}, {"position_s": 83.5}, {"position_s": 0, "is_paused": False}]
        },
    )

    is_paused: bool | None = Field(
        None, description="false: it goes on; one that is over begins again. null: as it is."
    )
    position_s: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] | None = Field(
        None,
        description="Goes to this second, and plays or stands there as before; beyond the end, to the end. "
        "One that is over waits there.",
    )

    @model_validator(mode="after")
    def _something(self) -> FilmChange:
        if self.is_paused is None and self.position_s is None:
            raise ValueError(said("film_nothing", "give is_paused, position_s or both"))
        return self


class FilmOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    state: FilmState = Field(description="ended: it stands on its last picture.")
    position_s: float = Field(description="Where it is now; while it plays, it goes on by itself.")
    length_s: float | None = Field(description="null: the file does not tell, and it has not played yet.")


class LiveSourceOut(BaseModel):
    address: str = Field(description="For POST /courseware/live.")
    kind: Literal["card", "screen"] = Field(description="A capture card, or an X11 screen of the box.")
    name: str = Field(description="As the card calls itself; of a screen its display, :0.")
    is_open: bool = Field(description="Was it the last to be opened?")


class ItemChange(BaseModel):
    """Any of the two; the other stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Fractions"}, {"place": 0}]}
    )

    name: str | None = Field(None, min_length=1, max_length=300, description="To be shown.")
    place: Annotated[int, Field(ge=0, le=100_000)] | None = Field(None, description="In the list, from 0.")


class ItemOut(BaseModel):
    id: str = Field(description="Sixteen hexadecimal digits.")
    name: str = Field(description="As uploaded, or as renamed.")
    state: Literal["preparing", "ready", "refused"]
    kind: str = Field(description="pdf, pictures or film; empty until it is ready.")
    pages: int = Field(description="0 until it is ready.")
    drawn: int = Field(description="The last page whose thumbnail was drawn.")
    size_bytes: int
    added_s: float = Field(description="Seconds since 1970.")
    is_open: bool = Field(description="Was it the last to be opened?")
    captions: int = Field(description="Lines of its captions; 0: it has none.")
    code: str = Field(description="Why it was refused, for programs.")
    problem: str = Field(description="The same for a person, in their language, with the mend.")


class CoursewareOut(BaseModel):
    name: str = Field(description="What was opened last.")
    available: list[str] = Field(description="For PUT: the built-in lesson and the box's courseware folder.")
    open_id: str = Field(description="Of the item opened last; empty for what is not in the library.")
    items: list[ItemOut] = Field(description="The library, in its order.")
    used_bytes: int
    quota_bytes: int
    max_file_bytes: int


class SourceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    state: str = Field(description="starting, live, lost or ended.")
    reason: str = Field(description="Why it does not deliver, and how to mend it.")
    detail: dict[str, str | int | float | bool | None]


class LevelOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    peak_dbfs: float = Field(description="The highest since the event before; 0 is full scale.")
    rms_dbfs: float = Field(
        description="Root mean square of the same time; a square wave's peak and rms agree."
    )
    is_clipping: bool = Field(description="Within the last five seconds.")
    is_silent: bool = Field(description="Dead silence for ten seconds already, and not asked for.")


class LevelsOut(BaseModel):
    """How loud the sound is, some five times a second."""

    model_config = ConfigDict(from_attributes=True)

    teacher: LevelOut = Field(description="The microphone, as it is sent.")
    courseware: LevelOut | None = Field(description="null while it has no sound.")


class WatchOut(BaseModel):
    """What the box measures of camera and LCD while teaching."""

    model_config = ConfigDict(from_attributes=True)

    geometry: Literal["locked", "moved", "relocking", "unwatched"] = Field(
        description="Does the camera look where the calibration says? While moved, the network works alone; "
        "unwatched: too little in sight to say."
    )
    shift_px: float | None = Field(description="At the last look, camera pixels over the LCD.")
    shift_std_px: float | None = Field(description="Its standard deviation.")
    last_move_px: float | None = Field(description="The last knock that was followed.")
    moves: int = Field(description="Knocks followed so far.")
    light: Literal["steady", "changed", "unknown"] = Field(description="Changed: being learnt anew.")
    delay_ms: float | None = Field(
        description="From a page shown to its light in the camera, by calibration and page turns."
    )
    delay_sigma_ms: float | None = Field(description="Its standard error.")
    turns: int = Field(description="Page turns measured so far.")
    verdict: ShiftVerdict = Field(
        description="What the last look's shift is worth: good up to 0.25 px, fair up to 0.5, else bad."
    )


class CalibratedOut(BaseModel):
    """The calibration in use. null: not measured."""

    model_config = ConfigDict(from_attributes=True)

    source: str = Field(description="pattern, courseware, corners or simulated.")
    rms_px: float | None = Field(description="Reprojection error, camera pixels.")
    angle_deg: float | None = Field(description="Of the camera, off the LCD's normal.")
    delay_ms: float | None = Field(description="From a page shown to its light in the camera.")
    age_s: float | None = Field(description="Since it was measured.")


class CalibrationOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "pattern"}]})

    kind: CalibrationKind = Field(
        "pattern",
        description="pattern: shown on the LCD for some seconds, while viewers keep the lesson. "
        "courseware: from the page that the LCD shows now.",
    )


class ProgressOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    views: int = Field(description="Pictures of the camera used so far.")
    points: int | None = Field(description="Of the page, found in the newest of them.")
    residual_px: float | None = Field(
        description="How far they are off, camera pixels, root mean square; of the pattern without the lens."
    )


class CalibrationOut(BaseModel):
    """How the last calibration went."""

    model_config = ConfigDict(from_attributes=True)

    state: Literal["none", "stored", "running", "accepted", "refused", "failed"] = Field(
        description="stored: from an earlier day. refused: not good enough, nothing changed. "
        "failed: not measured."
    )
    kind: CalibrationKind | None
    step: str = Field(description="What is being done.")
    reason: str = Field(description="Why it was refused or failed, and how to mend it.")
    progress: ProgressOut | None = Field(description="While it is running.")
    report: Report | None
    has_picture: bool = Field(description="Does GET /calibration/picture have one?")


class ProgrammeOut(BaseModel):
    """The studio's own measures."""

    model_config = ConfigDict(from_attributes=True)

    size_wh: tuple[int, int]
    programme_fps: float = Field(description="Pictures sent.")
    unchanged_hz: float = Field(
        description="Pictures not sent, because nothing in them had changed and processors were short."
    )
    camera_hz: float
    net_hz: float = Field(description="Answers of the matting network.")
    matte_hz: float = Field(
        description="Mattes shown, each once: between two answers of the network its alpha is carried "
        "to every camera picture."
    )
    is_thrifty: bool = Field(
        description="Have processors been short for a while? Then the network is shown less, mattes are made "
        "at half the camera's size, and unchanged pictures are not sent."
    )
    capture_to_send_ms: dict[str, float] = Field(description="Camera picture to packet sent: p50, p95.")
    alpha_age_ms: dict[str, float] = Field(
        description="How much older the network's picture was than the one that its alpha was carried to."
    )
    stages_ms: dict[str, dict[str, float]] = Field(description="Per stage: p50, p95, p99, n.")
    counts: dict[str, int] = Field(
        description="So far: pictures of capture and programme, unchanged ones not sent, answers of network, "
        "mattes of matting."
    )
    dropped: dict[str, int] = Field(description="Left out on purpose, by channel.")
    late: int = Field(description="Ticks left out by the programme.")
    stale_mattes: int = Field(description="Mattes shown over another frame: always 0.")
    plate_trust: float | None = Field(
        description="How well the LCD in sight agrees with the page, 0 to 1; null without its place. "
        "At 0 the network works alone."
    )
    matte_quality: float | None = Field(
        description="Of the last minute's mattes, 0 to 1: how far plate and matte explain the camera's "
        "picture. null where that cannot be said."
    )
    watch: WatchOut | None = Field(description="null without a calibration.")
    network: str
    provider: str
    calibration: str
    calibrated: CalibratedOut | None


class UprightOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    state: UprightState = Field(
        description="found: the camera hangs otherwise than it is set, namely as told here: a suggestion. "
        "fits: as it is set. unknown: nothing tells."
    )
    turn_deg: Literal[0, 90, 180, 270]
    mirrored: bool
    witness: UprightWitness = Field(description="What told it: the page on the LCD, or people.")


class NoticeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    at_s: float = Field(description="Seconds since 1970.")
    text: str = Field(description="In English.")
    text_zh: str = Field(description="The same in Chinese.")


class SignalOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: SignalKind
    at_s: float = Field(description="Seconds since 1970.")


class ViewerOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    viewer_id: str
    name: str = Field(description="As the viewer calls itself; may be empty.")
    state: Literal["connecting", "connected", "disconnected", "closed"]
    age_s: float = Field(description="Since it joined.")
    first_picture_ms: float | None = Field(description="From its offer to the first picture sent.")
    sent_bytes: int
    loss: float = Field(description="Share of packets it reports lost, 0 to 1.")
    rtt_ms: float | None = Field(description="Round trip.")
    nacks: int = Field(description="Packets it asked for again.")
    dropped: int = Field(description="Packets left out because it was too slow.")
    layer: str = Field(
        description="What it gets: 444, 420, low (few pictures a second), sound, or teacher (beside sheets)."
    )
    layers: tuple[str, ...] = Field(description="What its browser takes, best first.")
    pinned: bool = Field(description="Held by the assistant, whatever the line is like.")
    room_id: str = Field("", description="Of the room whose link was used; empty for the common link.")
    signal: SignalOut | None = Field(None, description="What the remote assistant signals, until it is seen.")
    talk: Literal["none", "asking", "let_in", "speaking"] = Field("none", description="Its turn to speak.")
    asked_s: float | None = Field(None, description="Asks to speak since, seconds since 1970.")
    mute: MuteOut = Field(MuteOut(), description="Of this screen and of its room, together.")
    freezes: int | None = Field(None, description="As the viewer's browser counts them; null until it has.")
    frozen_ms: float | None = Field(None, description="Altogether.")
    play_delay_ms: float | None = Field(
        None, description="Jitter buffer and decoder of the viewer. Add half of rtt_ms for the whole way."
    )
    opened_to_picture_ms: float | None = Field(
        None, description="From opening the page to the first picture, as the viewer measured."
    )


class LayerBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"layer": "420"}]})

    layer: Literal["auto", "teacher", "444", "420", "low", "sound"] = Field(
        description="Held from now on; auto lets the box choose by the line. teacher: for a viewer in parts."
    )


class StatusOut(BaseModel):
    state: Literal["starting", "live", "restarting", "stopped"] = Field(description="The studio's.")
    reason: str = Field(description="Why it is not live.")
    is_live: bool = Field(description="Do viewers see the studio's pictures now, and not the slate?")
    restarts: int = Field(description="Times the studio was started again.")
    scene: SceneOut
    page: PageOut
    courseware: str = Field(description="Name of what was opened last.")
    is_screen: bool = Field(description="Is a shared screen shown over it?")
    film: FilmOut | None = Field(description="null unless a film is shown.")
    open_id: str = Field(description="The library's item opened last; empty for anything else.")
    library_revision: int = Field(description="Grows with every change of the library.")
    is_panic: bool = Field(
        description="Is the panic slate on? Then nothing of camera and microphone goes out."
    )
    scenes_revision: int = Field(description="Grows with every change of the saved scenes.")
    ink_revision: int = Field(description="Grows with every change of the ink.")
    rooms_revision: int = Field(description="Grows with every change of the rooms.")
    log_newest: int = Field(description="Number of the lesson log's newest entry: GET /lesson-log?after=N.")
    programme: ProgrammeOut | None = Field(description="null until the studio's first report.")
    sources: dict[str, SourceOut]
    viewers: list[ViewerOut]
    max_viewers: int
    talk: TalkOut | None = Field(description="The room that may speak.")
    caption: CaptionOut | None = Field(description="What viewers read under the picture.")
    destinations: list[DestinationOut] = Field(description="Other servers that get the programme.")
    recording: RecordingOut
    upright: UprightOut | None = Field(description="How the camera hangs, as far as the box has looked.")
    raw_recording: RawRecordingOut | None = Field(description="null unless recording.raw is set.")
    notices: list[NoticeOut] = Field(description="The last things the assistant should know, oldest first.")


class LinksOut(BaseModel):
    watch: list[str] = Field(description="For remote classrooms; this machine first, then the network.")
    present: list[str] = Field(
        description="For the teacher's laptop, to share its screen and to draw; same order."
    )


class HealthOut(BaseModel):
    status: Literal["live", "starting", "restarting", "stopped"]
    reason: str = Field("", description="In general words: this answer needs no token.")
