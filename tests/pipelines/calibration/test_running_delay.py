"""The delay while teaching: turns made up with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.calibration.running_delay import RunningDelay
from pipelines.media import Delay
from pipelines.plate.plate import Turn

PERIOD_MS = 40.0


def teach(
    running: RunningDelay, delay_ms: float, turns: int, *, rise_ms: float = 20.0, seed: int = 1
) -> None:
    """So many page turns, at any instant of the camera's period; three pictures around each are noted."""
    rng = np.random.default_rng(seed)
    first_s = running.turns * 5.0
    for turn in range(turns):
        phase = rng.uniform(0, PERIOD_MS)
        for age in np.arange(phase, delay_ms + rise_ms + PERIOD_MS, PERIOD_MS):
            share = float(np.clip((age - delay_ms) / rise_ms + 0.5 + rng.normal(0, 0.03), 0, 1))
            taken_ns = round((first_s + 5 * turn) * 1e9 + age * 1e6)
            running.note(Turn(taken_ns, float(age), share, 0.03))
        running.look()


@pytest.mark.parametrize("delay_ms", [31.0, 85.0, 212.0])
def test_a_few_turns_tell_it_within_3_ms(delay_ms: float) -> None:
    for seed in range(5):
        running = RunningDelay(None)
        teach(running, delay_ms, 6, seed=seed)
        assert running.delay is not None
        assert abs(running.delay.ms - delay_ms) < 3, seed
        assert abs(running.delay.ms - delay_ms) < 3 * running.delay.sigma_ms < 18
        assert running.turns == 6


def test_a_calibrated_delay_stays_right() -> None:
    running = RunningDelay(Delay(85.4, 1.2, 20.0))
    for seed in range(4):
        teach(running, 85.0, 3, seed=seed)
        assert running.delay is not None and abs(running.delay.ms - 85) < 2


def test_another_delay_is_found_after_a_few_turns() -> None:
    """The display's game mode was switched off in the middle of the lesson."""
    running = RunningDelay(Delay(60.0, 1.0, 20.0))
    teach(running, 60.0, 8)
    teach(running, 110.0, 6, seed=2)
    assert running.delay is not None and abs(running.delay.ms - 110) < 3


def test_one_wrong_turn_moves_little() -> None:
    running = RunningDelay(Delay(85.0, 1.2, 20.0))
    teach(running, 85.0, 6)
    running.note(Turn(10**12, 260.0, 0.0, 0.02))
    running.note(Turn(10**12 + 40_000_000, 300.0, 1.0, 0.02))
    running.look()
    assert running.delay is not None and abs(running.delay.ms - 85) < 3


def test_a_film_does_not_outweigh_the_lesson() -> None:
    """A minute of a film whose turns are read 15 ms too late: as one wrong turn each second, no more."""
    running = RunningDelay(None)
    teach(running, 85.0, 6)
    assert running.delay is not None
    before = running.delay.ms
    for k in range(10):
        running.note(Turn(10**12 + k * 80_000_000, 100.0, 0.5, 0.15))
    running.look()
    assert abs(running.delay.ms - before) < 8


def test_what_tells_nothing_is_not_taken() -> None:
    running = RunningDelay(None)
    running.note(Turn(0, 50.0, 0.5, 0.9))
    running.note(Turn(0, 4_000.0, 1.0, 0.01))
    running.look()
    assert running.delay is None and running.turns == 0
    running.note(Turn(0, 400.0, 1.0, 0.01))
    running.look()
    assert running.delay is None  # any delay up to 400 ms: that is not worth a number
