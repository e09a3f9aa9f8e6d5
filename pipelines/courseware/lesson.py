"""A courseware of still pages: drawn in its own thread, neighbours beforehand, so that a turn is instant."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Protocol

from pipelines.courseware.faults import BadPage, refused
from pipelines.courseware.limits import KEEP_PAGES
from pipelines.courseware.notice import draw_notice
from pipelines.courseware.shown import Shown, ShowsPages
from pipelines.media import U8, SizeWh, SourceState, freeze
from pipelines.receiving.sounding import Sounding
from pipelines.saying import both


class Pages(Protocol):
    """Where still pages come from. Used by one thread at a time, `abort` excepted."""

    @property
    def name(self) -> str:
        """For people: the file's or the folder's name."""

    @property
    def kind(self) -> str:
        """ "pdf" or "pictures"."""

    @property
    def count(self) -> int: ...

    def draw(self, index: int, size_wh: SizeWh) -> U8:
        """Page `index` as u8 (H, W, 3) of size_wh. Raises BadPage."""

    def abort(self) -> None:
        """From any thread: a drawing under way ends soon, and later ones at once."""

    def close(self) -> None: ...


class Lesson(ShowsPages):
    """Satisfies Courseware. A page that cannot be drawn becomes a notice, and the lesson goes on."""

    def __init__(self, pages: Pages, size_wh: SizeWh) -> None:
        """Draws the first page, then starts the thread. A lesson whose only page is bad raises SourceLost."""
        self._pages = pages
        self._size_wh = size_wh
        self.name = pages.name
        self.count = pages.count
        self._drawn: OrderedDict[int, tuple[U8, str]] = OrderedDict()  # index: picture, what is wrong with it
        self._work = threading.Condition()
        self._wanted = 0
        self._closed = False
        first, fault = self._draw(0)
        if fault and self.count == 1:
            pages.close()
            raise refused(fault)
        self._drawn[0] = first, fault
        self.sounding: Sounding | None = None
        self._shown = Shown(first)
        self._thread = threading.Thread(target=self._run, name="courseware", daemon=True)
        self._thread.start()

    @property
    def state(self) -> SourceState:
        index = self._shown.page.index
        with self._work:
            fault = self._drawn[index][1] if index in self._drawn else ""
        detail: dict[str, str | int | float | bool | None] = {
            "courseware": self.name,
            "kind": self._pages.kind,
            "page": index + 1,
            "pages": self.count,
        }
        return SourceState("courseware", "live", fault, detail)

    def turn(self, step: int = 0, index: int | None = None) -> None:
        """Goes `step` pages on from the one last asked for, or to `index`; stays within the lesson.

        A page drawn already is shown before this returns; else as soon as it is drawn, unless
        another page has been asked for by then.
        """
        with self._work:
            wanted = self._wanted + step if index is None else index
            self._wanted = min(max(wanted, 0), self.count - 1)
            self._show_wanted()
            self._work.notify()

    def close(self) -> None:
        with self._work:
            self._closed = True
            self._work.notify()
        self._shown.close()
        self._pages.abort()
        self._thread.join()

    def _run(self) -> None:
        while (index := self._next_to_draw()) is not None:
            drawn = self._draw(index)
            with self._work:
                self._keep(index, drawn)
                self._show_wanted()
        self._pages.close()

    def _next_to_draw(self) -> int | None:
        """Sleeps until a page is worth drawing: the one asked for, then its neighbours. None: closed."""
        with self._work:
            while not self._closed:
                for step in (0, 1, -1, 2):
                    index = self._wanted + step
                    if 0 <= index < self.count and index not in self._drawn:
                        return index
                self._work.wait()
        return None

    def _draw(self, index: int) -> tuple[U8, str]:
        try:
            rgb, fault = self._pages.draw(index, self._size_wh), ""
        except BadPage as bad:
            rgb, fault = draw_notice(self._size_wh, index + 1, both(bad.reason)), bad.reason
        freeze(rgb)
        return rgb, fault

    def _keep(self, index: int, drawn: tuple[U8, str]) -> None:
        self._drawn[index] = drawn
        self._drawn.move_to_end(index)
        while len(self._drawn) > KEEP_PAGES:
            self._drawn.popitem(last=False)

    def _show_wanted(self) -> None:
        """With _work held, so that pages appear in the order in which they were asked for."""
        if self._wanted not in self._drawn:
            return
        self._drawn.move_to_end(self._wanted)
        if self._wanted != self._shown.page.index and not self._closed:
            self._shown.show(self._drawn[self._wanted][0], self._wanted, is_flip=True)
