"""What a viewer's page must know at once: its turn to speak, mutes, captions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Depends
from starlette.responses import StreamingResponse

from appliance.api.access import assistant, viewer
from appliance.api.audience import ViewerId, left
from appliance.api.events import changing, event_stream
from appliance.api.pages import pages_version
from appliance.api.problems import documented
from appliance.api.wire_talk import CaptionOut, HoldOut, MuteBody, MuteOut, NewsOut
from appliance.desk import Mute
from appliance.gateway import Gateway

_ERRORS = documented(s401="No token, or a wrong one.", s404="This viewer has left.", s422="A field is wrong.")


def news_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(prefix="/viewers/{viewer_id}", tags=["viewers"], responses=_ERRORS)
    desk = gateway.desk
    streams: dict[str, object] = {}

    @router.get(
        "/events",
        summary="What this viewer's page must know, whenever it changes",
        dependencies=[Depends(viewer)],
        response_class=StreamingResponse,
        responses={
            200: {
                "content": {"text/event-stream": {}},
                "description": "Server-sent events `news`, data as the schema NewsOut. A second stream of "
                "the same viewer ends the first.",
            }
        },
    )
    async def get_events(viewer_id: ViewerId) -> StreamingResponse:
        try:
            desk.audience.known(viewer_id)
        except KeyError:
            raise left() from None
        return event_stream(_news(gateway, viewer_id, streams))

    @router.put(
        "/mute",
        summary="Mute one screen: the sound it gets, and its voice",
        dependencies=[Depends(assistant)],
        responses=documented(s403="A viewer's token.", s413="Too large."),
    )
    async def put_mute(viewer_id: ViewerId, body: MuteBody) -> MuteOut:
        """While it watches. For all screens of a room, those that come later too: PUT /rooms/{id}/mute."""
        try:
            desk.audience.mute(viewer_id, Mute(body.sound, body.voice))
        except KeyError:
            raise left() from None
        gateway.talk.muted()
        return MuteOut.model_validate(desk.audience.mute_of(viewer_id))

    return router


async def _news(gateway: Gateway, viewer_id: str, streams: dict[str, object]) -> AsyncIterator[str]:
    me = streams[viewer_id] = object()

    def text() -> str | None:
        is_here = streams.get(viewer_id) is me and gateway.desk.audience.is_known(viewer_id)
        return _news_out(gateway, viewer_id).model_dump_json() if is_here and not gateway.is_closing else None

    try:
        async with aclosing(changing("news", text, gateway.changes)) as events:
            async for event in events:
                yield event
    finally:
        if streams.get(viewer_id) is me:
            del streams[viewer_id]


def _news_out(gateway: Gateway, viewer_id: str) -> NewsOut:
    turn = gateway.talk.turn
    hold = gateway.look_at_hold()
    is_mine = turn is not None and turn.viewer_id == viewer_id
    return NewsOut(
        talk=gateway.talk.state_of(viewer_id),
        in_programme=turn is not None and is_mine and turn.in_programme,
        camera=gateway.talk.camera.state if is_mine else "none",
        camera_in_programme=is_mine and gateway.talk.camera.in_programme,
        mute=MuteOut.model_validate(gateway.desk.audience.mute_of(viewer_id)),
        has_captions=gateway.captions.are_there,
        caption=caption_out(gateway),
        hold=None if hold is None else HoldOut.model_validate(hold),
        pages_version=pages_version(),
    )


def caption_out(gateway: Gateway) -> CaptionOut | None:
    """Nothing of the lesson leaves the box behind the panic slate."""
    shown = None if gateway.is_panic else gateway.captions.shown
    return None if shown is None else CaptionOut.model_validate(shown)
