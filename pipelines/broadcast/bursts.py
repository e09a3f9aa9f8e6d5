"""BurstPace: how fast the packets of a key frame may follow each other to one viewer. No clocks, no sockets.

A page turn is two hundred packets. On a wire of the house they may leave in 20 ms; a router before a slow
line holds a quarter of a second of it and drops the rest, and what is sent again meets the same full queue.
How slow the line is shows only when a burst was lost, and then the viewer's estimate (REMB) is believed too.
"""

from __future__ import annotations

# 48 Mbit/s: a key frame of 160 kB takes about 20 ms.
FASTEST_BYTES_PER_S = 6_000_000
SLOWEST_BYTES_PER_S = 60_000
# Fewer are lost on any radio link; so many at once fell out of a full queue.
FULL_QUEUE_SHARE = 0.06
FULL_QUEUE_PACKETS = 6
CLEAN_SHARE = 0.01
SLOWER, FASTER = 0.35, 1.25
# A layer must not wait for its own pace.
TIMES_LAYER = 1.5
# The low layer's pictures follow each other a little faster than they come.
TIMES_LOW = 1.2
# What is asked for again belongs to one burst for so long.
BURST_S = 0.4
# Fewer packets prove nothing about how many pass at once.
BURST_PACKETS = 60


def low_pace(low_bps: float) -> float:
    """Bytes/s for a low layer of so many bit/s."""
    return low_bps / 8 * TIMES_LOW


class BurstPace:
    """One viewer's. `bytes_per_s` is right from now on."""

    def __init__(self) -> None:
        self.bytes_per_s = float(FASTEST_BYTES_PER_S)
        self._from = (0, 0)  # packets sent and asked for again when the look began
        self._slowed_s = float("-inf")

    def lost(self, sent: int, again: int, estimate_bps: float | None, now_s: float) -> None:
        """The viewer has just asked for packets. sent, again: so far in all. estimate_bps: REMB, if any."""
        fresh, missing = sent - self._from[0], again - self._from[1]
        if missing < max(FULL_QUEUE_PACKETS, FULL_QUEUE_SHARE * fresh) or now_s - self._slowed_s < BURST_S:
            return
        # A wish for the whole burst's packets comes in pieces: the first of them slows, once.
        floor = max(SLOWEST_BYTES_PER_S, (estimate_bps or 0.0) / 8)
        self.bytes_per_s = min(self.bytes_per_s, max(self.bytes_per_s * SLOWER, floor))
        self._slowed_s = now_s
        self._from = (sent, again)

    def begin_below(self, layer_bps: float) -> None:
        """A layer of that ceiling begins, for want of bandwidth for a better one."""
        needed = max(SLOWEST_BYTES_PER_S, layer_bps / 8 * TIMES_LAYER)
        self.bytes_per_s = min(self.bytes_per_s, needed)

    def look(self, sent: int, again: int, now_s: float) -> None:
        """About once a second: a burst that arrived allows the next one to be faster."""
        fresh, missing = sent - self._from[0], again - self._from[1]
        if now_s - self._slowed_s > 1.0 and fresh >= BURST_PACKETS and missing <= CLEAN_SHARE * fresh:
            self.bytes_per_s = min(self.bytes_per_s * FASTER, FASTEST_BYTES_PER_S)
        self._from = (sent, again)
