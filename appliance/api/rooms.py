"""Rooms: a name and a link of their own for each remote classroom."""

from __future__ import annotations

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.api.wire_talk import MuteBody, MuteOut
from appliance.desk import Mute, NoSuchRoom, Room, TooManyRooms
from appliance.desk.rooms import MAX_NAME, MAX_ROOMS
from appliance.errors import CannotStore
from appliance.gateway import Gateway
from appliance.links import watch_links
from pipelines.saying import reason_of, said

RoomId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Of GET /rooms.")]

_ERRORS = documented(s401="No token, or a wrong one.", s403="A viewer's token.", s422="A field is wrong.")
_GONE = documented(s404="There is no such room.")
_FULL = documented(
    s413="The body is too large.", s507=f"The disk is full, or there are {MAX_ROOMS} rooms already."
)


class RoomBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Room 5"}]})

    name: str = Field(min_length=1, max_length=MAX_NAME, description="Of the room, not of a person.")


class RoomOut(BaseModel):
    id: str = Field(description="Sixteen hexadecimal digits.")
    name: str
    links: list[str] = Field(
        description="They hold the room's token; this machine's first, then the network's."
    )
    watching: int = Field(description="Screens that came by this link and are there now.")
    mute: MuteOut


def room_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(prefix="/rooms", tags=["rooms"], dependencies=[Depends(assistant)], responses=_ERRORS)
    rooms = gateway.desk.rooms

    @router.get("", summary="The rooms and their links")
    async def get_rooms(request: Request) -> list[RoomOut]:
        return [_out(gateway, request, room) for room in rooms.all()]

    @router.post("", status_code=201, summary="A new room, with a link of its own", responses=_FULL)
    async def post_room(request: Request, body: RoomBody) -> RoomOut:
        try:
            return _out(gateway, request, rooms.add(body.name))
        except (TooManyRooms, CannotStore, ValueError) as error:
            raise _refused(error) from None

    @router.patch("/{room_id}", summary="Rename a room; its link stays", responses=_GONE | _FULL)
    async def patch_room(request: Request, room_id: RoomId, body: RoomBody) -> RoomOut:
        try:
            return _out(gateway, request, rooms.rename(room_id, body.name))
        except (NoSuchRoom, CannotStore, ValueError) as error:
            raise _refused(error) from None

    @router.delete(
        "/{room_id}",
        status_code=204,
        summary="Remove a room: its viewers leave, its link is refused",
        responses=_GONE | documented(s507="The disk is full."),
    )
    async def delete_room(room_id: RoomId) -> Response:
        try:
            viewer_ids = gateway.desk.remove_room(room_id)
        except (NoSuchRoom, CannotStore) as error:
            raise _refused(error) from None
        for viewer_id in viewer_ids:
            gateway.talk.left(viewer_id)
            await gateway.broadcast.remove(viewer_id)
        return Response(status_code=204)

    @router.get(
        "/{room_id}/qr",
        summary="The room's link as a QR code",
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {}}, "description": "An SVG picture."}, **_GONE},
    )
    async def get_qr(request: Request, room_id: RoomId) -> Response:
        """The network's link. It holds the room's token."""
        try:
            return qr_picture(_links(gateway, request, rooms.room(room_id))[-1])
        except NoSuchRoom as error:
            raise _refused(error) from None

    _add_mute(router, gateway)
    return router


def _add_mute(router: APIRouter, gateway: Gateway) -> None:
    @router.put("/{room_id}/mute", summary="Mute a room: the sound it gets, and its voice", responses=_GONE)
    async def put_mute(room_id: RoomId, body: MuteBody) -> MuteOut:
        """All its screens, those that come later too, until it is taken back or the box is restarted."""
        try:
            gateway.desk.mute_room(room_id, Mute(body.sound, body.voice))
        except NoSuchRoom as error:
            raise _refused(error) from None
        gateway.talk.muted()
        return MuteOut.model_validate(gateway.desk.audience.mute_of_room(room_id))


def qr_picture(link: str) -> Response:
    svg = io.BytesIO()
    code = segno.make(link, error="m", micro=False)
    code.save(svg, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False)
    return Response(svg.getvalue(), media_type="image/svg+xml")


def _links(gateway: Gateway, request: Request, room: Room) -> list[str]:
    return watch_links(gateway.settings.http, request.scope["server"][1], room.token)


def _out(gateway: Gateway, request: Request, room: Room) -> RoomOut:
    return RoomOut(
        id=room.room_id,
        name=room.name,
        links=_links(gateway, request, room),
        watching=len(gateway.desk.audience.of_room(room.room_id)),
        mute=MuteOut.model_validate(gateway.desk.audience.mute_of_room(room.room_id)),
    )


def _refused(error: Exception) -> HTTPException:
    if isinstance(error, NoSuchRoom):
        return HTTPException(404, said("no_such_room", "There is no such room."))
    if isinstance(error, TooManyRooms):
        return HTTPException(
            507,
            said("rooms_full", "There are {max_rooms} rooms already: remove one first.", max_rooms=MAX_ROOMS),
        )
    return HTTPException(507 if isinstance(error, CannotStore) else 422, reason_of(error))
