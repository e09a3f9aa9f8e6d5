"""How often the network is asked, and how much it is shown, so that what it costs does not keep frames from
being shown.
"""

from __future__ import annotations

from pipelines.media import PTS_HZ

MOST_MATTES = 6  # from one answer
MOST_S = 0.2  # from one question to the next: alpha gets old by that and by the time the answer takes
SHORT = 1.2  # longer than its own processor time by this, and a matte or answer has waited for a processor
LOST_SHARE = 0.1  # of the frames without a matte: above it the network is asked more seldom
THRIFTY_AFTER = 5  # more questions with too few processors than with enough: from then on it is shown less
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
        self._balance, self._patience = 0, PATIENCE
        self._made = self._without = 0
        self._asked_pts = 0
        self._dropped_before = self._dropped = 0
        self._wall_s = self._cpu_s = 0.0

    def is_due(self, pts: int) -> bool:
        """Is it time to ask about the frame of this pts?"""
        return self._made >= self.mattes or not 0 <= pts - self._asked_pts < MOST_S * PTS_HZ

    def note(self, wall_s: float, cpu_s: float, dropped: int, has_matte: bool = True) -> None:
        """One frame: its time, its thread's processor time. dropped: frames left out so far.

        has_matte: the newest answer was not too old for one.
        """
        self._made += 1
        self._without += not has_matte
        self._wall_s += wall_s
        self._cpu_s += cpu_s
        self._dropped = dropped

    def asked(self, pts: int, wall_s: float = 0.0, cpu_s: float = 0.0) -> None:
        """The network is asked about this frame: judges the time since it was asked before.

        wall_s, cpu_s: the newest answer's time, if it was found by a processor.
        """
        lost = self._dropped - self._dropped_before
        if self._made:
            has_waited = self._wall_s + wall_s > SHORT * (self._cpu_s + cpu_s)
            is_short = has_waited and lost + self._without > LOST_SHARE * (self._made + lost)
            self.mattes = min(self.mattes + 1, MOST_MATTES) if is_short else max(self.mattes - 1, 1)
            self._economise(is_short)
        self._made, self._asked_pts, self._dropped_before = 0, pts, self._dropped
        self._wall_s = self._cpu_s = 0.0
        self._without = 0

    def _economise(self, is_short: bool) -> None:
        if is_short != self.is_thrifty:
            self._balance += 1
        else:  # one good moment among bad ones says little, one bad one among good ones says all
            self._balance = 0 if self.is_thrifty else max(self._balance - 1, 0)
        if self._balance < (self._patience if self.is_thrifty else THRIFTY_AFTER):
            return
        if self.is_thrifty:
            self._patience = min(4 * self._patience, MOST_PATIENCE)
        self.is_thrifty, self._balance = not self.is_thrifty, 0
