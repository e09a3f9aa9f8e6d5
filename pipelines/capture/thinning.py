"""Leaves out pictures that come much faster than asked."""

from __future__ import annotations

from pipelines.timing import NS_PER_S


class Thinning:
    """Passes 50 or 60 pictures a second as 25 or 30 when 25 are asked, and 30 as they are.

    A picture is left out if it comes earlier than 0.6 periods of the asked rate after the last one passed;
    leaving out single pictures of a source that is only a little too fast would make movement stutter.
    """

    def __init__(self, rate_hz: float) -> None:
        self._least_ns = round(0.6 * NS_PER_S / rate_hz)
        self._last_ns: int | None = None

    def passes(self, at_ns: int) -> bool:
        """True if the picture of this instant is wanted."""
        if self._last_ns is not None and 0 <= at_ns - self._last_ns < self._least_ns:
            return False
        self._last_ns = at_ns
        return True
