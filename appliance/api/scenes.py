"""Scenes saved under a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from appliance.api.access import assistant
from appliance.api.problems import documented
from appliance.api.wire_scene import SceneBody, SceneOut
from appliance.desk import NoSuchScene, SavedScene, TooManyScenes
from appliance.desk.scenes import MAX_NAME, MAX_SCENES
from appliance.errors import CannotStore
from appliance.gateway import Gateway
from pipelines.media import Scene
from pipelines.saying import reason_of, said

SceneId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Of GET /scenes.")]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=r"\S")]

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s403="A viewer's token.",
    s422="A field is wrong.",
)
_BODY = documented(s413="The body is too large.")
_GONE = documented(s404="There is no such scene.")
_FULL = documented(s507=f"The disk is full, or {MAX_SCENES} scenes are saved already.")


class SavedBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Small, on the left"}, {"name": "Break"}]}
    )

    name: Name
    scene: SceneBody | None = Field(None, description="What is saved; left out, the scene as it is now.")


class SavedChange(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Break"}]})

    name: Name | None = None
    scene: SceneBody | None = None


class SavedOut(BaseModel):
    id: str = Field(description="Sixteen hexadecimal digits.")
    name: str
    scene: SceneBody


def scene_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        prefix="/scenes", tags=["lesson"], dependencies=[Depends(assistant)], responses=_ERRORS
    )
    scenes = gateway.desk.scenes

    @router.get("", summary="The saved scenes")
    async def get_scenes() -> list[SavedOut]:
        return [_out(saved) for saved in scenes.all()]

    @router.post("", status_code=201, summary="Save a scene", responses=_BODY | _FULL)
    async def post_scene(body: SavedBody) -> SavedOut:
        now = replace(gateway.scene, transition_ms=None)
        scene = now if body.scene is None else Scene(**body.scene.model_dump())
        try:
            return _out(scenes.add(body.name.strip(), scene))
        except TooManyScenes:
            raise _full() from None
        except CannotStore as error:
            raise HTTPException(507, reason_of(error)) from None

    @router.patch("/{scene_id}", summary="Rename or replace a saved scene", responses=_BODY | _GONE | _FULL)
    async def patch_scene(scene_id: SceneId, body: SavedChange) -> SavedOut:
        scene = None if body.scene is None else Scene(**body.scene.model_dump())
        try:
            return _out(scenes.change(scene_id, body.name and body.name.strip(), scene))
        except NoSuchScene:
            raise _gone() from None
        except CannotStore as error:
            raise HTTPException(507, reason_of(error)) from None

    @router.delete("/{scene_id}", status_code=204, summary="Forget a saved scene", responses=_GONE | _FULL)
    async def delete_scene(scene_id: SceneId) -> Response:
        try:
            scenes.remove(scene_id)
        except NoSuchScene:
            raise _gone() from None
        except CannotStore as error:
            raise HTTPException(507, reason_of(error)) from None
        return Response(status_code=204)

    @router.post(
        "/{scene_id}/show",
        summary="Show a saved scene",
        responses=_GONE | documented(s503="The studio is being started: try again in a second."),
    )
    async def show_scene(scene_id: SceneId) -> SceneOut:
        try:
            saved = scenes.get(scene_id)
        except NoSuchScene:
            raise _gone() from None
        shown = SceneBody.model_validate(saved.scene, from_attributes=True)
        return SceneOut.model_validate(gateway.set_scene(**shown.model_dump()))

    return router


def _out(saved: SavedScene) -> SavedOut:
    scene = SceneBody.model_validate(saved.scene, from_attributes=True)
    return SavedOut(id=saved.scene_id, name=saved.name, scene=scene)


def _gone() -> HTTPException:
    return HTTPException(404, said("no_such_scene", "There is no such scene."))


def _full() -> HTTPException:
    full = said(
        "scenes_full", "{max_scenes} scenes are saved already: remove one first.", max_scenes=MAX_SCENES
    )
    return HTTPException(507, full)
