"""Ink on the page: pen, marker, laser, spotlight; undo, clear; exported with the page.

A presenter draws too: with the pen, on the page that is shown, and takes back what is their own.
"""

from __future__ import annotations

import base64
from typing import Annotated
from xml.sax.saxutils import quoteattr

from fastapi import APIRouter, Depends, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from appliance.api.access import ROLE_KEY, assistant, presenter
from appliance.api.events import MAX_STREAMS, Streams
from appliance.api.pictures import picture_of
from appliance.api.problems import documented
from appliance.api.wire_ink import (
    Index,
    InkOut,
    PointerBody,
    ShownOut,
    StrokeBody,
    StrokeGrowth,
    StrokeOut,
)
from appliance.desk.sketchbook import NoSuchStroke, TooMuchInk
from appliance.gateway import Gateway
from appliance.tokens import Role
from pipelines.ink import INK_COLOURS, MARKER_ALPHA, SCREEN, Hand, PageKey, Pointer, Stroke, Tool
from pipelines.orders import DrawStroke, PointAt, SetInk
from pipelines.saying import said

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s403="A viewer's token; or a presenter's, for more than the pen on the page shown.",
    s413="The body is too large.",
    s422="A field is wrong.",
    s503="The studio is being started: try again in a second.",
)
_FULL = documented(s409="The page is full; the reason says of what. A presenter: it is not the page shown.")
_NOT_SHOWN = documented(s409="A presenter: it is not the page shown.")


async def _hand(request: Request) -> Hand:
    return "assistant" if request.scope[ROLE_KEY] >= Role.ASSISTANT else "presenter"


Drawer = Annotated[Hand, Depends(_hand)]


def ink_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(prefix="/ink", tags=["ink"], dependencies=[Depends(presenter)], responses=_ERRORS)
    _add_strokes(router, gateway)
    _add_clearing(router, gateway)
    _add_pointer(router, gateway)
    _add_events(router, gateway)
    _add_exports(router, gateway)
    return router


def _add_strokes(router: APIRouter, gateway: Gateway) -> None:
    book = gateway.desk.sketchbook

    @router.post("/strokes", status_code=201, summary="Begin a stroke", responses=_FULL)
    async def post_stroke(body: StrokeBody, by: Drawer) -> StrokeOut:
        """Drawn for all viewers at once; not onto the LCD in the classroom. A presenter draws with the pen,
        on the page that is shown."""
        if by == "presenter" and body.tool != Tool.PEN:
            raise HTTPException(403, said("ink_pen_alone", "The presenter's token draws with the pen."))
        key = _key(gateway, body.page, by)
        try:
            stroke, order = book.begin(key, body.tool, body.colour, body.width, tuple(body.points), by)
        except TooMuchInk as full:
            raise HTTPException(409, full.reason) from None
        _order(gateway, order)
        return StrokeOut.model_validate(stroke)

    @router.patch(
        "/strokes/{stroke_id}",
        status_code=204,
        summary="Go on with the last stroke",
        responses=_FULL | documented(s404="It is not this token's last stroke of the page."),
    )
    async def patch_stroke(
        stroke_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")], body: StrokeGrowth, by: Drawer
    ) -> Response:
        key = _key(gateway, body.page, by)
        try:
            _order(gateway, book.extend(key, stroke_id, tuple(body.points), by))
        except NoSuchStroke:
            raise HTTPException(
                404, said("stroke_not_last", "This is not the page's last stroke (any more).")
            ) from None
        except TooMuchInk as full:
            raise HTTPException(409, full.reason) from None
        return Response(status_code=204)


def _add_clearing(router: APIRouter, gateway: Gateway) -> None:
    book = gateway.desk.sketchbook

    @router.post(
        "/undo",
        status_code=204,
        summary="Take back the last stroke, or the clearing",
        responses=_NOT_SHOWN,
    )
    async def post_undo(page: Index, by: Drawer) -> Response:
        """A presenter: of their own."""
        gateway.order_ink(book.undo(_key(gateway, page, by), by))
        return Response(status_code=204)

    @router.delete("", status_code=204, summary="Clear a page", responses=_NOT_SHOWN)
    async def delete_ink(page: Index, by: Drawer) -> Response:
        """A presenter: of their own strokes."""
        gateway.order_ink(book.clear(_key(gateway, page, by), by))
        return Response(status_code=204)


def _add_pointer(router: APIRouter, gateway: Gateway) -> None:
    holder: Hand | None = None

    @router.put("/pointer", status_code=204, summary="Laser or spotlight, here")
    async def put_pointer(body: PointerBody, by: Drawer) -> Response:
        nonlocal holder
        holder = by
        gateway.order_ink(PointAt(Pointer(body.kind, body.x, body.y, body.radius)))
        return Response(status_code=204)

    @router.delete("/pointer", status_code=204, summary="Put laser or spotlight away")
    async def delete_pointer(by: Drawer) -> Response:
        """A presenter: unless the assistant has pointed since."""
        nonlocal holder
        if by == "assistant" or holder == by:
            holder = None
            gateway.order_ink(PointAt(None))
        return Response(status_code=204)


def _add_events(router: APIRouter, gateway: Gateway) -> None:
    streams = Streams(gateway)

    @router.get(
        "/events",
        summary="Which page is shown, whenever it or its ink changes",
        response_class=StreamingResponse,
        responses={
            200: {
                "content": {"text/event-stream": {}},
                "description": "Server-sent events `shown`, data as the schema ShownOut.",
            },
            **documented(s503=f"More than {MAX_STREAMS} pages listen already."),
        },
    )
    async def get_events(by: Drawer) -> StreamingResponse:
        return streams.answer("shown", lambda: shown_out(gateway, by))


def shown_out(gateway: Gateway, by: Hand) -> ShownOut:
    """The page that is shown, to who draws."""
    status, book = gateway.status, gateway.desk.sketchbook
    index = 0 if status is None else status.page_index
    return ShownOut(
        page=index,
        count=0 if status is None else status.page_count,
        revision=0 if status is None else status.page_revision,
        ink_revision=book.revision,
        can_undo=book.can_undo(_key(gateway, index), by),
    )


def _add_exports(router: APIRouter, gateway: Gateway) -> None:
    _none = documented(s404="There is no page.")
    book = gateway.desk.sketchbook

    @router.get("", summary="The ink of a page, as vectors", dependencies=[Depends(assistant)])
    async def get_ink(page: Index) -> InkOut:
        key = _key(gateway, page)
        return InkOut(
            page=page,
            strokes=[StrokeOut.model_validate(stroke) for stroke in book.strokes(key)],
            can_undo=book.can_undo(key),
            colours={name: _hex(rgb) for name, rgb in INK_COLOURS.items()},
        )

    @router.get(
        "/page.png",
        summary="The page shown now, with its ink",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}, "description": "In the programme's size."}, **_none},
    )
    async def get_png() -> Response:
        return await picture_of(gateway, "inked")

    @router.get(
        "/page.svg",
        summary="The page shown now, with its ink as vectors",
        dependencies=[Depends(assistant)],
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {}}, "description": "The page within."}, **_none},
    )
    async def get_svg() -> Response:
        status = gateway.status
        picture = await picture_of(gateway, "page")
        key = _key(gateway, 0 if status is None else status.page_index)
        width, height = gateway.settings.programme.size_wh
        svg = _svg(bytes(picture.body), book.strokes(key), (width, height))
        return Response(svg, media_type="image/svg+xml")


def _order(gateway: Gateway, order: DrawStroke | SetInk) -> None:
    """Sends it, after the pages that had to make room for it."""
    for cleared in gateway.desk.sketchbook.made_room():
        gateway.order_ink(cleared)
    gateway.order_ink(order)


def _key(gateway: Gateway, index: int, by: Hand = "assistant") -> PageKey:
    """Of a page of what is shown: a shared screen has ink of its own.

    Raises HTTPException for a presenter who draws on another page than the one shown.
    """
    status = gateway.status
    if by == "presenter" and index != (0 if status is None else status.page_index):
        raise HTTPException(409, said("ink_not_shown", "Another page is shown by now: draw on that one."))
    is_screen = status is not None and status.is_screen
    return PageKey(SCREEN if is_screen else gateway.courseware, index)


def _hex(rgb: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def _svg(png: bytes, strokes: tuple[Stroke, ...], size_wh: tuple[int, int]) -> str:
    width, height = size_wh
    href = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        f'<image width="{width}" height="{height}" href="{href}"/>',
        '<g fill="none" stroke-linecap="round" stroke-linejoin="round">',
    ]
    for stroke in strokes:
        # A lone point is a dot: a line of no length with round ends.
        points = stroke.points if len(stroke.points) > 1 else stroke.points * 2
        path = "M" + "L".join(f"{x * width:.2f} {y * height:.2f}" for x, y in points)
        opacity = f' stroke-opacity="{MARKER_ALPHA}"' if stroke.tool == Tool.MARKER else ""
        colour = quoteattr(_hex(INK_COLOURS[stroke.colour]))
        lines.append(
            f'<path d="{path}" stroke={colour} stroke-width="{stroke.width * height:.2f}"{opacity}/>'
        )
    return "\n".join([*lines, "</g>", "</svg>"])
