"""The small picture of the room that speaks, for the main room: the console takes it from here."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.api.sheets import STREAM
from appliance.gateway import Gateway
from pipelines.saying import said

MAX_STREAMS = 8

_ERRORS = documented(s401="No token, or a wrong one.", s403="A viewer's token.")


def talk_camera_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        prefix="/talk/camera", tags=["talk"], dependencies=[Depends(assistant)], responses=_ERRORS
    )
    streams: set[object] = set()

    @router.get(
        "",
        summary="The speaking room's camera, picture by picture",
        response_class=StreamingResponse,
        responses={
            200: {
                "content": {STREAM: {"schema": {"type": "string", "format": "binary"}}},
                "description": "Messages without end: u32 length, big-endian, and so long a JPEG file, at "
                "most 15 a second. Length 0: there is no picture now, or still here.",
            },
            **documented(s503=f"More than {MAX_STREAMS} consoles look already."),
        },
    )
    async def get_camera() -> StreamingResponse:
        """Also while no room speaks: it begins with the next camera. Nothing is stored."""
        if len(streams) >= MAX_STREAMS:
            full = said("too_many_consoles", "Too many consoles are open.")
            raise HTTPException(503, full, {"Retry-After": "10"})
        return StreamingResponse(
            _messages(gateway, streams), media_type=STREAM, headers={"X-Accel-Buffering": "no"}
        )

    @router.delete("", status_code=204, summary="Switch the speaking room's camera off")
    async def delete_camera() -> Response:
        """The turn goes on. The room may switch it on again."""
        gateway.talk.end_camera()
        return Response(status_code=204)

    return router


async def _messages(gateway: Gateway, streams: set[object]) -> AsyncIterator[bytes]:
    me = object()
    streams.add(me)
    try:
        async with aclosing(gateway.talk.camera.pictures(lambda: not gateway.is_closing)) as pictures:
            async for jpeg in pictures:
                yield struct.pack(">I", len(jpeg)) + jpeg
    finally:
        streams.discard(me)
