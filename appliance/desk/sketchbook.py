"""The ink of every page, with what undo needs. The studio draws it; this is where it is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from pipelines.ink import SCREEN, InkColour, PageKey, Stroke, Tool
from pipelines.orders import DrawStroke, SetInk
from pipelines.saying import said

MAX_PAGES: Final = 200
MAX_STROKES: Final = 500
MAX_POINTS: Final = 3000
MAX_ALL_POINTS: Final = 250_000  # of all pages: what is kept on the disk stays under 5 MB
_UNDO_DEPTH: Final = 60

Points = tuple[tuple[float, float], ...]
Strokes = tuple[Stroke, ...]


class TooMuchInk(Exception):
    """reason: what is full, and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoSuchStroke(Exception):
    """It is not the page's last stroke (any more): only that one grows."""


@dataclass(slots=True)
class _Sheet:
    strokes: Strokes = ()
    before: list[Strokes] = field(default_factory=list)


class Sketchbook:
    """For one thread. Each change returns the order that tells the studio.

    kept: the ink of before, the page drawn on last at the end. When all is full, what was drawn on longest
    ago, on other courseware, makes room: `made_room` has its orders.
    """

    def __init__(self, kept: Iterable[tuple[PageKey, Strokes]] = ()) -> None:
        self._sheets: dict[PageKey, _Sheet] = {page: _Sheet(strokes) for page, strokes in kept}
        self._points = sum(_count(sheet.strokes) for sheet in self._sheets.values())
        self._unsaved: set[str] = set()
        self._made_room: list[SetInk] = []
        self.revision = 0

    def strokes(self, page: PageKey) -> Strokes:
        sheet = self._sheets.get(page)
        return () if sheet is None else sheet.strokes

    def can_undo(self, page: PageKey) -> bool:
        sheet = self._sheets.get(page)
        return sheet is not None and bool(sheet.before)

    def begin(
        self,
        page: PageKey,
        tool: Tool,
        colour: InkColour,
        width: float,
        points: tuple[tuple[float, float], ...],
    ) -> tuple[Stroke, DrawStroke]:
        """A new stroke. Raises TooMuchInk."""
        sheet = self._sheets.get(page) or _Sheet()
        if len(sheet.strokes) >= MAX_STROKES:
            raise TooMuchInk(
                said(
                    "ink_strokes",
                    "This page holds {max_strokes} strokes already: clear it first.",
                    max_strokes=MAX_STROKES,
                )
            )
        if page not in self._sheets and not self._has_room(lambda: len(self._sheets) < MAX_PAGES, page):
            raise TooMuchInk(
                said(
                    "ink_pages",
                    "{max_pages} pages hold ink already: clear one of them first.",
                    max_pages=MAX_PAGES,
                )
            )
        self._allow(page, len(points))
        stroke = Stroke(secrets.token_hex(8), tool, colour, width, points)
        self._set(page, sheet, (*sheet.strokes, stroke))
        return stroke, DrawStroke(page, stroke)

    def extend(self, page: PageKey, stroke_id: str, points: Points) -> DrawStroke:
        """The last stroke goes on. Raises NoSuchStroke, TooMuchInk."""
        sheet = self._sheets.get(page)
        if sheet is None or not sheet.strokes or sheet.strokes[-1].stroke_id != stroke_id:
            raise NoSuchStroke
        last = sheet.strokes[-1]
        if len(last.points) + len(points) > MAX_POINTS:
            raise TooMuchInk(
                said(
                    "ink_points",
                    "A stroke has at most {max_points} points: begin another one.",
                    max_points=MAX_POINTS,
                )
            )
        self._allow(page, len(points))
        grown = replace(last, points=last.points + points)
        self._put(page, sheet, (*sheet.strokes[:-1], grown))
        return DrawStroke(page, grown)

    def undo(self, page: PageKey) -> SetInk | None:
        """The page as it was before the last stroke or clearing; None where there was nothing."""
        sheet = self._sheets.get(page)
        if sheet is None or not sheet.before:
            return None
        self._put(page, sheet, sheet.before.pop())
        return SetInk(page, sheet.strokes)

    def clear(self, page: PageKey) -> SetInk | None:
        """No ink; undo brings it back. None where there was none."""
        sheet = self._sheets.get(page)
        if sheet is None or not sheet.strokes:
            return None
        self._set(page, sheet, ())
        return SetInk(page, ())

    def forget(self, folder: str) -> list[SetInk]:
        """All ink on courseware in a folder, for ever: it was deleted."""
        gone = [page for page in self._sheets if page.courseware.startswith(f"{folder}/")]
        return [self._drop(page) for page in gone]

    def made_room(self) -> list[SetInk]:
        """Pages forgotten since it was asked last, because all was full."""
        made, self._made_room = self._made_room, []
        return made

    def unsaved(self) -> dict[str, dict[int, Strokes]]:
        """Changed since it was asked last: by courseware, the strokes of each page that has any. A shared
        screen is another one the next time: its ink is not kept."""
        changed, self._unsaved = self._unsaved - {SCREEN}, set()
        return {
            courseware: {
                page.index: sheet.strokes
                for page, sheet in self._sheets.items()
                if page.courseware == courseware and sheet.strokes
            }
            for courseware in changed
        }

    def orders(self) -> Iterator[SetInk]:
        """All there is, for a studio that begins anew."""
        for page, sheet in self._sheets.items():
            if sheet.strokes:
                yield SetInk(page, sheet.strokes)

    def _set(self, page: PageKey, sheet: _Sheet, strokes: Strokes) -> None:
        sheet.before = [*sheet.before[-_UNDO_DEPTH + 1 :], sheet.strokes]
        self._put(page, sheet, strokes)

    def _put(self, page: PageKey, sheet: _Sheet, strokes: Strokes) -> None:
        self._points += _count(strokes) - _count(sheet.strokes)
        sheet.strokes = strokes
        self._sheets.pop(page, None)
        self._sheets[page] = sheet  # at the end: drawn on last
        self._unsaved.add(page.courseware)
        self.revision += 1

    def _drop(self, page: PageKey) -> SetInk:
        self._points -= _count(self._sheets.pop(page).strokes)
        self._unsaved.add(page.courseware)
        self.revision += 1
        return SetInk(page, ())

    def _allow(self, page: PageKey, points: int) -> None:
        """Raises TooMuchInk."""
        if not self._has_room(lambda: self._points + points <= MAX_ALL_POINTS, page):
            raise TooMuchInk(
                said("ink_full", "This courseware is full of ink: clear some of its pages first.")
            )

    def _has_room(self, is_enough: Callable[[], bool], page: PageKey) -> bool:
        """Forgets pages of other courseware, oldest first, until there is room for this page."""
        others = [other for other in self._sheets if other.courseware != page.courseware]
        while not is_enough() and others:
            self._made_room.append(self._drop(others.pop(0)))
        return is_enough()


def _count(strokes: Strokes) -> int:
    return sum(len(stroke.points) for stroke in strokes)
