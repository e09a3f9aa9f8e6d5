"""WhepViewer: watches a WHEP address as a remote classroom does, for tests, `bench` and the doctor.

async with WhepViewer("http://box:8080/whep", token) as viewer:
    frame = await viewer.next_frame(timeout_s=5)
"""

from __future__ import annotations

import asyncio
import http.client
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av.video.reformatter import ColorRange, Colorspace

from pipelines.broadcast import hooks
from pipelines.media import U8

HTTP_TIMEOUT_S = 10.0


class WhepError(Exception):
    """The server would not let us watch. status: of HTTP, 0 where no answer came."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}" if status else reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ViewedFrame:
    """One decoded picture. rgb: u8 (H, W, 3). pts: 1/90000 s from the first one. arrived_ns: decoded."""

    rgb: U8
    pts: int
    arrived_ns: int


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    location: str
    body: str


class WhepViewer:
    """Connects on entering, ends the session on leaving. Decodes everything, keeps the newest picture.

    frames, sound_blocks: decoded so far. aiortc's jitter buffer lets a picture go when the next one
    begins: it adds one frame's time to every delay measured with this class.
    """

    def __init__(self, url: str, token: str = "") -> None:
        hooks.install()
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session_url = ""
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._readers: list[asyncio.Task[None]] = []
        self._arrived = asyncio.Event()
        self._newest: av.VideoFrame | None = None
        self._newest_ns = 0
        self.frames = 0
        self.sound_blocks = 0
        self.newest_sound: av.AudioFrame | None = None

    async def __aenter__(self) -> WhepViewer:
        async with AsyncExitStack() as undo:  # when cancelled, too, the sockets must go
            undo.push_async_callback(self.close)
            await self._connect()
            undo.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def next_frame(self, timeout_s: float) -> ViewedFrame:
        """The newest picture not returned yet; waits for one. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._arrived.wait()
        self._arrived.clear()
        frame, arrived_ns = self._newest, self._newest_ns
        assert frame is not None and frame.pts is not None
        return ViewedFrame(_to_rgb(frame), frame.pts, arrived_ns)

    async def close(self) -> None:
        """Ends the session on the server (DELETE) and the connection. May be called again."""
        session_url, self._session_url = self._session_url, ""
        if session_url:
            with suppress(WhepError):  # a server that is gone has nothing to end
                await asyncio.to_thread(self._request, "DELETE", session_url)
        await self._connection.close()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _connect(self) -> None:
        self._connection.add_listener("track", self._read)
        self._connection.addTransceiver("video", "recvonly")
        self._connection.addTransceiver("audio", "recvonly")
        await self._connection.setLocalDescription(await self._connection.createOffer())
        offer = self._connection.localDescription.sdp
        reply = await asyncio.to_thread(self._request, "POST", self._url, offer)
        if reply.status != http.HTTPStatus.CREATED:
            raise WhepError(reply.status, reply.body[:200].strip())
        if reply.location:
            self._session_url = urljoin(self._url, reply.location)
        await self._connection.setRemoteDescription(RTCSessionDescription(reply.body, "answer"))

    def _read(self, track: MediaStreamTrack) -> None:
        read = self._read_video if track.kind == "video" else self._read_sound
        self._readers.append(asyncio.create_task(read(track), name=f"whep viewer {track.kind}"))

    async def _read_video(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, av.VideoFrame):
                self._newest, self._newest_ns = frame, time.monotonic_ns()
                self.frames += 1
                self._arrived.set()

    async def _read_sound(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                block = await track.recv()
            except MediaStreamError:
                return
            if isinstance(block, av.AudioFrame):
                self.newest_sound = block
                self.sound_blocks += 1

    def _request(self, method: str, url: str, sdp: str = "") -> _Reply:
        """One HTTP exchange; blocks. Raises WhepError."""
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=HTTP_TIMEOUT_S)
        headers = self._headers | ({"Content-Type": "application/sdp"} if sdp else {})
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, target, sdp.encode() or None, headers)
            response = connection.getresponse()
            body = response.read().decode(errors="replace")
            return _Reply(response.status, response.getheader("Location", ""), body)
        except (OSError, http.client.HTTPException) as error:
            raise WhepError(0, f"no answer from {parts.netloc}: {error}") from error
        finally:
            connection.close()


def _to_rgb(frame: av.VideoFrame) -> U8:
    """u8 (H, W, 3), from BT.709 limited range as the programme is coded."""
    full_range = frame.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    )
    rgb: U8 = full_range.to_ndarray().astype(np.uint8, copy=False)
    return rgb
