import threading
import time

import pytest

from pipelines.timing import NS_PER_S, Marks, Pacer, Rate, SessionClock


def test_pictures_and_sound_share_one_zero() -> None:
    clock = SessionClock(zero_ns=1_000)
    at_ns = 1_000 + 2 * NS_PER_S
    assert clock.pts(at_ns) == 180_000
    assert clock.sound_pts(at_ns) == 96_000


def test_pts_before_the_zero_is_zero_and_not_negative() -> None:
    assert SessionClock(zero_ns=NS_PER_S).pts(0) == 0


def test_the_instant_of_a_pts_comes_back() -> None:
    clock = SessionClock(zero_ns=123_456_789)
    assert clock.pts(clock.at_ns(90_001) + 1) == 90_001


def test_late_ticks_are_left_out_and_counted() -> None:
    period_ns = NS_PER_S // 1000
    start_ns = time.monotonic_ns() - 20 * period_ns
    pacer = Pacer(1000, start_ns)
    tick_ns = pacer.wait()
    assert pacer.late >= 20
    assert tick_ns >= start_ns + 20 * period_ns
    assert (tick_ns - start_ns) % period_ns == 0


def test_a_stop_ends_the_wait() -> None:
    stop = threading.Event()
    stop.set()
    pacer = Pacer(0.001, time.monotonic_ns() + 1000 * NS_PER_S)
    assert pacer.wait(stop) > time.monotonic_ns()


def test_marks_give_percentiles_by_name() -> None:
    marks = Marks()
    for ms in range(1, 101):
        marks.add("matting", float(ms))
    assert marks.percentiles()["matting"] == pytest.approx(
        {"p50": 50.5, "p95": 95.05, "p99": 99.01, "n": 100}
    )


def test_a_block_that_fails_is_not_measured() -> None:
    marks = Marks()
    with pytest.raises(KeyError), marks.measure("broken"):
        raise KeyError
    assert marks.percentiles() == {}


def test_a_rate_counts_the_last_seconds_only() -> None:
    rate = Rate(window_s=2)
    for tick in range(100):
        rate.tick(tick * NS_PER_S // 10)
    assert rate.hz(99 * NS_PER_S // 10) == pytest.approx(10)
    assert rate.hz(1000 * NS_PER_S) == 0
    assert rate.total == 100
