from __future__ import annotations

from pipelines.broadcast.history import HISTORY_PACKETS, REPEAT_AFTER_S, History, Sent
from pipelines.broadcast.hooks import PayloadType
from pipelines.broadcast.packetising import packetise
from pipelines.media import Packet

UNIT = packetise(Packet(b"\0\0\1\x65" + bytes(range(1, 200)) * 60, "video", 1, True, 0))
PACKETS = len(UNIT.payloads)


def filled(first_number: int, units: int) -> History:
    history = History()
    for i in range(units):
        number = (first_number + i * PACKETS) & 0xFFFF
        history.add(Sent(number, UNIT, 0, PACKETS, 0, PayloadType(96, 97), b""))
    return history


def test_a_packet_is_found_by_its_number_over_the_wrap() -> None:
    history = filled(65_530, 5)
    for ahead in range(5 * PACKETS):
        found = history.find((65_530 + ahead) & 0xFFFF, float(ahead))
        assert found is not None and found[1] == ahead % PACKETS
        assert history.holds((65_530 + ahead) & 0xFFFF)
    assert not history.holds(65_529) and not history.holds((65_530 + 5 * PACKETS) & 0xFFFF)
    assert not History().holds(0)
    assert history.find(65_529, 0.0) is None
    assert history.find((65_530 + 5 * PACKETS) & 0xFFFF, 0.0) is None


def test_a_whole_key_frame_is_kept_but_not_more_than_is_allowed() -> None:
    units = HISTORY_PACKETS // PACKETS + 20
    history = filled(0, units)
    assert HISTORY_PACKETS - PACKETS < len(history) <= HISTORY_PACKETS
    newest = units * PACKETS - 1
    assert history.find(newest, 0.0) is not None
    assert history.find(newest - HISTORY_PACKETS + PACKETS, 0.0) is not None
    assert history.find(0, 0.0) is None


def test_the_same_packet_is_not_sent_again_within_a_round_trip() -> None:
    history = filled(0, 3)
    assert history.find(7, 10.0, 0.2) and history.find(8, 10.0, 0.2)
    assert history.find(7, 10.1, 0.2) is None
    assert history.find(7, 10.21, 0.2) is not None
    assert history.find(8, 10.0 + REPEAT_AFTER_S / 2) is None


def test_what_is_remembered_of_repeats_is_bounded() -> None:
    history = filled(0, HISTORY_PACKETS // PACKETS)
    for i in range(5 * HISTORY_PACKETS):
        history.find(i % len(history), float(i))
    assert len(history._repeated_s) <= HISTORY_PACKETS
