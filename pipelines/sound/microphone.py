"""A live device: read in a thread, put onto the session's clock, opened again when it was lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from pipelines.media import I16, SOUND_HZ, SourceLost, SourceState
from pipelines.saying import said
from pipelines.sound.aligned import Aligner
from pipelines.timing import NS_PER_MS, NS_PER_S, SessionClock

_STALL_NS = NS_PER_S  # a device that is silent for so long is lost, whatever it says
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0)
_JOIN_S = 2.0


class SampleReader(Protocol):
    """An opened device."""

    def read(self) -> tuple[I16, int]:
        """The next samples, i16 (n, 2) at 48 kHz, and about when the first was spoken (monotonic ns).

        Waits for them. Raises SourceLost.
        """

    def close(self) -> None: ...


class MicrophoneFeed:
    """Satisfies Feed."""

    lag_ns = 60 * NS_PER_MS  # two periods of a slow card, and a late thread

    def __init__(self, open_reader: Callable[[], SampleReader], clock: SessionClock, name: str) -> None:
        """open_reader raises SourceLost when the device cannot be opened now."""
        self._open_reader = open_reader
        self._clock = clock
        self._name = name
        self._lock = threading.Lock()
        self._aligner = Aligner()
        self._state, self._reason = "starting", ""
        self._heard_ns = time.monotonic_ns()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    @property
    def state(self) -> SourceState:
        with self._lock:
            state, reason = self._state, self._reason
            if state == "live" and time.monotonic_ns() - self._heard_ns > _STALL_NS:
                state, reason = (
                    "lost",
                    said(
                        "microphone_silent",
                        "{name} delivers no sound. Pull its plug and put it in again.",
                        name=self._name,
                    ),
                )
            detail: dict[str, str | int | float | bool | None] = {
                "source": self._name,
                "drift_ppm": round(self._aligner.drift_ppm, 1),
                "error_ms": round(self._aligner.error_ms, 2),
                "jumps": self._aligner.jumps,
            }
        return SourceState("sound", state, reason, detail)

    def take(self, pts: int) -> I16 | None:
        with self._lock:
            return self._aligner.take(self._clock.at_ns(pts, SOUND_HZ)) if self._state == "live" else None

    def close(self) -> None:
        """Waits for the thread; one that hangs in a dead driver is left to it, and holds nothing of ours."""
        self._stop.set()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                reader = self._open_reader()
                try:
                    self._listen(reader)
                finally:
                    reader.close()
            except SourceLost as lost:
                with self._lock:
                    failures = 0 if self._state == "live" else failures
                    self._state, self._reason = "lost", lost.reason
                self._stop.wait(_BACK_OFF_S[min(failures, len(_BACK_OFF_S) - 1)])
                failures += 1

    def _listen(self, reader: SampleReader) -> None:
        fresh = True
        while not self._stop.is_set():
            pcm, first_ns = reader.read()
            with self._lock:
                if fresh:  # another opening has another time line
                    self._aligner = Aligner()
                    self._state, self._reason, fresh = "live", "", False
                self._heard_ns = time.monotonic_ns()
                self._aligner.put(pcm, first_ns)
