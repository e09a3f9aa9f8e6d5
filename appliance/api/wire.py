"""What goes over the wire, with the words of the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.media import Corner, Layout

_STRICT = ConfigDict(extra="forbid")


class SceneBody(BaseModel):
    """How the programme is put together."""

    model_config = _STRICT

    layout: Layout = Field(
        Layout.ALIGNED, description="aligned: the teacher in front of the page, pointing right."
    )
    corner: Corner = Field(Corner.BOTTOM_RIGHT, description="Where the teacher stands in the corner layout.")
    scale: float = Field(
        0.6, ge=0.1, le=1.0, description="Teacher's height in the corner layout / programme's."
    )
    opacity: float = Field(1.0, ge=0.0, le=1.0, description="Opacity of the teacher.")
    mirror: bool = Field(False, description="Left and right swapped, in the camera and corner layouts.")
    slate_text: str = Field("", max_length=200, description="Text of the slate layout.")


class SceneChange(BaseModel):
    """Any fields of the scene; the others stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"layout": "corner", "corner": "bottom_left", "scale": 0.4}]},
    )

    layout: Layout | None = None
    corner: Corner | None = None
    scale: float | None = Field(None, ge=0.1, le=1.0)
    opacity: float | None = Field(None, ge=0.0, le=1.0)
    mirror: bool | None = None
    slate_text: str | None = Field(None, max_length=200)


class SceneOut(SceneBody):
    model_config = ConfigDict(from_attributes=True)

    number: int = Field(description="Grows with every change.")


class PageTurn(BaseModel):
    """Give one of the two. Out of range stays at the first or last page."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"step": 1}, {"index": 0}]})

    step: Annotated[int, Field(ge=-1000, le=1000)] | None = Field(None, description="+1 next, -1 previous.")
    index: Annotated[int, Field(ge=0, le=100_000)] | None = Field(None, description="Page to go to, from 0.")

    @model_validator(mode="after")
    def _exactly_one(self) -> PageTurn:
        if (self.step is None) == (self.index is None):
            raise ValueError("give either step or index")
        return self


class PageOut(BaseModel):
    index: int = Field(description="Page shown, from 0.")
    count: int = Field(description="Number of pages; 0 while the studio is not up.")
    revision: int = Field(description="Grows with every change of the picture.")


class CoursewareChoice(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "demo"}]})

    name: str = Field(max_length=255, description="One of the available names.")


class CoursewareOut(BaseModel):
    name: str = Field(description="What was opened last.")
    available: list[str] = Field(
        description="What may be opened: the built-in lesson and the box's courseware folder."
    )


class SourceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    state: str = Field(description="starting, live, lost or ended.")
    reason: str = Field(description="Why it does not deliver, and how to mend it.")
    detail: dict[str, str | int | float | bool | None]


class ProgrammeOut(BaseModel):
    """The studio's own measures."""

    model_config = ConfigDict(from_attributes=True)

    size_wh: tuple[int, int]
    programme_fps: float
    camera_hz: float
    net_hz: float
    capture_to_send_ms: dict[str, float] = Field(description="Camera picture to packet sent: p50, p95.")
    stages_ms: dict[str, dict[str, float]] = Field(description="Per stage: p50, p95, p99, n.")
    counts: dict[str, int] = Field(description="Pictures so far: capture, matting, programme.")
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
    network: str
    provider: str
    calibration: str


class NoticeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    at_s: float = Field(description="Seconds since 1970.")
    text: str


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
    dropped: int = Field(description="Packets left out because it was too slow.")


class StatusOut(BaseModel):
    state: Literal["starting", "live", "restarting", "stopped"] = Field(description="The studio's.")
    reason: str = Field(description="Why it is not live.")
    is_live: bool = Field(description="Do viewers see the studio's pictures now, and not the slate?")
    restarts: int = Field(description="Times the studio was started again.")
    scene: SceneOut
    page: PageOut
    courseware: str
    programme: ProgrammeOut | None = Field(description="null until the studio's first report.")
    sources: dict[str, SourceOut]
    viewers: list[ViewerOut]
    max_viewers: int
    notices: list[NoticeOut] = Field(description="The last things the assistant should know, oldest first.")


class LinksOut(BaseModel):
    watch: list[str] = Field(description="For remote classrooms; this machine first, then the network.")


class HealthOut(BaseModel):
    status: Literal["live", "starting", "restarting", "stopped"]
    reason: str = Field("", description="In general words: this answer needs no token.")
