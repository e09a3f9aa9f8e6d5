"""What every camera is to the studio, and how a lost one comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from pipelines.capture.backoff import Backoff
from pipelines.media import Frame, SourceLost, SourceState
from pipelines.saying import said

Detail = dict[str, str | int | float | bool | None]


class Camera(Protocol):
    """A source of frames. One thread reads; any thread may look at the state or close."""

    @property
    def state(self) -> SourceState:
        """Health: "starting", "live", "lost" with a reason, or "ended". A copy nobody changes."""
        ...

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None after timeout_s.

        Raises SourceLost: with retry=True keep calling, it comes back by itself (until the next try
        read waits and returns None); with retry=False give up.
        """
        ...

    def close(self) -> None:
        """Lets go of device, file, connection and threads, within about a second. May be called twice."""
        ...


class Ended(Exception):
    """The stream came to its proper end."""


class BlockedLogin(SourceLost):
    """The camera refuses user or password. Cameras lock out who knocks too often, so knock slowly."""


BLOCKED_LOGIN_PAUSE_S = 60.0
DETAIL_PERIOD_S = 0.5  # counts on the status page need not be newer


class Stream(Protocol):
    """One opened connection to a camera. After a SourceLost it is closed, and another one opened."""

    @property
    def detail(self) -> Detail:
        """What it delivers, for the status page."""
        ...

    def next(self, timeout_s: float, stop: threading.Event) -> Frame | None:
        """The next frame, or None after timeout_s or when stop is set. Raises SourceLost, Ended."""
        ...

    def close(self) -> None: ...


class RetryingCamera:
    """A Camera out of a function that opens a Stream: opened at the first read, and again when lost."""

    def __init__(self, label: str, open_stream: Callable[[], Stream], backoff: Backoff | None = None) -> None:
        self._open_stream = open_stream
        self._backoff = backoff or Backoff()
        self._stream: Stream | None = None
        self._final: SourceLost | None = None
        self._source = label
        self._lost_count = 0
        self._shown_s = 0.0
        self._state = SourceState("camera", detail={"source": label})
        self._stop = threading.Event()
        self._reading = threading.Lock()

    @property
    def state(self) -> SourceState:
        return self._state

    def read(self, timeout_s: float) -> Frame | None:
        with self._reading:
            if self._stop.is_set():
                raise SourceLost(
                    "camera",
                    said("camera_closed", "{source} has been closed", source=self._source),
                    retry=False,
                )
            if self._final is not None:
                raise self._final
            try:
                return self._read(timeout_s)
            except Ended:
                raise self._finish(
                    "ended", said("camera_ended", "{source} has come to its end", source=self._source)
                ) from None
            except SourceLost as lost:
                if not lost.retry:
                    raise self._finish("lost", lost.reason) from None
                self._lose(lost)
                raise

    def close(self) -> None:
        self._stop.set()
        # The reader leaves its waits when stop is set, so this is short.
        with self._reading:
            self._let_go()

    def _read(self, timeout_s: float) -> Frame | None:
        if self._stream is None:
            if not self._backoff.wait(timeout_s, self._stop):
                return None
            self._stream = self._open_stream()
        frame = self._stream.next(timeout_s, self._stop)
        if frame is not None:
            self._backoff.succeeded()
            if self._state.state != "live" or time.monotonic() - self._shown_s > DETAIL_PERIOD_S:
                self._show("live", "")
        return frame

    def _lose(self, lost: SourceLost) -> None:
        self._let_go()
        self._lost_count += 1
        self._backoff.failed(BLOCKED_LOGIN_PAUSE_S if isinstance(lost, BlockedLogin) else 0.0)
        self._show("lost", lost.reason)

    def _finish(self, state: str, reason: str) -> SourceLost:
        self._let_go()
        self._show(state, reason)
        self._final = SourceLost("camera", reason, retry=False)
        return self._final

    def _let_go(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _show(self, state: str, reason: str) -> None:
        detail: Detail = {"source": self._source, "lost_count": self._lost_count}
        if self._stream is not None:
            detail |= self._stream.detail
        self._shown_s = time.monotonic()
        self._state = SourceState("camera", state, reason, detail)
