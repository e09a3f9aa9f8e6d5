"""The naive chain that tutorials write, as the measure beside ours.

The whole camera picture goes through the network at downsample ratio 0.25, the composite is one
line of NumPy, and raw frames go to stock aiortc, which encodes them itself. It is treated kindly:
its camera costs nothing (frames are rendered beforehand) and has no delay, and the work runs off
the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import os
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from appliance.bench.processes import usage
from models.matting_net import MattingNet
from models.settings import NetworkSettings
from pipelines.media import PTS_HZ, U8
from pipelines.timing import NS_PER_MS, Marks

PEER_RATIO = 0.25
PEER_RATE_HZ = 25


class NaiveTrack(MediaStreamTrack):
    """Matting, composite and hand-over in one go, as fast as it gets, at most PEER_RATE_HZ."""

    kind = "video"

    def __init__(self, frames: list[U8], page: U8, net: MattingNet) -> None:
        super().__init__()
        self._frames, self._page, self._net = frames, page.astype(np.float32), net
        self._start_s = self._due_s = time.monotonic()
        self.marks = Marks()
        self.count = 0

    async def recv(self) -> av.VideoFrame:
        self._due_s = max(self._due_s + 1 / PEER_RATE_HZ, time.monotonic())
        await asyncio.sleep(self._due_s - time.monotonic())
        captured_ns = time.monotonic_ns()
        frame = await asyncio.to_thread(self._programme, self._frames[self.count % len(self._frames)])
        frame.pts = round((time.monotonic() - self._start_s) * PTS_HZ)
        frame.time_base = fractions.Fraction(1, PTS_HZ)
        self.count += 1
        self.marks.add("capture_to_send", (time.monotonic_ns() - captured_ns) / NS_PER_MS)
        return frame

    def _programme(self, rgb: U8) -> av.VideoFrame:
        with self.marks.measure("matting"):
            fgr, pha = self._net.matte(rgb, PEER_RATIO)
        with self.marks.measure("compositing"):
            alpha = pha[..., None]
            programme = (fgr * alpha + self._page * (1 - alpha)).clip(0, 255).astype(np.uint8)
        return av.VideoFrame.from_ndarray(programme, format="rgb24")


def measure_peer(frames: list[U8], page: U8, network: Path, seconds: float) -> dict[str, Any]:
    """Runs the naive chain with one viewer in another process. frames: u8 (H, W, 3) each; page the same size.

    Returns the peer's keys of the report (without their prefix).
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    viewer = context.Process(target=_watch, args=(theirs,), daemon=True)
    viewer.start()
    theirs.close()
    try:
        return asyncio.run(_send(frames, page, network, seconds, ours, viewer.pid or 0))
    finally:
        viewer.terminate()
        viewer.join(5)
        ours.close()


async def _send(
    frames: list[U8], page: U8, network: Path, seconds: float, pipe: Connection, viewer_pid: int
) -> dict[str, Any]:
    track = NaiveTrack(
        frames, page, MattingNet.open(network, NetworkSettings(provider="cpu", threads=os.cpu_count() or 1))
    )
    peer = RTCPeerConnection()
    peer.addTrack(track)
    await peer.setLocalDescription(await peer.createOffer())
    pipe.send(peer.localDescription.sdp)
    answer = await asyncio.to_thread(pipe.recv)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.sleep(3)
    me = _own_usage(viewer_pid)
    count, start_s = track.count, time.monotonic()
    await asyncio.sleep(seconds)
    took_s = time.monotonic() - start_s
    cores = (_own_usage(viewer_pid) - me) / took_s
    rate_hz = (track.count - count) / took_s
    await peer.close()
    stages = track.marks.percentiles()
    return {
        "programme_fps": rate_hz,
        "net_hz": rate_hz,
        "capture_to_send_ms": stages.pop("capture_to_send"),
        "stages_ms": stages,
        "cores": cores,
    }


def _own_usage(viewer_pid: int) -> float:
    """Processor seconds of this process alone: the viewer is no part of the chain."""
    return usage(os.getpid()).cpu_s - usage(viewer_pid).cpu_s


def _watch(pipe: Connection) -> None:
    """The viewer's process: takes the offer, decodes what comes, until it is ended."""
    asyncio.run(_receive(pipe))


async def _receive(pipe: Connection) -> None:
    peer = RTCPeerConnection()
    tracks: list[MediaStreamTrack] = []
    peer.on("track", tracks.append)
    await peer.setRemoteDescription(RTCSessionDescription(pipe.recv(), "offer"))
    await peer.setLocalDescription(await peer.createAnswer())
    pipe.send(peer.localDescription.sdp)
    with contextlib.suppress(MediaStreamError):  # the sender has closed
        while True:
            await tracks[0].recv()
