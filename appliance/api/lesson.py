"""What the assistant directs: scene, page, and the panic slate. Courseware has a file of its own."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.api.wire import PageOut, PageTurn
from appliance.api.wire_scene import SceneBody, SceneChange, SceneOut
from appliance.gateway import Gateway

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s403="A viewer's token.",
    s413="The body is too large.",
    s422="A field is wrong.",
    s503="The studio is being started: try again in a second.",
)


def lesson_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(tags=["lesson"], dependencies=[Depends(assistant)], responses=_ERRORS)

    @router.get("/scene", summary="How the programme is put together")
    async def get_scene() -> SceneOut:
        return SceneOut.model_validate(gateway.scene)

    @router.put("/scene", summary="Replace the scene")
    async def put_scene(body: SceneBody) -> SceneOut:
        return SceneOut.model_validate(gateway.set_scene(**body.model_dump()))

    @router.patch("/scene", summary="Change some fields of the scene")
    async def patch_scene(body: SceneChange) -> SceneOut:
        return SceneOut.model_validate(gateway.set_scene(**body.given()))

    @router.put("/panic", status_code=204, summary="The slate at once, camera and sound off")
    async def put_panic() -> Response:
        """From the answer on nothing of camera and microphone leaves the box, whatever the studio does, until
        DELETE. It outlives a restart. The scene may be changed meanwhile: it shows afterwards."""
        await gateway.panic(True)
        return Response(status_code=204)

    @router.delete("/panic", status_code=204, summary="Back on air")
    async def delete_panic() -> Response:
        await gateway.panic(False)
        return Response(status_code=204)

    @router.get("/page", summary="The page shown")
    async def get_page() -> PageOut:
        return page_out(gateway)

    @router.post("/page", status_code=202, summary="Turn the page, or go to one")
    async def post_page(body: PageTurn) -> PageOut:
        """Answers at once with the page as it was; the new one follows in the status."""
        gateway.turn_page(body.step or 0, body.index)
        return page_out(gateway)

    return router


def page_out(gateway: Gateway) -> PageOut:
    status = gateway.status
    if status is None:
        return PageOut(index=0, count=0, revision=0)
    return PageOut(index=status.page_index, count=status.page_count, revision=status.page_revision)
