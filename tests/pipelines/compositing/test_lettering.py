from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.compositing.fonts import slate_font
from pipelines.compositing.lettering import MAX_CHARACTERS, clean, has_chinese, wrap

latin = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)


@given(st.text(max_size=700))
@settings(max_examples=200, deadline=None)
def test_clean_text_is_short_and_printable(text):
    cleaned = clean(text)
    assert len(cleaned) <= MAX_CHARACTERS
    assert all(char == "\n" or char.isprintable() for char in cleaned.replace("\u3000", " "))
    assert clean(cleaned) == cleaned


def test_controls_escapes_and_direction_overrides_go():
    assert clean("a\x00b\x1b[31m\x7f\u202ec\u2066\ufeff") == "ab[31mc"
    assert clean("one\r\ntwo\tthree\n\n\n\nfour") == "one\ntwo three\n\nfour"


def test_too_long_a_text_ends_in_an_ellipsis():
    assert clean("x" * 501) == "x" * 499 + "…"
    assert clean("x" * 500) == "x" * 500


def test_letters_with_accents_stay_and_piled_up_marks_go():
    assert clean("e\u0301") == "é"
    assert clean("x" + "\u0302\u0303\u0304\u0305\u0316" * 40) == "x"


@example("{j)", 60, 60)  # kerning pushes these apart
@given(latin, st.integers(60, 900), st.integers(7, 60))
@settings(max_examples=100, deadline=None)
def test_wrapped_lines_fit_and_lose_no_letter(text, room_px, size_px):
    lines = wrap(text, room_px, size_px)
    font = slate_font(size_px, bold=False)
    assert "".join("".join(lines).split()) == "".join(text.split())
    # Hinting rounds each letter's width at small sizes.
    assert all(len(line) <= 1 or font.getlength(line) <= room_px + 0.5 * len(line) for line in lines)


def test_latin_breaks_at_spaces_only():
    words = ["the", "teacher", "points", "at", "the", "blackboard"]
    lines = wrap(" ".join(words), 200, 20)
    assert len(lines) > 1 and [word for line in lines for word in line.split()] == words


def test_chinese_punctuation_never_begins_a_line():
    lines = wrap("光合作用，是绿色植物。" * 12, 173, 20)
    assert len(lines) > 5 and not any(line[0] in "，。" for line in lines)


def test_one_endless_word_is_cut():
    lines = wrap("x" * 300, 200, 20)
    assert len(lines) > 5 and "".join(lines) == "x" * 300


def test_chinese_is_told_from_latin():
    assert has_chinese("第 3 页") and has_chinese("，")
    assert not has_chinese("Crème brûlée, page 3 …")
