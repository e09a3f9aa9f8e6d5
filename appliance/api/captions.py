"""Captions: WebVTT of a film, and lines of a speech recogniser."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from appliance.api.access import assistant
from appliance.api.courseware import Speaks, item_out
from appliance.api.problems import documented
from appliance.api.wire import ItemOut
from appliance.api.wire_talk import CaptionBody
from appliance.gateway import Gateway
from appliance.library import BadCaptions, Cue, NotThere, read_webvtt
from pipelines.saying import said

VTT = "text/vtt"

_ERRORS = documented(
    s401="No token, or a wrong one.", s403="A viewer's token.", s413="Too large.", s422="A field is wrong."
)
_GONE = documented(s404="There is no such courseware in the library, or it has no captions.")
_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            VTT: {
                "schema": {"type": "string"},
                "example": "WEBVTT\n\n00:01.000 --> 00:04.000\nOne half is two quarters.\n",
            }
        },
    }
}

ItemId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Of the library.")]


def caption_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(tags=["captions"], dependencies=[Depends(assistant)], responses=_ERRORS)

    @router.post("/captions", status_code=204, summary="Show a line, as a speech recogniser hears it")
    async def post_caption(body: CaptionBody) -> Response:
        """At once, for so many seconds, or until the next line; over a film's own captions."""
        text = "\n".join(" ".join(line.split()) for line in body.text.splitlines() if line.strip())
        if not text.isprintable() and not all(line.isprintable() for line in text.split("\n")):
            raise HTTPException(422, said("caption_characters", "text: use characters that can be shown."))
        if not text:
            raise HTTPException(
                422, said("caption_empty", "text: give at least one character that can be seen.")
            )
        gateway.captions.say(text, body.duration_s)
        return Response(status_code=204)

    @router.delete("/captions", status_code=204, summary="Take the live line away")
    async def delete_caption() -> Response:
        gateway.captions.hush()
        return Response(status_code=204)

    _add_item_routes(router, gateway)
    return router


def _add_item_routes(router: APIRouter, gateway: Gateway) -> None:
    place = "/courseware/{item_id}/captions"
    library = gateway.library

    @router.get(
        place,
        summary="A film's captions",
        response_class=FileResponse,
        responses={200: {"content": {VTT: {}}, "description": "As they are used, without markup."}, **_GONE},
    )
    async def get_captions(item_id: ItemId) -> FileResponse:
        try:
            return FileResponse(library.captions_of(item_id), media_type=VTT)
        except NotThere:
            raise _gone() from None

    @router.put(
        place,
        summary="Give a film captions (WebVTT)",
        openapi_extra=_FILE,
        responses=_GONE
        | documented(s409="It is no film, or not ready.", s415=f"Not {VTT}.", s507="The disk is full."),
    )
    async def put_captions(request: Request, item_id: ItemId, language: Speaks) -> ItemOut:
        """They take the place of those before. Markup, styles and places are left out; damaged lines, too."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != VTT:
            raise HTTPException(415, said("caption_type", "Send WebVTT as {type}.", type=VTT))
        try:
            if library.item(item_id).kind != "film":
                raise HTTPException(409, said("captions_no_film", "Only videos can have captions."))
            cues = await asyncio.to_thread(read_webvtt, await request.body())
            _store(gateway, item_id, cues)
        except NotThere:
            raise _gone() from None
        except BadCaptions as bad:
            raise HTTPException(413 if bad.is_large else 422, bad.reason) from None
        return item_out(library.item(item_id), language, "")

    @router.delete(place, status_code=204, summary="Take a film's captions away", responses=_GONE)
    async def delete_captions(item_id: ItemId) -> Response:
        try:
            library.captions_of(item_id)
            _store(gateway, item_id, ())
        except NotThere:
            raise _gone() from None
        return Response(status_code=204)


def _store(gateway: Gateway, item_id: str, cues: tuple[Cue, ...]) -> None:
    """Raises NotThere, HTTPException."""
    try:
        gateway.library.caption(item_id, cues)
    except OSError:
        raise HTTPException(
            507, said("captions_not_stored", "The disk is full, or cannot be written to.")
        ) from None
    gateway.captions.read_again()


def _gone() -> HTTPException:
    return HTTPException(
        404, said("no_captions", "There is no such courseware in the library, or it has no captions.")
    )
