"""What can be wrong with a viewer's wish to watch. `reason` is one sentence for a person."""

from __future__ import annotations

from typing import Literal

from pipelines.saying import said


class BroadcastError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadOffer(BroadcastError):
    """The session description cannot be answered.

    kind: "too_large", "malformed" (not an offer that can be read) or "unsupported" (an offer for
    something else than watching H.264 and Opus). Over HTTP: 413, 400, 406.
    """

    def __init__(self, kind: Literal["too_large", "malformed", "unsupported"], reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class TooManyViewers(BroadcastError):
    """All places are taken. Over HTTP: 503 with Retry-After."""

    def __init__(self, max_viewers: int, retry_after_s: int) -> None:
        super().__init__(
            said(
                "viewers_full",
                "all {max_viewers} viewers' places are taken; try again later",
                max_viewers=max_viewers,
            )
        )
        self.retry_after_s = retry_after_s


class AnswerTimedOut(BroadcastError):
    """This machine's own addresses could not be gathered in time. Over HTTP: 503 with Retry-After."""
