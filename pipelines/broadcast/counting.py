"""CountingViewer: a viewer who decodes nothing, so that fifty of them fit on the machine that is measured."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket
from aiortc.sdp import SessionDescription

from pipelines.broadcast import hooks
from pipelines.media import PTS_HZ

REPORT_EVERY_S = 1.0
CONNECT_TIMEOUT_S = 30.0
_HEADER = struct.Struct("!BBHII")
_MARKER = 0x80


@dataclass(slots=True)
class Count:
    """Of the video since `CountingViewer.reset`. expected: by sequence numbers; lost: of them, not received.

    pictures: that ended; gap_ms: the longest time between two that did; jitter_ms: RFC 3550 section 6.4.1.
    """

    received: int = 0
    expected: int = 0
    payload_bytes: int = 0
    pictures: int = 0
    gap_ms: float = 0.0
    jitter_ms: float = 0.0
    sound: int = 0

    @property
    def lost(self) -> int:
        return self.expected - self.received


class CountingViewer:
    """ICE, DTLS, SRTP and the reports once a second are real. Lost packets are not asked for again."""

    def __init__(self, exchange: Callable[[str], Awaitable[str]]) -> None:
        """exchange: takes an offer, gives the answer."""
        hooks.install()
        self._exchange = exchange
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._sound_types: frozenset[int] = frozenset()
        self._end: Callable[[], None] = lambda: None
        self._reports: asyncio.Task[None] | None = None
        self._count = Count()
        self._newest = -1  # sequence number, as far as it has wrapped around
        self._transit: float | None = None
        self._picture_s: float | None = None
        self._ssrc = 0
        self.offered_s = 0.0
        self.first_picture_s: float | None = None

    async def connect(self) -> None:
        """Until packets can come. Raises TimeoutError."""
        connection = self._connection
        connection.addTransceiver("video", "recvonly")
        connection.addTransceiver("audio", "recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        self.offered_s = time.monotonic()
        answer = await self._exchange(connection.localDescription.sdp)
        for media in SessionDescription.parse(answer).media:
            if media.kind == "audio":
                self._sound_types = frozenset(int(kind) for kind in media.fmt)
        stands = asyncio.Event()
        transport = connection.getReceivers()[0].transport

        def changed() -> None:
            if transport.state == "connected":
                self._end = hooks.take_rtp(transport, self._take)
                stands.set()

        transport.add_listener("statechange", changed)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await stands.wait()
        self._reports = asyncio.create_task(self._report(), name="counting viewer's reports")

    def reset(self) -> None:
        """Counts anew from here."""
        self._count = Count(jitter_ms=self._count.jitter_ms)
        self._picture_s = time.monotonic()

    def count(self) -> Count:
        """So far; a gap that still lasts is in it."""
        lasts_ms = 0.0 if self._picture_s is None else (time.monotonic() - self._picture_s) * 1e3
        return replace(self._count, gap_ms=max(self._count.gap_ms, lasts_ms))

    async def close(self) -> None:
        if self._reports is not None:
            self._reports.cancel()
            await asyncio.gather(self._reports, return_exceptions=True)
        self._end()
        await self._connection.close()

    def _take(self, packet: bytes) -> None:
        now_s, count = time.monotonic(), self._count
        _, kind, number, timestamp, ssrc = _HEADER.unpack_from(packet)
        if kind & 0x7F in self._sound_types:
            count.sound += 1
            return
        if self._ssrc != ssrc:
            self._ssrc, self._newest = ssrc, number - 1
        ahead = (number - self._newest + 0x8000 & 0xFFFF) - 0x8000
        if ahead > 0:
            self._newest += ahead
            count.expected += ahead
        count.received += 1
        count.payload_bytes += len(packet)
        transit = now_s - timestamp / PTS_HZ
        if self._transit is not None:
            moved_s = abs(transit - self._transit)
            if moved_s < 1000:  # else the timestamp has wrapped around
                count.jitter_ms += (moved_s * 1e3 - count.jitter_ms) / 16
        self._transit = transit
        if kind & _MARKER:
            self._picture(now_s)

    def _picture(self, now_s: float) -> None:
        self._count.pictures += 1
        if self._picture_s is not None:
            self._count.gap_ms = max(self._count.gap_ms, (now_s - self._picture_s) * 1e3)
        self._picture_s = now_s
        if self.first_picture_s is None:
            self.first_picture_s = now_s

    async def _report(self) -> None:
        transport = self._connection.getReceivers()[0].transport
        before = Count()
        with suppress(ConnectionError):
            while True:
                await asyncio.sleep(REPORT_EVERY_S)
                now = self.count()
                if now.expected < before.expected:
                    before = Count()
                expected, lost = now.expected - before.expected, now.lost - before.lost
                info = RtcpReceiverInfo(
                    ssrc=self._ssrc,
                    fraction_lost=max(0, min(255, lost * 256 // expected)) if expected else 0,
                    packets_lost=now.lost,
                    highest_sequence=self._newest & 0xFFFFFFFF,
                    jitter=round(now.jitter_ms * PTS_HZ / 1000),
                    lsr=0,
                    dlsr=0,
                )
                await hooks.send_rtcp(transport, [RtcpRrPacket(ssrc=1, reports=[info])])
                before = now
