from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipelines.media import Sound
from pipelines.sound.delay import MAX_DELAY_NS, DelayLine
from pipelines.timing import NS_PER_MS

MS = NS_PER_MS
BLOCK = 20 * MS


def block(number: int) -> Sound:
    return Sound(np.zeros((960, 2), np.int16), number * 960, number * BLOCK)


def released(line: DelayLine, numbers: range, delay_ns: int, late_ns: int = 60 * MS) -> dict[int, int]:
    """Runs the line in steps of 1 ms; a block comes in late_ns after its capture. {pts: its release}."""
    out = {}
    waiting = list(numbers)
    for now_ns in range(numbers[0] * BLOCK, (numbers[-1] + 120) * BLOCK, MS):
        while waiting and waiting[0] * BLOCK + late_ns <= now_ns:
            line.put(block(waiting.pop(0)))
        out |= {sound.pts: now_ns for sound in line.due(now_ns, delay_ns)}
        if not waiting and line.next_due_ns() is None:
            break
    return out


def test_each_block_waits_for_the_picture() -> None:
    out = released(DelayLine(), range(50), 150 * MS)
    assert list(out) == [n * 960 for n in range(50)]
    assert all(now_ns == pts // 960 * BLOCK + 150 * MS for pts, now_ns in out.items())


def test_a_delay_shorter_than_the_microphones_own_holds_nothing_back() -> None:
    out = released(DelayLine(), range(20), 0)
    assert all(now_ns == pts // 960 * BLOCK + 60 * MS for pts, now_ns in out.items())


@pytest.mark.parametrize("change_ms", [80, -80])
def test_a_change_is_approached_by_a_twentieth(change_ms: int) -> None:
    line = DelayLine()
    released(line, range(10), 150 * MS)
    out = released(line, range(10, 400), (150 + change_ms) * MS)
    assert list(out) == [n * 960 for n in range(10, 400)]
    gaps = [b - a for a, b in itertools.pairwise(out.values())]
    assert all(19 * MS - MS <= gap <= 21 * MS + MS for gap in gaps[5:])
    assert list(out.values())[-1] == 399 * BLOCK + (150 + change_ms) * MS


def test_a_trembling_delay_moves_nothing() -> None:
    line = DelayLine()
    for number in range(300):
        line.put(block(number))
        line.due(number * BLOCK, (150 + 4 * (-1) ** number) * MS)
    assert line.delay_ns == 154 * MS


def test_memory_is_bounded_and_losses_are_counted() -> None:
    line = DelayLine()
    for number in range(500):
        line.put(block(number))
    assert line.dropped == 500 - 128
    assert line.due(0, 10**12) == []
    assert line.delay_ns == MAX_DELAY_NS
    rest = line.due(10**12, MAX_DELAY_NS)
    assert [sound.pts // 960 for sound in rest] == list(range(372, 500))
    assert line.next_due_ns() is None


def test_clocks_that_stand_still_or_run_back_do_no_harm() -> None:
    line = DelayLine()
    line.due(1000 * MS, 100 * MS)
    line.due(1000 * MS, 500 * MS)
    line.due(900 * MS, 500 * MS)
    assert line.delay_ns == 100 * MS
