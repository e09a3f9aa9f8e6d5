"""How often, and how soon, a studio that died is started again."""

from __future__ import annotations

from collections import deque

from pipelines.saying import said

FORGOTTEN = said(
    "courseware_forgotten",
    "The studio kept dying: the courseware of the settings is opened instead of the last one.",
)
MOST = 5
WINDOW_S = 60.0
FIRST_PAUSE_S = 0.25


class Restarts:
    """Counts deaths. The pause doubles with every death inside the window; after MOST it is enough."""

    def __init__(self) -> None:
        self._deaths_s: deque[float] = deque()
        self.total = 0

    def died(self, now_s: float) -> float | None:
        """Seconds to wait before the next start; None when it is enough."""
        self.total += 1
        self._deaths_s.append(now_s)
        while now_s - self._deaths_s[0] > WINDOW_S:
            self._deaths_s.popleft()
        if len(self._deaths_s) > MOST:
            return None
        return FIRST_PAUSE_S * 2.0 ** (len(self._deaths_s) - 1)

    @property
    def are_in_vain(self) -> bool:
        """More than half of the deaths allowed: starting it the same way does not help."""
        return len(self._deaths_s) > MOST // 2

    @property
    def recent(self) -> int:
        """Deaths inside the window, as of the last one."""
        return len(self._deaths_s)
