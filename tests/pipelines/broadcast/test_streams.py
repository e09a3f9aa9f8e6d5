"""One viewer's stream over a real connection: what leaves, in which headers, and what is sent again."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender
from aiortc.codecs.h264 import H264PayloadDescriptor
from aiortc.rtp import RtpPacket

from pipelines.broadcast import hooks, streams
from pipelines.broadcast.pacing import Pacer
from pipelines.broadcast.packetising import packetise
from pipelines.broadcast.streams import BACKLOG_PACKETS, Placeholder, Stream
from pipelines.media import Packet

TYPES = {
    "444": hooks.PayloadType(101, 102),
    "420": hooks.PayloadType(103, 104),
    "low": hooks.PayloadType(103, None),
}


def picture(pts: int, is_key: bool = False, size: int = 3000, layer: str = "420") -> Packet:
    body = bytes(1 + (pts + i) % 255 for i in range(size))
    return Packet(b"\0\0\0\1" + (b"\x65" if is_key else b"\x61") + body, "video", pts, is_key, 0, layer)


@dataclass
class Call:
    stream: Stream
    sender: RTCRtpSender
    wait_until: Callable[..., Awaitable[None]]
    received: list[RtpPacket] = field(default_factory=list)
    wishes: list[int] = field(default_factory=list)
    loses: bool = False  # the line loses everything

    def feed(self, packet: Packet) -> None:
        self.stream.feed(packetise(packet))

    async def until(self, count: int) -> list[RtpPacket]:
        await self.wait_until(lambda: len(self.received) >= count, f"{count} packets")
        return self.received


@pytest.fixture
async def call(until) -> AsyncIterator[Call]:
    hooks.install()
    viewer, box = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    viewer.addTransceiver("video", "recvonly")
    wishes: list[int] = []
    stream = Stream("video", Pacer(), TYPES.__getitem__, lambda: wishes.append(1))
    sender = box.addTransceiver(Placeholder("video"), "sendonly").sender
    stream.attach(sender)
    call = Call(stream, sender, until, wishes=wishes)
    await viewer.setLocalDescription(await viewer.createOffer())
    await box.setRemoteDescription(viewer.localDescription)
    call.feed(picture(0, is_key=True))  # before the connection stands: not for this viewer
    await box.setLocalDescription(await box.createAnswer())
    await viewer.setRemoteDescription(box.localDescription)
    transport = viewer.getReceivers()[0].transport

    async def take(data: bytes, arrival_time_ms: int) -> None:
        call.received.append(RtpPacket.parse(data, transport._rtp_header_extensions_map))

    transport._handle_rtp_data = take
    ice = transport.transport._connection
    arrive = ice.data_received
    ice.data_received = lambda data, component: None if call.loses else arrive(data, component)
    await until(lambda: wishes, "the connection")
    yield call
    await box.close()
    await viewer.close()


def pictures(packets: list[RtpPacket]) -> list[tuple[int, bytes]]:
    """Timestamp and bytes of each, after aiortc's own depacketiser."""
    found: dict[int, bytes] = {}
    for packet in packets:
        found[packet.timestamp] = (
            found.get(packet.timestamp, b"") + H264PayloadDescriptor.parse(packet.payload)[1]
        )
    return list(found.items())


async def test_starts_with_the_first_key_frame_after_the_connection_stands(call) -> None:
    assert call.wishes == [1] and call.stream.lacks_key and call.stream.started_ns is None
    call.feed(picture(3600))
    call.feed(picture(7200, is_key=True))
    call.feed(picture(10_800))
    packets = await call.until(6)
    assert [data for _, data in pictures(packets)] == [picture(7200, True).data, picture(10_800).data]
    assert not call.stream.lacks_key and call.stream.dropped == 0 and call.stream.started_ns is not None


async def test_numbers_go_on_over_a_change_of_layers(call) -> None:
    for i, layer in enumerate(("444", "444", "420", "low")):
        call.feed(picture(3600 * i, i in (0, 2, 3), layer=layer))
        await call.until(3 * (i + 1))
    packets = await call.until(12)
    steps = {(b.sequence_number - a.sequence_number) & 0xFFFF for a, b in pairwise(packets)}
    assert steps == {1} and packets[0].sequence_number < 1 << 15
    assert [p.payload_type for p in packets] == [101] * 6 + [103] * 6
    assert [p.marker for p in packets] == [0, 0, 1] * 4
    assert [(p.timestamp - packets[0].timestamp) & 0xFFFFFFFF for p in packets[::3]] == [
        0,
        3600,
        7200,
        10_800,
    ]
    assert {p.ssrc for p in packets} == {call.sender._ssrc}
    assert all(p.extensions.mid == "0" and p.extensions.abs_send_time for p in packets)


async def test_a_lost_packet_is_sent_again_in_the_stream_for_that(call) -> None:
    call.feed(picture(0, True, 200_000))
    packets = list(await call.until(167))
    lost = packets[5]
    await call.sender._retransmit(lost.sequence_number)
    await call.sender._retransmit(lost.sequence_number)  # at once: the first is on its way
    await call.sender._retransmit((packets[0].sequence_number - 1) & 0xFFFF)  # never sent
    (again,) = (await call.until(168))[167:]
    await asyncio.sleep(0.05)
    assert len(call.received) == 168 and call.stream.sent_again == 1
    assert (again.payload_type, again.ssrc) == (104, call.sender._rtx_ssrc)
    assert again.payload == lost.sequence_number.to_bytes(2, "big") + lost.payload
    assert (again.timestamp, again.marker) == (lost.timestamp, lost.marker)


async def test_without_such_a_stream_the_very_packet_is_sent_again(call) -> None:
    call.feed(picture(0, True, layer="low"))
    first = (await call.until(3))[0]
    call.loses = True
    call.feed(picture(3600, layer="low"))
    await asyncio.sleep(0.2)
    call.loses = False
    for i in (3, 4, 5):
        await call.sender._retransmit((first.sequence_number + i) & 0xFFFF)
    again = (await call.until(6))[3:]
    assert {(p.payload_type, p.ssrc, p.timestamp - first.timestamp & 0xFFFFFFFF) for p in again} == {
        (103, first.ssrc, 3600)
    }
    assert pictures(again)[0][1] == picture(3600).data and [p.marker for p in again] == [0, 0, 1]


async def test_repeats_count_against_the_pace(call) -> None:
    """Whoever asks for everything again and again gets no more than the pace allows."""
    call.feed(picture(0, True, 1_200_000))
    await call.until(1001)
    first = call.received[0].sequence_number
    for i in range(1001):
        call.stream.send_again((first + i) & 0xFFFF)
    assert 0 < call.stream.sent_again < 800


async def test_what_is_missing_for_long_is_answered_by_a_key_frame(call, monkeypatch) -> None:
    call.feed(picture(0, True))
    first = (await call.until(3))[0]
    monkeypatch.setattr(streams, "TOO_LATE_S", 0.05)
    await asyncio.sleep(0.1)
    call.stream.send_again(first.sequence_number)
    assert call.stream.sent_again == 0 and call.wishes == [1, 1]


async def test_who_leaves_a_layer_gets_nothing_more_of_it(call) -> None:
    call.feed(picture(0, True, layer="444"))
    first = (await call.until(3))[0]
    wire = call.stream._wire
    wire.send, send = lambda sent: 0, wire.send
    call.feed(picture(3600, size=50_000, layer="444"))
    call.feed(picture(7200, layer="444"))
    await asyncio.sleep(0.02)
    call.feed(picture(10_800, True, layer="420"))
    wire.send = send
    packets = (await call.until(6))[3:]
    await asyncio.sleep(0.05)
    assert len(call.received) == 6 and pictures(packets)[0][1] == picture(10_800, True).data
    assert packets[0].sequence_number == (first.sequence_number + 3) & 0xFFFF
    call.stream.send_again(first.sequence_number)
    assert call.stream.sent_again == 0 and call.stream.dropped == 0


async def test_reports_go_on_while_nothing_is_sent(call) -> None:
    call.feed(picture(0, True))
    await call.until(3)
    first = call.stream._sent_so_far()
    await asyncio.sleep(0.3)
    second = call.stream._sent_so_far()
    took = (second.ntp - first.ntp) / (1 << 32)
    assert 0.29 < took < 5 and (first.packets, first.octets) == (3, second.octets)
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == pytest.approx(took * 90_000, abs=2)
    assert (first.timestamp - call.received[0].timestamp) & 0xFFFFFFFF < 90_000 * 5


async def test_who_falls_behind_drops_to_a_key_frame_and_asks_for_it_once(call) -> None:
    call.feed(picture(0, True))
    await call.until(3)
    wire = call.stream._wire
    wire.send, send = lambda sent: 0, wire.send
    limit = BACKLOG_PACKETS["video"]
    for i in range(1, limit + 21):
        call.feed(picture(i))
        await asyncio.sleep(0)
    assert len(call.wishes) == 2 and call.stream.lacks_key
    dropped = call.stream.dropped
    assert limit <= dropped <= limit + 20
    call.feed(picture(900, True))
    wire.send = send
    await call.until(6)
    assert pictures(call.received)[-1][1] == picture(900, True).data
    assert not call.stream.lacks_key and call.stream.dropped == dropped


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
async def test_a_way_that_takes_no_uncut_buffers_gets_single_packets(call, number: int) -> None:
    class NoCutting(socket.socket):
        def sendmsg(self, *_: object) -> int:
            raise OSError(number, "not on this way")

    call.feed(picture(0, True))
    await call.until(3)
    wire = call.stream._wire
    wire._socket = NoCutting(fileno=wire._socket.detach())
    call.feed(picture(1, size=9000))
    call.feed(picture(2, size=9000))
    packets = await call.until(19)
    assert [data for _, data in pictures(packets)][1:] == [
        picture(1, size=9000).data,
        picture(2, size=9000).data,
    ]


async def test_through_a_relay_packets_go_one_by_one(call, monkeypatch, until) -> None:
    sent: list[tuple[bytes, object]] = []
    original = hooks.route

    def relayed(transport: object, known: hooks.Route | None) -> hooks.Route | None:
        route = original(transport, None)
        return known or route._replace(fd=None, send=lambda data, address: sent.append((data, address)))

    monkeypatch.setattr(hooks, "route", relayed)
    call.feed(picture(0, True))
    await until(lambda: len(sent) >= 3, "three packets")
    assert len({address for _, address in sent}) == 1 and all(len(data) < 1300 for data, _ in sent)


async def test_sound_is_not_held_up_by_a_key_frame() -> None:
    class Recording:
        def __init__(self, *_: object) -> None:
            self.sent: list[int] = []

        def extension(self) -> bytes:
            return b""

        def send(self, sent) -> int:
            self.sent.append(sent.unit.pts)
            return 100

        def close(self) -> None: ...

    stream = Stream("sound", Pacer(), lambda layer: hooks.PayloadType(96, None))
    stream._wire = wire = Recording()
    for i in range(300):
        stream.feed(packetise(Packet(b"s" * 80, "sound", i * 960, True, 0)))
    assert wire.sent == [i * 960 for i in range(300)]
    stream.close()
    stream.feed(packetise(Packet(b"s", "sound", 0, True, 0)))
    assert len(wire.sent) == 300


async def test_the_end_of_the_connection_ends_the_stream(call) -> None:
    call.feed(picture(0, True))
    await call.until(3)
    descriptor = call.stream._wire._socket
    await call.sender.stop()
    assert call.stream._wire is None and descriptor.fileno() == -1
    call.feed(picture(1))
    await asyncio.sleep(0.05)
    assert len(call.received) == 3 and call.stream.dropped == 0


def test_the_kinds_are_those_of_aiortc() -> None:
    assert (Placeholder("video").kind, Placeholder("sound").kind) == ("video", "audio")
