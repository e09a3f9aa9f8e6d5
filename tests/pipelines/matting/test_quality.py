"""The score without truth."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.matting.quality import MinuteMean, quality
from pipelines.media import F32, PTS_HZ, U8

SHAPE = (20, 30)


def cells() -> tuple[F32, U8, U8, U8]:
    """A body of 70 cells and an outline of 30, all explained, before a drawing everywhere."""
    off: F32 = np.full(SHAPE, 0.8, np.float32)
    most: U8 = np.zeros(SHAPE, np.uint8)
    off[10:20, 10:20], most[10:20, 10:20] = 16, 255
    least = most.copy()
    least[10:13, 10:20] = 0
    return off, least, most, np.full(SHAPE, 60, np.uint8)


def test_all_explained_is_one() -> None:
    assert quality(*cells()) == 1.0


def test_a_lost_hand_and_a_pictured_person_cost_their_share_of_the_outline() -> None:
    off, least, most, contrast = cells()
    off[7:9, 10:16] = 9  # twelve cells that differ, and nobody there
    assert quality(off, least, most, contrast) == pytest.approx(0.9)
    off[15:17, 10:16] = 0.5  # twelve cells of the body that are the plate's drawing
    assert quality(off, least, most, contrast) == pytest.approx(0.8)


def test_bare_paper_says_nothing_of_bare_cloth() -> None:
    off, least, most, contrast = cells()
    off[10:20, 10:20] = 0.5
    contrast[:] = 2
    assert quality(off, least, most, contrast) == 1.0


def test_what_is_not_near_or_not_known_does_not_count() -> None:
    off, least, most, contrast = cells()
    off[0:5, 0:10] = 9
    off[8:10, 10:20] = -1
    assert quality(off, least, most, contrast) == 1.0


def test_nobody_there_has_no_score() -> None:
    off, least, most, contrast = cells()
    most[:] = 0
    assert quality(off, least, most, contrast) is None


def test_the_minutes_mean_forgets() -> None:
    mean = MinuteMean()
    assert mean.value is None
    mean.note(0, 0.0)
    mean.note(30 * PTS_HZ, 1.0)
    mean.note(40 * PTS_HZ, None)
    assert mean.value == 0.5
    mean.note(61 * PTS_HZ, 1.0)
    assert mean.value == 1.0
    mean.note(5, 0.25)
    assert mean.value == 0.25
