"""The static pages. They hold no secrets: the token is in the link's fragment, which no browser sends."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

CONSOLE_DIR = Path(__file__).parent.parent / "console"
# Ask every time (a small 304): after an update no browser must mix old scripts with new ones.
_FRESH = {"Cache-Control": "no-cache"}


def page_routes() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def root() -> RedirectResponse:
        # Browsers carry the fragment over a redirect, and with it the token.
        return RedirectResponse("/console")

    @router.get("/console")
    async def console() -> FileResponse:
        return FileResponse(CONSOLE_DIR / "console.html", headers=_FRESH)

    @router.get("/watch")
    async def watch() -> FileResponse:
        return FileResponse(CONSOLE_DIR / "watch.html", headers=_FRESH)

    @router.get("/present")
    async def present() -> FileResponse:
        return FileResponse(CONSOLE_DIR / "present.html", headers=_FRESH)

    @router.get("/favicon.ico")
    async def favicon() -> FileResponse:
        return FileResponse(CONSOLE_DIR / "assets" / "icon.svg", headers=_FRESH)

    return router


class Assets(StaticFiles):
    """The pages' scripts, styles and pictures."""

    def __init__(self) -> None:
        super().__init__(directory=CONSOLE_DIR / "assets")

    def file_response(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(_FRESH)
        return response
