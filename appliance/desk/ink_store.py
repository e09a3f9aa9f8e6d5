"""The ink on the disk: one small file for each courseware, so that a restart of the box loses none of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from appliance.desk.storing import read_document, remove_document, set_aside, write_document
from pipelines.ink import Hand, InkColour, PageKey, Stroke, Tool

FOLDER: Final = "ink"
MAX_FILES: Final = 200
_DECIMALS: Final = 4  # of a share: a fifth of a pixel at 1920

Strokes = tuple[Stroke, ...]


class InkStore:
    """folder: of the box's state. Any thread may call it, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def load(self) -> Iterator[tuple[PageKey, Strokes]]:
        """What was kept, the courseware drawn on last at the end. Damaged files are put aside."""
        if not self._folder.is_dir():
            return
        files = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in files[-MAX_FILES:]:
            document = read_document(path)
            try:
                pages = [] if document is None else list(_pages(document))
            except (TypeError, KeyError, ValueError, AttributeError) as error:
                set_aside(path, repr(error))
                continue
            yield from pages

    def save(self, courseware: str, pages: Mapping[int, Strokes]) -> None:
        """All the ink of a courseware; none removes its file. Raises CannotStore."""
        name = hashlib.sha256(courseware.encode()).hexdigest()[:24]
        path = self._folder / f"{name}.json"
        if not pages:
            remove_document(path)
            return
        document = {
            "courseware": courseware,
            "pages": [
                {"index": index, "strokes": [_plain(stroke) for stroke in strokes]}
                for index, strokes in sorted(pages.items())
            ],
        }
        write_document(path, document)


def _plain(stroke: Stroke) -> dict[str, Any]:
    return {
        "stroke_id": stroke.stroke_id,
        "tool": stroke.tool.value,
        "colour": stroke.colour,
        "width": stroke.width,
        "by": stroke.by,
        "points": [[round(x, _DECIMALS), round(y, _DECIMALS)] for x, y in stroke.points],
    }


def _pages(document: dict[str, Any]) -> Iterator[tuple[PageKey, Strokes]]:
    """Raises TypeError, KeyError, ValueError, AttributeError for anything that `save` does not write."""
    courseware = str(document["courseware"])
    for page in document["pages"]:
        yield PageKey(courseware, int(page["index"])), tuple(map(_stroke, page["strokes"]))


def _stroke(plain: dict[str, Any]) -> Stroke:
    points = tuple((float(x), float(y)) for x, y in plain["points"])
    width, colour = float(plain["width"]), plain["colour"]
    if not points or not all(math.isfinite(value) for point in points for value in (*point, width)):
        raise ValueError("a stroke without an end")
    by = _hand(plain.get("by", "assistant"))  # files of before know one hand
    return Stroke(str(plain["stroke_id"]), Tool(plain["tool"]), _colour(colour), width, points, by)


def _hand(name: str) -> Hand:
    hands: dict[str, Hand] = {known: known for known in get_args(Hand)}
    return hands[name]


def _colour(name: str) -> InkColour:
    colours: dict[str, InkColour] = {known: known for known in get_args(InkColour)}
    return colours[name]
