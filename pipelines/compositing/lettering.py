"""Text of any kind made fit for a slate: cleaned, broken into lines, and sized."""

from __future__ import annotations

import re
import unicodedata

from pipelines.compositing.fonts import slate_font

MAX_CHARACTERS = 500
_MAX_MARKS = 3
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
    """At most 500 characters that can be drawn: no controls, no direction overrides, no stacked marks.

    Line breaks stay, at most one empty line in a row.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " "))
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category.startswith("M") else 0
        if char == "\n" or (category[0] != "C" and category not in ("Zl", "Zp") and marks <= _MAX_MARKS):
            kept.append(char)
    result = re.sub(r"\n{3,}", "\n\n", "".join(kept)).strip()
    return result if len(result) <= MAX_CHARACTERS else result[: MAX_CHARACTERS - 1].rstrip() + "…"


def wrap(text: str, width_px: float, size_px: int, *, bold: bool = False) -> list[str]:
    """Lines no wider than width_px: Latin text breaks at spaces, Chinese anywhere its rules allow."""
    font = slate_font(size_px, bold=bold)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            longer = line + piece if line else piece.lstrip()
            if font.getlength(longer.rstrip()) <= width_px:
                line = longer
                continue
            if line:
                lines.append(line.rstrip())
            *full, line = _split(piece.strip(), width_px, size_px, bold=bold)
            lines += full
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


def _split(word: str, width_px: float, size_px: int, *, bold: bool) -> list[str]:
    """A piece for a new line, cut where it is too long for one: an address, perhaps."""
    font = slate_font(size_px, bold=bold)
    parts = [""]
    for char in word:
        if parts[-1] and font.getlength(parts[-1] + char) > width_px:
            parts.append("")
        parts[-1] += char
    return parts
