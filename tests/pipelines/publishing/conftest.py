"""A server that takes WHIP over real HTTP and WebRTC, with faults on order, and a programme to publish."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import uvicorn
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipelines.encoding.layers import LayeredEncoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.sound import SoundEncoder
from pipelines.media import PTS_HZ, SOUND_BLOCK_SAMPLES, U8, Sound
from pipelines.publishing import Publishing

SIZE_WH = (640, 360)
RATE_HZ = 20
PICTURE_BYTES = 50  # a packet that long holds no silence


class Programme:
    """A white block that moves over grey, and silence, in real time, into a Publishing."""

    def __init__(self) -> None:
        settings = EncodingSettings(encoder="x264")
        self._video = LayeredEncoder(SIZE_WH, RATE_HZ, settings)
        self._sound = SoundEncoder(settings)
        self._keys: set[str] = set()
        self._zero_ns = time.monotonic_ns()
        self.encoded: dict[str, int] = {}
        self.publishing: Publishing | None = None

    def want_key(self, layer: str) -> None:
        self._keys.add(layer)

    @staticmethod
    def picture(index: int) -> U8:
        rgb = np.full((SIZE_WH[1], SIZE_WH[0], 3), 96, np.uint8)
        left = index * 8 % (SIZE_WH[0] - 80)
        rgb[140:220, left : left + 80] = 255
        return rgb

    async def run(self) -> None:
        start_s, index = time.monotonic(), 0
        silence = np.zeros((SOUND_BLOCK_SAMPLES, 2), np.int16)
        blocks = round(50 / RATE_HZ * 2)
        while True:
            self._video.watch(self.publishing.watched if self.publishing else ())
            keys, self._keys = self._keys, set()
            now_ns = time.monotonic_ns()
            pts = (now_ns - self._zero_ns) * PTS_HZ // 1_000_000_000
            packets = self._video.encode(self.picture(index), pts, now_ns, keys)
            if index % 2 == 0:
                for block in range(blocks):
                    sound = Sound(silence, (index // 2 * blocks + block) * SOUND_BLOCK_SAMPLES, now_ns)
                    packets += self._sound.encode(sound)
            for packet in packets:
                if packet.kind == "video":
                    self.encoded[packet.layer] = self.encoded.get(packet.layer, 0) + 1
                if self.publishing is not None:
                    self.publishing.publish(packet)
            index += 1
            await asyncio.sleep(max(0.0, start_s + index / RATE_HZ - time.monotonic()))


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Sfu:
    """Takes publishers at /whip with this token, counts the pictures it decodes, remembers every request.

    refusals: (status, headers) for the next POSTs, before any is taken. etag, links: headers of the 201.
    """

    token: str = ""
    refusals: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    etag: str = '"first"'
    links: list[str] = field(default_factory=list)
    option_links: list[str] = field(default_factory=list)
    relative: bool = True
    end_status: int = 200
    asked: list[Asked] = field(default_factory=list)
    pictures: int = 0
    sound_blocks: int = 0
    newest: Any = None
    base: str = ""

    def __post_init__(self) -> None:
        self.connections: dict[str, RTCPeerConnection] = {}
        self._readers: list[asyncio.Task[None]] = []
        self._sessions = 0

    @property
    def url(self) -> str:
        return f"{self.base}/whip"

    def methods(self) -> list[str]:
        return [asked.method for asked in self.asked if asked.method != "OPTIONS"]

    async def whip(self, request: Request) -> Response:
        body = (await request.body()).decode()
        self.asked.append(Asked(request.method, request.url.path, dict(request.headers), body))
        if request.method == "OPTIONS":
            response = Response(status_code=204, headers={"Accept-Post": "application/sdp"})
            for link in self.option_links:
                response.headers.append("Link", link)
            return response
        if self.refusals:
            status, headers = self.refusals.popleft()
            return Response("no", status, headers)
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Response("who is there?", 401)
        return await self._take(body)

    async def session(self, request: Request) -> Response:
        body = (await request.body()).decode()
        self.asked.append(Asked(request.method, request.url.path, dict(request.headers), body))
        if request.method == "PATCH":
            return Response(status_code=204 if request.headers.get("if-match") == self.etag else 412)
        connection = self.connections.pop(request.path_params["session"], None)
        if connection is not None:
            await connection.close()
        return Response(status_code=self.end_status)

    async def _take(self, offer: str) -> Response:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.add_listener("track", self._read)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        self._sessions += 1
        place = f"/whip/sessions/{self._sessions}"
        self.connections[str(self._sessions)] = connection
        headers = {"Location": place if self.relative else self.base + place, "ETag": self.etag}
        response = Response(connection.localDescription.sdp, 201, headers, "application/sdp")
        for link in self.links:
            response.headers.append("Link", link)
        return response

    def _read(self, track: MediaStreamTrack) -> None:
        self._readers.append(asyncio.create_task(self._count(track)))

    async def _count(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if track.kind == "video":
                self.newest = frame
                self.pictures += 1
            else:
                self.sound_blocks += 1

    def lose(self, share: float) -> None:
        """Of the packets of pictures that arrive from now on, at the only session."""
        (connection,) = self.connections.values()
        transport = connection.getReceivers()[0].transport
        take, chance = transport._handle_rtp_data, random.Random(1)

        async def lossy(data: bytes, arrival_time_ms: int) -> None:
            if len(data) < PICTURE_BYTES or chance.random() >= share:
                await take(data, arrival_time_ms)

        transport._handle_rtp_data = lossy

    async def close(self) -> None:
        for connection in list(self.connections.values()):
            await connection.close()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


class Door:
    """An ASGI application on a port of its own, in this loop."""

    def __init__(self, app: Any) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Door:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn tells in no other way
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        assert self._task is not None
        await self._task
        self._socket.close()


def sfu_app(sfu: Sfu) -> Starlette:
    return Starlette(
        routes=[
            Route("/whip", sfu.whip, methods=["POST", "OPTIONS"]),
            Route("/whip/sessions/{session}", sfu.session, methods=["DELETE", "PATCH"]),
        ]
    )


@pytest.fixture
async def sfu() -> AsyncIterator[Sfu]:
    server = Sfu()
    async with Door(sfu_app(server)) as door:
        server.base = door.base
        yield server
        await server.close()


@pytest.fixture
def new_door() -> type[Door]:
    return Door


@pytest.fixture
async def programme(sfu: Sfu) -> AsyncIterator[Programme]:
    """On the air as soon as its `publishing` is set. Afterwards no task of anybody may be left."""
    before = asyncio.all_tasks()
    programme = Programme()
    running = asyncio.create_task(programme.run())
    yield programme
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    if programme.publishing is not None:
        await programme.publishing.close()
    left = {task.get_name() for task in asyncio.all_tasks() - before if not task.done()}
    assert not {name for name in left if name.startswith("publisher")}


@pytest.fixture
def until() -> Callable[..., Any]:
    async def wait(condition: Callable[[], bool], what: str, patience_s: float = 30.0) -> None:
        deadline = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < deadline, f"never happened: {what}"
            await asyncio.sleep(0.02)

    return wait
