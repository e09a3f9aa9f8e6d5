"""Why a destination does not get the programme. `reason` is for a person: no address, no secret."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "token",  # it cannot be read
    "unreachable",  # no answer over HTTP
    "unauthorized",
    "not_found",
    "busy",  # 429, 503
    "redirects",
    "refused",  # any other answer that is no success
    "bad_answer",  # a success that says nothing usable
    "no_connection",  # answered, but no media path came up
    "lost",  # it was live
    "box",  # nothing of the server's: this box is out of files, processes or memory, or has a fault
]


class PublishError(Exception):
    """retry_after_s: what the server asked to wait, if it did."""

    def __init__(self, code: Code, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.retry_after_s = retry_after_s
