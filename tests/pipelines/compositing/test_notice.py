"""The strip at the foot of a page."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.compositing.notice import with_notice
from pipelines.compositing.slate import camera_lost
from pipelines.media import U8, Page


def a_page(width: int, height: int, code: int = 255) -> Page:
    rgb: U8 = np.full((height, width, 3), code, np.uint8)
    return Page(rgb, revision=4, shown_ns=7, index=2)


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (320, 180)])
def test_the_lesson_above_the_strip_is_untouched(size: tuple[int, int]) -> None:
    page = a_page(*size)
    shown = with_notice(page, *camera_lost("Plug the camera in."))
    rows = np.flatnonzero((shown.rgb != page.rgb).any((1, 2)))
    assert rows[0] > size[1] * 0.8 and rows[-1] == size[1] - 1
    assert page.rgb.min() == 255, "the page itself belongs to others"
    assert (shown.index, shown.revision) == (page.index, page.revision)


def test_the_text_can_be_read_on_a_white_page_and_on_a_black_one() -> None:
    for code in (0, 255):
        strip = with_notice(a_page(1280, 720, code), "No picture").rgb[-30:]
        assert int(strip.max()) - int(np.median(strip)) > 120


def test_a_long_reason_never_covers_the_lesson() -> None:
    page = a_page(1280, 720)
    shown = with_notice(page, "reason " * 200)
    assert np.array_equal(shown.rgb[:590], page.rgb[:590])


def test_chinese_and_english_have_a_line_each() -> None:
    page, size = a_page(1280, 720), 720 * 0.030 * 1.45

    def strip_px(*texts: str) -> int:
        return int((with_notice(page, *texts).rgb != page.rgb).any((1, 2)).sum())

    english = strip_px("No picture from the camera", "Plug it in.")
    both = strip_px(*camera_lost("请插好摄像机。\nPlug it in."))
    assert both - english == pytest.approx(size, abs=2)
    longest = strip_px("没有画面" * 60, "no picture " * 60)
    assert longest - english == pytest.approx(2 * size, abs=2), "three lines are the most"
