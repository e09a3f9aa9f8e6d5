"""Intake: from the event loop to the writing thread. A slow disk costs pictures, never the lesson."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from pipelines.channels import Backlog
from pipelines.media import Packet

# About 20 s at 4 Mbit/s, sound included.
MAX_PACKETS = 2000
MAX_BYTES = 16_000_000
MAX_PAGES = 256


@dataclass(frozen=True, slots=True)
class PageShown:
    """A page of the courseware came on. page: from 0. pts: of the newest picture then."""

    page: int
    courseware: str
    pts: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What the writer gets. is_last: nothing comes after."""

    packets: list[Packet]
    pages: list[PageShown]
    is_last: bool


class Intake:
    """`put`, `mark` and `close` never block; `take` waits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._packets: Backlog[Packet] = Backlog(MAX_PACKETS, MAX_BYTES)
        self._pages: deque[PageShown] = deque(maxlen=MAX_PAGES)
        self._is_closed = False

    @property
    def dropped(self) -> int:
        """Packets left out because the disk was too slow."""
        return self._packets.dropped

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    @property
    def wants_key(self) -> bool:
        return self._packets.wants_key

    def put(self, packet: Packet) -> None:
        with self._changed:
            self._packets.put(packet)
            self._changed.notify()

    def mark(self, page: PageShown) -> None:
        with self._changed:
            self._pages.append(page)
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def take(self, timeout_s: float) -> Taken:
        with self._changed:
            if not len(self._packets) and not self._pages and not self._is_closed:
                self._changed.wait(timeout_s)
            packets = []
            while (packet := self._packets.pop()) is not None:
                packets.append(packet)
            pages = list(self._pages)
            self._pages.clear()
            return Taken(packets, pages, self._is_closed)
