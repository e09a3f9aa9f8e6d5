"""What every request and every answer is held to: size and time of bodies, security headers."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.api.problems import refusal
from pipelines.saying import said

JSON_BYTES = 16 * 1024
SDP_BYTES = 64 * 1024
CAPTION_BYTES = 1024 * 1024
BODY_S = 10.0
UPLOAD_PATH = "/api/v1/courseware"

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class BodyLimit:
    """ASGI: reads the whole body before the application, up to a limit in bytes and seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS") or _is_upload(scope):
            await self._app(scope, receive, send)
            return
        most = _most(scope["path"])
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > most:
            await _too_large(scope, most)(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(_read(receive, most), BODY_S)
        except TimeoutError:
            late = said("body_late", "The body did not arrive within {limit_s:.0f} s.", limit_s=BODY_S)
            await refusal(scope, 408, late)(scope, receive, send)
            return
        if body is None:
            return
        if len(body) > most:
            await _too_large(scope, most)(scope, receive, send)
            return
        await self._app(scope, _Replay(body, receive), send)


class SecurityHeaders:
    """ASGI: adds the headers that keep a browser from doing what these pages never need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                if scope["path"] == "/watch":  # a remote classroom may be let speak, and be seen
                    headers["Permissions-Policy"] = "camera=(self), microphone=(self), geolocation=()"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _most(path: str) -> int:
    """Bytes that a body may have."""
    if path.startswith(("/whep", "/whip", "/talk")):
        return SDP_BYTES
    return CAPTION_BYTES if path.startswith(UPLOAD_PATH) and path.endswith("/captions") else JSON_BYTES


def _is_upload(scope: Scope) -> bool:
    """The one body that is streamed to disk: its route keeps limits of its own."""
    return bool(scope["method"] == "POST" and scope["path"] == UPLOAD_PATH)


class _Replay:
    """Gives the body once, then what comes after it (the end of the connection)."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _read(receive: Receive, most: int) -> bytes | None:
    """The body, or its first bytes when it is longer than `most`; None when the sender has gone."""
    body = b""
    while len(body) <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def _too_large(scope: Scope, most: int) -> ASGIApp:
    # The rest of the body is not read: the connection must end with the answer.
    why = said("body_large", "At most {most_kib} KiB are accepted here.", most_kib=most // 1024)
    return refusal(scope, 413, why, {"Connection": "close"})
