"""The LCD behind the teacher: who draws on it, and since when each page stands there."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from pipelines.lcd.panel import Panel
from pipelines.lcd.settings import LcdSettings
from pipelines.media import Page, SizeWh, SourceLost, SourceState

log = logging.getLogger("classroom.lcd")

_LOOK_S = 0.01  # how late a page may come to the screen's process
_CHECK_EVERY = 100  # looks
_RETRY_S = 2.0
_KEPT = 64  # pages: more than a courseware holds of those shown of late


class Lcd(Protocol):
    """Safe between threads."""

    @property
    def is_driven(self) -> bool:
        """Does it show what the box tells it to?"""

    @property
    def state(self) -> SourceState | None:
        """None where the box does not draw on it."""

    def timed(self, pages: Sequence[Page]) -> Sequence[Page]:
        """Of pages shown of late, oldest first, those that stood on it, and since when."""

    def shown_ns(self, page: Page, timeout_s: float) -> int:
        """Waits until this page of `lcd_page` stands there; since when it does."""

    def close(self) -> None: ...


class OtherLcd:
    """Satisfies Lcd: one that hangs at another computer, or the simulated classroom's."""

    state = None

    def __init__(self, *, is_driven: bool) -> None:
        self.is_driven = is_driven

    def timed(self, pages: Sequence[Page]) -> Sequence[Page]:
        return pages

    def shown_ns(self, page: Page, timeout_s: float) -> int:
        return page.shown_ns

    def close(self) -> None:
        """Nothing is held."""


class DrivenLcd:
    """Satisfies Lcd: a screen of this box. A thread of its own draws the newest page of `lcd_page`, and tries
    again for as long as it takes where the screen is not there.
    """

    def __init__(self, settings: LcdSettings, page_wh: SizeWh, lcd_page: Callable[[], Page | None]) -> None:
        self._settings, self._page_wh, self._lcd_page = settings, page_wh, lcd_page
        self._state = SourceState("lcd")
        self._changed = threading.Condition()
        self._shown: OrderedDict[int, int] = OrderedDict()  # revision -> since when
        self._timed: dict[int, Page] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lcd", daemon=True)
        self._thread.start()

    @property
    def is_driven(self) -> bool:
        return self._state.state == "live"

    @property
    def state(self) -> SourceState:
        return self._state

    def timed(self, pages: Sequence[Page]) -> Sequence[Page]:
        """A page that came and went between two looks never stood there; a new one does not yet. While the
        screen is gone the pages are told as they came.
        """
        with self._changed:
            timed = [self._with_time(page) for page in pages if page.revision in self._shown]
        return timed if timed and self.is_driven else pages

    def shown_ns(self, page: Page, timeout_s: float) -> int:
        with self._changed:
            self._changed.wait_for(lambda: page.revision in self._shown, timeout_s)
            return self._shown.get(page.revision, time.monotonic_ns())

    def close(self) -> None:
        self._closed.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                panel = Panel(self._settings, self._page_wh)
            except SourceLost as lost:
                self._lose(lost)
                continue
            try:
                self._draw(panel)
            except SourceLost as lost:
                self._lose(lost)
            finally:
                panel.close()

    def _draw(self, panel: Panel) -> None:
        """Raises SourceLost."""
        drawn: Page | None = None
        looks = 0
        self._state = SourceState(
            "lcd",
            "live",
            detail={
                "screen": self._settings.screen,
                "driver": panel.driver,
                "width_px": panel.size_wh[0],
                "height_px": panel.size_wh[1],
                "refresh_hz": panel.hz,
            },
        )
        while not self._closed.is_set():
            page = self._lcd_page()
            if page is not None and page is not drawn:
                self._note(page, panel.show(page.rgb))
                drawn = page
                continue
            looks += 1
            if looks % _CHECK_EVERY == 0:
                panel.check()
            self._closed.wait(_LOOK_S)

    def _note(self, page: Page, shown_ns: int) -> None:
        with self._changed:
            self._shown[page.revision] = shown_ns
            self._shown.move_to_end(page.revision)
            self._timed.pop(page.revision, None)
            while len(self._shown) > _KEPT:
                self._timed.pop(self._shown.popitem(last=False)[0], None)
            self._changed.notify_all()

    def _with_time(self, page: Page) -> Page:
        """The same object each time: whoever holds light against pages knows them by it."""
        revision = page.revision
        if revision not in self._timed:
            self._timed[revision] = replace(page, shown_ns=self._shown[revision])
        return self._timed[revision]

    def _lose(self, lost: SourceLost) -> None:
        if self._state.reason != lost.reason:
            log.warning("%s", lost.reason)
        self._state = SourceState("lcd", "lost", lost.reason)
        self._closed.wait(_RETRY_S)


def open_lcd(
    settings: LcdSettings, page_wh: SizeWh, lcd_page: Callable[[], Page | None], *, is_simulated: bool
) -> Lcd:
    """Returns at once. is_simulated: the classroom is, and so is its LCD, which shows what it is told."""
    if not settings.is_here:
        return OtherLcd(is_driven=is_simulated)
    return DrivenLcd(settings, page_wh, lcd_page)
