"""Stock aiortc with raw frames, as the measure beside the box's layers.

Treated kindly: teacher and page are composed beforehand from the simulated classroom's truth, without the
camera's noise, and Chromium is offered one codec, for aiortc's answer to its whole list shows no picture
(payload types below 64 collide, see pipelines/broadcast/hooks.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import re
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from appliance.bench.browser import wait_until_decoded
from pipelines.media import PTS_HZ, U8, Page
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.timing import SessionClock

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

RATE_HZ = 25
MOMENTS = 24  # of the teacher, forth and back
CAMERA_WH = (1280, 720)
HTML = "<!doctype html><video autoplay muted playsinline></video>"
OFFER = """async (codec) => {
  const peer = window.peer = new RTCPeerConnection();
  const video = peer.addTransceiver("video", { direction: "recvonly" });
  const fits = ({ mimeType, sdpFmtpLine = "" }) => mimeType === "video/rtx" || (mimeType === `video/${codec}`
    && (codec !== "H264" || (/packetization-mode=1/.test(sdpFmtpLine) && /42e01f/.test(sdpFmtpLine))));
  video.setCodecPreferences(RTCRtpReceiver.getCapabilities("video").codecs.filter(fits));
  peer.ontrack = ({ track }) => { document.querySelector("video").srcObject = new MediaStream([track]); };
  await peer.setLocalDescription();
  return peer.localDescription.sdp;
}"""
ANSWER = "sdp => peer.setRemoteDescription({ type: 'answer', sdp })"


class Teacher:
    """Cut-outs of the simulated teacher, laid over pages of one size."""

    def __init__(self, page: U8) -> None:
        height, width = page.shape[:2]
        shown = Page(page, revision=0, shown_ns=0)
        room = SimulatedClassroom("simulated:", CAMERA_WH, RATE_HZ, SessionClock(0), lambda: shown)
        try:
            matrix = room.calibration.for_sizes(CAMERA_WH, (width, height))
            self._cutouts = []
            for index in range(MOMENTS):
                truth = room.renderer.truth(index, shown)
                pha, fgr = (
                    cv2.warpPerspective(picture, matrix, (width, height))
                    for picture in (truth.pha, truth.fgr)
                )
                x, y, w, h = cv2.boundingRect(pha)
                part = np.s_[y : y + h, x : x + w]
                self._cutouts.append((part, pha[part][..., None].astype(np.uint16), fgr[part]))
        finally:
            room.close()

    def before(self, page: U8, index: int) -> U8:
        """The page with the teacher of this moment in front, u8 (H, W, 3)."""
        step = index % (2 * MOMENTS)
        part, pha, fgr = self._cutouts[min(step, 2 * MOMENTS - 1 - step)]
        programme = page.copy()
        programme[part] = (fgr * pha + page[part] * (255 - pha) + 127) // 255
        return programme


class RawTrack(MediaStreamTrack):
    """Raw frames of the page shown, with the teacher in front, RATE_HZ a second."""

    kind = "video"

    def __init__(self, pages: dict[int, U8], shown: int) -> None:
        super().__init__()
        self._pages = pages
        self._teacher = Teacher(pages[shown])
        self.shown = shown
        self._count = 0
        self._start_s = time.monotonic()

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(max(0.0, self._start_s + self._count / RATE_HZ - time.monotonic()))
        page = self._pages[self.shown]
        programme = await asyncio.to_thread(self._teacher.before, page, self._count)
        frame = av.VideoFrame.from_ndarray(programme, format="rgb24")
        frame.pts = round((time.monotonic() - self._start_s) * PTS_HZ)
        frame.time_base = fractions.Fraction(1, PTS_HZ)
        self._count += 1
        return frame


@contextlib.contextmanager
def stock_peer(tab: Tab, pages: dict[int, U8], shown: int, codec: str) -> Iterator[Callable[[int], None]]:
    """Plays a peer of stock aiortc, a process of its own, in this tab. Gives what turns its page.

    codec: "H264" or "VP8". Raises BenchFailed when Chromium shows nothing.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    sender = context.Process(target=_send, args=(theirs, pages, shown), daemon=True)
    sender.start()
    theirs.close()
    try:
        tab.set_content(HTML)
        offer: str = tab.evaluate(OFFER, codec)
        # Hidden names cannot be resolved here; the peer learns the address from Chromium's checks.
        ours.send(re.sub(r"a=(candidate|end-of-candidates)[^\r\n]*\r\n", "", offer))
        tab.evaluate(ANSWER, ours.recv())
        wait_until_decoded(tab, 10)
        yield ours.send
    finally:
        sender.terminate()
        sender.join(5)
        ours.close()


def _send(pipe: Connection, pages: dict[int, U8], shown: int) -> None:
    """The peer's process: answers one offer, then shows the pages it is told, until it is ended."""
    asyncio.run(_serve(pipe, pages, shown))


async def _serve(pipe: Connection, pages: dict[int, U8], shown: int) -> None:
    track = RawTrack(pages, shown)
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    offer = RTCSessionDescription(await asyncio.to_thread(pipe.recv), "offer")
    await peer.setRemoteDescription(offer)
    peer.addTrack(track)
    await peer.setLocalDescription(await peer.createAnswer())
    pipe.send(peer.localDescription.sdp)
    while True:
        track.shown = await asyncio.to_thread(pipe.recv)
