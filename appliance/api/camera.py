"""How the camera hangs: turned and mirrored until people stand upright."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.api.wire import UprightOut
from appliance.errors import CannotStore
from appliance.gateway import Gateway
from pipelines.capture.mounting import Turn, Upright
from pipelines.saying import reason_of

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s403="A viewer's token.",
    s413="The body is too large.",
    s422="A field is wrong.",
    s503="The studio is being started: try again in a second.",
)


class MountingBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"turn_deg": 180, "mirrored": False}]}
    )

    turn_deg: Turn = Field(0, description="The picture is turned clockwise by this.")
    mirrored: bool = Field(False, description="Left and right are swapped first: a camera behind a mirror.")


class CameraOut(MountingBody):
    found: UprightOut | None = Field(None, description="What the box sees of it; null before it has looked.")


def camera_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        prefix="/camera", tags=["calibration"], dependencies=[Depends(assistant)], responses=_ERRORS
    )

    @router.get("", summary="How the camera hangs")
    async def get_camera() -> CameraOut:
        return _out(gateway)

    @router.put(
        "", summary="Turn the camera's picture upright", responses=documented(s507="The disk is full.")
    )
    async def put_camera(body: MountingBody) -> CameraOut:
        """From the next picture on, and after a restart. A calibration is of the picture before: it is
        forgotten where this changes anything."""
        try:
            gateway.calibrations.turn_camera(Upright(body.turn_deg, body.mirrored))
        except CannotStore as error:
            raise HTTPException(507, reason_of(error)) from None
        return _out(gateway)

    @router.post("/find", status_code=202, summary="Look how the camera hangs")
    async def find_upright() -> CameraOut:
        """By the page on the LCD, or by the people before it. Takes some seconds; GET tells what was found.
        Nothing is turned: PUT what is suggested, or DELETE the suggestion."""
        gateway.calibrations.find_upright()
        return _out(gateway)

    @router.delete("/found", status_code=204, summary="Leave the camera as it is")
    async def leave_camera() -> Response:
        gateway.calibrations.leave_upright()
        return Response(status_code=204)

    return router


def _out(gateway: Gateway) -> CameraOut:
    upright, found = gateway.desk.mounting.upright, gateway.calibrations.upright
    return CameraOut(
        turn_deg=upright.turn_deg,
        mirrored=upright.mirrored,
        found=None if found is None else UprightOut.model_validate(found),
    )
