"""The ink of every page, with what undo needs. The studio draws it; this is where it is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from pipelines.ink import SCREEN, Hand, InkColour, PageKey, Stroke, Tool
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
    """It is not this hand's last stroke of the page (any more): only that one grows."""


class _Change(NamedTuple):
    """What undo takes back. added: a stroke's id, "" for none. removed: strokes, with the places they had."""

    by: Hand
    added: str = ""
    removed: tuple[tuple[int, Stroke], ...] = ()

    def undone(self, strokes: Strokes) -> Strokes:
        """Whatever was drawn or taken away since by the other hand stays so."""
        left = [stroke for stroke in strokes if stroke.stroke_id != self.added]
        there = {stroke.stroke_id for stroke in left}
        for place, stroke in self.removed:
            if stroke.stroke_id not in there and len(left) < MAX_STROKES:
                left.insert(place, stroke)
        return tuple(left)


@dataclass(slots=True)
class _Sheet:
    strokes: Strokes = ()
    changes: list[_Change] = field(default_factory=list)


class Sketchbook:
    """For one thread. Each change returns the order that tells the studio. by: whose change it is. The
    presenter undoes and clears what is their own; the assistant whatever there is.

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

    def can_undo(self, page: PageKey, by: Hand = "assistant") -> bool:
        sheet = self._sheets.get(page)
        return sheet is not None and any(_may(by, change.by) for change in sheet.changes)

    def begin(
        self,
        page: PageKey,
        tool: Tool,
        colour: InkColour,
        width: float,
        points: Points,
        by: Hand = "assistant",
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
        stroke = Stroke(secrets.token_hex(8), tool, colour, width, points, by)
        self._set(page, sheet, (*sheet.strokes, stroke), _Change(by, added=stroke.stroke_id))
        return stroke, DrawStroke(page, stroke)

    def extend(
        self, page: PageKey, stroke_id: str, points: Points, by: Hand = "assistant"
    ) -> DrawStroke | SetInk:
        """This hand's last stroke goes on. Raises NoSuchStroke, TooMuchInk."""
        sheet = self._sheets.get(page)
        strokes = () if sheet is None else sheet.strokes
        place = max((place for place, stroke in enumerate(strokes) if stroke.by == by), default=-1)
        if sheet is None or place < 0 or strokes[place].stroke_id != stroke_id:
            raise NoSuchStroke
        last = strokes[place]
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
        self._put(page, sheet, (*strokes[:place], grown, *strokes[place + 1 :]))
        # Where the other hand has begun one since, the page is drawn anew.
        return DrawStroke(page, grown) if place == len(strokes) - 1 else SetInk(page, sheet.strokes)

    def undo(self, page: PageKey, by: Hand = "assistant") -> SetInk | None:
        """The last stroke or clearing is taken back; None where there was nothing."""
        sheet = self._sheets.get(page)
        changes = [] if sheet is None else sheet.changes
        for place in reversed(range(len(changes))):
            if sheet is None or not _may(by, changes[place].by):
                continue
            strokes = changes.pop(place).undone(sheet.strokes)
            if strokes != sheet.strokes:
                self._put(page, sheet, strokes)
                return SetInk(page, strokes)
        return None

    def clear(self, page: PageKey, by: Hand = "assistant") -> SetInk | None:
        """No ink, of the presenter none of their own; undo brings it back. None where there was none."""
        sheet = self._sheets.get(page)
        strokes = () if sheet is None else sheet.strokes
        removed = tuple((place, one) for place, one in enumerate(strokes) if _may(by, one.by))
        if sheet is None or not removed:
            return None
        left = tuple(one for one in strokes if not _may(by, one.by))
        self._set(page, sheet, left, _Change(by, removed=removed))
        return SetInk(page, left)

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

    def _set(self, page: PageKey, sheet: _Sheet, strokes: Strokes, change: _Change) -> None:
        sheet.changes = [*sheet.changes[-_UNDO_DEPTH + 1 :], change]
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


def _may(by: Hand, whose: Hand) -> bool:
    """May this hand take back and away what is whose?"""
    return by == "assistant" or by == whose


def _count(strokes: Strokes) -> int:
    return sum(len(stroke.points) for stroke in strokes)
