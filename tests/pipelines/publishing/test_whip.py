"""The HTTP half against a real server: redirects, tokens, entity tags, limits."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pipelines.publishing import PublishError
from pipelines.publishing.whip import MAX_ANSWER_BYTES, WhipClient, WhipSession, retry_after_s

TOKEN = "a-secret-of-the-tests"
ANSWER = "v=0\r\n"


class Servers:
    """Two origins. answers: (status, headers, body) by path. seen: origin, method, path, authorization."""

    def __init__(self, new_door: Any) -> None:
        self.answers: dict[tuple[str, str], tuple[int, dict[str, str], str]] = {}
        self.seen: list[tuple[str, str, str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.doors = {name: new_door(self._app(name)) for name in ("near", "far")}

    def _app(self, name: str) -> Starlette:
        async def answer(request: Request) -> Response:
            await request.body()
            path = request.url.path
            self.seen.append((name, request.method, path, request.headers.get("authorization", "")))
            self.headers.append(dict(request.headers))
            status, headers, body = self.answers.get((name, path), (404, {}, ""))
            return Response(body, status, headers)

        methods = ["GET", "POST", "PATCH", "DELETE", "OPTIONS"]
        return Starlette(routes=[Route("/{path:path}", answer, methods=methods)])

    def url(self, name: str, path: str) -> str:
        return str(self.doors[name].base) + path


@pytest.fixture
async def servers(new_door: Any) -> Any:
    servers = Servers(new_door)
    async with servers.doors["near"], servers.doors["far"]:
        yield servers


@pytest.mark.parametrize("status", [307, 308])
async def test_redirects_keep_the_offer_and_show_the_token_to_its_own_origin_alone(
    servers: Servers, status: int
) -> None:
    servers.answers = {
        ("near", "/whip"): (status, {"Location": "/moved"}, ""),
        ("near", "/moved"): (status, {"Location": servers.url("far", "/whip")}, ""),
        ("far", "/whip"): (201, {"Location": "../sessions/1", "ETag": '"x"'}, ANSWER),
        ("far", "/sessions/1"): (200, {}, ""),
    }
    async with WhipClient(servers.url("near", "/whip"), TOKEN) as client:
        session = await client.begin("v=0 offer")
        await client.end(session)
    bearer = f"Bearer {TOKEN}"
    assert servers.seen == [
        ("near", "POST", "/whip", bearer),
        ("near", "POST", "/moved", bearer),
        ("far", "POST", "/whip", ""),
        ("far", "DELETE", "/sessions/1", ""),
    ]
    assert session.etag == '"x"' and session.url == servers.url("far", "/sessions/1")


async def test_a_session_elsewhere_does_not_get_the_token(servers: Servers) -> None:
    servers.answers = {("near", "/whip"): (201, {"Location": servers.url("far", "/s")}, ANSWER)}
    async with WhipClient(servers.url("near", "/whip"), TOKEN) as client:
        await client.end(await client.begin("v=0 offer"))
    assert servers.seen[-1] == ("far", "DELETE", "/s", "")


async def test_redirects_end_somewhere(servers: Servers) -> None:
    servers.answers = {("near", "/whip"): (307, {"Location": "/whip"}, "")}
    async with WhipClient(servers.url("near", "/whip"), "") as client:
        with pytest.raises(PublishError) as caught:
            await client.begin("v=0 offer")
    assert caught.value.code == "redirects" and len(servers.seen) == 6


async def test_an_address_that_is_none_has_a_name(servers: Servers) -> None:
    location = "http://127.0.0.1:99999/whip"
    servers.answers = {
        ("near", "/whip"): (307, {"Location": location}, ""),
        ("near", "/other"): (201, {"Location": location}, ANSWER),
    }
    for path, code in (("/whip", "redirects"), ("/other", "bad_answer")):
        async with WhipClient(servers.url("near", path), TOKEN) as client:
            assert await client.servers() == ()
            with pytest.raises(PublishError) as caught:
                await client.begin("v=0\r\n")
        assert caught.value.code == code and location not in caught.value.reason


async def test_a_token_in_the_address_is_sent_as_nothing_else(servers: Servers) -> None:
    servers.answers = {("near", f"/{TOKEN}/publish"): (201, {"Location": "s"}, ANSWER)}
    async with WhipClient(servers.url("near", "/{token}/publish"), TOKEN) as client:
        session = await client.begin("v=0 offer")
    assert servers.seen == [("near", "POST", f"/{TOKEN}/publish", "")]
    assert session.url == servers.url("near", f"/{TOKEN}/s")
    assert TOKEN not in repr(session)


async def test_candidates_come_later_under_the_entity_tag(servers: Servers) -> None:
    servers.answers = {("near", "/s"): (204, {}, "")}
    session = WhipSession(servers.url("near", "/s"), '"tag"', ANSWER, ())
    async with WhipClient(servers.url("near", "/whip"), TOKEN) as client:
        assert await client.trickle(session, "a=ice-ufrag:x\r\n")
        sent = servers.headers[-1]
        assert sent["if-match"] == '"tag"' and sent["content-type"] == "application/trickle-ice-sdpfrag"
        for status in (405, 501, 422):  # no trickle here: the session stands without
            servers.answers["near", "/s"] = (status, {}, "")
            assert not await client.trickle(session, "a=ice-ufrag:x\r\n")
        for status in (404, 410, 412):  # another session, or none
            servers.answers["near", "/s"] = (status, {}, "")
            with pytest.raises(PublishError) as caught:
                await client.trickle(session, "a=ice-ufrag:x\r\n")
            assert caught.value.code == "lost"


async def test_options_name_ice_servers_or_not(servers: Servers) -> None:
    servers.answers = {("near", "/whip"): (204, {"Link": '<stun:s.example>; rel="ice-server"'}, "")}
    async with WhipClient(servers.url("near", "/whip"), TOKEN) as client:
        assert [server.url for server in await client.servers()] == ["stun:s.example"]
        servers.answers = {("near", "/whip"): (405, {"Link": '<stun:s.example>; rel="ice-server"'}, "")}
        assert await client.servers() == ()


async def test_an_answer_without_end_is_not_read_to_the_end(new_door: Any) -> None:
    sent = 0

    async def endless(_request: Request) -> Response:
        async def body() -> Any:
            nonlocal sent
            while True:
                yield b"v=0\r\n" * 1000
                sent += 5000
                await asyncio.sleep(0)

        return StreamingResponse(body(), 201, {"Location": "/s"})

    async with new_door(Starlette(routes=[Route("/whip", endless, methods=["POST"])])) as door:
        async with WhipClient(f"{door.base}/whip", "") as client:
            with pytest.raises(PublishError) as caught:
                await client.begin("v=0 offer")
        assert caught.value.code == "bad_answer"
    assert sent < 100 * MAX_ANSWER_BYTES


def test_retry_after_in_seconds_and_as_a_date() -> None:
    assert retry_after_s("120") == 120.0
    assert retry_after_s("999999") == 3600.0
    assert retry_after_s("") is None and retry_after_s("soon") is None and retry_after_s("-5") is None
    soon = retry_after_s(formatdate(time.time() + 60, usegmt=True))
    assert soon is not None and 50 < soon <= 60
    assert retry_after_s(formatdate(time.time() - 60, usegmt=True)) == 0.0
