from __future__ import annotations

import random
import time

import pytest
from aiortc.clock import datetime_from_ntp
from aiortc.codecs.h264 import H264PayloadDescriptor

from pipelines.broadcast.packetising import PAYLOAD_BYTES, RUN_PACKETS, packetise
from pipelines.media import Packet


def nal(kind: int, size: int, seed: int = 0) -> bytes:
    """A unit of `size` bytes without start codes inside, of the highest importance."""
    rest = random.Random(seed).choices(range(1, 256), k=size - 1)
    return bytes([0x60 | kind, *rest])


def picture(*units: bytes, is_key: bool = True) -> Packet:
    starts = [b"\0\0\0\1", b"\0\0\1"]
    data = b"".join(starts[i % 2] + unit for i, unit in enumerate(units))
    return Packet(data, "video", 4711, is_key, 99, "444")


@pytest.mark.parametrize(
    "sizes",
    [
        (10,),
        (PAYLOAD_BYTES,),
        (PAYLOAD_BYTES + 1,),
        (20, 6, 100_000),
        (20, 6, 50_000, 30_001),
        (600, 596, 2),
        (600, 597),
        (1198, 1199),
        (5, 5, 5, 5, 1300, 5, 5),
        (2397, 3595, 12),
    ],
)
def test_a_viewer_puts_the_same_units_together_again(sizes: tuple[int, ...]) -> None:
    units = [nal(5 if size > 1000 else 7, size, i) for i, size in enumerate(sizes)]
    unit = packetise(picture(*units))
    assert all(0 < len(payload) <= PAYLOAD_BYTES for payload in unit.payloads)
    received = b"".join(H264PayloadDescriptor.parse(payload)[1] for payload in unit.payloads)
    assert received == b"".join(b"\0\0\0\1" + one for one in units)
    assert len(unit.payloads) <= sum(size // (PAYLOAD_BYTES - 2) + 1 for size in sizes)


def test_small_units_share_a_packet() -> None:
    unit = packetise(picture(nal(7, 20), nal(8, 5), nal(5, 5000)))
    assert unit.payloads[0][0] & 0x1F == 24
    assert [payload[0] & 0x1F for payload in unit.payloads[1:]] == [28] * 5


def test_runs_are_of_one_size_but_for_a_shorter_end() -> None:
    unit = packetise(picture(nal(7, 20), nal(8, 5), nal(5, 90_001), nal(5, 3000)))
    covered = []
    for run in unit.runs:
        sizes = [len(payload) for payload in unit.payloads[run.first : run.last]]
        assert 1 <= len(sizes) <= RUN_PACKETS
        assert len(set(sizes[:-1])) <= 1 and sizes[-1] <= sizes[0]
        covered += range(run.first, run.last)
    assert covered == list(range(len(unit.payloads)))
    assert len(unit.runs) <= 1 + -(-76 // RUN_PACKETS) + 1


def test_packets_of_the_low_layer_leave_one_by_one() -> None:
    unit = packetise(Packet(b"\0\0\1\x65" + bytes(range(1, 200)) * 60, "video", 1, True, 0, "low"))
    assert len(unit.runs) == len(unit.payloads) > 3


def test_a_unit_is_still_the_studios_packet() -> None:
    packet = picture(nal(1, 3000), is_key=False)
    unit = packetise(packet)
    assert (unit.data, unit.kind, unit.pts, unit.is_key, unit.captured_ns, unit.layer) == (
        packet.data,
        "video",
        4711,
        False,
        99,
        "444",
    )
    assert abs(datetime_from_ntp(unit.ntp).timestamp() - time.time()) < 5


def test_sound_is_one_payload() -> None:
    unit = packetise(Packet(b"\0\0\1opus", "sound", 960, True, 0))
    assert unit.payloads == (b"\0\0\1opus",) and unit.runs == ((0, 1),)


def test_what_is_no_picture_has_no_packets() -> None:
    for data in (b"", b"\0\0\1", b"no start code", b"\0\0\1\0\0\0"):
        unit = packetise(Packet(data, "video", 0, True, 0))
        assert unit.payloads == () and unit.runs == ()


def test_a_sheet_is_made_once_and_leaves_room() -> None:
    unit = packetise(picture(nal(5, 5000)))
    sheet = unit.sheet(24, 16)
    assert unit.sheet(24, 16) is sheet and unit.sheet(12, 10) is not sheet
    assert len(sheet.offsets) == len(unit.payloads) + 1 and sheet.offsets[-1] == len(sheet.data)
    for i, payload in enumerate(unit.payloads):
        assert sheet.data[sheet.offsets[i] + 24 : sheet.offsets[i + 1] - 16] == payload
