"""Text of any kind made fit for a slate: cleaned, broken into lines, and sized."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from pipelines.compositing.fonts import slate_font

MAX_CHARACTERS = 500
# Characters are looked at in this size.
_GAUGE_PX = 64
# Latin words, or runs of other characters one by one; spaces are tokens of their own.
_TOKENS = re.compile(r"\s+|[!-~\u00a1-\u024f\u0370-\u052f]+|.", re.DOTALL)
# Chinese typesetting (GB/T 15834, 5.1): these do not begin a line, those do not end one.
_NOT_FIRST = "，。、；：？！）】》」』〉”’…·％,.;:?!)]}%"
_NOT_LAST = "（【《「『〈“‘([{"


def has_chinese(text: str) -> bool:
    """Whether a font for Latin letters alone would leave boxes: Han, kana, hangul, full-width forms."""
    return any(
        "\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\uffef" or char >= "\U00020000" for char in text
    )


def clean(text: str) -> str:
    """At most 500 characters that can be drawn: no controls, no direction overrides, no empty boxes.

    Line breaks stay, at most one empty line in a row.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))[: 4 * MAX_CHARACTERS]
    text = re.sub(r"[^\S\n\u3000]", " ", text)  # tabs and the many spaces of Unicode
    kept = "".join(char for char in text if char == "\n" or _is_drawable(char))
    result = re.sub(r"\n{3,}", "\n\n", kept).strip()
    return result if len(result) <= MAX_CHARACTERS else result[: MAX_CHARACTERS - 1].rstrip() + "…"


@lru_cache(maxsize=8192)
def _is_drawable(char: str) -> bool:
    """Whether the slates' font has a picture of the character. Left-over marks pile up: no."""
    category = unicodedata.category(char)
    if category[0] in "CM" or category in ("Zl", "Zp"):
        return False
    if char.isspace():
        return True
    font = slate_font(_GAUGE_PX, bold=False)
    missing = font.getmask("\U0010ffff")
    drawn = font.getmask(char)
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)


@lru_cache(maxsize=8192)
def _advance(char: str, *, bold: bool) -> float:
    """Width of a character as a share of the font's size."""
    return slate_font(_GAUGE_PX, bold=bold).getlength(char) / _GAUGE_PX


@lru_cache(maxsize=8192)
def _apart(pair: str, *, bold: bool) -> float:
    """How far kerning pushes two characters apart, as "j)"; what it pulls together is not counted."""
    together = slate_font(_GAUGE_PX, bold=bold).getlength(pair) / _GAUGE_PX
    return max(0.0, together - sum(_advance(char, bold=bold) for char in pair))


def width_px(text: str, size_px: float, *, bold: bool = False) -> float:
    """Width of one line, from the widths of its characters: fast, and never too small."""
    apart = sum(_apart(first + second, bold=bold) for first, second in pairwise(text))
    return size_px * (sum(_advance(char, bold=bold) for char in text) + apart)


def wrap(text: str, room_px: float, size_px: int, *, bold: bool = False) -> list[str]:
    """Lines no wider than room_px: Latin text breaks at spaces, Chinese anywhere its rules allow."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used_px = "", 0.0
        for piece in _pieces(paragraph):
            piece = piece if line else piece.lstrip()
            if used_px + width_px(piece.rstrip(), size_px, bold=bold) <= room_px:
                line, used_px = line + piece, used_px + width_px(piece, size_px, bold=bold)
                continue
            if line:
                lines.append(line.rstrip())
            *full, line = _split(piece.strip(), room_px, size_px, bold=bold)
            lines += full
            used_px = width_px(line, size_px, bold=bold)
        lines.append(line.rstrip())
    return lines


def _pieces(paragraph: str) -> list[str]:
    """Tokens between which a line may break."""
    pieces: list[str] = []
    for token in _TOKENS.findall(paragraph):
        if pieces and (token[0] in _NOT_FIRST or pieces[-1][-1] in _NOT_LAST):
            pieces[-1] += token
        else:
            pieces.append(token)
    return pieces


def _split(piece: str, room_px: float, size_px: int, *, bold: bool) -> list[str]:
    """A piece for a new line, cut where it is too long for one: an address, perhaps."""
    parts, used_px = [""], 0.0
    for char in piece:
        before = parts[-1][-1:]
        wide_px = width_px(before + char, size_px, bold=bold) - width_px(before, size_px, bold=bold)
        if parts[-1] and used_px + wide_px > room_px:
            parts.append("")
            used_px = 0.0
        parts[-1] += char
        used_px += wide_px
    return parts
