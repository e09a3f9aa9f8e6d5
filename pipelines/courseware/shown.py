"""The page that the LCD shows now: one slot that threads read at once, or sleep on until it changes."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque

from pipelines.media import U8, Page, freeze
from pipelines.timing import NS_PER_S

RECENT_NS = 1 * NS_PER_S  # the longest that camera and display lag behind
RECENT_PAGES = 16  # half a second of a film, 44 MB of it at 1280x720

# One count for the whole process: when another courseware is opened, a revision is never met twice.
_revisions = itertools.count(1)


class Shown:
    """Written by one courseware, read by anybody."""

    def __init__(self, first: U8) -> None:
        self._changed = threading.Condition()
        self._closed = False
        freeze(first)
        self._page = Page(first, next(_revisions), time.monotonic_ns())
        self._recent = deque([self._page], maxlen=RECENT_PAGES)

    @property
    def page(self) -> Page:
        with self._changed:
            return self._page

    @property
    def recent(self) -> tuple[Page, ...]:
        """The pages of the last RECENT_NS, oldest first, and the one before; at most RECENT_PAGES."""
        with self._changed:
            self._forget()
            return tuple(self._recent)

    def show(self, rgb: U8, index: int, *, is_flip: bool) -> None:
        """From this moment on the page is rgb u8 (H, W, 3), which nobody may write to any more."""
        freeze(rgb)
        with self._changed:
            self._page = Page(rgb, next(_revisions), time.monotonic_ns(), index, is_flip)
            self._recent.append(self._page)
            self._forget()
            self._changed.notify_all()

    def wait_change(self, revision: int, timeout_s: float) -> Page | None:
        """The newest page once its revision is above `revision`; None after timeout_s, or when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._page.revision > revision, timeout_s)
            return self._page if self._page.revision > revision else None

    def _forget(self) -> None:
        while len(self._recent) > 1 and time.monotonic_ns() - self._recent[1].shown_ns > RECENT_NS:
            self._recent.popleft()

    def close(self) -> None:
        """Wakes all who wait. The last page stays readable."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class ShowsPages:
    """What of a Courseware is reading what it shows: the base of those that show by a `Shown`."""

    _shown: Shown

    def page(self) -> Page:
        return self._shown.page

    def pages(self) -> tuple[Page, ...]:
        return self._shown.recent

    def wait_change(self, revision: int, timeout_s: float) -> Page | None:
        return self._shown.wait_change(revision, timeout_s)
