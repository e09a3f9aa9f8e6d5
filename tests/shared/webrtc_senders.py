"""Browsers that send to the box: a tone, a picture, and the connection that carries them."""

from __future__ import annotations

import asyncio
import threading
from fractions import Fraction

import numpy as np
from aiortc import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from av import AudioFrame, VideoFrame

SIZE_WH = (640, 360)


class Tone(AudioStreamTrack):
    """400 Hz at a quarter of full scale."""

    async def recv(self) -> AudioFrame:
        quiet = await super().recv()
        samples = np.arange(quiet.samples) + (quiet.pts or 0)
        pcm = (8000 * np.sin(samples * (2 * np.pi * 400 / quiet.sample_rate))).astype(np.int16)
        frame = AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = quiet.sample_rate, quiet.pts
        frame.time_base = Fraction(1, quiet.sample_rate)
        return frame


class Slides(VideoStreamTrack):
    """A picture of one colour, which can be changed, 30 times a second; none from when it is still."""

    def __init__(
        self, colour: tuple[int, int, int] = (200, 40, 40), size_wh: tuple[int, int] = SIZE_WH
    ) -> None:
        super().__init__()
        self.colour = colour
        self.size_wh = size_wh
        self.is_still = False

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        if self.is_still:
            await asyncio.Event().wait()  # never: the connection's end cancels it
        rgb = np.empty((self.size_wh[1], self.size_wh[0], 3), np.uint8)
        rgb[:] = self.colour
        frame = VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


async def offering(*tracks: MediaStreamTrack) -> RTCPeerConnection:
    """A connection whose local description is an offer of these tracks."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for track in tracks:
        peer.addTransceiver(track, "sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    return peer


class Sender:
    """A sender in a thread of its own."""

    def __init__(self, *tracks: MediaStreamTrack) -> None:
        self._tracks = tracks
        self._connection: RTCPeerConnection | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def offer(self) -> str:
        return asyncio.run_coroutine_threadsafe(self._offer(), self._loop).result(20)

    def accept(self, answer: str) -> None:
        assert self._connection is not None
        work = self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=2)

    async def _offer(self) -> str:
        self._connection = await offering(*self._tracks)
        return self._connection.localDescription.sdp
