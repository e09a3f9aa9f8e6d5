"""ViewerStatus: how one viewer is doing, as plain data; ViewerTally: what aiortc's RTCP says on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

ViewerState = Literal["connecting", "connected", "disconnected", "closed"]
# Which sound a viewer gets: the programme's, that without the remote voice, the voice alone, or silence.
Hears = Literal["programme", "minus", "voice", "nothing"]

# Viewers report about once a second (RFC 3550 section 6.2, RFC 4585 section 3.5).
SILENT_S = 5.0


@dataclass(frozen=True, slots=True)
class ViewerStatus:
    """One viewer. state: "disconnected" after 5 s without a word from them.

    first_picture_ms: from the offer to the first key frame handed over for sending. loss: share of
    video packets lost, 0 to 1, and lost_packets, from the newest receiver report; repaired losses
    count too. rtt_ms: round trip. nacks: packets asked for again; key_requests: PLI and FIR.
    dropped: packets left out here because the viewer could not keep up. layer: one of media.VIDEO_LAYERS,
    "teacher" or "sound"; layers: what this viewer takes, best first; pinned: held by the assistant.
    """

    viewer_id: str
    name: str
    state: ViewerState
    age_s: float
    first_picture_ms: float | None
    sent_bytes: int
    sent_packets: int
    loss: float
    lost_packets: int
    rtt_ms: float | None
    nacks: int
    key_requests: int
    dropped: int
    layer: str
    layers: tuple[str, ...]
    pinned: bool
    hears: Hears = "programme"


@dataclass(slots=True)
class ViewerTally:
    """Counts what a viewer reports about the video.

    missing: packets asked for of those that can be sent again. After a change of layers a viewer goes on for
    seconds to ask for what is of no use any more.
    """

    ssrc: int = 0
    heard_ns: int | None = None
    loss: float = 0.0
    lost_packets: int = 0
    nacks: int = 0
    missing: int = 0
    key_requests: int = 0
    rtt_ms: float | None = None
    estimate_bps: float | None = None

    def take(self, packet: AnyRtcpPacket, holds: Callable[[int], bool] = lambda _: True) -> None:
        """holds: can a packet of this number be sent again?"""
        self.heard_ns = time.monotonic_ns()
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self.ssrc:
                    self.loss = report.fraction_lost / 256
                    self.lost_packets = report.packets_lost
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            self.nacks += len(packet.lost)
            self.missing += sum(holds(number) for number in packet.lost)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            self.key_requests += 1
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            with suppress(ValueError):  # another application's message
                estimate_bps, ssrcs = unpack_remb_fci(packet.fci)
                self.estimate_bps = estimate_bps if self.ssrc in ssrcs else self.estimate_bps

    def is_silent(self, now_ns: int, for_s: float) -> bool:
        return self.heard_ns is not None and now_ns - self.heard_ns > for_s * 1e9
