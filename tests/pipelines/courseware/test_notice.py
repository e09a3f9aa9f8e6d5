"""The page in place of one that cannot be drawn."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.courseware import notice
from pipelines.courseware.notice import draw_notice
from pipelines.media import U8

WH = (640, 360)


def lines(rgb: U8) -> int:
    """Rows of letters, counted beside the bar."""
    inked = (rgb[:, 90:].min(axis=2) < 120).any(axis=1)
    return int((np.diff(inked.astype(int)) == 1).sum())


def test_the_reason_is_said_in_both_languages() -> None:
    english = draw_notice(WH, 3, "The page is damaged.")
    both = draw_notice(WH, 3, "这一页已损坏。\nThe page is damaged.")
    assert lines(both) == lines(english) + 1
    assert lines(draw_notice(WH, 3, "一" * 900 + "\n" + "damaged " * 200)) <= 2 + 6


def test_without_a_chinese_font_the_english_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "_chinese_font", lambda: None)
    both = draw_notice(WH, 3, "这一页已损坏。\nThe page is damaged.")
    assert np.array_equal(both, draw_notice(WH, 3, "The page is damaged."))
