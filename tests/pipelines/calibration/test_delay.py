"""The delay from shares of the new page, made up with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.calibration.delay import MOST_MS, Flips, next_flip_ns, periods_ns, share_of_new

PERIOD_MS = 40.0


def flips_of(delay_ms: float, rise_ms: float, count: int, seed: int = 1) -> Flips:
    """Pictures around flips that come at any instant of the camera's period."""
    rng, flips = np.random.default_rng(seed), Flips()
    for phase in rng.uniform(0, PERIOD_MS, count):
        for age in np.arange(phase, 400, PERIOD_MS):
            share = np.clip((age - delay_ms) / rise_ms + 0.5, 0, 1) + rng.normal(0, 0.01)
            flips.add(float(age), float(np.clip(share, 0, 1)))
    return flips


@pytest.mark.parametrize("delay_ms", [25.0, 85.0, 212.0])
@pytest.mark.parametrize("rise_ms", [8.0, 20.0, 38.0])
def test_a_mixed_picture_tells_the_delay_within_3_ms(delay_ms, rise_ms):
    delay = flips_of(delay_ms, rise_ms, 7).delay()
    assert delay is not None
    assert abs(delay.ms - delay_ms) < 3
    assert delay.sigma_ms < 4


def test_with_bounds_alone_the_error_is_as_wide_as_they_are():
    flips = Flips([60.0, 100.0], [0.0, 1.0])
    delay = flips.delay()
    assert delay is not None
    assert flips.bounds_ms() == (60.0, 100.0)
    assert 60 < delay.ms < 100 and 8 < delay.sigma_ms < 20


def test_without_a_flip_from_before_to_after_there_is_no_delay():
    assert Flips().delay() is None
    assert Flips([10.0, 50.0], [0.0, 0.0]).delay() is None
    assert Flips().bounds_ms() == (0.0, MOST_MS)


def test_each_flip_halves_what_is_not_known():
    """A camera of 25 Hz without any rise: seven flips leave less than 2 ms."""
    flips, delay_ms, last_ns, now_ns = Flips(), 93.7, 0, 3_000_000
    for _ in range(10):
        shown_ns = next_flip_ns(now_ns, last_ns, round(PERIOD_MS * 1e6), flips.bounds_ms())
        assert now_ns <= shown_ns < now_ns + 40e6
        for k in range(40):
            age_ms = (last_ns + k * 40_000_000 - shown_ns) / 1e6
            flips.add(age_ms, float(age_ms >= delay_ms))
        last_ns += 40 * 40_000_000
        now_ns = last_ns + 7_000_000
    low, high = flips.bounds_ms()
    assert low <= delay_ms <= high and high - low < 2


def test_the_share_ignores_a_person_before_a_third_of_the_lcd():
    rng = np.random.default_rng(1)
    old = np.asarray(rng.choice([0.05, 0.8], (90, 160)), np.float32)
    new = np.float32(0.85) - old
    mixed = np.float32(0.7) * old + np.float32(0.3) * new
    mixed[:, 50:100] = 0.2
    share = share_of_new(mixed, old, new)
    assert share is not None
    assert share == pytest.approx(0.3, abs=0.01)
    assert share_of_new(mixed, old, old) is None


def test_the_period_is_the_usual_step_even_when_pictures_are_lost():
    assert periods_ns([0, 40, 80, 160, 200, 240]) == 40
    assert periods_ns([5]) > 0
