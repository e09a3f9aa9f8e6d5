"""Ink on the page: pen, marker, laser, spotlight; undo, clear; exported with the page."""

from __future__ import annotations

import base64
from typing import Annotated, Literal
from xml.sax.saxutils import quoteattr

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from appliance.api.access import assistant
from appliance.api.pictures import picture_of
from appliance.api.problems import documented
from appliance.desk.sketchbook import NoSuchStroke, TooMuchInk
from appliance.gateway import Gateway
from pipelines.ink import INK_COLOURS, MARKER_ALPHA, SCREEN, InkColour, PageKey, Pointer, Stroke, Tool
from pipelines.orders import DrawStroke, PointAt
from pipelines.saying import said

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s403="A viewer's token.",
    s413="The body is too large.",
    s422="A field is wrong.",
    s503="The studio is being started: try again in a second.",
)
_FULL = documented(s409="The page is full; the reason says of what.")

Share = Annotated[float, Field(ge=-0.5, le=1.5, allow_inf_nan=False)]
Points = Annotated[
    list[tuple[Share, Share]],
    Field(min_length=1, max_length=400, description="x, y: shares of the page's width and height."),
]
Index = Annotated[int, Query(ge=0, le=100_000, description="Of the courseware that is open, from 0.")]
PageIndex = Annotated[int, Field(ge=0, le=100_000, description="The page that was drawn on, from 0.")]


class StrokeBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "page": 0,
                    "tool": "pen",
                    "colour": "vermillion",
                    "width": 0.006,
                    "points": [[0.2, 0.3], [0.4, 0.3]],
                }
            ]
        },
    )

    page: PageIndex
    tool: Tool = Field(Tool.PEN, description="pen covers; marker lets the page shine through.")
    colour: InkColour = "vermillion"
    width: float = Field(0.006, ge=0.001, le=0.1, description="Share of the page's height.")
    points: Points


class StrokeGrowth(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"page": 0, "points": [[0.45, 0.31], [0.5, 0.33]]}]}
    )

    page: PageIndex
    points: Points


class PointerBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "spotlight", "x": 0.5, "y": 0.4, "radius": 0.2}]},
    )

    kind: Literal["laser", "spotlight"]
    x: Share
    y: Share
    radius: float = Field(0.18, ge=0.02, le=1, description="Of the spotlight: share of the page's height.")


class StrokeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    stroke_id: str
    tool: Tool
    colour: InkColour
    width: float
    points: list[tuple[float, float]]


class InkOut(BaseModel):
    page: int = Field(description="From 0.")
    strokes: list[StrokeOut] = Field(description="In the order of drawing.")
    can_undo: bool
    colours: dict[str, str] = Field(description="The colours by name, as #rrggbb.")


def ink_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(prefix="/ink", tags=["ink"], dependencies=[Depends(assistant)], responses=_ERRORS)
    book = gateway.desk.sketchbook

    @router.get("", summary="The ink of a page, as vectors")
    async def get_ink(page: Index) -> InkOut:
        key = _key(gateway, page)
        return InkOut(
            page=page,
            strokes=[StrokeOut.model_validate(stroke) for stroke in book.strokes(key)],
            can_undo=book.can_undo(key),
            colours={name: _hex(rgb) for name, rgb in INK_COLOURS.items()},
        )

    @router.post("/strokes", status_code=201, summary="Begin a stroke", responses=_FULL)
    async def post_stroke(body: StrokeBody) -> StrokeOut:
        """Drawn for all viewers at once; not onto the LCD in the classroom."""
        key = _key(gateway, body.page)
        try:
            stroke, order = book.begin(key, body.tool, body.colour, body.width, tuple(body.points))
        except TooMuchInk as full:
            raise HTTPException(409, full.reason) from None
        _order(gateway, order)
        return StrokeOut.model_validate(stroke)

    @router.patch(
        "/strokes/{stroke_id}",
        status_code=204,
        summary="Go on with the last stroke",
        responses=_FULL | documented(s404="It is not the page's last stroke."),
    )
    async def patch_stroke(
        stroke_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")], body: StrokeGrowth
    ) -> Response:
        try:
            _order(gateway, book.extend(_key(gateway, body.page), stroke_id, tuple(body.points)))
        except NoSuchStroke:
            raise HTTPException(
                404, said("stroke_not_last", "This is not the page's last stroke (any more).")
            ) from None
        except TooMuchInk as full:
            raise HTTPException(409, full.reason) from None
        return Response(status_code=204)

    @router.post("/undo", status_code=204, summary="Take back the last stroke, or the clearing")
    async def post_undo(page: Index) -> Response:
        gateway.order_ink(book.undo(_key(gateway, page)))
        return Response(status_code=204)

    @router.delete("", status_code=204, summary="Clear a page")
    async def delete_ink(page: Index) -> Response:
        gateway.order_ink(book.clear(_key(gateway, page)))
        return Response(status_code=204)

    _add_pointer(router, gateway)
    _add_exports(router, gateway)
    return router


def _add_pointer(router: APIRouter, gateway: Gateway) -> None:
    @router.put("/pointer", status_code=204, summary="Laser or spotlight, here")
    async def put_pointer(body: PointerBody) -> Response:
        gateway.order_ink(PointAt(Pointer(body.kind, body.x, body.y, body.radius)))
        return Response(status_code=204)

    @router.delete("/pointer", status_code=204, summary="Put laser or spotlight away")
    async def delete_pointer() -> Response:
        gateway.order_ink(PointAt(None))
        return Response(status_code=204)


def _add_exports(router: APIRouter, gateway: Gateway) -> None:
    _none = documented(s404="There is no page.")

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
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {}}, "description": "The page within."}, **_none},
    )
    async def get_svg() -> Response:
        status = gateway.status
        picture = await picture_of(gateway, "page")
        key = _key(gateway, 0 if status is None else status.page_index)
        width, height = gateway.settings.programme.size_wh
        svg = _svg(bytes(picture.body), gateway.desk.sketchbook.strokes(key), (width, height))
        return Response(svg, media_type="image/svg+xml")


def _order(gateway: Gateway, order: DrawStroke) -> None:
    """Sends it, after the pages that had to make room for it."""
    for cleared in gateway.desk.sketchbook.made_room():
        gateway.order_ink(cleared)
    gateway.order_ink(order)


def _key(gateway: Gateway, index: int) -> PageKey:
    """Of a page of what is shown: a shared screen has ink of its own."""
    status = gateway.status
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
