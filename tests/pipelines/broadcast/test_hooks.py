"""Each test here fails when a new aiortc moves what hooks.py holds on to."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise

import aioice.ice
import aiortc
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.rtcdtlstransport import SRTP_PROFILES
from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
)
from pylibsrtp import Policy, Session

from pipelines.broadcast import hooks


@pytest.fixture(autouse=True)
def installed() -> None:
    hooks.install()
    hooks.install()  # twice is as once


def test_version_is_the_one_the_hooks_were_written_for() -> None:
    assert aiortc.__version__ == "1.16.0"


class Recorder:
    """Satisfies hooks.Outgoing; notes what happens."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def open(self) -> None:
        self.events.append("open")

    def send_again(self, sequence_number: int) -> None:
        self.events.append(sequence_number)

    def close(self) -> None:
        self.events.append("close")


@dataclass
class Call:
    """A viewer connected to a box whose sender a Recorder stands in for."""

    sender: RTCRtpSender
    recorder: Recorder
    viewer: RTCPeerConnection
    box: RTCPeerConnection

    async def hang_up(self) -> None:
        await self.box.close()
        await self.viewer.close()


@pytest.fixture
async def call(until) -> AsyncIterator[Call]:
    viewer, box = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    viewer.addTransceiver("video", "recvonly")
    recorder = Recorder()
    sender = box.addTransceiver("video", "sendonly").sender
    hooks.send_by(sender, recorder)
    await viewer.setLocalDescription(await viewer.createOffer())
    await box.setRemoteDescription(viewer.localDescription)
    await box.setLocalDescription(await box.createAnswer())
    await viewer.setRemoteDescription(box.localDescription)
    await until(lambda: recorder.events, "the connection")
    call = Call(sender, recorder, viewer, box)
    yield call
    await call.hang_up()


async def test_a_stream_stands_in_for_the_senders_loop(call) -> None:
    assert call.recorder.events == ["open"]
    nack = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=1, media_ssrc=call.sender._ssrc, lost=[7, 9])
    await call.sender._handle_rtcp_packet(nack)
    assert call.recorder.events == ["open", 7, 9]
    async with asyncio.timeout(5):  # aiortc waits for what it believes to be its loop
        await call.sender.stop()
    assert call.recorder.events == ["open", 7, 9, "close"]


async def test_numbers_and_header_extension_are_what_aiortc_would_send(call) -> None:
    found = hooks.numbers(call.sender)
    assert (found.ssrc, found.again_ssrc) == (call.sender._ssrc, call.sender._rtx_ssrc)
    assert found.clock_at is not None
    extension = bytearray(found.extension)
    extension[found.clock_at : found.clock_at + 3] = b"\x12\x34\x56"
    header = struct.pack("!BBHII", 0x90, 101, 1, 2, found.ssrc)
    receiver_map = call.viewer.getReceivers()[0].transport._rtp_header_extensions_map
    packet = RtpPacket.parse(header + bytes(extension) + b"payload", receiver_map)
    assert packet.payload == b"payload"
    assert packet.extensions.abs_send_time == 0x123456
    assert packet.extensions.mid == call.viewer.getTransceivers()[0].mid


async def test_sender_reports_say_what_was_sent(call, until) -> None:
    reports = []
    handle = call.viewer.getReceivers()[0]._handle_rtcp_packet

    async def seen(packet: object) -> None:
        reports.append(packet)
        await handle(packet)

    call.viewer.getReceivers()[0].transport._rtp_router.register_receiver(
        call.viewer.getReceivers()[0], [call.sender._ssrc], [], None
    )
    call.viewer.getReceivers()[0]._handle_rtcp_packet = seen
    hooks.report_by(call.sender, lambda: hooks.SentSoFar(3_900_000_000 << 32, 123_456, 78, 9_000))
    await until(lambda: any(isinstance(packet, RtcpSrPacket) for packet in reports), "a sender report")
    info = next(packet for packet in reports if isinstance(packet, RtcpSrPacket)).sender_info
    assert (info.ntp_timestamp, info.rtp_timestamp) == (3_900_000_000 << 32, 123_456)
    assert (info.packet_count, info.octet_count) == (78, 9_000)
    # The echo of this very report is the one that gives a round trip.
    assert call.sender._RTCRtpSender__lsr == (3_900_000_000 << 16) & 0xFFFFFFFF


async def test_packets_protected_in_place_are_those_that_the_viewer_can_open(call) -> None:
    protector = hooks.Protector(call.sender.transport)
    viewer = call.viewer.getReceivers()[0].transport
    packets = [struct.pack("!BBHII", 0x80, 96, 100 + i, 1, 2) + bytes([i]) * (50 + i) for i in range(5)]
    buffer, ends = bytearray(), []
    for packet in packets:
        buffer += packet + bytes(protector.tag_bytes)
        ends.append(len(buffer))
    protector.protect(buffer, ends)
    opened = [viewer._rx_srtp.unprotect(bytes(buffer[i:j])) for i, j in pairwise([0, *ends])]
    assert opened == packets
    with pytest.raises(ValueError, match="SRTP error"):
        protector.protect(bytearray(20), [20])


@pytest.mark.parametrize("profile", SRTP_PROFILES, ids=lambda profile: profile.openssl_profile.decode())
def test_the_tag_of_every_profile_is_known(profile) -> None:
    key = bytes(profile.key_length + profile.salt_length)
    session = Session(Policy(key, Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile.libsrtp_profile))
    packet = struct.pack("!BBHII", 0x80, 96, 1, 1, 2) + b"payload"
    assert len(session.protect(packet)) == len(packet) + hooks.TAG_BYTES[profile.openssl_profile]


async def test_the_route_is_the_one_that_ice_chose(call) -> None:
    route = hooks.route(call.sender.transport, None)
    assert route is not None and route.fd is not None and route.waiting() == 0
    assert hooks.route(call.sender.transport, route) is route
    host, port = route.address
    mine = {
        (c.ip, c.port)
        for c in call.viewer.getReceivers()[0].transport.transport.iceGatherer.getLocalCandidates()
    }
    assert (host, port) in mine
    await call.hang_up()
    assert hooks.route(call.sender.transport, route) is None


async def test_rtp_is_taken_opened_and_the_rest_is_left_to_aiortc(call, until) -> None:
    taken: list[bytes] = []
    viewer = call.viewer.getReceivers()[0].transport
    end = hooks.take_rtp(viewer, taken.append)
    seen: list[object] = []
    hooks.on_rtcp(call.sender, seen.append)
    packets = [struct.pack("!BBHII", 0x80, 96, 100 + i, 1, 2) + b"payload" for i in range(5)]
    for packet in packets:
        await call.sender.transport._send_rtp(packet)
    await until(lambda: len(taken) == 5, "five packets")
    assert taken == packets
    report = RtcpReceiverInfo(call.sender._ssrc, 3, 4, 5, 6, 0, 0)
    await hooks.send_rtcp(viewer, [RtcpRrPacket(ssrc=1, reports=[report])])
    await until(lambda: seen, "the report")
    assert seen[0].reports == [report]
    end()


@pytest.mark.parametrize("payload_type", [35, 41, 63, 96, 127])
async def test_payload_types_are_answered_as_offered(new_viewer, payload_type: int) -> None:
    """Chromium offers codecs below 64; answered with another type, that one collides with its neighbour's."""
    offer = (await new_viewer(("video",)).offer()).split("\r\n")
    numbers = {"101": str(payload_type), "102": "64"}
    moved = []
    for line in offer:
        if line.startswith("m=video"):
            line = "m=video 9 UDP/TLS/RTP/SAVPF " + " ".join([str(payload_type), "64"])
        for name in ("rtpmap", "fmtp", "rtcp-fb"):
            if line.startswith(f"a={name}:"):
                number, _, rest = line.removeprefix(f"a={name}:").partition(" ")
                line = f"a={name}:{numbers[number]} {rest}" if number in numbers else ""
                line = line.replace("apt=101", f"apt={payload_type}")
        if line:
            moved.append(line)
    box = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    box.addTransceiver("video", "sendonly")
    await box.setRemoteDescription(RTCSessionDescription("\r\n".join(moved) + "\r\n", "offer"))
    answer = (await box.createAnswer()).sdp
    assert f"a=rtpmap:{payload_type} H264/90000" in answer
    assert answer.count("H264/90000") == 1
    await box.close()


async def test_main_profile_can_be_answered() -> None:
    viewer, box = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    try:
        viewer.addTransceiver("video", "recvonly")
        await viewer.setLocalDescription(await viewer.createOffer())
        offer = viewer.localDescription.sdp.replace("42e01f", "640032").replace("42001f", "f4001f")
        await box.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        answer = (await box.createAnswer()).sdp
    finally:
        await viewer.close()
        await box.close()
    assert "H264" in answer and "profile-level-id=4d001f" in answer and "640032" not in answer


def test_a_machine_without_network_uses_loopback(monkeypatch) -> None:
    monkeypatch.setattr(hooks, "_host_addresses", lambda use_ipv4, use_ipv6: [])
    assert aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == ["127.0.0.1"]
    monkeypatch.setattr(hooks, "_host_addresses", lambda use_ipv4, use_ipv6: ["192.0.2.7"])
    assert aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == ["192.0.2.7"]


@pytest.mark.parametrize("fmt", [RTCP_PSFB_PLI, RTCP_PSFB_FIR])
async def test_key_requests_reach_the_callback(fmt: int) -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender = connection.addTransceiver("video", "sendonly").sender
    asked: list[int] = []
    seen: list[object] = []
    hooks.on_key_request(sender, lambda: asked.append(1))
    hooks.on_rtcp(sender, seen.append)
    packet = RtcpPsfbPacket(fmt=fmt, ssrc=1, media_ssrc=sender._ssrc)
    await sender._handle_rtcp_packet(packet)
    assert asked == [1] and seen == [packet]
    await connection.close()


def test_session_descriptions_stay_out_of_the_log() -> None:
    for name in ("aiortc.rtcpeerconnection", "aioice.ice", "aiortc.rtcrtpsender"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


async def test_payload_types_are_found_by_profile(new_viewer) -> None:
    box = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = box.addTransceiver("video", "sendonly")
    sound = box.addTransceiver("audio", "sendonly")
    offer = await new_viewer().offer()
    await box.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    types = hooks.payload_types(transceiver)
    full, half = types["f4001f"], types["42e01f"]
    assert len({full.media, full.again, half.media, half.again} - {None}) == 4
    assert f"a=rtpmap:{hooks.sound_payload_type(sound).media} opus/48000/2" in offer
    await box.close()
