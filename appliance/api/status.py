"""How the box is: for the assistant in full, for a monitor in one word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Literal

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from appliance.api.access import assistant
from appliance.api.audience import viewers_out
from appliance.api.events import changing, event_stream
from appliance.api.lesson import page_out
from appliance.api.news import caption_out
from appliance.api.problems import documented
from appliance.api.rooms import qr_picture
from appliance.api.talk import talk_out
from appliance.api.wire import (
    HealthOut,
    LayerBody,
    LinksOut,
    NoticeOut,
    ProgrammeOut,
    SourceOut,
    StatusOut,
    UprightOut,
    ViewerOut,
)
from appliance.api.wire_outlets import DestinationOut, RawRecordingOut, RecordingOut
from appliance.api.wire_scene import SceneOut
from appliance.gateway import Gateway
from appliance.links import links
from appliance.shelf import Shelf
from appliance.tokens import Tokens
from appliance.wording import in_language
from pipelines.reports import RawStatus
from pipelines.saying import reason_of, said

MAX_STREAMS = 16
SETTLE_S = 0.1  # changes within this time travel as one

_ERRORS = documented(s401="No token, or a wrong one.", s403="A viewer's token.", s422="A parameter is wrong.")

_REASONS = {
    "starting": "The studio is being started.",
    "live": "The studio sends no pictures.",
    "restarting": "The studio is being started again.",
    "stopped": "The box is being stopped.",
}


def status_routes(gateway: Gateway, shelf: Shelf, tokens: Tokens) -> APIRouter:
    router = APIRouter(tags=["status"], dependencies=[Depends(assistant)], responses=_ERRORS)
    streams: set[object] = set()
    _add_link_routes(router, gateway, tokens)
    _add_viewer_routes(router, gateway)

    @router.get("/status", summary="Studio, sources, programme, viewers")
    async def get_status() -> StatusOut:
        return status_out(gateway, shelf)

    @router.get(
        "/events",
        summary="The status, whenever it changes",
        response_class=StreamingResponse,
        responses={
            200: {
                "content": {"text/event-stream": {}},
                "description": "Server-sent events `status`, data as GET /status.",
            },
            **documented(s503=f"More than {MAX_STREAMS} consoles listen already."),
        },
    )
    async def get_events() -> StreamingResponse:
        if len(streams) >= MAX_STREAMS:
            full = said("too_many_consoles", "Too many consoles are open.")
            raise HTTPException(503, full, {"Retry-After": "10"})
        return event_stream(_events(gateway, shelf, streams))

    return router


def _add_viewer_routes(router: APIRouter, gateway: Gateway) -> None:
    @router.get("/viewers", summary="Who is watching")
    async def get_viewers() -> list[ViewerOut]:
        return viewers_out(gateway)

    @router.delete(
        "/viewers/{viewer_id}",
        status_code=204,
        summary="Send a viewer away",
        responses=documented(s404="There is no such viewer."),
    )
    async def delete_viewer(viewer_id: str) -> Response:
        if all(viewer.viewer_id != viewer_id for viewer in gateway.broadcast.viewers()):
            raise _no_viewer()
        gateway.talk.left(viewer_id)
        await gateway.broadcast.remove(viewer_id)
        return Response(status_code=204)

    @router.put(
        "/viewers/{viewer_id}/layer",
        status_code=204,
        summary="Hold a viewer's layer, or let the box choose",
        responses=documented(s404="There is no such viewer.", s409="This viewer's browser does not take it."),
    )
    async def put_layer(viewer_id: str, body: LayerBody) -> Response:
        """The change comes with the layer's next key frame, a moment later."""
        try:
            known = gateway.broadcast.pin(viewer_id, None if body.layer == "auto" else body.layer)
        except ValueError as error:
            raise _not_taken(error) from error
        if not known:
            raise _no_viewer()
        return Response(status_code=204)


def _add_link_routes(router: APIRouter, gateway: Gateway, tokens: Tokens) -> None:
    @router.get("/links", summary="Links for remote classrooms and presenters")
    async def get_links(request: Request) -> LinksOut:
        """They hold tokens: whoever has one can watch, or share a screen."""
        found = links(gateway.settings.http, request.scope["server"][1], tokens)
        return LinksOut(watch=[link.watch for link in found], present=[link.present for link in found])

    @router.get(
        "/links/{of}/qr",
        summary="The network's link as a QR code",
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {}}, "description": "An SVG picture."}},
    )
    async def get_qr(request: Request, of: Literal["watch", "present"]) -> Response:
        """It holds a token, as the link does."""
        link = links(gateway.settings.http, request.scope["server"][1], tokens)[-1]
        return qr_picture(link.watch if of == "watch" else link.present)


def health_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(tags=["status"])

    @router.get(
        "/health",
        summary="For monitors, without a token",
        response_model=HealthOut,
        responses={503: {"model": HealthOut, "description": "Viewers see the slate."}},
    )
    async def get_health() -> JSONResponse:
        # A slate that the assistant wants is no fault.
        if gateway.is_live or (gateway.is_panic and gateway.studio.state == "live"):
            return JSONResponse(HealthOut(status="live", reason="").model_dump())
        # gateway.studio.reason may name files and addresses; a stranger gets the general word.
        health = HealthOut(status=gateway.studio.state, reason=_REASONS[gateway.studio.state])
        return JSONResponse(health.model_dump(), 503, {"Retry-After": "5"})

    return router


def status_out(gateway: Gateway, shelf: Shelf) -> StatusOut:
    report = gateway.status
    opened = gateway.library.opened_as(gateway.courseware)
    return StatusOut(
        state=gateway.studio.state,
        reason=gateway.studio.reason,
        is_live=gateway.is_live,
        restarts=gateway.studio.restarts.total,
        scene=SceneOut.model_validate(gateway.scene),
        page=page_out(gateway),
        courseware=shelf.name_of(gateway.courseware),
        is_screen=report is not None and report.is_screen,
        open_id=opened.item_id if opened is not None else "",
        library_revision=gateway.library.revision,
        programme=ProgrammeOut.model_validate(report) if report is not None else None,
        sources={name: SourceOut.model_validate(source) for name, source in report.sources.items()}
        if report
        else {},
        is_panic=gateway.is_panic,
        scenes_revision=gateway.desk.scenes.revision,
        ink_revision=gateway.desk.sketchbook.revision,
        rooms_revision=gateway.desk.rooms.revision,
        log_newest=gateway.desk.log.newest,
        viewers=viewers_out(gateway),
        talk=talk_out(gateway),
        caption=caption_out(gateway),
        max_viewers=gateway.settings.broadcast.max_viewers,
        destinations=[
            DestinationOut.model_validate(one) for one in gateway.outlets.publishing.destinations()
        ],
        recording=RecordingOut.model_validate(gateway.outlets.recorder.status()),
        upright=_upright(gateway),
        raw_recording=_raw(report.raw) if report and report.raw else None,
        notices=[NoticeOut.model_validate(notice) for notice in gateway.notices],
    )


async def _events(gateway: Gateway, shelf: Shelf, streams: set[object]) -> AsyncIterator[str]:
    me = object()
    streams.add(me)

    def text() -> str | None:
        return None if gateway.is_closing else status_out(gateway, shelf).model_dump_json()

    try:
        async with aclosing(changing("status", text, gateway.changes, SETTLE_S)) as events:
            async for event in events:
                yield event
    finally:
        streams.discard(me)


def _raw(raw: RawStatus) -> RawRecordingOut:
    in_chinese = in_language(raw.reason, "zh")
    return RawRecordingOut(is_on=raw.is_on, reason=raw.reason, reason_zh=in_chinese, dropped=raw.dropped)


def _upright(gateway: Gateway) -> UprightOut | None:
    found = gateway.calibrations.upright
    return None if found is None else UprightOut.model_validate(found)


def _not_taken(error: ValueError) -> HTTPException:
    why = said("layer_not_taken", "This viewer's browser does not take it: {why}.", why=reason_of(error))
    return HTTPException(409, why)


def _no_viewer() -> HTTPException:
    return HTTPException(404, said("no_such_viewer", "There is no such viewer."))
