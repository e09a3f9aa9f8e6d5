"""What the assistant directs: scene, page, courseware."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.api.wire import (
    CoursewareChoice,
    CoursewareOut,
    PageOut,
    PageTurn,
    SceneBody,
    SceneChange,
    SceneOut,
)
from appliance.gateway import Gateway
from appliance.shelf import Shelf

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s403="A viewer's token.",
    s413="The body is too large.",
    s422="A field is wrong.",
    s503="The studio is being started: try again in a second.",
)


def lesson_routes(gateway: Gateway, shelf: Shelf) -> APIRouter:
    router = APIRouter(tags=["lesson"], dependencies=[Depends(assistant)], responses=_ERRORS)

    @router.get("/scene", summary="How the programme is put together")
    async def get_scene() -> SceneOut:
        return SceneOut.model_validate(gateway.scene)

    @router.put("/scene", summary="Replace the scene")
    async def put_scene(body: SceneBody) -> SceneOut:
        return SceneOut.model_validate(gateway.set_scene(**body.model_dump()))

    @router.patch("/scene", summary="Change some fields of the scene")
    async def patch_scene(body: SceneChange) -> SceneOut:
        return SceneOut.model_validate(gateway.set_scene(**body.model_dump(exclude_none=True)))

    @router.get("/page", summary="The page shown")
    async def get_page() -> PageOut:
        return page_out(gateway)

    @router.post("/page", status_code=202, summary="Turn the page, or go to one")
    async def post_page(body: PageTurn) -> PageOut:
        """Answers at once with the page as it was; the new one follows in the status."""
        gateway.turn_page(body.step or 0, body.index)
        return page_out(gateway)

    @router.get("/courseware", summary="What is open, and what may be opened")
    async def get_courseware() -> CoursewareOut:
        return CoursewareOut(name=shelf.name_of(gateway.courseware), available=list(shelf.items()))

    @router.put("/courseware", status_code=202, summary="Open another courseware")
    async def put_courseware(body: CoursewareChoice) -> CoursewareOut:
        """Answers at once. Courseware that cannot be opened shows as a notice, and the old one stays."""
        items = shelf.items()
        if body.name not in items:
            raise HTTPException(
                422, "There is no such courseware. GET /api/v1/courseware lists what may be opened."
            )
        gateway.open_courseware(items[body.name])
        return CoursewareOut(name=body.name, available=list(items))

    return router


def page_out(gateway: Gateway) -> PageOut:
    status = gateway.status
    if status is None:
        return PageOut(index=0, count=0, revision=0)
    return PageOut(index=status.page_index, count=status.page_count, revision=status.page_revision)
