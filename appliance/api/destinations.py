"""Other servers that get the programme: how they are, start and stop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.exceptions import HTTPException

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.api.wire_outlets import DestinationOut
from appliance.gateway import Gateway
from pipelines.saying import said

_ERRORS = documented(
    s401="No token, or a wrong one.", s403="A viewer's token.", s422="A name that cannot be."
)
_GONE = documented(s404="The settings have no destination of that name.")

Name = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,32}$", description="As in the settings.")]


def destination_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        prefix="/destinations", tags=["destinations"], dependencies=[Depends(assistant)], responses=_ERRORS
    )

    @router.get("", summary="Servers that get the programme")
    async def get_destinations() -> list[DestinationOut]:
        return [DestinationOut.model_validate(one) for one in gateway.outlets.publishing.destinations()]

    @router.post("/{name}/start", status_code=202, summary="Publish to one", responses=_GONE)
    async def start_destination(name: Name) -> DestinationOut:
        """Answers at once; how it goes shows in the status. Tried for ever, until it is stopped."""
        try:
            return DestinationOut.model_validate(gateway.outlets.publishing.start_one(name))
        except KeyError:
            raise HTTPException(
                404, said("no_such_destination", "The settings have no destination of that name.")
            ) from None

    @router.post("/{name}/stop", summary="Publish to one no longer", responses=_GONE)
    async def stop_destination(name: Name) -> DestinationOut:
        """Answers when the session has ended. The other destinations and all viewers notice nothing."""
        try:
            return DestinationOut.model_validate(await gateway.outlets.publishing.stop_one(name))
        except KeyError:
            raise HTTPException(
                404, said("no_such_destination", "The settings have no destination of that name.")
            ) from None

    return router
