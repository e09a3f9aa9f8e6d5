"""Shared screens: a real sender's pictures and sound come out as pages; what is no screen is refused."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest
from aiortc import (
    AudioStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.rtp import RtpPacket
from av import AudioFrame, VideoFrame

from pipelines.courseware.screens.live import Live
from pipelines.courseware.screens.sharing import ScreenShares
from pipelines.receiving import BadOffer, hooks
from pipelines.receiving.offer import read_offer

SIZE_WH = (640, 360)
PATIENCE_S = 40.0


class Slides(VideoStreamTrack):
    """A page of one colour, which can be turned."""

    colour = (200, 40, 40)

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        rgb = np.empty((SIZE_WH[1], SIZE_WH[0], 3), np.uint8)
        rgb[:] = self.colour
        frame = VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    async def recv(self) -> AudioFrame:
        quiet = await super().recv()
        samples = np.arange(quiet.samples) + (quiet.pts or 0)
        pcm = (8000 * np.sin(samples * (2 * np.pi * 400 / quiet.sample_rate))).astype(np.int16)
        frame = AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = quiet.sample_rate, quiet.pts
        frame.time_base = Fraction(1, quiet.sample_rate)
        return frame


class Sender:
    """A presenter's browser, in a thread of its own."""

    def __init__(self) -> None:
        self.slides = Slides()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def offer(self) -> str:
        return asyncio.run_coroutine_threadsafe(self._offer(), self._loop).result(20)

    def accept(self, answer: str) -> None:
        description = RTCSessionDescription(answer, "answer")
        work = self._connection.setRemoteDescription(description)
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        await self._connection.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=2)

    async def _offer(self) -> str:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.addTransceiver(self.slides, "sendonly")
        self._connection.addTransceiver(Tone(), "sendonly")
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._connection.localDescription.sdp


@pytest.fixture
def sender() -> Iterator[Sender]:
    hooks.install()
    sender = Sender()
    yield sender
    sender.close()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)


def test_a_screen_from_its_offer_to_its_end(sender: Sender) -> None:
    lives: queue.Queue[tuple[str, Live]] = queue.Queue()
    ended: queue.Queue[tuple[str, str]] = queue.Queue()
    answers: queue.Queue[tuple[str, str | None, str]] = queue.Queue()
    shares = ScreenShares(
        SIZE_WH, lambda *live: lives.put(live), lambda session, why: ended.put((session, why))
    )
    shares.offer("s1", sender.offer(), lambda *answer: answers.put(answer))
    sdp, fault, _ = answers.get(timeout=PATIENCE_S)
    assert fault is None
    assert "b=AS:" in sdp, "the sender is told how much the box can take"
    sender.accept(sdp)
    session, live = lives.get(timeout=PATIENCE_S)
    assert session == "s1"
    first = live.page()
    assert first.rgb[180, 320] == pytest.approx((200, 40, 40), abs=8), "colours by BT.601, as browsers send"
    sender.slides.colour = (20, 120, 220)
    until(lambda: abs(int(live.page().rgb[180, 320, 2]) - 220) < 9, "the turned page")
    turned = live.page()
    assert turned.revision > first.revision and turned.shown_ns > first.shown_ns
    heard: list[int] = []
    assert live.sounding is not None

    def hear() -> bool:
        block = live.sounding.take(960) if live.sounding is not None else None
        heard.append(0 if block is None else int(np.abs(block).max()))
        return heard[-1] > 4000

    until(hear, "the tone")
    shares.end("s1")
    assert ended.get(timeout=PATIENCE_S)[0] == "s1"
    until(lambda: live.state.state == "ended", "the end in the state")
    assert live.page().rgb[180, 320, 2] > 200, "the last picture stays until something else is shown"
    live.close()
    shares.close()


def test_an_offer_that_cannot_be_answered_has_its_reason(sender: Sender) -> None:
    good = sender.offer()
    assert read_offer(good, "screen")
    for bad, kind in (
        ("hello", "malformed"),
        ("v=0\r\n", "unsupported"),
        (good.replace("a=sendonly", "a=recvonly"), "unsupported"),
        (good.replace("VP8/", "AV1/").replace("H264/", "AV1/"), "unsupported"),
        (good + "a=x:" + "y" * 70_000, "too_large"),
    ):
        with pytest.raises(BadOffer) as refused:
            read_offer(bad, "screen")
        assert (refused.value.kind, bool(refused.value.reason)) == (kind, True)


def test_hidden_and_endless_candidates_are_left_out(sender: Sender) -> None:
    line = "a=candidate:1 1 udp 1 abc.local 9 typ host"
    many = "\r\n".join(f"a=candidate:{i} 1 udp 1 10.0.0.1 {i + 1} typ host" for i in range(100))
    kept = read_offer(f"{sender.offer()}{line}\r\n{many}\r\n", "screen")
    assert ".local" not in kept
    assert kept.count("a=candidate:") <= 32


def test_a_picture_ends_at_its_marker() -> None:
    """aiortc alone hands a picture on only when the next one begins."""
    buffer = hooks.MarkedFrames(16)

    def packet(number: int, at: int, marker: int) -> RtpPacket:
        made = RtpPacket(sequence_number=number, timestamp=at, marker=marker)
        made._data = bytes([number])  # type: ignore[attr-defined]
        return made

    assert buffer.add(packet(0, 0, 0)) == (False, None)
    whole = buffer.add(packet(1, 0, 1))[1]
    assert whole is not None and whole.data == b"\0\1"
    assert buffer.add(packet(3, 9, 1))[1] is None, "a packet is missing"
    late = buffer.add(packet(2, 9, 0))[1]
    assert late is not None and late.data == b"\2\3"
