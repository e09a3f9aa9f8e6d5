"""Every private thing of aiortc 1.16 and aioice that this project leans on, in one file.

Each hook has a test of its own in tests/pipelines/broadcast/test_hooks.py, which fails when an
upgrade moves what it holds on to. aiortc is pinned exactly for the same reason.

1. `send_by`: a stream of ours sends in the place of aiortc's loop, which makes an object, a coroutine and two
   copies of every packet for every viewer. It gets its numbers from `numbers`, and `report_by` tells
   aiortc's sender reports what went out. Requests to send again go to it, too.
2. `install`: payload types 35 to 63. Chromium offers codecs there (RFC 8851 section 10.2 opened the
   range); aiortc answers such an offer with a payload type of its own, which then collides with
   another codec's: packets arrive, no picture is ever decoded.
3. `install`: H.264 main and High 4:4:4 Predictive among the codecs: main for viewers that offer nothing
   lower (what is sent is constrained baseline, which main decoders must decode, H.264 clause A.2.2).
4. `install`: a loopback address where the machine has no other, so that `bench`, tests and other
   aiortc viewers work without a network. (Headless Chromium did not connect that way.)
5. `on_key_request`: with packets passed through, aiortc swallows the viewer's key frame requests.
6. `on_rtcp`: receiver reports, NACKs and picture loss indications, for the viewer's status.
7. `payload_types`: the numbers that the answer gave each profile.
8. `Protector`: SRTP in place, by the C function under pylibsrtp, with the keys of the DTLS handshake.
9. `route`: the socket and address that ICE has chosen.
10. `take_rtp`, `send_rtcp`: for viewers of the bench, who count packets and do nothing else with them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

import aioice.ice
import aiortc.codecs
import aiortc.rtp
import pylibsrtp
from aioice.ice import StunProtocol
from aiortc import RTCRtpSender, RTCRtpTransceiver
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket, RtpPacket, is_rtcp
from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found]

PAYLOAD_TYPES = (*range(35, 64), *range(96, 128))
MAIN_PROFILE = "4d001f"
FULL_CHROMA_PROFILE = "f4001f"  # High 4:4:4 Predictive
LOOPBACK = "127.0.0.1"
RTP_HEADER_BYTES = 12
DATAGRAM_BYTES = 2048
# RFC 3711 section 5.2, RFC 7714 section 12: what each profile of the handshake adds to a packet.
TAG_BYTES = {b"SRTP_AES128_CM_SHA1_80": 10, b"SRTP_AEAD_AES_128_GCM": 16, b"SRTP_AEAD_AES_256_GCM": 16}


class PayloadType(NamedTuple):
    """RTP payload type of a codec, and that of its packets when sent again (RFC 4588), if there is one."""

    media: int
    again: int | None


_host_addresses = aioice.ice.get_host_addresses


def install() -> None:
    """Hooks 2 to 4, for the whole process. Calling it again changes nothing."""
    aiortc.rtp.DYNAMIC_PAYLOAD_TYPES = PAYLOAD_TYPES  # type: ignore[assignment]
    for profile in (MAIN_PROFILE, FULL_CHROMA_PROFILE):
        _know_profile(profile)
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


class Outgoing(Protocol):
    """What sends in a sender's place."""

    def open(self) -> None:
        """The connection stands."""

    def send_again(self, sequence_number: int) -> None:
        """The viewer lacks this packet."""

    def close(self) -> None:
        """The connection is over, or the sender is stopped."""


def send_by(sender: RTCRtpSender, stream: Outgoing) -> None:
    """Lets `stream` send everything of this sender but its RTCP. Before the connection stands."""

    async def run_rtp(codec: RTCRtpCodecParameters) -> None:
        sender._RTCRtpSender__rtp_started.set()  # type: ignore[attr-defined]
        try:
            stream.open()
            await asyncio.get_running_loop().create_future()  # until stop() cancels
        finally:
            stream.close()
            sender._RTCRtpSender__rtp_exited.set()  # type: ignore[attr-defined]

    async def retransmit(sequence_number: int) -> None:
        stream.send_again(sequence_number)

    sender._run_rtp = run_rtp  # type: ignore[method-assign]
    sender._retransmit = retransmit  # type: ignore[method-assign]


class Numbers(NamedTuple):
    """What a sender's packets carry.

    extension: the RTP header extension, ready but for three bytes at clock_at, the time of sending
    (abs-send-time; None where it was not negotiated).
    """

    ssrc: int
    again_ssrc: int
    extension: bytes
    clock_at: int | None


def numbers(sender: RTCRtpSender) -> Numbers:
    """When the connection stands. The extension's layout is read off two packets that aiortc makes."""
    packets = []
    for time in (0, 0xFFFFFF):
        packet = RtpPacket()
        packet.extensions.mid = sender._RTCRtpSender__mid  # type: ignore[attr-defined]
        packet.extensions.abs_send_time = time
        packets.append(packet.serialize(sender._RTCRtpSender__rtp_header_extensions_map)[RTP_HEADER_BYTES:])  # type: ignore[attr-defined]
    changed = [at for at, (low, high) in enumerate(zip(*packets, strict=True)) if low != high]
    return Numbers(sender._ssrc, sender._rtx_ssrc, packets[0], changed[0] if changed else None)


class SentSoFar(NamedTuple):
    """What a sender report says: the RTP timestamp of the instant ntp, and counts since the start."""

    ntp: int
    timestamp: int
    packets: int
    octets: int


def report_by(sender: RTCRtpSender, sent_so_far: Callable[[], SentSoFar]) -> None:
    """Fills aiortc's sender reports, each with an instant of its own.

    aiortc repeats that of the last packet: while nothing is sent the viewer's echo then fits several reports,
    and round trips come out wrong, below zero even.
    """
    send = sender._send_rtcp

    async def send_rtcp(packets: list[AnyRtcpPacket]) -> None:
        for packet in packets:
            if isinstance(packet, RtcpSrPacket):
                info, sent = packet.sender_info, sent_so_far()
                info.ntp_timestamp, info.rtp_timestamp = sent.ntp, sent.timestamp
                info.packet_count, info.octet_count = sent.packets & 0xFFFFFFFF, sent.octets & 0xFFFFFFFF
                sender._RTCRtpSender__lsr = sent.ntp >> 16 & 0xFFFFFFFF  # type: ignore[attr-defined]
        await send(packets)

    sender._send_rtcp = send_rtcp  # type: ignore[method-assign]


class Protector:
    """SRTP for one viewer. tag_bytes: what protecting adds behind each packet.

    Of a connection that stands. Not safe between threads, as aiortc's own is not.
    """

    def __init__(self, transport: RTCDtlsTransport) -> None:
        assert transport._ssl is not None
        self.tag_bytes = TAG_BYTES[transport._ssl.get_selected_srtp_profile()]
        self._session = transport._tx_srtp  # holds the memory that _handle points to
        self._handle = self._session._srtp[0]
        self._length = ffi.new("int *")

    def protect(self, buffer: bytearray, ends: list[int], begin: int = 0) -> None:
        """Encrypts packets that lie one behind the other, each with tag_bytes of room before its end.

        Raises ValueError, which only a packet without a valid header does.
        """
        handle, length, protect, tag_bytes = self._handle, self._length, lib.srtp_protect, self.tag_bytes
        base = ffi.from_buffer("char[]", buffer)
        for end in ends:
            length[0] = end - begin - tag_bytes
            error = protect(handle, base + begin, length)
            if error or length[0] != end - begin:
                raise ValueError(f"SRTP error {error}, {length[0]} bytes for {end - begin}")
            begin = end


class Route(NamedTuple):
    """The way to a viewer. fd: of a UDP socket, None through a TURN server; send takes datagram and address.

    waiting: bytes that asyncio keeps because the kernel had no room.
    """

    pair: object
    fd: int | None
    send: Callable[[bytes, tuple[str, int]], None]
    waiting: Callable[[], int]
    address: tuple[str, int]


def route(transport: RTCDtlsTransport, known: Route | None) -> Route | None:
    """`known` if it still holds, else a new one; None when the connection is not up."""
    pair = transport.transport._connection._nominated.get(1)
    if pair is None or transport.state != "connected":
        return None
    if known is not None and known.pair is pair:
        return known
    datagrams = pair.protocol.transport
    own = datagrams.get_extra_info("socket")
    if own is None:
        return Route(pair, None, datagrams.sendto, lambda: 0, pair.remote_addr)
    waiting = datagrams.get_write_buffer_size  # type: ignore[attr-defined]
    return Route(pair, own.fileno(), datagrams.sendto, waiting, pair.remote_addr)


def take_rtp(transport: RTCDtlsTransport, take: Callable[[bytes], None]) -> Callable[[], None]:
    """Hands every RTP packet that arrives, opened, to `take`, and none to aiortc. When the connection stands.

    All that has arrived is taken at one go. The rest (RTCP, DTLS, STUN) is aiortc's as before. Returns what
    ends it.
    """
    unprotect = transport._rx_srtp.unprotect
    # All, not only the pair chosen here: the other side may still use another, or move to one.
    ends = [_tap(protocol, take, unprotect) for protocol in transport.transport._connection._protocols]

    def end() -> None:
        for one in ends:
            one()

    return end


def _tap(
    protocol: StunProtocol, take: Callable[[bytes], None], unprotect: Callable[[bytes], bytes]
) -> Callable[[], None]:
    arrived = protocol.datagram_received
    loop = asyncio.get_running_loop()

    def sort(datagram: bytes, address: tuple[str, int]) -> None:
        if 128 <= datagram[0] < 192 and not is_rtcp(datagram):
            with suppress(pylibsrtp.Error):  # forged, or here twice
                take(unprotect(datagram))
        else:
            arrived(datagram, address)

    def drain() -> None:
        with suppress(BlockingIOError):
            while True:
                sort(*own.recvfrom(DATAGRAM_BYTES, socket.MSG_DONTWAIT))

    def end() -> None:
        loop.remove_reader(own)
        own.close()

    own = socket.socket(fileno=os.dup(protocol.transport.get_extra_info("socket").fileno()))
    protocol.datagram_received = sort  # type: ignore[method-assign, assignment]
    loop.add_reader(own, drain)
    return end


async def send_rtcp(transport: RTCDtlsTransport, packets: Sequence[AnyRtcpPacket]) -> None:
    """One compound packet. Raises ConnectionError when the connection is over."""
    await transport._send_rtp(b"".join(bytes(packet) for packet in packets))


def payload_types(transceiver: RTCRtpTransceiver) -> dict[str, PayloadType]:
    """By H.264 profile-level-id, what was negotiated. After the remote description is set."""
    codecs = transceiver._codecs
    again = {codec.parameters["apt"]: codec.payloadType for codec in codecs if codec.name == "rtx"}
    return {
        str(codec.parameters.get("profile-level-id")): PayloadType(
            codec.payloadType, again.get(codec.payloadType)
        )
        for codec in codecs
        if codec.mimeType == "video/H264" and codec.payloadType is not None
    }


def sound_payload_type(transceiver: RTCRtpTransceiver) -> PayloadType:
    """What was negotiated for Opus: it is not sent again, an Opus frame late is an Opus frame lost."""
    return PayloadType(transceiver._codecs[0].payloadType or 0, None)


def _know_profile(profile: str) -> None:
    video = aiortc.codecs.CODECS["video"]
    known = [codec for codec in video if codec.mimeType == "video/H264"]
    if any(codec.parameters["profile-level-id"] == profile for codec in known):
        return
    baseline = known[0]
    payload_type = max(codec.payloadType or 0 for codec in video) + 1
    video.append(
        RTCRtpCodecParameters(
            mimeType=baseline.mimeType,
            clockRate=baseline.clockRate,
            payloadType=payload_type,
            rtcpFeedback=list(baseline.rtcpFeedback),
            parameters={**baseline.parameters, "profile-level-id": profile},
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
