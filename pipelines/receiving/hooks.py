"""Every private thing of aiortc 1.16 and aioice that receiving leans on; each under a test of its own.

1. `install`: payload types 35 to 63, which Chromium offers; else an answer collides with another codec's.
2. `install`: a loopback address where the machine has no other.
3. `frames_at_marker`: aiortc hands a picture on when the first packet of the next one is there. A screen that
   stands still sends the next one a second later: here the marker bit (RFC 3550, 5.1) ends a picture.
4. `decoder_backlog`: coded pictures that wait for the decoder. Nothing in aiortc bounds them.
"""

from __future__ import annotations

from typing import Final

import aioice.ice
import aiortc.rtp
from aiortc import RTCRtpReceiver
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket

PAYLOAD_TYPES: Final = (*range(35, 64), *range(96, 128))
LOOPBACK: Final = "127.0.0.1"
_CAPACITY_PACKETS: Final = 2048  # a key frame of a large screen is several hundred; a power of 2

_host_addresses = aioice.ice.get_host_addresses


def install() -> None:
    """Hooks 1 and 2, for the whole process. Calling it again changes nothing."""
    aiortc.rtp.DYNAMIC_PAYLOAD_TYPES = PAYLOAD_TYPES  # type: ignore[assignment]
    aioice.ice.get_host_addresses = _addresses_or_loopback


def frames_at_marker(receiver: RTCRtpReceiver) -> None:
    """Before the first packet arrives."""
    receiver._RTCRtpReceiver__jitter_buffer = MarkedFrames(_CAPACITY_PACKETS)  # type: ignore[attr-defined]


def decoder_backlog(receiver: RTCRtpReceiver) -> int:
    return int(receiver._RTCRtpReceiver__decoder_queue.qsize())  # type: ignore[attr-defined]


class MarkedFrames(JitterBuffer):
    """A jitter buffer for video that ends a picture at its marker bit."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity, is_video=True)

    def _remove_frame(self, sequence_number: int) -> JitterFrame | None:
        packets: list[RtpPacket] = []
        for count in range(self.capacity):
            packet = self._packets[((self._origin or 0) + count) % self._capacity]
            if packet is None:
                return None
            if packets and packet.timestamp != packets[0].timestamp:
                break  # a sender that sets no markers
            packets.append(packet)
            if packet.marker:
                break
        else:
            return None
        self.remove(len(packets))
        data = b"".join(packet._data for packet in packets)  # type: ignore[attr-defined]
        return JitterFrame(data=data, timestamp=packets[0].timestamp)


def _addresses_or_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return _host_addresses(use_ipv4, use_ipv6) or [LOOPBACK]
