"""The session's clock, pacing, and the marks that say how long each stage takes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from pipelines.media import PTS_HZ, SOUND_HZ

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class SessionClock:
    """Turns monotonic time into pts. One zero for pictures and sound, kept over a studio's restart.

    The monotonic clock is one for all processes of the machine, so the daemon hands zero_ns down.
    """

    zero_ns: int

    @classmethod
    def start(cls) -> SessionClock:
        return cls(time.monotonic_ns())

    def pts(self, at_ns: int, rate_hz: int = PTS_HZ) -> int:
        """pts of an instant, never negative."""
        return max(0, (at_ns - self.zero_ns) * rate_hz // NS_PER_S)

    def sound_pts(self, at_ns: int) -> int:
        return self.pts(at_ns, SOUND_HZ)

    def at_ns(self, pts: int, rate_hz: int = PTS_HZ) -> int:
        """The instant of a pts."""
        return self.zero_ns + pts * NS_PER_S // rate_hz


class Pacer:
    """Sleeps to a steady rate. Late ticks are not caught up: they are counted and left out."""

    HURRY = 4  # the last 1/HURRY of a pause may be cut short

    def __init__(self, rate_hz: float, start_ns: int | None = None) -> None:
        self._period_ns = round(NS_PER_S / rate_hz)
        self._next_ns = time.monotonic_ns() if start_ns is None else start_ns
        self.late = 0

    def wait(self, stop: threading.Event | None = None, hurry: Callable[[float], bool] | None = None) -> int:
        """Waits for the next tick and returns its nominal instant, ns. Returns at once when `stop` is set.

        hurry(timeout_s) sleeps in the last quarter of the pause; True ends it there, and the ticks after
        it are counted from that instant: so the beat follows whatever wakes it, if that comes in time.
        """
        now_ns = time.monotonic_ns()
        missed = (now_ns - self._next_ns) // self._period_ns
        if missed > 0:
            self.late += missed
            self._next_ns += missed * self._period_ns
        rest_ns = self._period_ns // self.HURRY if hurry is not None else 0
        self._sleep((self._next_ns - rest_ns - now_ns) / NS_PER_S, stop)
        tick_ns = self._next_ns
        if hurry is not None and hurry(max(0.0, (tick_ns - time.monotonic_ns()) / NS_PER_S)):
            tick_ns = min(tick_ns, time.monotonic_ns())
        self._next_ns = tick_ns + self._period_ns
        return tick_ns

    @staticmethod
    def _sleep(pause_s: float, stop: threading.Event | None) -> None:
        if pause_s > 0:
            if stop is None:
                time.sleep(pause_s)
            else:
                stop.wait(pause_s)


class Marks:
    """Durations by name, over a sliding window; safe between threads."""

    def __init__(self, window: int = 500) -> None:
        self._window = window
        self._ms: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def add(self, name: str, ms: float) -> None:
        with self._lock:
            self._ms.setdefault(name, deque(maxlen=self._window)).append(ms)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Times a block. A block left by an exception is not counted."""
        start_ns = time.perf_counter_ns()
        yield
        self.add(name, (time.perf_counter_ns() - start_ns) / NS_PER_MS)

    def percentiles(self) -> dict[str, dict[str, float]]:
        """{name: {"p50", "p95", "p99", "n"}} in ms."""
        with self._lock:
            copies = {name: list(values) for name, values in self._ms.items()}
        result: dict[str, dict[str, float]] = {}
        for name, values in copies.items():
            p50, p95, p99 = np.percentile(values, (50, 95, 99))
            result[name] = {"p50": float(p50), "p95": float(p95), "p99": float(p99), "n": float(len(values))}
        return result


class Rate:
    """Events per second over the last few seconds; safe between threads."""

    def __init__(self, window_s: float = 5.0) -> None:
        self._window_ns = round(window_s * NS_PER_S)
        self._at_ns: deque[int] = deque()
        self._lock = threading.Lock()
        self.total = 0

    def tick(self, now_ns: int | None = None) -> None:
        now_ns = time.monotonic_ns() if now_ns is None else now_ns
        with self._lock:
            self.total += 1
            self._at_ns.append(now_ns)
            self._forget(now_ns)

    def hz(self, now_ns: int | None = None) -> float:
        now_ns = time.monotonic_ns() if now_ns is None else now_ns
        with self._lock:
            self._forget(now_ns)
            if len(self._at_ns) < 2:
                return 0.0
            span_ns = max(now_ns - self._at_ns[0], 1)
            return (len(self._at_ns) - 1) * NS_PER_S / span_ns

    def _forget(self, now_ns: int) -> None:
        while self._at_ns and now_ns - self._at_ns[0] > self._window_ns:
            self._at_ns.popleft()
