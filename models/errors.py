"""What goes wrong with networks."""

from __future__ import annotations


class ModelError(Exception):
    """A network cannot be used. `reason` is for a person: what is wrong, with which file, how to mend it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
