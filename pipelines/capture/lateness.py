"""When a network picture was taken, and whether we have fallen behind the camera."""

from __future__ import annotations

from pipelines.timing import NS_PER_MS, NS_PER_S

# How fast the estimate follows a camera whose clock is slower than ours: far above any quartz (50 ppm).
_DRIFT = 0.0005
_BEHIND_NS = 400 * NS_PER_MS
_EMPTY_NS = 5 * NS_PER_MS
_CLOCK_JUMP_NS = 10 * NS_PER_S


class Lateness:
    """Ties the camera's time stamps to our clock by the quickest arrivals.

    A packet's delay is its arrival minus its time stamp, less the smallest such difference seen: 0 for a
    packet that came as quickly as any, and growing while packets pile up in the network or before us.
    """

    def __init__(self) -> None:
        self._quickest_ns: float | None = None
        self._last_ns = 0

    def captured_ns(self, stamp_ns: int, arrived_ns: int) -> int:
        """The instant of a time stamp, ns, freed from the jitter of arrival; never after arrived_ns."""
        return arrived_ns - self._delay_ns(stamp_ns, arrived_ns)

    def is_behind(self, stamp_ns: int, arrived_ns: int, waited_ns: int) -> bool:
        """True if this packet is so old, with others waiting behind it, that a key frame should be next.

        waited_ns: how long we waited for it. Whoever had to wait has emptied the pile: then the way has
        become longer, and skipping would gain nothing.
        """
        if self._delay_ns(stamp_ns, arrived_ns) <= _BEHIND_NS:
            return False
        if waited_ns > _EMPTY_NS:
            self._quickest_ns = float(arrived_ns - stamp_ns)
            return False
        return True

    def _delay_ns(self, stamp_ns: int, arrived_ns: int) -> int:
        difference_ns = float(arrived_ns - stamp_ns)
        if self._quickest_ns is None or abs(difference_ns - self._quickest_ns) > _CLOCK_JUMP_NS:
            self._quickest_ns = difference_ns  # the first, or the camera's clock was set
        else:
            risen_ns = self._quickest_ns + _DRIFT * max(0, arrived_ns - self._last_ns)
            self._quickest_ns = min(difference_ns, risen_ns)
        self._last_ns = arrived_ns
        return round(difference_ns - self._quickest_ns)
