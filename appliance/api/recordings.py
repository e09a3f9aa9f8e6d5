"""Recordings: on and off, list, download, chapters, delete. All of it for the assistant alone."""

from __future__ import annotations

import asyncio
import base64

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.api.raw_recordings import raw_recording_routes
from appliance.api.wire_outlets import RecordedOut, RecordingOut, RecordingsOut
from appliance.api.worst_mattes import ItemId, add_worst_routes
from appliance.gateway import Gateway
from pipelines.recording.marks import chapters
from pipelines.recording.recorder import CannotRecord
from pipelines.recording.storing import BeingWritten, Item, NotThere, Store
from pipelines.saying import said

_ERRORS = documented(s401="No token, or a wrong one.", s403="A viewer's token.", s422="An id that cannot be.")
_GONE = documented(s404="There is no such recording.")

_OPEN = said("recording_written", "This file is being written: stop the recording first.")


def recording_routes(gateway: Gateway) -> APIRouter:
    recorder = gateway.outlets.recorder
    router = APIRouter(
        prefix="/recordings", tags=["recordings"], dependencies=[Depends(assistant)], responses=_ERRORS
    )

    @router.get("", summary="Is the lesson recorded, and what was")
    async def get_recordings() -> RecordingsOut:
        items = await asyncio.to_thread(recorder.store.items)
        return RecordingsOut(
            recording=RecordingOut.model_validate(recorder.status()),
            items=[_out(item) for item in items],
            used_bytes=sum(item.size_bytes + item.worst_bytes for item in items),
            quota_bytes=gateway.settings.recording.quota_bytes,
        )

    @router.post(
        "/start",
        status_code=202,
        summary="Record from now on",
        responses=documented(s507="There is no room, or no disk."),
    )
    async def start_recording() -> RecordingOut:
        """Answers at once; the file begins with the next key frame."""
        try:
            recorder.start()
        except CannotRecord as error:
            raise HTTPException(507, error.reason) from None
        return RecordingOut.model_validate(recorder.status())

    @router.post("/stop", summary="Record no longer")
    async def stop_recording() -> RecordingOut:
        """Answers when the file is whole."""
        await recorder.stop()
        return RecordingOut.model_validate(recorder.status())

    router.include_router(raw_recording_routes(gateway))  # before the ids, "raw" is none
    _add_item_routes(router, recorder.store)
    add_worst_routes(router, recorder.store)
    return router


def _add_item_routes(router: APIRouter, store: Store) -> None:
    @router.get(
        "/{item_id}",
        summary="Download a file",
        response_class=FileResponse,
        responses={
            200: {
                "content": {"video/mp4": {}},
                "description": "With Repr-Digest (RFC 9530) once it is whole.",
            },
            206: {"description": "The range asked for (RFC 9110, section 14)."},
            416: {"description": "A range outside the file."},
            **_GONE,
            **documented(s409="It is being written: stop the recording first."),
        },
    )
    async def get_recording(item_id: ItemId) -> FileResponse:
        """Fragmented MP4, H.264 and Opus."""
        item = await _found(store, item_id)
        if item.is_open:
            raise HTTPException(409, _OPEN)
        headers = {}
        if item.notes.sha256 is not None:
            digest = base64.b64encode(bytes.fromhex(item.notes.sha256)).decode()
            headers["Repr-Digest"] = f"sha-256=:{digest}:"
        return FileResponse(
            item.path, media_type="video/mp4", filename=f"lesson-{item_id}.mp4", headers=headers
        )

    @router.get(
        "/{item_id}/chapters",
        summary="The pages as chapters",
        response_class=Response,
        responses={200: {"content": {"text/vtt": {}}, "description": "WebVTT."}, **_GONE},
    )
    async def get_chapters(item_id: ItemId) -> Response:
        item = await _found(store, item_id)
        last_s = item.notes.marks[-1].at_s + 1 if item.notes.marks else 0.0
        return Response(chapters(item.notes, item.notes.duration_s or last_s), media_type="text/vtt")

    @router.delete(
        "/{item_id}",
        status_code=204,
        summary="Delete a file",
        responses={**_GONE, **documented(s409="It is being written: stop the recording first.")},
    )
    async def delete_recording(item_id: ItemId) -> Response:
        try:
            await asyncio.to_thread(store.delete, item_id)
        except NotThere:
            raise HTTPException(404, said("no_such_recording", "There is no such recording.")) from None
        except BeingWritten:
            raise HTTPException(409, _OPEN) from None
        return Response(status_code=204)


async def _found(store: Store, item_id: str) -> Item:
    """Raises HTTPException."""
    try:
        return await asyncio.to_thread(store.item, item_id)
    except NotThere:
        raise HTTPException(404, said("no_such_recording", "There is no such recording.")) from None


def _out(item: Item) -> RecordedOut:
    return RecordedOut(
        id=item.item_id,
        started_s=item.notes.started_s,
        duration_s=item.notes.duration_s,
        size_bytes=item.size_bytes + item.worst_bytes,
        worst_bytes=item.worst_bytes,
        sha256=item.notes.sha256,
        is_open=item.is_open,
        pages=len(item.notes.marks),
    )
