"""What the assistant should know: the last things that happened, numbered."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.wording import in_language

KEPT = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the assistant should know. at_s: seconds since 1970."""

    number: int
    at_s: float
    text: str

    @property
    def text_zh(self) -> str:
        return in_language(self.text, "zh")


class Notices:
    """The newest KEPT of them, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Notice] = deque(maxlen=KEPT)
        self._count = 0

    def __iter__(self) -> Iterator[Notice]:
        return iter(self._kept)

    def add(self, text: str) -> None:
        self._count += 1
        self._kept.append(Notice(self._count, time.time(), text))
