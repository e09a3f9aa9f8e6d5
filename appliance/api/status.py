"""How the box is: for the assistant in full, for a monitor in one word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from appliance.api.access import assistant
from appliance.api.lesson import page_out
from appliance.api.problems import documented
from appliance.api.wire import (
    HealthOut,
    LinksOut,
    NoticeOut,
    ProgrammeOut,
    SceneOut,
    SourceOut,
    StatusOut,
    ViewerOut,
)
from appliance.gateway import Gateway
from appliance.links import links
from appliance.shelf import Shelf
from appliance.tokens import Tokens

MAX_STREAMS = 16
SETTLE_S = 0.1  # changes within this time travel as one
HEARTBEAT_S = 15.0  # so that proxies do not end a quiet stream

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
            raise HTTPException(503, "Too many consoles are open.", {"Retry-After": "10"})
        return StreamingResponse(_events(gateway, shelf, streams), media_type="text/event-stream")

    @router.get("/links", summary="Links for remote classrooms")
    async def get_links(request: Request) -> LinksOut:
        """They hold the viewer's token: whoever has one can watch."""
        port = request.scope["server"][1]
        return LinksOut(watch=[link.watch for link in links(gateway.settings.http, port, tokens)])

    @router.get("/viewers", summary="Who is watching")
    async def get_viewers() -> list[ViewerOut]:
        return [ViewerOut.model_validate(viewer) for viewer in gateway.broadcast.viewers()]

    @router.delete(
        "/viewers/{viewer_id}",
        status_code=204,
        summary="Send a viewer away",
        responses=documented(s404="There is no such viewer."),
    )
    async def delete_viewer(viewer_id: str) -> Response:
        if all(viewer.viewer_id != viewer_id for viewer in gateway.broadcast.viewers()):
            raise HTTPException(404, "There is no such viewer.")
        await gateway.broadcast.remove(viewer_id)
        return Response(status_code=204)

    return router


def health_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(tags=["status"])

    @router.get(
        "/health",
        summary="For monitors, without a token",
        response_model=HealthOut,
        responses={503: {"model": HealthOut, "description": "Viewers see the slate."}},
    )
    async def get_health() -> JSONResponse:
        if gateway.is_live:
            return JSONResponse(HealthOut(status="live", reason="").model_dump())
        # gateway.reason may name files and addresses; a stranger gets the general word.
        health = HealthOut(status=gateway.state, reason=_REASONS[gateway.state])
        return JSONResponse(health.model_dump(), 503, {"Retry-After": "5"})

    return router


def status_out(gateway: Gateway, shelf: Shelf) -> StatusOut:
    report = gateway.status
    return StatusOut(
        state=gateway.state,
        reason=gateway.reason,
        is_live=gateway.is_live,
        restarts=gateway.restarts.total,
        scene=SceneOut.model_validate(gateway.scene),
        page=page_out(gateway),
        courseware=shelf.name_of(gateway.courseware),
        programme=ProgrammeOut.model_validate(report) if report is not None else None,
        sources={name: SourceOut.model_validate(source) for name, source in report.sources.items()}
        if report
        else {},
        viewers=[ViewerOut.model_validate(viewer) for viewer in gateway.broadcast.viewers()],
        max_viewers=gateway.settings.broadcast.max_viewers,
        notices=[NoticeOut.model_validate(notice) for notice in gateway.notices],
    )


async def _events(gateway: Gateway, shelf: Shelf, streams: set[object]) -> AsyncIterator[str]:
    me = object()
    streams.add(me)
    try:
        told = ""
        while not gateway.is_closing:
            text = status_out(gateway, shelf).model_dump_json()
            if text != told:
                yield f"event: status\ndata: {text}\n\n"
                told = text
                await asyncio.sleep(SETTLE_S)
            if not await gateway.wait_change(HEARTBEAT_S):
                yield ": still here\n\n"
    finally:
        streams.discard(me)
