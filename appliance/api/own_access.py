"""What the token that was sent allows: a page asks before it keeps one."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from appliance.api.access import ROLE_KEY, room_of, viewer
from appliance.api.pages import pages_version
from appliance.api.problems import documented
from appliance.gateway import Gateway
from appliance.tokens import Role

_NAMES: dict[Role, Literal["viewer", "presenter", "assistant"]] = {
    Role.VIEWER: "viewer",
    Role.PRESENTER: "presenter",
    Role.ASSISTANT: "assistant",
}


class AccessOut(BaseModel):
    role: Literal["viewer", "presenter", "assistant"] = Field(
        description="Each may do what those before may."
    )
    room_id: str = Field(description="Of the room whose link was used; empty for the common link.")
    name: str = Field(description="Of that room; empty for the common link.")
    pages_version: str = Field(description="Changes with the box's pages: an older one loads itself anew.")


def own_access_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        tags=["viewers"],
        dependencies=[Depends(viewer)],
        responses=documented(s401="No token, or a wrong one.", s422="A parameter is wrong."),
    )

    @router.get("/access", summary="What this token allows")
    async def get_access(request: Request) -> AccessOut:
        room_id = room_of(request)
        return AccessOut(
            role=_NAMES[request.scope[ROLE_KEY]],
            room_id=room_id,
            name=gateway.desk.rooms.name_of(room_id),
            pages_version=pages_version(),
        )

    return router
