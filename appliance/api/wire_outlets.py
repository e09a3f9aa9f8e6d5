"""What goes over the wire of the ways on which the programme leaves the box, viewers aside."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class DestinationOut(BaseModel):
    """One server that gets the programme by WHIP."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    server: str = Field(description="Scheme, host and port; the path may be a secret.")
    layer: str = Field(description="What is sent: 444, 420, low, or sound alone.")
    state: Literal["stopped", "connecting", "live", "waiting"] = Field(
        description="waiting: it failed, and is tried again by itself."
    )
    code: str = Field(
        description="Of the last failure, empty when all is well: token, unreachable, unauthorized, "
        "not_found, busy, redirects, refused, bad_answer, no_connection, lost, box."
    )
    reason: str = Field(description="The same in words.")
    next_try_s: float | None = Field(description="Until the next try, while waiting.")
    live_s: float | None = Field(description="Since the connection stands.")
    sessions: int = Field(description="How often a connection came up.")
    sent_bytes: int = Field(description="Over this connection.")
    rtt_ms: float | None = Field(description="Round trip.")
    loss: float = Field(description="Share of packets it reports lost, 0 to 1.")
    dropped: int = Field(description="Packets left out because the way was too slow.")


class RecordingOut(BaseModel):
    """Is the lesson being recorded? Its light must be seen wherever this is."""

    model_config = ConfigDict(from_attributes=True)

    state: Literal["off", "waiting", "recording"] = Field(description="waiting: for the first key frame.")
    fault: Literal["", "full", "disk"] = Field(description="Why it ended by itself.")
    reason: str = Field(description="The same in words.")
    item_id: str = Field(description="Of the file being written.")
    since_s: float | None = Field(description="Since it was started.")
    written_bytes: int
    dropped: int = Field(description="Packets left out because the disk was too slow.")


class RawRecordingOut(BaseModel):
    """Are the lesson's raw inputs being recorded (recording.raw)? Its light must be seen wherever this is."""

    model_config = ConfigDict(from_attributes=True)

    is_on: bool
    reason: str = Field(description="Why it ended by itself, in words.")
    reason_zh: str = Field(description="The same in Chinese.")
    dropped: int = Field(description="Things left out because the disk or the processor was too slow.")


class RecordedOut(BaseModel):
    """One file of a recording."""

    id: str = Field(description="Start of the recording, UTC, and the number of the file.")
    started_s: float = Field(description="Seconds since 1970.")
    duration_s: float | None = Field(description="null while it is written.")
    size_bytes: int = Field(description="With the worst mattes kept beside it.")
    worst_bytes: int = Field(description="Of which are theirs.")
    sha256: str | None = Field(description="Of the whole file, hexadecimal; null while it is written.")
    is_open: bool = Field(description="Is it being written?")
    pages: int = Field(description="Page turns noted as chapters.")


class RecordingsOut(BaseModel):
    recording: RecordingOut
    items: list[RecordedOut] = Field(description="Newest first.")
    used_bytes: int
    quota_bytes: int


class WorstMatteOut(BaseModel):
    """A moment of a recording whose matte was bad, by the box's own score."""

    score: float = Field(description="0 to 1; 0 is worst. As matte_quality of the status.")
    taken_s: float = Field(description="Seconds since 1970; started_s of the file less: where in it.")
    pts: int = Field(description="Of the frame, 1/90000 s.")
    page: int = Field(description="Of the courseware, shown then, from 0.")
    trust: float = Field(description="In what the box expects to see of the LCD, around the teacher, 0 to 1.")
    alpha_age_ms: float = Field(description="Since the frame that the network saw; 0: it was this one.")
    camera: str = Field(description="Name of the camera's picture, JPEG.")
    alpha: str = Field(description="Name of the matte, PNG: 255 is all teacher.")


class WorstMattesOut(BaseModel):
    items: list[WorstMatteOut] = Field(description="Worst first.")


class RawItemOut(BaseModel):
    """One raw recording: a folder on the box."""

    id: str = Field(description="When the studio was started, UTC, and six digits.")
    started_s: float = Field(description="Seconds since 1970.")
    duration_s: float | None = Field(description="From its first picture to its last; null without any.")
    size_bytes: int
    is_open: bool = Field(description="Is it being written?")
    folder: str = Field(description="Where it lies on the box, for `classroom replay`.")


class RawFileOut(BaseModel):
    """One file of a raw recording."""

    path: str = Field(description="Below its folder, as in pages/….png.")
    size_bytes: int


class RawItemFilesOut(RawItemOut):
    """One raw recording, with all that belongs to it."""

    files: list[RawFileOut]


class RawRecordingsOut(BaseModel):
    items: list[RawItemOut] = Field(description="Newest first.")
    used_bytes: int
    quota_bytes: int
