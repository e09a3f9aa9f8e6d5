"""Why viewers have a slate before them instead of the lesson, and since when."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

HoldKind = Literal["paused", "slate", "starting", "restarting"]


@dataclass(frozen=True, slots=True)
class Hold:
    """kind: paused by panic, a slate that the assistant shows, a studio that starts or comes back.

    since_s: seconds since 1970. text: the assistant's, on their slate.
    """

    kind: HoldKind
    since_s: float
    text: str = ""


class Holding:
    """Remembers since when. For one thread."""

    def __init__(self) -> None:
        self._hold: Hold | None = None

    def see(self, kind: HoldKind | None, text: str = "", since_s: float | None = None) -> Hold | None:
        """What holds now, None while the lesson is shown. since_s: where that is known better."""
        before = self._hold
        if kind is None:
            self._hold = None
        elif before is None or before.kind != kind:
            self._hold = Hold(kind, time.time() if since_s is None else since_s, text)
        else:
            self._hold = Hold(kind, before.since_s, text)
        return self._hold
