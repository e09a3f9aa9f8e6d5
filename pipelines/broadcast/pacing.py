"""PacedTransport: spreads the packets of a key frame over some milliseconds, and counts what went out."""

from __future__ import annotations

import asyncio

from aiortc.rtcdtlstransport import RTCDtlsTransport, RtpSender
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.stats import RTCStatsReport

# Ordinary pictures pass at once; a key frame of 160 kB takes about 20 ms. Unpaced, its 125 packets leave
# in one go: small buffers on the way drop them, and meanwhile the loop serves nobody else.
PACE_BYTES_PER_S = 6_000_000
FREE_BYTES = 40_000
# The loop's clock ticks in milliseconds: shorter pauses are saved up.
SHORTEST_PAUSE_S = 0.001


class PacedTransport:
    """Stands between one aiortc sender and the DTLS transport that it shares with the others.

    It has exactly what RTCRtpSender uses of a transport (see hooks.send_through).
    """

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._owed_bytes = 0.0
        self._counted_s = self._loop.time()
        self.sent_bytes = 0
        self.sent_packets = 0

    @property
    def state(self) -> str:
        return self._transport.state

    @property
    def _stats_id(self) -> str:
        return self._transport._stats_id

    def _get_stats(self) -> RTCStatsReport:
        return self._transport._get_stats()

    def _register_rtp_sender(self, sender: RtpSender, parameters: RTCRtpSendParameters) -> None:
        self._transport._register_rtp_sender(sender, parameters)

    def _unregister_rtp_sender(self, sender: RtpSender) -> None:
        self._transport._unregister_rtp_sender(sender)

    async def _send_rtp(self, data: bytes) -> None:
        """Sends one RTP or RTCP packet; raises ConnectionError when the viewer is gone."""
        now_s = self._loop.time()
        paid_bytes = (now_s - self._counted_s) * PACE_BYTES_PER_S
        self._counted_s = now_s
        self._owed_bytes = max(0.0, self._owed_bytes - paid_bytes) + len(data)
        pause_s = (self._owed_bytes - FREE_BYTES) / PACE_BYTES_PER_S
        if pause_s >= SHORTEST_PAUSE_S:
            await asyncio.sleep(pause_s)
        await self._transport._send_rtp(data)
        self.sent_bytes += len(data)
        self.sent_packets += 1
