"""The delay, kept right while teaching: every page turn that the camera sees is a measurement of it.

A picture with some of both pages tells the delay within a millisecond or two; one before and one after a turn
bound it by a period of the camera. Turns forget with time, so that another delay (a display's game mode, a
new cable) is found after a few of them, and a single wrong one moves little.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from pipelines.calibration.delay import MOST_MS, SHARE_SPREAD, STEP_MS, logs_of, mean_of
from pipelines.media import F64, Delay
from pipelines.plate.plate import Turn
from pipelines.timing import NS_PER_S

_LEAST_MS = -150.0  # a capture card's picture may come after the LCD's
_COARSE_MS = 2.0
_AROUND_MS = 30.0
_UNSURE = 0.2  # a share that is less sure says nothing
_CLOCK_MS = 2.0  # by which stamps of pictures and pages are off, at least
_EVENT_NS = 1 * NS_PER_S  # turns within it, as a film has them, are one measurement
_EVENT_SAY = 4.0  # pictures that an event counts for, at most
_FADES = 0.8  # of its weight is left to a measurement when another one comes
_EVENTS = 20
_PRIOR_LIMIT = 4.0  # deviations: a calibration may be of another day's display
_OLD, _NEW = 0.1, 0.9
_CHUNK = 32


class RunningDelay:
    """One thread calls `note`, one `look`; any thread may read `delay`, which is replaced whole.

    delay: None until it is known. turns: how many measurements it rests on, besides the calibration's.
    """

    def __init__(self, known: Delay | None) -> None:
        self.delay = known
        self.turns = 0
        self._known = known
        self._noted: deque[Turn] = deque(maxlen=200)
        self._events: deque[list[Turn]] = deque(maxlen=_EVENTS)

    def note(self, turn: Turn) -> None:
        if turn.sigma < _UNSURE and _LEAST_MS < turn.age_ms < MOST_MS:
            self._noted.append(turn)

    def look(self) -> None:
        """Works on what was noted since. Some milliseconds, when there was something."""
        if not self._noted:
            return
        while self._noted:
            self._sort_in(self._noted.popleft())
        found = self._found()
        if found is not None:
            self.delay = found

    def _sort_in(self, turn: Turn) -> None:
        if not self._events or not 0 <= turn.taken_ns - self._events[-1][0].taken_ns < _EVENT_NS:
            self._events.append([])
            self.turns += 1
        self._events[-1].append(turn)

    def _found(self) -> Delay | None:
        turns = [turn for event in self._events for turn in event]
        ages, shares, sigmas = (
            np.array([getattr(turn, name) for turn in turns]) for name in ("age_ms", "share", "sigma")
        )
        if (self._known is None and not (shares > _OLD).any()) or not (shares < _NEW).any():
            return None
        rise_ms = 20.0 if self.delay is None else max(self.delay.rise_ms, 4.0)
        spreads = np.sqrt(SHARE_SPREAD**2 + sigmas**2 + (_CLOCK_MS / rise_ms) ** 2)
        weights = np.concatenate([self._weights(back, event) for back, event in enumerate(self._events)])
        coarse = np.arange(_LEAST_MS, MOST_MS, _COARSE_MS)
        best = coarse[int(self._logs(coarse, ages, shares, spreads, weights).max(axis=1).argmax())]
        fine = np.arange(best - _AROUND_MS, best + _AROUND_MS, STEP_MS)
        return mean_of(fine, self._logs(fine, ages, shares, spreads, weights))

    def _weights(self, number: int, event: list[Turn]) -> F64:
        faded = _FADES ** (len(self._events) - 1 - number)
        return np.full(len(event), faded * min(1.0, _EVENT_SAY / len(event)))

    def _logs(self, delays_ms: F64, ages: F64, shares: F64, spreads: F64, weights: F64) -> F64:
        logs = np.concatenate(
            [
                logs_of(delays_ms[start : start + _CHUNK], ages, shares, spreads, weights)
                for start in range(0, len(delays_ms), _CHUNK)
            ]
        )
        if self._known is None:
            return logs
        off = np.abs(delays_ms - self._known.ms) / np.hypot(self._known.sigma_ms, _CLOCK_MS)
        prior = -0.5 * np.minimum(off, _PRIOR_LIMIT) ** 2 * _FADES ** len(self._events)
        return np.asarray(logs + prior[:, None])
