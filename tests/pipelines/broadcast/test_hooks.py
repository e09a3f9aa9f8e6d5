"""Each test here fails when a new aiortc moves what hooks.py holds on to."""

from __future__ import annotations

import asyncio
import logging

import aioice.ice
import aiortc
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RTCP_PSFB_FIR, RTCP_PSFB_PLI, RtcpPsfbPacket, RtpPacket, is_rtcp

from pipelines.broadcast import hooks
from pipelines.broadcast.tracks import PacketTrack
from pipelines.media import Packet


@pytest.fixture(autouse=True)
def installed() -> None:
    hooks.install()
    hooks.install()  # twice is as once


def test_version_is_the_one_the_hooks_were_written_for() -> None:
    assert aiortc.__version__ == "1.16.0"


async def test_lost_packets_are_kept_long_enough_to_be_sent_again() -> None:
    """aiortc's own sending loop: of a key frame of 1500 packets the first can still be sent again."""

    class Wire:
        state = "connected"

        def __init__(self) -> None:
            self.numbers: list[int] = []

        async def _send_rtp(self, data: bytes) -> None:
            if not is_rtcp(data):
                self.numbers.append(RtpPacket.parse(data).sequence_number)

    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    track, wire = PacketTrack("video", lambda: None), Wire()
    sender = connection.addTransceiver(track, "sendonly").sender
    sender.setTransport(wire)
    codec = next(c for c in aiortc.codecs.CODECS["video"] if c.mimeType == "video/H264")
    sending = asyncio.create_task(sender._run_rtp(codec))
    await asyncio.sleep(0)
    track.feed(Packet(b"\x00\x00\x01\x65" + bytes(range(1, 200)) * 9000, "video", 1, True, 0))
    await asyncio.sleep(0.2)
    count, first = len(wire.numbers), wire.numbers[0]
    assert 1300 < count < hooks.RTP_HISTORY_PACKETS
    await sender._retransmit(first)
    assert wire.numbers[count:] == [first]
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await connection.close()


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


async def test_packets_pass_through_with_their_pts() -> None:
    """What a track returns as av.Packet is packed, not coded; its pts becomes the RTP timestamp as it is."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    track = PacketTrack("video", lambda: None)
    sender = connection.addTransceiver(track, "sendonly").sender
    codec = next(c for c in aiortc.codecs.CODECS["video"] if c.mimeType == "video/H264")
    coded = b"\x00\x00\x00\x01\x67" + b"s" * 20 + b"\x00\x00\x00\x01\x65" + b"i" * 5000
    receiving = asyncio.ensure_future(sender._next_encoded_frame(codec))
    await asyncio.sleep(0)
    track.feed(Packet(coded, "video", 123_457, True, 0))
    frame = await receiving
    assert frame.timestamp == 123_457
    assert sum(len(payload) for payload in frame.payloads) == pytest.approx(5030, abs=30)
    assert len(frame.payloads) >= 4
    await connection.close()


def test_session_descriptions_stay_out_of_the_log() -> None:
    for name in ("aiortc.rtcpeerconnection", "aioice.ice", "aiortc.rtcrtpsender"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
