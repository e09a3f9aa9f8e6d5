"""What the studio sees, one picture at a time: for the console's look behind the scenes."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import Response

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.gateway import Gateway
from appliance.pictures import TooManyPictures
from pipelines.orders import PictureKind
from pipelines.saying import said

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s403="A viewer's token.",
    s404="There is nothing of that kind to be seen now; the reason is told.",
    s409="Panic: nothing of the camera leaves the box.",
    s422="A parameter is wrong.",
    s503="The studio is busy: try again in a second.",
)
_PICTURE = {"content": {"image/png": {}, "image/jpeg": {}}, "description": "Lossless where lines are drawn."}


def picture_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        prefix="/pictures", tags=["status"], dependencies=[Depends(assistant)], responses=_ERRORS
    )

    @router.get(
        "/{kind}", summary="One picture of a stage", response_class=Response, responses={200: _PICTURE}
    )
    async def get_picture(
        kind: PictureKind,
    ) -> Response:
        """page: as on the LCD. inked: with the assistant's ink. camera: what it sees. matte: the teacher's
        alpha. plate: what the camera should see with nobody there. Nothing is stored."""
        return await picture_of(gateway, kind)

    return router


async def picture_of(gateway: Gateway, kind: PictureKind) -> Response:
    """Raises HTTPException, StudioBusy."""
    if gateway.is_panic and kind not in ("page", "inked"):
        raise HTTPException(409, said("panic_is_on", "Panic is on: nothing of the camera leaves the box."))
    try:
        taken = await gateway.pictures.take(kind)
    except (TimeoutError, TooManyPictures):
        raise HTTPException(
            503, said("studio_busy", "The studio is busy. Try again in a moment."), {"Retry-After": "1"}
        ) from None
    if not taken.data:
        raise HTTPException(404, taken.reason)
    is_png = taken.data.startswith(b"\x89PNG")
    return Response(taken.data, media_type="image/png" if is_png else "image/jpeg")
