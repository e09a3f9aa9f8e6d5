"""A studio that publishes a known picture, a WHEP door in front of a Broadcast, and viewers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from pipelines.broadcast import BadOffer, Broadcast, BroadcastSettings, TooManyViewers
from pipelines.encoding.layers import LayeredEncoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.sound import SoundEncoder
from pipelines.media import PTS_HZ, SOUND_BLOCK_SAMPLES, SOUND_HZ, U8, VIDEO_LAYERS, Packet, Sound

SIZE_WH = (640, 360)
RATE_HZ = 25
PATCHES = {  # name: (x, y) of the centre, colour; each patch is 100 x 100
    "red": (80, 80, (200, 30, 40)),
    "green": (240, 80, (20, 140, 60)),
    "blue": (400, 80, (30, 60, 160)),
    "skin": (560, 80, (224, 172, 140)),
}
BLOCK_Y = 280
BLOCK_STEP_PX = 6


def picture(index: int) -> U8:
    """Four patches on grey, and below them a white block that moves 6 px a picture. u8 (360, 640, 3)."""
    rgb = np.full((SIZE_WH[1], SIZE_WH[0], 3), 96, np.uint8)
    for x, y, colour in PATCHES.values():
        rgb[y - 50 : y + 50, x - 50 : x + 50] = colour
    left = index * BLOCK_STEP_PX % (SIZE_WH[0] - 40)
    rgb[BLOCK_Y - 20 : BLOCK_Y + 20, left : left + 40] = 255
    return rgb


def tone(index: int) -> Sound:
    """20 ms of 440 Hz."""
    t = (np.arange(SOUND_BLOCK_SAMPLES) + index * SOUND_BLOCK_SAMPLES) / SOUND_HZ
    one = (np.sin(2 * np.pi * 440 * t) * 8000).astype(np.int16)
    return Sound(np.stack([one, one], axis=1), index * SOUND_BLOCK_SAMPLES, time.monotonic_ns())


@dataclass
class Studio:
    """Encodes `picture` and `tone` in real time, and publishes them. key_wishes: when asked for one."""

    size_wh: tuple[int, int] = SIZE_WH
    zero_ns: int = field(default_factory=time.monotonic_ns)
    key_wishes: list[float] = field(default_factory=list)
    published: list[Packet] = field(default_factory=list)
    broadcast: Broadcast | None = None
    draw: Callable[[int], U8] = picture

    def __post_init__(self) -> None:
        self._wants_keys: set[str] = set()
        settings = EncodingSettings(encoder="x264")
        self._video = LayeredEncoder(self.size_wh, RATE_HZ, settings)
        self._sound = SoundEncoder(settings)

    def want_key(self, layer: str) -> None:
        assert layer in VIDEO_LAYERS
        self.key_wishes.append(time.monotonic())
        self._wants_keys.add(layer)

    def watch(self, layers: frozenset[str]) -> None:
        self._video.watch(layers)

    def pts_now(self) -> int:
        return (time.monotonic_ns() - self.zero_ns) * PTS_HZ // 1_000_000_000

    async def run(self) -> None:
        assert self.broadcast is not None
        start_s = time.monotonic()
        index = 0
        while True:
            now_ns = time.monotonic_ns()
            wants_keys, self._wants_keys = self._wants_keys, set()
            packets = self._video.encode(self.draw(index), self.pts_now(), now_ns, wants_keys)
            packets += self._sound.encode(tone(2 * index)) + self._sound.encode(tone(2 * index + 1))
            for packet in packets:
                self.published.append(packet)
                self.broadcast.publish(packet)
            index += 1
            await asyncio.sleep(max(0.0, start_s + index / RATE_HZ - time.monotonic()))


class Viewer:
    """A plain aiortc viewer, without the project's own hooks on its side."""

    def __init__(self, kinds: tuple[str, ...] = ("video", "audio")) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.video_pts: list[int] = []
        self.sound_pts: list[int] = []
        self.newest: U8 | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.connection.add_listener("track", self._read)
        for kind in kinds:
            self.connection.addTransceiver(kind, "recvonly")

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def _read(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._collect(track)))

    async def _collect(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if track.kind == "video":
                self.newest = frame.to_ndarray(format="rgb24")
                self.video_pts.append(frame.pts)
            else:
                self.sound_pts.append(frame.pts)

    async def close(self) -> None:
        await self.connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def wait_until(condition: Callable[[], object], what: str, timeout_s: float = 15) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.01)


class WhepDoor:
    """The least HTTP that WHEP needs, with the status codes of the draft; serves one page besides."""

    def __init__(self, broadcast: Broadcast, token: str, page: str = "") -> None:
        self.broadcast, self.token, self.page = broadcast, token, page
        self.origin = ""
        self.requests: list[tuple[str, str]] = []

    async def __aenter__(self) -> WhepDoor:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append((method, path))
        status, extra, reply = await self._answer(method, path, headers, body.decode())
        extra["Content-Length"] = str(len(reply.encode()))
        extra["Connection"] = "close"
        fields = "".join(f"{k}: {v}\r\n" for k, v in extra.items())
        writer.write(f"HTTP/1.1 {status}\r\n{fields}\r\n{reply}".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def _answer(
        self, method: str, path: str, headers: dict[str, str], body: str
    ) -> tuple[str, dict[str, str], str]:
        if method == "GET":
            return "200 OK", {"Content-Type": "text/html; charset=utf-8"}, self.page
        if headers.get("authorization") != f"Bearer {self.token}":
            return "401 Unauthorized", {}, "a token is needed"
        if method == "DELETE":
            known = await self.broadcast.remove(path.rsplit("/", 1)[1])
            return ("200 OK" if known else "404 Not Found"), {}, ""
        try:
            viewer_id, answer = await self.broadcast.answer(body)
        except BadOffer as error:
            return "400 Bad Request", {}, error.reason
        except TooManyViewers as error:
            return "503 Service Unavailable", {"Retry-After": str(error.retry_after_s)}, error.reason
        location = {"Location": f"/whep/{viewer_id}", "Content-Type": "application/sdp"}
        return "201 Created", location, answer


@pytest.fixture
def max_viewers() -> int:
    return 4


@pytest.fixture
async def studio(max_viewers: int) -> AsyncIterator[Studio]:
    """A studio on the air, with its broadcast. Afterwards no task of anybody may be left."""
    before = asyncio.all_tasks()
    studio = Studio()
    chosen = BroadcastSettings(max_viewers=max_viewers)
    studio.broadcast = Broadcast(chosen, studio.want_key, on_watched=studio.watch)
    on_air = asyncio.create_task(studio.run(), name="studio")
    yield studio
    on_air.cancel()
    await asyncio.gather(on_air, return_exceptions=True)
    await studio.broadcast.close()
    await asyncio.sleep(0.05)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, [task.get_coro() for task in left]


@pytest.fixture
async def new_viewer() -> AsyncIterator[Callable[..., Viewer]]:
    viewers: list[Viewer] = []

    def create(*args: tuple[str, ...]) -> Viewer:
        viewers.append(Viewer(*args))
        return viewers[-1]

    yield create
    for viewer in viewers:
        await viewer.close()


@pytest.fixture
def until() -> Callable[..., object]:
    return wait_until


@pytest.fixture
def new_door() -> type[WhepDoor]:
    return WhepDoor


@pytest.fixture
def truth() -> Callable[[int], U8]:
    return picture


@pytest.fixture
def patches() -> dict[str, tuple[int, int, tuple[int, int, int]]]:
    return PATCHES
