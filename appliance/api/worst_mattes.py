"""The worst mattes of a recording: list and files, beside the recording's own routes.

What has them kept is a setting, `recording.worst_mattes`; they are deleted with the recording.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from appliance.api.problems import documented
from appliance.api.wire_outlets import WorstMatteOut, WorstMattesOut
from pipelines.recording.storing import NotThere, Store
from pipelines.recording.worst_files import WorstMoment
from pipelines.saying import said

_GONE = documented(s404="There is no such recording, or no such file.")
_TYPES = {".jsonl": "application/jsonl", ".jpg": "image/jpeg", ".png": "image/png"}

ItemId = Annotated[str, Path(pattern=r"^\d{8}-\d{6}-\d{3}$", description="Of the list.")]
FileName = Annotated[
    str,
    Path(
        pattern=r"^(worst\.jsonl|[01]\.\d{3}-\d{10,15}\.(camera\.jpg|alpha\.png))$",
        description="Of the list; or worst.jsonl, which has a line for those displaced later too.",
    ),
]


def add_worst_routes(router: APIRouter, store: Store) -> None:
    """router: of the recordings, which asks for the token."""

    @router.get("/{item_id}/worst", summary="The worst mattes kept with a file", responses=_GONE)
    async def get_worst_mattes(item_id: ItemId) -> WorstMattesOut:
        """Those of a file that is being written too. None without `recording.worst_mattes`."""
        try:
            moments = await asyncio.to_thread(store.worst, item_id)
        except NotThere:
            raise HTTPException(404, said("no_such_recording", "There is no such recording.")) from None
        return WorstMattesOut(items=[_out(moment) for moment in moments])

    @router.get(
        "/{item_id}/worst/{name}",
        summary="Download one of their files",
        response_class=FileResponse,
        responses={
            200: {"content": {kind: {} for kind in _TYPES.values()}, "description": "The whole file."},
            206: {"description": "The range asked for (RFC 9110, section 14)."},
            416: {"description": "A range outside the file."},
            **_GONE,
        },
    )
    async def get_worst_file(item_id: ItemId, name: FileName) -> FileResponse:
        """404 too for one that a worse moment has displaced since the list was read."""
        try:
            path = await asyncio.to_thread(store.worst_file, item_id, name)
        except NotThere:
            raise HTTPException(404, said("no_such_worst", "There is no such file of a matte.")) from None
        return FileResponse(path, media_type=_TYPES[path.suffix], filename=name)


def _out(moment: WorstMoment) -> WorstMatteOut:
    return WorstMatteOut(
        score=moment.score,
        taken_s=moment.taken_s,
        pts=moment.pts,
        page=moment.page,
        trust=moment.trust,
        alpha_age_ms=moment.alpha_age_ms,
        camera=moment.camera_name,
        alpha=moment.alpha_name,
    )
