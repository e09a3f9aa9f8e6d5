"""Puts the routes together, inside the layers every request goes through."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from appliance.api.access import Gatekeeper, viewer
from appliance.api.audience import audience_routes
from appliance.api.calibration import calibration_routes
from appliance.api.camera import camera_routes
from appliance.api.captions import caption_routes
from appliance.api.checks import check_routes
from appliance.api.courseware import courseware_routes
from appliance.api.destinations import destination_routes
from appliance.api.ink import ink_routes
from appliance.api.lesson import lesson_routes
from appliance.api.lesson_log import lesson_log_routes
from appliance.api.limits import BodyLimit, SecurityHeaders
from appliance.api.news import news_routes
from appliance.api.own_access import own_access_routes
from appliance.api.pages import Assets, page_routes
from appliance.api.pictures import picture_routes
from appliance.api.problems import Problem, install_handlers, refusal
from appliance.api.recordings import recording_routes
from appliance.api.rooms import room_routes
from appliance.api.scenes import scene_routes
from appliance.api.sheets import sheet_routes
from appliance.api.status import health_routes, status_routes
from appliance.api.talk import microphone_routes, talk_routes
from appliance.api.talk_camera import talk_camera_routes
from appliance.api.whep import whep_routes
from appliance.api.whip import whip_routes
from appliance.api.wire import LevelOut, LevelsOut
from appliance.gateway import Gateway
from appliance.offered_sessions import StudioBusy
from appliance.shelf import Shelf
from appliance.tokens import Tokens
from pipelines.saying import said

DESCRIPTION = """\
The classroom box: direct the lesson, see its state, watch the programme.

Send a token as `Authorization: Bearer TOKEN`. The assistant's token allows everything, the
presenter's sharing a screen (WHIP), drawing on the page shown, and watching, the viewer's and
each room's only watching (WHEP), signalling, and speaking and being seen while the assistant lets it.
Errors are `application/problem+json` (RFC 9457).
"""


def create_app(gateway: Gateway, tokens: Tokens) -> FastAPI:
    """The whole HTTP side of the box."""
    app = FastAPI(
        title="Dual-teacher classroom",
        version="1",
        description=DESCRIPTION,
        # Served below, behind a token; the interactive pages would load scripts from elsewhere.
        openapi_url=None,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(
                CORSMiddleware,
                allow_origins=gateway.settings.http.cors_origins,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
                allow_headers=["Authorization", "Content-Type"],
                expose_headers=["Location", "Link", "Accept-Post", "Retry-After"],
            ),
            Middleware(Gatekeeper, tokens=tokens, rooms=gateway.desk.rooms),
            Middleware(BodyLimit),
        ],
    )
    install_handlers(app)
    app.add_exception_handler(StudioBusy, _studio_busy)
    shelf = Shelf(gateway.settings.box.courseware_path, gateway.settings.courseware.path, gateway.library)
    api = APIRouter(prefix="/api/v1")
    api.include_router(lesson_routes(gateway))
    api.include_router(calibration_routes(gateway))
    api.include_router(courseware_routes(gateway, shelf))
    api.include_router(destination_routes(gateway))
    api.include_router(recording_routes(gateway))
    api.include_router(status_routes(gateway, shelf, tokens))
    api.include_router(scene_routes(gateway))
    api.include_router(camera_routes(gateway))
    api.include_router(check_routes(gateway))
    api.include_router(room_routes(gateway))
    api.include_router(ink_routes(gateway))
    api.include_router(picture_routes(gateway))
    api.include_router(audience_routes(gateway))
    api.include_router(lesson_log_routes(gateway))
    api.include_router(talk_routes(gateway))
    api.include_router(talk_camera_routes(gateway))
    api.include_router(news_routes(gateway))
    api.include_router(own_access_routes(gateway))
    api.include_router(caption_routes(gateway))
    api.include_router(_document_routes(app))
    app.include_router(api)
    app.include_router(whep_routes(gateway))
    app.include_router(sheet_routes(gateway))
    app.include_router(whip_routes(gateway))
    app.include_router(microphone_routes(gateway))
    app.include_router(health_routes(gateway))
    app.include_router(page_routes())
    app.mount("/assets", Assets())
    return app


def openapi_document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, LevelOut, LevelsOut):  # what no route names as its answer
        schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas[model.__name__].pop("$defs", None)
    return document


def _document_routes(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False, dependencies=[Depends(viewer)])

    @router.get("/openapi.json")
    async def get_document() -> JSONResponse:
        return JSONResponse(openapi_document(app))

    return router


async def _studio_busy(request: Request, _error: Exception) -> Response:
    starts = said("studio_starts", "The studio is being started. Try again in a moment.")
    return refusal(request.scope, 503, starts, {"Retry-After": "1"})
