"""The recording light: seen on every page, and nowhere else in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.compositing.recording_light import RecordingLight


@pytest.mark.parametrize("size_wh", [(320, 180), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_red_in_the_corner_and_nothing_else_touched(size_wh: tuple[int, int], grey: int) -> None:
    width, height = size_wh
    page = np.full((height, width, 3), grey, np.uint8)
    before = page.copy()
    lit = RecordingLight(size_wh).on(page)
    assert np.array_equal(page, before) and not lit.flags.writeable
    changed = np.argwhere((lit != page).any(-1))
    top, left = changed.min(0)
    bottom, right = changed.max(0)
    assert top > 0 and bottom < height * 0.09 and left > width * 0.93 and right < width
    middle = lit[(top + bottom) // 2, (left + right) // 2]
    assert middle[0] > 200 and middle[1] < 60 and middle[2] < 60
    red = ((lit[..., 0] > 200) & (lit[..., 1] < 60)).sum()
    assert red > 0.0005 * width * height * 9 / 16, "too small to be seen"


def test_a_page_that_stands_still_is_one_picture() -> None:
    light = RecordingLight((320, 180))
    page, other = np.zeros((180, 320, 3), np.uint8), np.zeros((180, 320, 3), np.uint8)
    assert light.on(page) is light.on(page)
    assert light.on(other) is not light.on(page)
