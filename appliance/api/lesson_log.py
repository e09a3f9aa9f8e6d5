"""The lesson's log and the matte's quality over the lesson."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.desk import Entry, EntryKind
from appliance.desk.quality import EVERY_S
from appliance.gateway import Gateway

_ERRORS = documented(s401="No token, or a wrong one.", s403="A viewer's token.", s422="A field is wrong.")
_COLUMNS = ("number", "time", "kind", "room", "page", "layout", "matte_quality", "plate_trust", "detail")


class EntryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    at_s: float = Field(description="Seconds since 1970.")
    kind: EntryKind
    room: str = Field(description="The name that the assistant gave; empty for the common link.")
    page_index: int = Field(description="Page shown at that moment, from 0.")
    layout: str
    matte_quality: float | None = Field(description="Of the minute before, 0 to 1.")
    plate_trust: float | None = Field(description="At that moment, 0 to 1.")
    detail: str = Field(description="The layout, or the signal that was seen or taken back.")


class LogOut(BaseModel):
    newest: int = Field(description="Number of the newest entry.")
    entries: list[EntryOut] = Field(description="Oldest first.")


class MarkBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "bad_matte"}]})

    kind: Literal["mark", "bad_matte"]


class SampleOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    at_s: float
    matte_quality: float | None
    plate_trust: float | None
    net_hz: float


class QualityOut(BaseModel):
    every_s: float
    samples: list[SampleOut] = Field(description="Oldest first, of the last four hours.")


def lesson_log_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        prefix="/lesson-log", tags=["lesson log"], dependencies=[Depends(assistant)], responses=_ERRORS
    )
    desk = gateway.desk

    @router.get("", summary="What happened when, at which page")
    async def get_log(
        after: Annotated[int, Query(ge=0, description="Only entries with a larger number.")] = 0,
        kind: Annotated[EntryKind | None, Query(description="Only entries of this kind.")] = None,
    ) -> LogOut:
        """Kept on the box, the newest 5000 entries. No names of people, no pictures, no words of anybody."""
        entries = [EntryOut.model_validate(entry) for entry in desk.log.entries(after, kind)]
        return LogOut(newest=desk.log.newest, entries=entries)

    @router.post(
        "", status_code=201, summary="Mark this moment", responses=documented(s413="The body is too large.")
    )
    async def post_mark(body: MarkBody) -> EntryOut:
        """With the page, and with the matte's quality as the box measures it."""
        return EntryOut.model_validate(desk.note(body.kind))

    @router.delete("", status_code=204, summary="Forget the log")
    async def delete_log() -> Response:
        desk.log.clear()
        return Response(status_code=204)

    @router.get(
        "/csv",
        summary="The log as a table",
        response_class=Response,
        responses={200: {"content": {"text/csv": {}}, "description": "UTF-8, for any spreadsheet."}},
    )
    async def get_csv() -> Response:
        name = f"lesson-log-{datetime.now(UTC):%Y%m%d-%H%M}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(_table(desk.log.entries()), media_type="text/csv; charset=utf-8", headers=headers)

    @router.get("/quality", summary="The matte's quality over the lesson")
    async def get_quality(
        after_s: Annotated[float, Query(ge=0, le=1e11, description="Only later samples; s since 1970.")] = 0,
    ) -> QualityOut:
        samples = [SampleOut.model_validate(sample) for sample in desk.quality.samples(after_s)]
        return QualityOut(every_s=EVERY_S, samples=samples)

    return router


def _table(entries: list[Entry]) -> str:
    # The mark of UTF-8 in front: spreadsheets take Chinese names for something else without it.
    text = io.StringIO("\ufeff", newline="")
    text.seek(0, io.SEEK_END)
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    for entry in entries:
        moment = datetime.fromtimestamp(entry.at_s, UTC).isoformat(timespec="milliseconds")
        rows.writerow(
            (
                entry.number,
                moment,
                entry.kind,
                _inert(entry.room),
                entry.page_index + 1,
                entry.layout,
                entry.matte_quality,
                entry.plate_trust,
                entry.detail,
            )
        )
    return text.getvalue()


def _inert(text: str) -> str:
    """A room called "=1+1" must stay a name in a spreadsheet."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
