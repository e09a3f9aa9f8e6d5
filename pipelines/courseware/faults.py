"""The two ways a courseware fails: as a whole (`SourceLost`), or on one page (`BadPage`)."""

from __future__ import annotations

from pipelines.media import SourceLost


class BadPage(Exception):
    """One page cannot be drawn; the lesson goes on. `reason` is one sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refused(reason: str) -> SourceLost:
    """A courseware that trying again would not mend. reason: what, where, how to mend it."""
    return SourceLost("courseware", reason, retry=False)
