from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.compositing import fonts, lettering, slate
from pipelines.compositing.slate import camera_lost, courseware_lost, draw_slate, paused, restarting, starting

needs_chinese = pytest.mark.skipif(
    fonts.cjk_font() is None, reason="no Chinese font: apt-get install fonts-noto-cjk"
)
SIZE = (640, 360)
TEXTS = [camera_lost("cable pulled"), courseware_lost(), starting(), paused(), restarting()]


@pytest.fixture
def no_chinese_font(monkeypatch):
    """The machine as it is without any Chinese font."""

    def forget():
        for cached in (fonts.cjk_font, fonts.slate_font, lettering._is_drawable, lettering._advance):
            cached.cache_clear()

    forget()
    monkeypatch.setattr(fonts, "_KNOWN", ())
    monkeypatch.setattr(fonts, "_ask_fontconfig", lambda: None)
    yield
    monkeypatch.undo()
    forget()


def written(rgb):
    """Where letters are: brighter than the background."""
    return rgb.max(axis=2) > 90


@pytest.mark.parametrize("texts", TEXTS)
def test_each_slate_has_its_text_in_the_middle(texts):
    rgb = draw_slate(SIZE, *texts)
    assert rgb.shape == (360, 640, 3) and rgb.dtype == np.uint8 and not rgb.flags.writeable
    rows, columns = np.nonzero(written(rgb))
    assert rows.size > 500
    assert abs(rows.mean() - 180) < 40 and abs(columns.mean() - 320) < 25


def test_slates_tell_their_reasons_apart():
    pictures = [draw_slate(SIZE, *texts).tobytes() for texts in TEXTS]
    assert len(set(pictures)) == len(TEXTS)
    assert "cable pulled" in camera_lost("cable pulled") and len(camera_lost(" ")) == 2


@given(st.text(max_size=500), st.text(max_size=500), st.sampled_from([SIZE, (320, 180), (1280, 720)]))
@settings(max_examples=40, deadline=None)
def test_any_text_fits_inside(title, line, size_wh):
    rgb = draw_slate(size_wh, title, line)
    width, height = size_wh
    rows, columns = np.nonzero(written(rgb))
    if rows.size:
        assert rows.min() > height * 0.05 and rows.max() < height * 0.95
        assert columns.min() > width * 0.04 and columns.max() < width * 0.96


@pytest.mark.parametrize(
    "text", ["测，试。" * 125, "word " * 100, "x" * 500, "\n".join("abc" * 20), "W" * 500]
)
@pytest.mark.parametrize("size_wh", [(320, 180), SIZE])
def test_five_hundred_characters_fit(text, size_wh):
    rgb = draw_slate(size_wh, text)
    rows, columns = np.nonzero(written(rgb))
    assert rows.size and rows.min() > 0.05 * size_wh[1] and rows.max() < 0.95 * size_wh[1]
    assert columns.min() > 0.04 * size_wh[0] and columns.max() < 0.96 * size_wh[0]


def test_no_text_is_a_calm_background():
    assert not written(draw_slate(SIZE, "", " \n ")).any()


@needs_chinese
def test_chinese_characters_have_pictures_of_their_own():
    assert draw_slate(SIZE, "课件").tobytes() != draw_slate(SIZE, "课堂").tobytes()


@needs_chinese
def test_the_face_is_the_one_for_simplified_chinese():
    assert fonts.slate_font(20, bold=True).getname()[0].endswith(("SC", "Hei", "Fallback", "UMing CN"))


def test_without_a_chinese_font_slates_are_in_english_and_say_what_is_missing(no_chinese_font):
    assert fonts.cjk_font() is None
    assert np.array_equal(draw_slate(SIZE, *restarting()), draw_slate(SIZE, restarting()[1]))
    assert np.array_equal(draw_slate(SIZE, "你好"), draw_slate(SIZE, slate._NEEDS_FONT))


def test_cjk_font_is_a_file_when_there_is_one():
    path = fonts.cjk_font()
    assert path is None or path.is_file()


def test_a_machine_without_fontconfig_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fonts._ask_fontconfig() is None


def test_a_reason_in_two_languages_is_two_texts():
    texts = camera_lost("请插好摄像机。\nPlug the camera in.")
    assert texts[2:] == ("请插好摄像机。", "Plug the camera in.")
    assert not np.array_equal(draw_slate(SIZE, *texts), draw_slate(SIZE, *texts[:3]))


def test_without_a_chinese_font_the_english_lines_of_a_text_stay(no_chinese_font):
    mixed = draw_slate(SIZE, "摄像机信号中断", "No picture\n请插好摄像机。\nPlug it in.")
    assert np.array_equal(mixed, draw_slate(SIZE, "No picture", "Plug it in."))
