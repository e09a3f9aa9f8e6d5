"""PacketTrack: encoded packets as an aiortc track, one per viewer and kind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from pipelines.channels import Backlog
from pipelines.media import PTS_HZ, SOUND_HZ, Packet

# A second of pictures or of sound: what is older is of no use to somebody who follows a lesson.
BACKLOG_PACKETS = {"video": 30, "sound": 50}
BACKLOG_BYTES = 4_000_000


class PacketTrack(MediaStreamTrack):
    """Hands the broadcast's packets to one aiortc sender, which passes them through.

    Nothing is kept before the sender asks for the first packet, which it does when the connection stands: a
    viewer then starts with a key frame made after that moment, not with the past. The backlog is bounded; a
    viewer who cannot keep up loses pictures up to the next key frame, and costs nobody else.
    Lives in the event loop's thread.
    """

    def __init__(self, kind: Literal["video", "sound"], wants_key: Callable[[], None]) -> None:
        super().__init__()
        self.kind = "video" if kind == "video" else "audio"
        self._packet_kind = kind
        self._time_base = Fraction(1, PTS_HZ if kind == "video" else SOUND_HZ)
        self._wants_key = wants_key
        self._backlog = Backlog(BACKLOG_PACKETS[kind], BACKLOG_BYTES)
        self._ready = asyncio.Event()
        self._is_open = False
        self._has_started = kind == "sound"
        self.started_ns: int | None = None  # when the first packet was handed over

    @property
    def dropped(self) -> int:
        """Packets left out because this viewer could not keep up."""
        return self._backlog.dropped

    @property
    def lacks_key(self) -> bool:
        """True while the viewer's pictures wait for a key frame."""
        return self._is_open and (self._backlog.wants_key or not self._has_started)

    def feed(self, packet: Packet) -> None:
        """Takes a packet of its own kind; never blocks."""
        if not self._is_open or self.readyState != "live":
            return
        if not self._has_started:
            if not packet.is_key:
                return
            self._has_started = True
        waited_for_key = self._backlog.wants_key
        self._backlog.put(packet)
        self._ready.set()
        if self._backlog.wants_key and not waited_for_key:
            self._wants_key()

    async def recv(self) -> av.Packet[Any]:
        """The next packet, as aiortc's sender wants it. Raises MediaStreamError after stop()."""
        if not self._is_open:
            self._is_open = True
            if self._packet_kind == "video":
                self._wants_key()
        while (packet := self._backlog.pop()) is None:
            if self.readyState != "live":
                raise MediaStreamError
            self._ready.clear()
            await self._ready.wait()
        if self.started_ns is None:
            self.started_ns = time.monotonic_ns()
        coded = av.Packet(packet.data)
        coded.pts = packet.pts
        coded.time_base = self._time_base
        return coded

    def stop(self) -> None:
        super().stop()
        self._ready.set()
