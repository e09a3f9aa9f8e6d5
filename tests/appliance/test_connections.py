"""Half a request, and too many connections, against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from appliance import connections
from appliance.connections import PatientProtocol, most_per_address, origin_of

WHOLE = b"GET /?slow HTTP/1.1\r\nHost: box\r\n\r\n"
CLOSING = b"GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: b"


async def slow(request: Request) -> PlainTextResponse:
    if "slow" in request.query_params:
        await asyncio.sleep(3 * connections.HEAD_S)
    return PlainTextResponse("here")


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A server with little patience."""
    monkeypatch.setattr(connections, "HEAD_S", 0.4)
    app = Starlette(routes=[Route("/", slow)])
    server = uvicorn.Server(uvicorn.Config(app, http=PatientProtocol, lifespan="off", log_config=None))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def ended(reader: asyncio.StreamReader) -> bool:
    """Waits for the server to close; what it says until then is left aside."""
    async with asyncio.timeout(20):
        await reader.read()
    return reader.at_eof()


@pytest.mark.parametrize("sent", [b"", HALF], ids=["nothing", "half"])
async def test_half_a_request_is_not_waited_for(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    assert await ended(reader)
    writer.close()


async def test_an_answer_may_take_its_time_and_the_next_request_may_not(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(WHOLE)
    async with asyncio.timeout(20):
        assert (await reader.readuntil(b"here")).startswith(b"HTTP/1.1 200")
    writer.write(HALF)
    assert await ended(reader)
    writer.close()


async def test_one_address_holds_so_many_connections(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_PER_ADDRESS", 3)
    monkeypatch.setattr(connections, "HEAD_S", 60.0)
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
    assert await ended(opened[-1][0])
    assert not any(reader.at_eof() for reader, _ in opened[:3])
    opened[0][1].close()
    await opened[0][1].wait_closed()
    answer = b""
    async with asyncio.timeout(20):
        while not answer:  # until the server, too, has seen that one has gone
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(CLOSING)
            with contextlib.suppress(ConnectionError):
                answer = await reader.read()
            writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
    for _, one in opened[1:]:
        one.close()


def test_who_is_counted_together() -> None:
    assert origin_of("10.0.0.7") == origin_of("::ffff:10.0.0.7") == "10.0.0.7"
    assert origin_of("2001:db8::1") == origin_of("2001:db8::ffff:0:1") == "2001:db8::/64"
    assert origin_of("2001:db8::1") != origin_of("2001:db8:0:1::1")
    assert origin_of("fe80::1%eth0") == origin_of("fe80::2") == "fe80::/64"
    assert 0 < most_per_address() <= 4000
