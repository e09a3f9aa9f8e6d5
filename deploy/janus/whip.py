"""WHIP (RFC 9725) for Janus: an offer in, a VideoRoom publisher out.

Janus has no WHIP endpoint of its own. This is the smallest one that holds a lesson; Meetecho's
simple-whip-server does more. Run it with the box's Python, behind a proxy that speaks https:

    WHIP_TOKEN=... /opt/classroom/venv/bin/python deploy/janus/whip.py --port 7080

The box then publishes to http://HOST:7080/whip/1234, where 1234 is the room.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import logging
import os
import secrets
import sys
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

log = logging.getLogger("whip")

ANSWER_S = 10.0
POLL_S = 40.0  # Janus answers a long poll after 30 s
MAX_OFFER_BYTES = 64 * 1024


class JanusError(Exception):
    """Janus refused, or cannot be asked."""


class Publisher:
    """One Janus session with one VideoRoom publisher in it. Polling keeps it alive."""

    def __init__(self, janus: str) -> None:
        self._http = httpx.AsyncClient(timeout=POLL_S)
        self._janus = janus
        self._session = ""
        self._answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._polling: asyncio.Task[None] | None = None
        self.is_over = asyncio.Event()

    async def publish(self, room: int, offer: str) -> str:
        """The answer. Raises JanusError, TimeoutError."""
        created = await self._ask(self._janus, {"janus": "create"})
        self._session = f"{self._janus}/{created['data']['id']}"
        self._polling = asyncio.create_task(self._poll())
        plugin = await self._ask(self._session, {"janus": "attach", "plugin": "janus.plugin.videoroom"})
        join = {"request": "joinandconfigure", "room": room, "ptype": "publisher", "display": "classroom"}
        message = {"janus": "message", "body": join, "jsep": {"type": "offer", "sdp": offer}}
        await self._ask(f"{self._session}/{plugin['data']['id']}", message)
        return await asyncio.wait_for(self._answered, ANSWER_S)

    async def close(self) -> None:
        self.is_over.set()
        if self._polling is not None:
            self._polling.cancel()
        with contextlib.suppress(JanusError):
            if self._session:
                await self._ask(self._session, {"janus": "destroy"})
        await self._http.aclose()

    async def _poll(self) -> None:
        try:
            while True:
                event = (await self._http.get(self._session)).json()
                data = event.get("plugindata", {}).get("data", {})
                if "jsep" in event and not self._answered.done():
                    self._answered.set_result(event["jsep"]["sdp"])
                elif "error" in data and not self._answered.done():
                    self._answered.set_exception(JanusError(str(data["error"])))
                elif event.get("janus") in ("hangup", "timeout", "error"):
                    break
        except (httpx.HTTPError, ValueError):
            pass
        self.is_over.set()

    async def _ask(self, url: str, message: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = (
                await self._http.post(url, json=message | {"transaction": secrets.token_hex(8)})
            ).json()
        except (httpx.HTTPError, ValueError) as error:
            raise JanusError(f"Janus does not answer: {error}") from error
        if answer.get("janus") == "error":
            raise JanusError(str(answer["error"].get("reason")))
        return answer


class Endpoint:
    """WHIP sessions by their random name."""

    def __init__(self, janus: str, token: str) -> None:
        self._janus = janus
        self._token = token
        self._sessions: dict[str, Publisher] = {}
        self._watchers: set[asyncio.Task[None]] = set()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/whip/{room:int}", self.begin, methods=["POST"]),
                Route("/whip/{room:int}/{session}", self.end, methods=["DELETE"]),
            ]
        )

    async def begin(self, request: Request) -> Response:
        if not self._may(request):
            return Response("wrong token\n", 401, {"WWW-Authenticate": "Bearer"})
        if request.headers.get("content-type", "") != "application/sdp":
            return Response("send application/sdp\n", 415)
        if int(request.headers.get("content-length", MAX_OFFER_BYTES + 1)) > MAX_OFFER_BYTES:
            return Response("the offer is too large\n", 413)
        offer = (await request.body()).decode(errors="replace")
        publisher = Publisher(self._janus)
        try:
            answer = await publisher.publish(request.path_params["room"], offer)
        except (JanusError, TimeoutError) as error:
            await publisher.close()
            log.warning("Janus did not take an offer: %r", error)
            return Response("Janus did not take it\n", 503, {"Retry-After": "2"})
        name = secrets.token_urlsafe(16)
        self._sessions[name] = publisher
        watcher = asyncio.create_task(self._bury(name, publisher))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)
        place = f"{request.url.path}/{name}"
        return Response(answer, 201, {"Location": place}, "application/sdp")

    async def end(self, request: Request) -> Response:
        if not self._may(request):
            return Response("wrong token\n", 401, {"WWW-Authenticate": "Bearer"})
        publisher = self._sessions.pop(request.path_params["session"], None)
        if publisher is None:
            return Response(status_code=404)
        await publisher.close()
        return Response(status_code=200)

    async def _bury(self, name: str, publisher: Publisher) -> None:
        await publisher.is_over.wait()
        if self._sessions.pop(name, None) is not None:
            await publisher.close()

    def _may(self, request: Request) -> bool:
        presented = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(presented.encode(), self._token.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description="WHIP for Janus.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7080)
    parser.add_argument("--janus", default="http://127.0.0.1:8088/janus", help="its HTTP API")
    args = parser.parse_args()
    token = os.environ.get("WHIP_TOKEN", "")
    if len(token) < 16:
        sys.exit("Set WHIP_TOKEN to at least 16 characters: openssl rand -hex 32")
    uvicorn.run(Endpoint(args.janus, token).app(), host=args.host, port=args.port, log_level="warning")


if __name__ == "__main__":
    main()
