"""How often the network is asked, so that what it costs does not keep frames from being shown."""

from __future__ import annotations

from pipelines.media import PTS_HZ

MOST_MATTES = 6  # from one answer
MOST_S = 0.2  # from one question to the next: alpha gets old by that and by the time the answer takes
SHORT = 1.2  # longer than its own processor time by this, and a matte has waited for a processor
DROPPED_SHARE = 0.1  # of the frames: above it the network is asked more seldom


class Pace:
    """mattes: how many are made of one answer before the network is asked again. For one thread.

    More of them while frames are dropped because the processors are short; fewer as soon as they are not.
    Where mattes are slow by themselves, on a machine with processors to spare, asking seldom helps nobody.
    """

    def __init__(self) -> None:
        self.mattes = 1
        self._made = 0
        self._asked_pts = 0
        self._dropped_before = self._dropped = 0
        self._wall_s = self._cpu_s = 0.0

    def is_due(self, pts: int) -> bool:
        """Is it time to ask about the frame of this pts?"""
        return self._made >= self.mattes or not 0 <= pts - self._asked_pts < MOST_S * PTS_HZ

    def note(self, wall_s: float, cpu_s: float, dropped: int) -> None:
        """One matte: its time, its thread's processor time. dropped: frames without a matte, so far."""
        self._made += 1
        self._wall_s += wall_s
        self._cpu_s += cpu_s
        self._dropped = dropped

    def asked(self, pts: int) -> None:
        """The network is asked about this frame: judges the time since it was asked before."""
        lost = self._dropped - self._dropped_before
        if self._made:
            is_short = self._wall_s > SHORT * self._cpu_s and lost > DROPPED_SHARE * (self._made + lost)
            self.mattes = min(self.mattes + 1, MOST_MATTES) if is_short else max(self.mattes - 1, 1)
        self._made, self._asked_pts, self._dropped_before = 0, pts, self._dropped
        self._wall_s = self._cpu_s = 0.0
