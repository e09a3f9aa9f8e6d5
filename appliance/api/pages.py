"""The static pages. They hold no secrets: the token is in the link's fragment, which no browser sends."""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

CONSOLE_DIR = Path(__file__).parent.parent / "console"
# Ask every time (a small 304): after an update no browser must mix old scripts with new ones.
_FRESH = {"Cache-Control": "no-cache"}
_WORKER = "watch_worker.js"


@functools.cache
def pages_version() -> str:
    """Of all pages and what they load, as the box began with them: sixteen hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(path for path in CONSOLE_DIR.rglob("*") if path.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


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
    async def watch() -> HTMLResponse:
        # It knows its version, to become the next one by itself.
        page = (CONSOLE_DIR / "watch.html").read_text(encoding="utf-8")
        return HTMLResponse(page.replace("{pages}", pages_version()), headers=_FRESH)

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

    def file_response(self, full_path: str | os.PathLike[str], *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(full_path, *args, **kwargs)
        response.headers.update(_FRESH)
        if Path(full_path).name == _WORKER:
            response.headers["Service-Worker-Allowed"] = "/watch"  # and not the console
        return response
