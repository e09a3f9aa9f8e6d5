"""The lesson in parts, for the box's own viewer page: lossless pictures beside the WHEP session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from appliance.api.access import viewer
from appliance.api.problems import documented
from appliance.gateway import Gateway
from pipelines.saying import said

STREAM = "application/octet-stream"

_ERRORS = documented(s401="No token, or a wrong one.", s404="This viewer has left.", s422="A field is wrong.")


class PartsBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"taken": True}]})

    taken: bool = Field(description="Send the teacher alone; I lay them over the sheets that I follow.")


def sheet_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(tags=["viewers"], dependencies=[Depends(viewer)], responses=_ERRORS)

    @router.get(
        "/whep/{viewer_id}/sheets",
        summary="The programme without the teacher, as lossless pictures",
        response_class=StreamingResponse,
        responses={
            200: {
                "content": {STREAM: {"schema": {"type": "string", "format": "binary"}}},
                "description": "Messages without end: u32 length of the head, big-endian; head, JSON with "
                "number, scene, layout, base (the number that is changed; null: a whole sheet), moves (watch "
                "the composed video instead), patches ([x, y, width, height, bytes]); the PNG files. "
                "An empty head: still here.",
            }
        },
    )
    async def get_sheets(viewer_id: str) -> StreamingResponse:
        """One stream a viewer; a second one ends the first. It is closed with the session."""
        _check(gateway, viewer_id)
        # A proxy that waits for more would hold back a page turn.
        return StreamingResponse(
            _sheets(gateway, viewer_id), media_type=STREAM, headers={"X-Accel-Buffering": "no"}
        )

    @router.put(
        "/whep/{viewer_id}/parts",
        status_code=204,
        summary="Take the teacher alone, or the composed picture",
        responses=documented(s409="Follow the sheets first.", s413="The body is too large."),
    )
    async def put_parts(viewer_id: str, body: PartsBody) -> Response:
        """The change comes with a key frame. When the stream of sheets ends, the composed picture returns."""
        _check(gateway, viewer_id)
        if body.taken and not gateway.sheets.follows(viewer_id):
            first = said("sheets_first", "Follow the sheets first: GET /whep/VIEWER/sheets.")
            raise HTTPException(409, first)
        gateway.broadcast.take_parts(viewer_id, body.taken)
        return Response(status_code=204)

    return router


def _check(gateway: Gateway, viewer_id: str) -> None:
    if not gateway.broadcast.knows(viewer_id):
        raise HTTPException(404, said("viewer_left", "This viewer has left."))


async def _sheets(gateway: Gateway, viewer_id: str) -> AsyncIterator[bytes]:
    feed = gateway.sheets
    following = feed.follow(viewer_id, lambda: gateway.broadcast.knows(viewer_id) and not gateway.is_closing)
    try:
        async with aclosing(following):
            async for piece in following:
                yield piece
    finally:
        if not feed.follows(viewer_id):
            gateway.broadcast.take_parts(viewer_id, False)
