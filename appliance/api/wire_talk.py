"""What goes over the wire of talk-back, mutes and a viewer's own news."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.holding import HoldKind
from pipelines.media import Corner


class TalkBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"viewer_id": "cX2pT0v2l3Zr9b1sQwJx6g", "in_programme": False}]},
    )

    viewer_id: str = Field(max_length=64, description="Of GET /viewers.")
    in_programme: bool = Field(False, description="true: all rooms hear it, not the main room alone.")


class TalkChange(BaseModel):
    """Any of them; the others stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"in_programme": True}, {"camera_in_programme": True}]},
    )

    in_programme: bool | None = None
    is_muted: bool | None = Field(None, description="true: the turn goes on, and nobody hears or sees it.")
    camera_in_programme: bool | None = Field(
        None, description="true: all rooms see its small picture, and the recording has it."
    )
    camera_corner: Corner | Literal["auto"] | None = Field(
        None, description="Of the programme; auto: one where the teacher is not."
    )


class RoomCameraOut(BaseModel):
    state: Literal["connecting", "live", "stalled"] = Field(
        description="stalled: no picture for two seconds."
    )
    in_programme: bool = Field(description="Shall all rooms see it? The main room does.")
    is_shown: bool = Field(description="Is it in the programme now? Slates, mutes and panic hide it.")
    corner: Corner | Literal["auto"]
    rate_hz: float = Field(description="Pictures taken; more are dropped.")
    sent_wh: tuple[int, int] = Field(description="As the room sends them; 0, 0 before the first.")


class TalkOut(BaseModel):
    viewer_id: str
    room_id: str = Field(description="Empty for who came by the common link.")
    name: str = Field(description="Of the room; empty for the common link.")
    state: Literal["let_in", "speaking"] = Field(description="speaking: its microphone is heard.")
    in_programme: bool
    is_muted: bool = Field(description="By the assistant, for this turn or for the room.")
    since_s: float = Field(description="Let in at, seconds since 1970.")
    level_dbfs: float | None = Field(description="Peak of its newest sound; null until it is heard.")
    camera: RoomCameraOut | None = Field(description="null while the room has its camera off.")


class MuteBody(BaseModel):
    """Both, as they shall be."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"sound": True, "voice": False}]}
    )

    sound: bool = Field(False, description="true: the programme's sound is not sent there.")
    voice: bool = Field(False, description="true: nobody hears that room, whoever lets it speak.")


class MuteOut(MuteBody):
    model_config = ConfigDict(from_attributes=True)


class CaptionBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "One half is two quarters.", "duration_s": 4}]},
    )

    text: str = Field(min_length=1, max_length=300, description="Up to three lines, without markup.")
    duration_s: float = Field(4.0, ge=0.5, le=30, description="It stands so long, or until the next one.")


class CaptionOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int = Field(description="Grows with each line.")
    text: str = Field(description="Lines are parted by a newline.")
    source: Literal["film", "live"]


class HoldOut(BaseModel):
    """Why a slate stands before the lesson."""

    model_config = ConfigDict(from_attributes=True)

    kind: HoldKind = Field(
        description="paused: by panic. slate: the assistant's. starting, restarting: the studio."
    )
    since_s: float = Field(description="Seconds since 1970, by the box's clock.")
    text: str = Field(description="On the assistant's slate; else empty.")


class NewsOut(BaseModel):
    """What a viewer's page must know at once."""

    talk: Literal["none", "asking", "let_in", "speaking"] = Field(description="This screen's turn.")
    in_programme: bool = Field(description="While it speaks: do all rooms hear it?")
    camera: Literal["none", "connecting", "live", "stalled"] = Field(description="This screen's own.")
    camera_in_programme: bool = Field(description="Do all rooms see it? else the main room alone.")
    mute: MuteOut
    has_captions: bool = Field(description="Does the lesson have captions at this time?")
    caption: CaptionOut | None = Field(description="The line that belongs to the picture just sent.")
    hold: HoldOut | None = Field(description="The slate before the lesson; null while the lesson is shown.")
    pages_version: str = Field(description="As GET /access tells it.")
