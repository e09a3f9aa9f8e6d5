"""The pace of key frames against a modelled line: a queue of a quarter second before it."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.broadcast.bursts import FASTEST_BYTES_PER_S, SLOWEST_BYTES_PER_S, BurstPace
from pipelines.broadcast.pacing import FREE_BYTES

PACKETS, SIZE = 170, 1200  # a key frame of 200 kB
HELD_S = 0.25


def lost_of_burst(pace: float, line_bps: float) -> int:
    """Packets of a key frame that find the queue full, sent at this pace after FREE_BYTES at once."""
    free_s, lost = 0.0, 0
    for index in range(PACKETS):
        now_s = max(0.0, index * SIZE - FREE_BYTES) / pace
        if free_s - now_s > HELD_S:
            lost += 1
        else:
            free_s = max(free_s, now_s) + SIZE * 8 / line_bps
    return lost


def turn_pages(line_bps: float, turns: int, estimate_bps: float | None = None) -> tuple[BurstPace, list[int]]:
    """A page turn every other second, and little else. What each lost."""
    bursts, losses = BurstPace(), []
    sent = again = 0
    for turn in range(turns):
        losses.append(lost_of_burst(bursts.bytes_per_s, line_bps))
        sent, again = sent + PACKETS, again + losses[-1]
        if losses[-1]:
            bursts.lost(sent, again, estimate_bps, 2.0 * turn + 0.1)
        for second in range(2):
            bursts.look(sent, again, 2.0 * turn + second + 0.9)
            sent += 30
    return bursts, losses


def test_a_wire_of_the_house_is_never_slowed() -> None:
    bursts, losses = turn_pages(100e6, 50)
    assert bursts.bytes_per_s == FASTEST_BYTES_PER_S
    assert not any(losses)


@pytest.mark.parametrize("line_bps", [4e6, 1.5e6])
def test_a_slow_line_is_learnt_in_a_few_page_turns(line_bps: float) -> None:
    bursts, losses = turn_pages(line_bps, 40)
    assert losses[0] > PACKETS / 4
    # It tries for more now and then, as it must, or one bad minute would slow a room for the lesson.
    assert sum(losses[4:]) < 0.05 * 36 * PACKETS
    assert bursts.bytes_per_s * 8 > line_bps / 2


def test_a_line_that_recovers_is_used_again() -> None:
    bursts = BurstPace()
    bursts.lost(1000, 100, None, 10.0)
    assert bursts.bytes_per_s < FASTEST_BYTES_PER_S / 2
    sent = 1000
    for second in range(12, 40):
        sent += PACKETS
        bursts.look(sent, 100, float(second))
    assert bursts.bytes_per_s == FASTEST_BYTES_PER_S


def test_losses_of_the_air_slow_nothing() -> None:
    bursts, rng = BurstPace(), np.random.default_rng(2)
    sent = again = 0
    for turn in range(100):
        sent, missing = sent + PACKETS, rng.binomial(PACKETS, 0.02)
        again += missing
        bursts.lost(sent, again, None, float(turn))
        bursts.look(sent, again, turn + 0.9)
    assert bursts.bytes_per_s == FASTEST_BYTES_PER_S


def test_one_burst_slows_once_and_the_estimate_is_the_floor() -> None:
    bursts = BurstPace()
    bursts.lost(200, 40, 20e6, 1.0)
    assert bursts.bytes_per_s == 20e6 / 8  # not below what the viewer says it can take
    bursts.lost(200, 80, 1e6, 1.2)
    assert bursts.bytes_per_s == 20e6 / 8  # the same burst, told in pieces
    for second in range(2, 30):
        bursts.lost(200 * second, 80 + 100 * second, None, float(second))
    assert bursts.bytes_per_s == SLOWEST_BYTES_PER_S


def test_a_layer_below_begins_at_what_it_needs_and_may_grow_from_there() -> None:
    bursts = BurstPace()
    bursts.begin_below(600_000)
    assert bursts.bytes_per_s == 1.5 * 75_000
    for second in range(1, 4):
        bursts.look(100 * second, 0, float(second))
    assert bursts.bytes_per_s == pytest.approx(1.5 * 75_000 * 1.25**3)
    bursts.begin_below(4_000_000)
    assert bursts.bytes_per_s < 1.5 * 500_000  # going up is no reason to hurry
    bursts.begin_below(100)
    assert bursts.bytes_per_s == SLOWEST_BYTES_PER_S
