"""How delays are read from what a browser showed: cases worked out by hand."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from appliance.bench import latency
from appliance.bench.delays import ages_ms, at_points, probed_points, skews_ms, spread, turned_ms
from appliance.bench.ours import BenchFailed
from appliance.bench.points import Glance
from pipelines.media import PTS_HZ, U8
from pipelines.simulated.strip import centres, draw_strip
from pipelines.timing import NS_PER_S


def stamped(at_s: float, captured_s: float, session_s: float) -> Glance:
    """Taken at captured_s (monotonic), session_s in the session, shown at at_s (wall), read 30 ms later."""
    rgb = np.zeros((360, 640, 3), np.uint8)
    draw_strip(rgb, round(captured_s * NS_PER_S), round(session_s * PTS_HZ))
    return Glance(at_s + 0.03, at_s, np.array([rgb[y, x] for x, y in centres((640, 360))]))


def flat(at_s: float, level: int) -> Glance:
    return Glance(at_s, at_s, np.full((5, 3), level, np.uint8))


def test_the_age_is_from_capture_to_canvas() -> None:
    """The wall's clock is 1000 s ahead of the monotonic one: taken at 50.0, read at 50.15 is 150 ms old."""
    torn = Glance(1050.2, 1050.2, np.zeros((50, 3), np.uint8))
    ages, behind = ages_ms([stamped(1050.12, 50.0, 7.9), torn, stamped(1050.25, 50.1, 8.0)], 1000.0)
    assert ages == [150, 180]
    assert behind == [pytest.approx(0.22), pytest.approx(0.25)]


def test_the_age_survives_the_strips_wrap() -> None:
    """32 bits of milliseconds end after 49.7 days of uptime."""
    end_s = (1 << 32) / 1000
    ages, _ = ages_ms([stamped(end_s + 0.05, end_s - 0.03, 1.0)], 0.0)
    assert ages == [110]


def test_sound_is_held_against_the_picture_over_the_seconds_end() -> None:
    """Pictures are shown 0.99 and 0.01 s after their instant: 0 on average. Beeps 30 ms later, 20 earlier."""
    skews = skews_ms([100.03, 100.98], [0.99, 0.01])
    assert skews == [pytest.approx(30), pytest.approx(-20)]


def test_a_turn_ends_with_the_first_picture_nearer_to_the_new_page() -> None:
    before, after = (np.full((5, 3), level, np.uint8) for level in (200, 100))
    # Before the order the page was the new one already once: that one does not count.
    glances = [flat(0.9, 100), flat(1.04, 200), flat(1.08, 160), flat(1.12, 140), flat(1.16, 100)]
    assert turned_ms(glances, 1.0, before, after) == pytest.approx(120)
    with pytest.raises(BenchFailed, match="never seen"):
        turned_ms(glances[:3], 1.0, before, after)


def test_probed_points_tell_the_pages_apart() -> None:
    before: U8 = np.full((360, 640, 3), 255, np.uint8)
    after = before.copy()
    after[50:60, 40:200] = (200, 30, 30)
    part, points = probed_points(before, after)
    assert all(part.x <= x < part.x + part.w and part.y <= y < part.y + part.h for x, y in points)
    assert (at_points(after, points) == (200, 30, 30)).all()
    assert (at_points(before, points) == 255).all()
    with pytest.raises(BenchFailed, match="too alike"):
        probed_points(before, before)


def test_the_spread_says_of_how_many() -> None:
    assert spread([float(n) for n in range(101)]) == {"p50": 50, "p95": 95, "n": 101}
    with pytest.raises(BenchFailed, match="nothing could be read"):
        spread([])


@pytest.mark.parametrize("slow_ms", ["0", "-5", "5000"])
def test_a_slowness_that_makes_no_sense_is_refused(slow_ms: str) -> None:
    """Before any box is started."""
    parser = argparse.ArgumentParser()
    latency.configure(parser)
    with pytest.raises(BenchFailed, match="--slow-matting"):
        latency.measure(parser.parse_args(["--slow-matting", slow_ms]), print)


def test_the_table_tells_the_boxs_share_from_the_browsers() -> None:
    one = {"p50": 30.0, "p95": 40.0, "n": 9}
    rates = {"net_hz": 9.0, "matte_hz": 5.0, "programme_fps": 25.0}
    told = latency.table({"teacher_ms": one, "av_skew_ms": one, "sent_ms": 364.0, "held_ms": 361.0} | rates)
    assert "picture sent after 364, sound after 361 ms" in told
    assert "page turn" not in told and "mattes Hz 5.0" in told
