"""Reads WebVTT (W3C) as a stranger may have written it: cues as plain text, within limits, nothing executed.

Markup is taken out, as are styles, regions and places on the screen: the viewer page has its own look. A
damaged cue is left out, as browsers do; a file without one good cue is refused.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipelines.saying import said

MAX_BYTES: Final = 1024 * 1024
MAX_CUES: Final = 5000
MAX_LINES, MAX_CHARACTERS = 3, 200  # of a cue, and of a line
MAX_S: Final = 24 * 3600.0
_ARROW: Final = "-->"
_IGNORED: Final = ("NOTE", "STYLE", "REGION")


class BadCaptions(Exception):
    """A file that cannot be used. reason: why, and what mends it. is_large: it was not even read."""

    def __init__(self, reason: str, *, is_large: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_large = is_large


@dataclass(frozen=True, slots=True)
class Cue:
    """start_s, end_s: of the film. text: one to three lines, without markup."""

    start_s: float
    end_s: float
    text: str


def read_webvtt(content: bytes) -> tuple[Cue, ...]:
    """The cues by their beginning. Raises BadCaptions."""
    if len(content) > MAX_BYTES:
        large = said(
            "captions_large",
            "The captions are too large: at most {most_kib} KiB.",
            most_kib=MAX_BYTES // 1024,
        )
        raise BadCaptions(large, is_large=True)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadCaptions(
            said(
                "captions_coded",
                "The captions are not coded as UTF-8. Save the file as UTF-8 and upload it again.",
            )
        ) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].split(maxsplit=1)[:1] != ["WEBVTT"]:
        raise BadCaptions(
            said(
                "captions_kind",
                "These are no WebVTT captions: the first line must be WEBVTT. "
                "Convert SRT files to VTT first.",
            )
        )
    cues: list[Cue] = []
    for block in _blocks(lines[1:]):
        cue = _cue(block)
        if cue is not None:
            cues.append(cue)
            if len(cues) > MAX_CUES:
                raise BadCaptions(
                    said("captions_many", "There are too many captions: at most {most}.", most=MAX_CUES)
                )
    if not cues:
        raise BadCaptions(
            said(
                "captions_empty",
                "There is no caption in this file that can be shown. "
                "Check its times, as in 00:01.000 --> 00:04.000.",
            )
        )
    return tuple(sorted(cues, key=lambda cue: cue.start_s))


def write_webvtt(cues: tuple[Cue, ...]) -> str:
    """What read_webvtt reads again as the same."""
    return "WEBVTT\n" + "".join(
        f"\n{_clock(cue.start_s)} {_ARROW} {_clock(cue.end_s)}\n{html.escape(cue.text, quote=False)}\n"
        for cue in cues
    )


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def _cue(block: list[str]) -> Cue | None:
    """None for a block that is no cue, or a damaged one."""
    if block[0].split(maxsplit=1)[0] in _IGNORED and _ARROW not in block[0]:
        return None
    at = next((number for number, line in enumerate(block[:2]) if _ARROW in line), None)
    if at is None:
        return None
    before, _, after = block[at].partition(_ARROW)
    start_s, end_s = _seconds(before.strip()), _seconds((after.split() or [""])[0])
    lines = [shown for line in block[at + 1 :] if (shown := _plain(line))]
    if start_s is None or end_s is None or not start_s < end_s or not lines:
        return None
    return Cue(start_s, end_s, "\n".join(lines[:MAX_LINES]))


def _seconds(clock: str) -> float | None:
    """ "00:01:02.500" or "01:02.500"; None for anything else."""
    parts = clock.split(":")
    if len(parts) not in (2, 3) or not all(_is_number(part) for part in parts[:-1]):
        return None
    whole, dot, thousandths = parts[-1].partition(".")
    if not (
        dot and len(whole) == 2 and len(thousandths) == 3 and _is_number(whole) and _is_number(thousandths)
    ):
        return None
    minutes = int(parts[-2])
    hours = int(parts[0]) if len(parts) == 3 else 0
    seconds = hours * 3600 + minutes * 60 + int(whole) + int(thousandths) / 1000
    return seconds if minutes < 60 and int(whole) < 60 and seconds <= MAX_S else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5


def _plain(line: str) -> str:
    """A line without its markup, printable, of bounded length. What is between < and > goes, in one pass."""
    kept: list[str] = []
    is_tag = False
    for character in line[: 20 * MAX_CHARACTERS]:
        if character == "<":
            is_tag = True
        elif character == ">" and is_tag:
            is_tag = False
        elif not is_tag:
            kept.append(character)
    shown = html.unescape("".join(kept))
    return " ".join("".join(c if c.isprintable() else " " for c in shown).split())[:MAX_CHARACTERS]


def _clock(at_s: float) -> str:
    thousandths = round(at_s * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
