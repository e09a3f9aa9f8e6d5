"""How often the network is asked, and how much it is shown, so that what it costs does not keep frames from
being shown.
"""

from __future__ import annotations

from pipelines.media import PTS_HZ

MOST_MATTES = 6  # from one answer
MOST_S = 0.2  # from one question to the next: alpha gets old by that and by the time the answer takes
SHORT = 1.2  # longer than its own processor time by this, and a matte has waited for a processor
DROPPED_SHARE = 0.1  # of the frames: above it the network is asked more seldom
THRIFTY_AFTER = 5  # questions in a row with too few processors: from then on it is shown less
PATIENCE, MOST_PATIENCE = 50, 3200  # questions in a row without, before it is shown all again


class Pace:
    """mattes: how many are made of one answer before the network is asked again. is_thrifty: it is better
    shown less. For one thread.

    More of them while frames are dropped because the processors are short; fewer as soon as they are not.
    Where mattes are slow by themselves, on a machine with processors to spare, asking seldom helps nobody.
    A machine that stays short is thrifty: its alpha is coarser, but not as old, and old alpha costs more to
    correct. The patience to try without grows with each time that it did not last.
    """

    def __init__(self) -> None:
        self.mattes, self.is_thrifty = 1, False
        self._in_a_row, self._patience = 0, PATIENCE
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
            self._economise(is_short)
        self._made, self._asked_pts, self._dropped_before = 0, pts, self._dropped
        self._wall_s = self._cpu_s = 0.0

    def _economise(self, is_short: bool) -> None:
        self._in_a_row = self._in_a_row + 1 if is_short != self.is_thrifty else 0
        if self._in_a_row < (self._patience if self.is_thrifty else THRIFTY_AFTER):
            return
        if self.is_thrifty:
            self._patience = min(4 * self._patience, MOST_PATIENCE)
        self.is_thrifty, self._in_a_row = not self.is_thrifty, 0
