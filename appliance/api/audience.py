"""What a remote classroom tells the box: how it plays there, and what its assistant signals."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from appliance.api.access import ROLE_KEY, viewer
from appliance.api.problems import documented
from appliance.api.wire import SignalOut, ViewerOut
from appliance.api.wire_talk import MuteOut
from appliance.desk import SignalKind, TooOften, ViewerReport
from appliance.gateway import Gateway
from appliance.tokens import Role
from pipelines.broadcast import ViewerStatus
from pipelines.saying import said

DAY_MS = 86_400_000.0

# It is random: knowing it is the right to speak for this viewer, as it is to end the session (WHEP).
ViewerId = Annotated[str, Path(max_length=64, description="Of the Location that WHEP answered with.")]

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s404="This viewer has left.",
    s413="The body is too large.",
    s422="A field is wrong.",
)


class SignalBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"signal": "hand_up"}]})

    signal: SignalKind = Field(description="It takes the place of the one before.")


class ReportBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"freezes": 1, "frozen_ms": 420, "play_delay_ms": 85, "first_picture_ms": 640},
            ]
        },
    )

    freezes: int = Field(ge=0, le=1_000_000_000, description="So far.")
    frozen_ms: float = Field(ge=0, le=400 * DAY_MS, description="Altogether.")
    play_delay_ms: float | None = Field(None, ge=0, le=DAY_MS, description="Jitter buffer and decoder.")
    first_picture_ms: float | None = Field(None, ge=0, le=DAY_MS, description="From opening the page.")


class HeardOut(BaseModel):
    signal: SignalOut | None = Field(description="What still stands; null once the assistant has seen it.")
    capture_to_send_ms: float | None = Field(
        description="The box's share of the picture's age, from the camera's picture to its packets (p50); "
        "null while viewers get a slate."
    )


def audience_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        prefix="/viewers/{viewer_id}", tags=["viewers"], dependencies=[Depends(viewer)], responses=_ERRORS
    )
    desk = gateway.desk

    @router.put("/report", summary="How it plays at a viewer's")
    async def put_report(viewer_id: ViewerId, body: ReportBody) -> HeardOut:
        """Sent by the viewer's page every few seconds; the answer tells what of its signals still stands."""
        try:
            desk.audience.report(
                viewer_id,
                ViewerReport(body.freezes, body.frozen_ms, body.play_delay_ms, body.first_picture_ms),
            )
        except KeyError:
            raise left() from None
        return HeardOut(signal=_signal_out(gateway, viewer_id), capture_to_send_ms=_boxs_share_ms(gateway))

    @router.put(
        "/signal",
        status_code=204,
        summary="Hand up, no picture, no sound, too fast, fine",
        responses=documented(s429="More signals than anybody could read."),
    )
    async def put_signal(viewer_id: ViewerId, body: SignalBody) -> Response:
        """In the status at once, and in the lesson's log."""
        try:
            desk.signal(viewer_id, body.signal)
        except KeyError:
            raise left() from None
        except TooOften:
            often = said("signals_too_often", "Too many signals. Wait a moment.")
            raise HTTPException(429, often, {"Retry-After": "4"}) from None
        return Response(status_code=204)

    @router.delete("/signal", status_code=204, summary="The room takes it back, or the assistant has seen it")
    async def delete_signal(request: Request, viewer_id: ViewerId) -> Response:
        try:
            desk.clear_signal(viewer_id, seen=request.scope[ROLE_KEY] == Role.ASSISTANT)
        except KeyError:
            raise left() from None
        return Response(status_code=204)

    return router


def viewers_out(gateway: Gateway) -> list[ViewerOut]:
    """Without those who hear a room's voice alone: that is the console's loudspeaker."""
    return [_viewer_out(gateway, status) for status in gateway.broadcast.viewers() if status.hears != "voice"]


def _viewer_out(gateway: Gateway, status: ViewerStatus) -> ViewerOut:
    out = ViewerOut.model_validate(status)
    audience = gateway.desk.audience
    out.room_id = audience.room_of(status.viewer_id)
    out.name = gateway.desk.rooms.name_of(out.room_id) or out.name
    out.signal = _signal_out(gateway, status.viewer_id)
    out.talk = gateway.talk.state_of(status.viewer_id)
    out.asked_s = gateway.talk.asked_s(status.viewer_id)
    out.mute = MuteOut.model_validate(audience.mute_of(status.viewer_id))
    report = audience.report_of(status.viewer_id)
    if report is not None:
        out.freezes, out.frozen_ms = report.freezes, report.frozen_ms
        out.play_delay_ms, out.opened_to_picture_ms = report.play_delay_ms, report.first_picture_ms
    return out


def _signal_out(gateway: Gateway, viewer_id: str) -> SignalOut | None:
    signal = gateway.desk.audience.signal_of(viewer_id)
    return None if signal is None else SignalOut.model_validate(signal)


def _boxs_share_ms(gateway: Gateway) -> float | None:
    if gateway.status is None or not gateway.is_live:
        return None
    return gateway.status.capture_to_send_ms.get("p50")


def left() -> HTTPException:
    return HTTPException(404, said("viewer_left", "This viewer has left."))
