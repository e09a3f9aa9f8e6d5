import threading

import pytest

from pipelines.channels import Backlog, Closed, Latest
from pipelines.media import Packet


def a_packet(pts: int, *, is_key: bool = False, size: int = 10, kind: str = "video") -> Packet:
    return Packet(bytes(size), kind, pts, is_key, 0)  # type: ignore[arg-type]


def drain(backlog: Backlog) -> list[int]:
    return [packet.pts for packet in iter(backlog.pop, None)]


class TestLatest:
    def test_the_newest_wins_and_the_others_are_counted(self) -> None:
        latest: Latest[int] = Latest()
        for number in range(5):
            latest.put(number)
        assert latest.take(0) == 4
        assert latest.dropped == 4

    def test_an_item_is_taken_once(self) -> None:
        latest: Latest[str] = Latest()
        latest.put("page")
        assert latest.take(0) == "page"
        assert latest.take(0) is None

    def test_a_put_wakes_the_taker(self) -> None:
        latest: Latest[int] = Latest()
        timer = threading.Timer(0.05, latest.put, [7])
        timer.start()
        assert latest.take(30) == 7
        timer.join()

    def test_close_ends_a_waiting_taker(self) -> None:
        latest: Latest[int] = Latest()
        timer = threading.Timer(0.05, latest.close)
        timer.start()
        with pytest.raises(Closed):
            latest.take(30)
        timer.join()


class TestBacklog:
    def test_packets_leave_in_their_order(self) -> None:
        backlog = Backlog()
        for pts in range(3):
            backlog.put(a_packet(pts, is_key=pts == 0))
        assert drain(backlog) == [0, 1, 2]

    def test_an_overflow_drops_up_to_the_next_key_frame(self) -> None:
        backlog = Backlog(max_packets=3)
        for pts in range(6):
            backlog.put(a_packet(pts, is_key=pts == 0))
        assert backlog.wants_key
        assert drain(backlog) == []
        backlog.put(a_packet(6, is_key=True))
        backlog.put(a_packet(7))
        assert not backlog.wants_key
        assert drain(backlog) == [6, 7]
        assert backlog.dropped == 6

    def test_what_is_cleared_is_not_counted(self) -> None:
        backlog = Backlog(max_packets=3)
        for pts in range(3):
            backlog.put(a_packet(pts, is_key=pts == 0))
        backlog.clear()
        backlog.put(a_packet(3))
        assert drain(backlog) == [3] and backlog.dropped == 0

    def test_a_key_frame_that_meets_a_full_backlog_replaces_it(self) -> None:
        backlog = Backlog(max_packets=2)
        for pts in range(2):
            backlog.put(a_packet(pts, is_key=pts == 0))
        backlog.put(a_packet(2, is_key=True))
        assert drain(backlog) == [2]

    def test_bytes_are_bounded_too(self) -> None:
        backlog = Backlog(max_bytes=100)
        backlog.put(a_packet(0, is_key=True, size=90))
        backlog.put(a_packet(1, size=20))
        assert backlog.wants_key and len(backlog) == 0

    def test_sound_goes_on_while_video_waits_for_a_key(self) -> None:
        backlog = Backlog(max_packets=1)
        backlog.put(a_packet(0, is_key=True))
        backlog.put(a_packet(1))
        backlog.put(a_packet(2, kind="sound", is_key=True))
        backlog.put(a_packet(3))
        assert drain(backlog) == [2]
