"""Pictures in which nothing has changed are left out, but never when somebody waits for one."""

from __future__ import annotations

import numpy as np

from pipelines.media import U8
from pipelines.studio.sparing import KEY_REPEATS, MOST_NS, REPEATS, Sparing
from pipelines.timing import NS_PER_MS

TICK_NS = 40 * NS_PER_MS
SAME: U8 = np.zeros((2, 2, 3), np.uint8)


class Ticks:
    def __init__(self) -> None:
        self._sparing, self._now_ns = Sparing(), 0

    def coded(self, count: int, rgb: U8 = SAME, *, is_short: bool = True, is_wanted: bool = False) -> str:
        """Of so many ticks: x for a picture that is coded, . for one that is left out."""
        told = ""
        for _ in range(count):
            self._now_ns += TICK_NS
            spares = self._sparing.spares(rgb, self._now_ns, is_short=is_short, is_wanted=is_wanted)
            told += "." if spares else "x"
        return told


def test_with_processors_to_spare_every_picture_is_coded() -> None:
    assert Ticks().coded(12, is_short=False) == 12 * "x"


def test_a_new_picture_is_coded_and_repeated_and_then_left_out_for_a_while() -> None:
    ticks = Ticks()
    gap = "." * (MOST_NS // TICK_NS - 1)
    assert ticks.coded(1 + REPEATS + 12) == "x" * (1 + REPEATS) + (gap + "x") * 3
    assert ticks.coded(3, SAME.copy()) == "xx."


def test_each_new_picture_is_coded_at_once() -> None:
    ticks = Ticks()
    assert "".join(ticks.coded(1, SAME.copy()) for _ in range(9)) == 9 * "x"


def test_what_somebody_waits_for_is_coded_and_gets_its_sharpness() -> None:
    ticks = Ticks()
    ticks.coded(4)
    assert ticks.coded(1, is_wanted=True) + ticks.coded(KEY_REPEATS + 1) == "x" * (1 + KEY_REPEATS) + "."


def test_once_processors_are_short_no_more_it_is_as_before() -> None:
    ticks = Ticks()
    assert ticks.coded(4) == "xx.."
    assert ticks.coded(4, is_short=False) == "xxxx"
