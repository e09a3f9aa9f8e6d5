"""What was shown of late: for the camera, which sees it later."""

from __future__ import annotations

import itertools
import time

import numpy as np

from pipelines.courseware.shown import RECENT_NS, RECENT_PAGES, Shown
from pipelines.media import U8


def picture(level: int) -> U8:
    return np.full((9, 16, 3), level, np.uint8)


def test_pages_of_late_come_oldest_first_and_the_newest_last() -> None:
    shown = Shown(picture(0))
    assert [page.rgb[0, 0, 0] for page in shown.recent] == [0]
    for level in (1, 2, 3):
        shown.show(picture(level), 0, is_flip=False)
    assert [int(page.rgb[0, 0, 0]) for page in shown.recent] == [0, 1, 2, 3]
    assert shown.recent[-1] is shown.page
    assert all(a.shown_ns <= b.shown_ns for a, b in itertools.pairwise(shown.recent))


def test_a_fast_film_is_not_kept_whole() -> None:
    shown = Shown(picture(0))
    for level in range(60):
        shown.show(picture(level), 0, is_flip=False)
    assert [int(page.rgb[0, 0, 0]) for page in shown.recent] == list(range(60 - RECENT_PAGES, 60))


def test_what_left_the_lcd_a_second_ago_is_forgotten() -> None:
    shown = Shown(picture(0))
    shown.show(picture(1), 0, is_flip=True)
    assert len(shown.recent) == 2  # the camera may still see the first
    time.sleep(RECENT_NS / 1e9 + 0.05)
    assert [int(page.rgb[0, 0, 0]) for page in shown.recent] == [1]
