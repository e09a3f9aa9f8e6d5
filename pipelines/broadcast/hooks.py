"""Every private thing of aiortc 1.16 and aioice that this project leans on, in one file.

Each hook has a test of its own in tests/pipelines/broadcast/test_hooks.py, which fails when an
upgrade moves what it holds on to. aiortc is pinned exactly for the same reason.

1. `install`: a longer memory for retransmissions. A key frame is 100 to 250 packets, aiortc keeps
   128, so the packets that are asked for again were already forgotten.
2. `install`: payload types 35 to 63. Chromium offers codecs there (RFC 8851 section 10.2 opened the
   range); aiortc answers such an offer with a payload type of its own, which then collides with
   another codec's: packets arrive, no picture is ever decoded.
3. `install`: H.264 main profile among the codecs, for viewers that offer nothing lower. What is sent is
   constrained baseline, which main decoders must decode (H.264 clause A.2.2).
4. `install`: a loopback address where the machine has no other, so that `bench`, tests and other
   aiortc viewers work without a network. (Headless Chromium did not connect that way.)
5. `on_key_request`: with packets passed through, aiortc swallows the viewer's key frame requests.
6. `on_rtcp`: receiver reports, NACKs and picture loss indications, for the viewer's status.
7. `send_through`: what carries the packets of one sender, so that key frames can be paced.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast

import aioice.ice
import aiortc.codecs
import aiortc.rtcrtpsender
import aiortc.rtp
from aiortc import RTCRtpSender
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import AnyRtcpPacket

from pipelines.broadcast.pacing import PacedTransport

RTP_HISTORY_PACKETS = 2048
PAYLOAD_TYPES = (*range(35, 64), *range(96, 128))
MAIN_PROFILE = "4d001f"
LOOPBACK = "127.0.0.1"

_host_addresses = aioice.ice.get_host_addresses


def install() -> None:
    """Hooks 1 to 4, for the whole process. Calling it again changes nothing."""
    aiortc.rtcrtpsender.RTP_HISTORY_SIZE = RTP_HISTORY_PACKETS  # type: ignore[attr-defined]
    aiortc.rtp.DYNAMIC_PAYLOAD_TYPES = PAYLOAD_TYPES  # type: ignore[assignment]
    _offer_main_profile()
    aioice.ice.get_host_addresses = _addresses_or_loopback
    # Below WARNING both write session descriptions, candidates and credentials into the log.
    for name in ("aiortc", "aioice"):
        logging.getLogger(name).setLevel(logging.WARNING)


def on_key_request(sender: RTCRtpSender, callback: Callable[[], None]) -> None:
    """Calls `callback` whenever the viewer asks for a key frame (PLI or FIR, RFC 4585 and 5104)."""
    sender._send_keyframe = callback  # type: ignore[method-assign]


def on_rtcp(sender: RTCRtpSender, callback: Callable[[AnyRtcpPacket], None]) -> None:
    """Shows every RTCP packet for this sender to `callback`, before aiortc acts on it."""
    handle = sender._handle_rtcp_packet

    async def seen(packet: AnyRtcpPacket) -> None:
        callback(packet)
        await handle(packet)

    sender._handle_rtcp_packet = seen  # type: ignore[method-assign]


def send_through(sender: RTCRtpSender) -> PacedTransport:
    """Puts a PacedTransport under a sender. After the remote description is set: bundling moves senders."""
    paced = PacedTransport(sender.transport)
    sender.setTransport(cast(RTCDtlsTransport, paced))
    return paced


def _offer_main_profile() -> None:
    video = aiortc.codecs.CODECS["video"]
    baseline = [codec for codec in video if codec.mimeType == "video/H264"][-1]
    if baseline.parameters["profile-level-id"] == MAIN_PROFILE:
        return
    payload_type = max(codec.payloadType or 0 for codec in video) + 1
    video.append(
        RTCRtpCodecParameters(
            mimeType=baseline.mimeType,
            clockRate=baseline.clockRate,
            payloadType=payload_type,
            rtcpFeedback=list(baseline.rtcpFeedback),
            parameters={**baseline.parameters, "profile-level-id": MAIN_PROFILE},
        )
    )
    video.append(
        RTCRtpCodecParameters(
            mimeType="video/rtx",
            clockRate=baseline.clockRate,
            payloadType=payload_type + 1,
            parameters={"apt": payload_type},
        )
    )


def _addresses_or_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return _host_addresses(use_ipv4, use_ipv6) or [LOOPBACK]
