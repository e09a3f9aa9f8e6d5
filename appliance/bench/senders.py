"""The two senders that `classroom bench fanout` holds side by side, each a process of its own."""

from __future__ import annotations

import asyncio
import fractions
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.rtcrtpsender import RTCRtpSender

from appliance.bench.calls import Handlers, serve
from appliance.bench.lesson import RATE_HZ, Lesson, pictures
from pipelines.broadcast import Broadcast, BroadcastSettings, ViewerStatus
from pipelines.encoding.settings import EncodingSettings
from pipelines.media import PTS_HZ, U8, Packet


def send_ours(pipes: list[Connection], max_viewers: int, video_bps: int, full_chroma: bool = False) -> None:
    """The box's way: each picture coded once, `Broadcast` to all viewers. Until the pipes are closed."""
    asyncio.run(_ours(pipes, max_viewers, video_bps, full_chroma))


def send_stock(pipes: list[Connection]) -> None:
    """The tutorials' way: raw frames through MediaRelay to stock aiortc, which codes them for each viewer."""
    asyncio.run(_stock(pipes))


async def _ours(pipes: list[Connection], max_viewers: int, video_bps: int, full_chroma: bool) -> None:
    loop = asyncio.get_running_loop()
    settings = EncodingSettings(encoder="x264", video_bps=video_bps)

    def publish(packet: Packet) -> None:
        loop.call_soon_threadsafe(broadcast.publish, packet)

    lesson = Lesson(pictures(), settings, publish)
    broadcast = Broadcast(
        BroadcastSettings(max_viewers=max_viewers),
        lesson.want_key,
        on_watched=lambda layers: lesson.watch(layers, broadcast.low_bps),
        full_chroma=full_chroma,
    )
    lesson.start()
    late = LoopLateness()

    async def offer(sdp: str) -> str:
        return (await broadcast.answer(sdp))[1]

    async def usage() -> dict[str, Any]:
        figures = {
            "cpu_s": time.process_time(),
            "coding_s": lesson.coding_s,
            "bytes": lesson.published_bytes,
            "pictures": lesson.published,
            "gap_ms": lesson.gap_ms,
            "viewers": len(broadcast.viewers()),
            "dropped": sum(viewer.dropped for viewer in broadcast.viewers()),
            "loop_late_ms": late.most_ms,
        }
        lesson.reset()
        late.most_ms = 0.0
        return figures

    async def viewers() -> list[ViewerStatus]:
        return broadcast.viewers()

    handlers: Handlers = {"offer": offer, "usage": usage, "viewers": viewers}
    watching = asyncio.create_task(late.watch())
    await asyncio.gather(*(serve(pipe, handlers) for pipe in pipes))
    watching.cancel()
    lesson.stop()
    await broadcast.close()


async def _stock(pipes: list[Connection]) -> None:
    source = RawTrack(pictures())
    relay = MediaRelay()
    connections: list[RTCPeerConnection] = []

    async def offer(sdp: str) -> str:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connections.append(connection)
        transceiver = connection.addTransceiver(relay.subscribe(source), "sendonly")
        h264 = [
            c
            for c in RTCRtpSender.getCapabilities("video").codecs
            if c.mimeType in ("video/H264", "video/rtx")
        ]
        transceiver.setCodecPreferences(h264)
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp

    async def usage() -> dict[str, Any]:
        return {"cpu_s": time.process_time()}

    await asyncio.gather(*(serve(pipe, {"offer": offer, "usage": usage}) for pipe in pipes))
    for connection in connections:
        with suppress(TimeoutError):
            await asyncio.wait_for(connection.close(), 5)


class LoopLateness:
    """How long the event loop kept others waiting, at most. Looks every 20 ms."""

    def __init__(self) -> None:
        self.most_ms = 0.0

    async def watch(self) -> None:
        while True:
            due_s = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            self.most_ms = max(self.most_ms, (time.monotonic() - due_s) * 1e3)


class RawTrack(MediaStreamTrack):
    """The lesson's pictures as frames, converted beforehand so that only aiortc's own work is counted."""

    kind = "video"

    def __init__(self, frames: list[U8]) -> None:
        super().__init__()
        self._frames = [
            av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p") for frame in frames
        ]
        self._start_s = time.monotonic()
        self._count = 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(max(0.0, self._start_s + self._count / RATE_HZ - time.monotonic()))
        frame = self._frames[self._count % len(self._frames)]
        frame.pts = round(self._count * PTS_HZ / RATE_HZ)
        frame.time_base = fractions.Fraction(1, PTS_HZ)
        self._count += 1
        return frame
