"""Raw recordings: list, files, download, delete. All of it for the assistant alone.

What begins and ends them is a setting, `recording.raw`; what they are for is `classroom replay`.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from appliance.api.problems import documented
from appliance.api.wire_outlets import RawFileOut, RawItemFilesOut, RawItemOut, RawRecordingsOut
from appliance.gateway import Gateway
from pipelines.recording.raw.keeping import RawItem, RawStore
from pipelines.recording.storing import BeingWritten, NotThere
from pipelines.saying import said

_GONE = documented(s404="There is no such raw recording, or no such file in it.")
_OPEN = documented(s409="It is being written: panic ends it, or a start without recording.raw.")
_TYPES = {".jsonl": "application/jsonl", ".mkv": "video/matroska", ".png": "image/png"}

RawId = Annotated[str, Path(pattern=r"^\d{8}-\d{6}-\d{6}$", description="Of the list.")]
FileName = Annotated[
    str,
    Path(
        pattern=r"^(events\.jsonl|frames-\d{3}\.mkv|[0-9a-f]{64}\.png)$",
        description="Of the recording's files: the last part of its path.",
    ),
]


def raw_recording_routes(gateway: Gateway) -> APIRouter:
    """For the router of the recordings, which asks for the token."""
    store = RawStore(gateway.settings.box.raw_recordings_path)
    router = APIRouter(prefix="/raw")

    @router.get("", summary="The raw recordings on the box")
    async def get_raw_recordings() -> RawRecordingsOut:
        """They are large, and hold all that the camera saw, losslessly: `folder` says where they lie."""
        items = await asyncio.to_thread(store.items)
        return RawRecordingsOut(
            items=[RawItemOut.model_validate(_told(item)) for item in items],
            used_bytes=sum(item.size_bytes for item in items),
            quota_bytes=gateway.settings.recording.raw_quota_bytes,
        )

    @router.get("/{raw_id}", summary="One raw recording with its files", responses=_GONE)
    async def get_raw_recording(raw_id: RawId) -> RawItemFilesOut:
        try:
            item, files = await asyncio.to_thread(lambda: (store.item(raw_id), store.files(raw_id)))
        except NotThere:
            raise _no_such() from None
        told = [RawFileOut(path=str(file.path), size_bytes=file.size_bytes) for file in files]
        return RawItemFilesOut.model_validate(_told(item) | {"files": told})

    _add_heavy_routes(router, store)
    return router


def _add_heavy_routes(router: APIRouter, store: RawStore) -> None:
    @router.get(
        "/{raw_id}/files/{name}",
        summary="Download one file of it",
        response_class=FileResponse,
        responses={
            200: {"content": {kind: {} for kind in _TYPES.values()}, "description": "The whole file."},
            206: {"description": "The range asked for (RFC 9110, section 14)."},
            416: {"description": "A range outside the file."},
            **_GONE,
        },
    )
    async def get_raw_file(raw_id: RawId, name: FileName) -> FileResponse:
        """Put where `path` says, all files together are what `classroom replay` takes. A file that is being
        written comes as far as it went."""
        try:
            path = await asyncio.to_thread(store.file, raw_id, name)
        except NotThere:
            raise _no_such() from None
        return FileResponse(path, media_type=_TYPES[path.suffix], filename=name)

    @router.delete(
        "/{raw_id}", status_code=204, summary="Delete a raw recording", responses={**_GONE, **_OPEN}
    )
    async def delete_raw_recording(raw_id: RawId) -> Response:
        try:
            await asyncio.to_thread(store.delete, raw_id)
        except NotThere:
            raise _no_such() from None
        except BeingWritten:
            raise HTTPException(
                409,
                said(
                    "raw_written",
                    "This raw recording is being written. It ends with panic, or when the box is "
                    "started without recording.raw.",
                ),
            ) from None
        return Response(status_code=204)


def _told(item: RawItem) -> dict[str, object]:
    return {
        "id": item.item_id,
        "started_s": item.started_s,
        "duration_s": item.duration_s,
        "size_bytes": item.size_bytes,
        "is_open": item.is_open,
        "folder": str(item.folder),
    }


def _no_such() -> HTTPException:
    return HTTPException(404, said("no_such_raw", "There is no such raw recording."))
