"""Courseware: what is open and what may be opened, and the library of uploads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from appliance.api.access import assistant
from appliance.api.limits import UPLOAD_PATH
from appliance.api.problems import documented
from appliance.api.wire import (
    CoursewareChoice,
    CoursewareOut,
    FilmChange,
    ItemChange,
    ItemOut,
    LiveChoice,
    LiveSourceOut,
)
from appliance.gateway import Gateway, NoFilm
from appliance.library import (
    Item,
    Language,
    Library,
    NotThere,
    Preparer,
    Unwelcome,
    language_of,
    refusal_text,
)
from appliance.live_sources import live_sources
from appliance.shelf import Shelf
from appliance.shelf_pictures import NotYet
from pipelines.saying import reason_of, said

IDLE_S = 30.0  # without a byte of an upload
UPLOAD_S = 7200.0
_STATUS = {"too_large": 413, "quota": 507, "disk_full": 507, "too_many_items": 507, "empty": 422}

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s403="A viewer's token.",
    s413="The body is too large.",
    s422="A field is wrong.",
    s503="The studio is being started: try again in a second.",
)
_GONE = documented(s404="There is no such courseware in the library.")
_BINARY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

_THUMBNAIL = {"content": {"image/webp": {}}, "description": "At most 320 x 180 pixels."}

PageIndex = Annotated[int, Path(ge=0, le=100_000, description="From 0.")]
ItemId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Of the library.")]
Lang = Annotated[
    str | None, Query(alias="lang", pattern="^(zh|en)$", description="Else Accept-Language decides.")
]


def speaks(request: Request, lang: Lang = None) -> Language:
    """Dependency: the reader's language."""
    return language_of(lang, request.headers.get("accept-language", ""))


Speaks = Annotated[Language, Depends(speaks)]


def item_out(item: Item, language: Language, opened: str) -> ItemOut:
    return ItemOut(
        id=item.item_id,
        name=item.name,
        state=item.state,
        kind=item.kind,
        pages=item.pages,
        drawn=item.drawn,
        size_bytes=item.size_bytes,
        added_s=item.added_s,
        is_open=item.item_id == opened,
        captions=item.captions,
        code=item.code,
        problem=refusal_text(item.code, item.limit, language) if item.code else "",
    )


def courseware_routes(gateway: Gateway, shelf: Shelf) -> APIRouter:
    library = gateway.library
    router = APIRouter(
        prefix="/courseware", tags=["courseware"], dependencies=[Depends(assistant)], responses=_ERRORS
    )

    def listing(language: Language, search: str = "") -> CoursewareOut:
        opened = library.opened_as(gateway.courseware)
        opened_id = opened.item_id if opened is not None else ""
        return CoursewareOut(
            name=shelf.name_of(gateway.courseware),
            available=list(shelf.items()),
            open_id=opened_id,
            items=[item_out(item, language, opened_id) for item in library.items(search)],
            used_bytes=library.used_bytes,
            quota_bytes=library.settings.quota_bytes,
            max_file_bytes=library.settings.max_file_bytes,
        )

    @router.get("", summary="What is open, and what may be opened")
    async def get_courseware(
        language: Speaks,
        search: Annotated[str, Query(max_length=100, description="Words of a name.")] = "",
    ) -> CoursewareOut:
        return listing(language, search)

    @router.put("", status_code=202, summary="Open the built-in lesson or a file of the box's folder")
    async def put_courseware(body: CoursewareChoice, language: Speaks) -> CoursewareOut:
        """Answers at once. Courseware that cannot be opened shows as a notice, and the old one stays."""
        items = shelf.items()
        if body.name not in items:
            raise HTTPException(
                422,
                said(
                    "no_such_courseware",
                    "There is no such courseware. GET /api/v1/courseware lists what may be opened.",
                ),
            )
        gateway.open_courseware(items[body.name], body.name)
        return listing(language)

    _add_live(router, gateway, listing)
    _add_film(router, gateway)
    _add_upload(router, library, gateway.preparer)
    _add_item_routes(router, gateway, library)
    _add_showing_routes(router, gateway, library)
    _add_shelf_pictures(router, gateway, shelf)
    return router


def _add_live(router: APIRouter, gateway: Gateway, listing: Callable[[Language], CoursewareOut]) -> None:
    @router.post("/live", status_code=202, summary="Open a live source of the box")
    async def post_live(body: LiveChoice, language: Speaks) -> CoursewareOut:
        """A capture card (HDMI) or a screen of the box. What was open stays until its first picture."""
        gateway.open_courseware(body.address)
        return listing(language)

    @router.get("/live", summary="The live sources that the box has")
    def get_live() -> list[LiveSourceOut]:
        """Capture cards and X11 screens, without the teacher's camera. Whether a screen lets the box in, and
        whether a card gets a signal, shows when it is opened."""
        return [
            LiveSourceOut(
                address=source.address,
                kind=source.kind,
                name=source.name,
                is_open=source.address == gateway.courseware,
            )
            for source in live_sources(gateway.settings)
        ]


def _add_film(router: APIRouter, gateway: Gateway) -> None:
    @router.patch(
        "/film",
        status_code=204,
        summary="Pause the film, let it go on, or go to a second of it",
        responses=documented(s409="No film is shown."),
    )
    async def patch_film(body: FilmChange) -> Response:
        """Of the film that is shown, its sound and its captions. Where it is follows in the status. A film
        plays when it is opened; paused, its page is a still one."""
        try:
            gateway.set_film(body.is_paused, body.position_s)
        except NoFilm:
            raise HTTPException(409, said("no_film", "No film is shown.")) from None
        return Response(status_code=204)


def _add_upload(router: APIRouter, library: Library, preparer: Preparer) -> None:
    @router.post(
        "",
        status_code=201,
        summary="Upload a file",
        openapi_extra=_BINARY,
        responses=documented(
            s408="No byte arrived for 30 s.", s413="Larger than allowed.", s507="Library or disk are full."
        ),
    )
    async def post_courseware(
        request: Request,
        response: Response,
        language: Speaks,
        name: Annotated[
            str, Query(min_length=1, max_length=300, description="The file's name, to be shown.")
        ],
    ) -> ItemOut:
        """The body is the file itself. What it is, is told by its content; it is then prepared, which the
        item's `state` follows: preparing, ready or refused."""
        try:
            item = await _received(request, library, name)
        except Unwelcome as unwelcome:
            code, limit = unwelcome.code, unwelcome.limit
            raise HTTPException(
                _STATUS[code], refusal_text(code, limit, language), {"Connection": "close"}
            ) from None
        except TimeoutError:
            raise HTTPException(
                408, refusal_text("interrupted", 0, language), {"Connection": "close"}
            ) from None
        preparer.add(item.item_id)
        response.headers["Location"] = f"{UPLOAD_PATH}/{item.item_id}"
        return item_out(item, language, "")


async def _received(request: Request, library: Library, name: str) -> Item:
    """Streams the body to disk. Raises Unwelcome, TimeoutError; starlette's ClientDisconnect passes."""
    declared = request.headers.get("content-length", "")
    incoming = await library.receive(name, int(declared) if declared.isdecimal() else None)
    try:
        async with asyncio.timeout(UPLOAD_S):
            chunks: AsyncIterator[bytes] = aiter(request.stream())
            while True:
                try:
                    chunk = await asyncio.wait_for(anext(chunks), IDLE_S)
                except StopAsyncIteration:
                    break
                if chunk:
                    await incoming.write(chunk)
            return await incoming.commit()
    finally:
        incoming.abort()


def _found(library: Library, item_id: str) -> Item:
    """Raises HTTPException."""
    try:
        return library.item(item_id)
    except NotThere:
        raise HTTPException(
            404, said("not_in_library", "There is no such courseware in the library.")
        ) from None


def _out(gateway: Gateway, item: Item, language: Language) -> ItemOut:
    opened = gateway.library.opened_as(gateway.courseware)
    return item_out(item, language, opened.item_id if opened else "")


def _add_item_routes(router: APIRouter, gateway: Gateway, library: Library) -> None:
    @router.get("/{item_id}", summary="One courseware", responses=_GONE)
    async def get_item(item_id: ItemId, language: Speaks) -> ItemOut:
        return _out(gateway, _found(library, item_id), language)

    @router.patch("/{item_id}", summary="Rename it, or move it in the list", responses=_GONE)
    async def patch_item(item_id: ItemId, body: ItemChange, language: Speaks) -> ItemOut:
        item = _found(library, item_id)
        try:
            if body.name is not None:
                item = library.rename(item_id, body.name)
        except ValueError as error:
            raise HTTPException(422, said("name_refused", "name: {why}", why=reason_of(error))) from None
        if body.place is not None:
            item = library.move(item_id, body.place)
        return _out(gateway, item, language)

    @router.delete("/{item_id}", status_code=204, summary="Delete it", responses=_GONE)
    async def delete_item(item_id: ItemId) -> Response:
        _found(library, item_id)
        for order in gateway.desk.sketchbook.forget(str(library.folder_of(item_id))):
            gateway.order_ink(order)
        library.remove(item_id)
        return Response(status_code=204)


def _add_showing_routes(router: APIRouter, gateway: Gateway, library: Library) -> None:
    @router.post(
        "/{item_id}/open",
        status_code=202,
        summary="Put it on the LCD",
        responses={**_GONE, **documented(s409="It is not ready, or was refused.")},
    )
    async def open_item(item_id: ItemId, language: Speaks) -> ItemOut:
        """Answers at once; what was open stays until the first page is there."""
        item = _found(library, item_id)
        try:
            path = library.main_of(item_id)
        except NotThere:
            waiting = said("item_preparing", "It is still being prepared.")
            why = refusal_text(item.code, item.limit, language) if item.code else waiting
            raise HTTPException(409, why) from None
        gateway.open_courseware(str(path), item.name)
        return _out(gateway, item, language)

    @router.get(
        "/{item_id}/pages/{index}/thumbnail",
        summary="A small picture of a page",
        response_class=FileResponse,
        responses={
            200: _THUMBNAIL,
            **documented(s404="There is none, or not yet."),
        },
    )
    async def get_thumbnail(item_id: ItemId, index: PageIndex) -> FileResponse:
        try:
            path = library.thumbnail_of(item_id, index)
        except NotThere:
            raise HTTPException(
                404, said("no_thumbnail", "There is no such thumbnail, or not yet.")
            ) from None
        # A page of an item never changes.
        headers = {"Cache-Control": "private, max-age=86400, immutable"}
        return FileResponse(path, media_type="image/webp", headers=headers)


def _add_shelf_pictures(router: APIRouter, gateway: Gateway, shelf: Shelf) -> None:
    @router.get(
        "/available/{name}/pages/{index}/thumbnail",
        summary="A small picture of a page of what lies on the box",
        response_class=FileResponse,
        responses={
            200: _THUMBNAIL,
            **documented(s404="There is none.", s503="It is being drawn: try again in a second."),
        },
    )
    async def get_shelf_thumbnail(
        name: Annotated[str, Path(max_length=255, description="One of the available names.")],
        index: PageIndex,
    ) -> FileResponse:
        """All pages are drawn when the first one is asked for."""
        try:
            path = gateway.shelf_pictures.picture(shelf.items()[name], index)
        except NotYet:
            soon = said("thumbnail_soon", "It is being drawn. Try again in a moment.")
            raise HTTPException(503, soon, {"Retry-After": "1"}) from None
        except (KeyError, NotThere):
            raise HTTPException(
                404, said("no_picture_of_page", "There is no picture of this page.")
            ) from None
        return FileResponse(path, media_type="image/webp", headers={"Cache-Control": "no-store"})
