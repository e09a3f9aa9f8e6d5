"""WebVTT as strangers write it: good lines are read, bad ones left out, hostile ones harmless."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.library.webvtt import MAX_BYTES, MAX_CUES, BadCaptions, Cue, read_webvtt, write_webvtt
from pipelines.saying import Said

GOOD = """\ufeffWEBVTT - a title

STYLE
::cue { background: url(https://elsewhere.example/) }

NOTE nobody sees this

intro
00:01.000 --> 00:04.000 align:start position:10%
<v Somebody>One half &lt; <b>two</b> thirds
of it</v>

01:00:02.500 --> 01:00:03.000
<script>alert(1)</script><c.red>半</c>
"""


def test_lines_come_out_as_plain_text() -> None:
    assert read_webvtt(GOOD.encode()) == (
        Cue(1.0, 4.0, "One half < two thirds\nof it"),
        Cue(3602.5, 3603.0, "alert(1)半"),
    )
    assert read_webvtt(GOOD.replace("\n", "\r\n").encode()) == read_webvtt(GOOD.encode())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "captions_kind"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nSRT\n", "captions_kind"),
        (b"WEBVTTX\n\n00:01.000 --> 00:02.000\nx\n", "captions_kind"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n半\n".encode("gb18030"), "captions_coded"),
        (b"\0" * 5000, "captions_kind"),
        (b"WEBVTT\n\n00:04.000 --> 00:01.000\nbackwards\n\n00:61.000 --> 01:00.000\nx\n", "captions_empty"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n<img src=x onerror=alert(1)>\n", "captions_empty"),
        (b"WEBVTT\n" + b"x" * MAX_BYTES, "captions_large"),
        (b"WEBVTT\n\n" + b"00:01.000 --> 00:02.000\nx\n\n" * (MAX_CUES + 1), "captions_many"),
    ],
)
def test_what_cannot_be_used_says_why(content: bytes, code: str) -> None:
    with pytest.raises(BadCaptions) as refused:
        read_webvtt(content)
    assert isinstance(refused.value.reason, Said) and refused.value.reason.code == code


def test_a_damaged_line_costs_only_itself() -> None:
    broken = "WEBVTT\n\nno --> time\nx\n\n00:01.000 -->\ny\n\n00:05.000 --> 00:06.000\nkept\n\n00:07.000"
    assert read_webvtt(broken.encode()) == (Cue(5.0, 6.0, "kept"),)


def test_a_long_line_and_a_bomb_of_markup_are_cut() -> None:
    (cue,) = read_webvtt(b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<b>" * 200_000 + b"\n" + b"a" * 3000)
    assert cue.text == "a" * 200
    many = b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"line\n" * 1000
    assert read_webvtt(many)[0].text == "line\nline\nline"


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=400), st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(text: str, junk: bytes) -> None:
    for content in (
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + text.encode("utf-8", "replace"),
        b"WEBVTT\n\n" + junk,
    ):
        try:
            cues = read_webvtt(content)
        except BadCaptions:
            continue
        assert read_webvtt(write_webvtt(cues).encode()) == cues, "what is stored is what was read"
        assert all("\0" not in cue.text and cue.start_s < cue.end_s for cue in cues)
