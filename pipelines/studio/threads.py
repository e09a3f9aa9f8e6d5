"""The studio's threads: each stage is one function that runs until told to stop, or fails for all."""

from __future__ import annotations

import logging
import os
import threading
import traceback
from collections.abc import Callable

log = logging.getLogger("classroom.studio")

JOIN_S = 2.0


class Threads:
    """Starts the stages and ends them together. The first stage that raises ends the studio.

    A stage that raises has a bug, or met something no stage foresaw: there is nothing sensible to
    continue with, so the reason is kept and `wait` returns.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.failure: str | None = None
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[[], None], rank: int = 0) -> None:
        """Runs `work` in a thread. rank: 0 first, 19 last, where processors are short (nice values)."""

        def run() -> None:
            try:
                if rank:
                    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), rank)
                work()
            except Exception as error:
                self._fail(name, error)

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _fail(self, name: str, error: Exception) -> None:
        with self._lock:
            if self.failure is None and not self.stop.is_set():
                last = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119
                self.failure = f"{name} stopped with {type(error).__name__}: {error} ({where})"
                log.error("the %s thread failed", name, exc_info=error)
        self.stop.set()

    def wait(self) -> str | None:
        """Waits until somebody stops the studio. Returns why, if a stage failed."""
        self.stop.wait()
        return self.failure

    def join(self) -> list[str]:
        """Waits for the threads to end; names those that did not within JOIN_S: the process ends them."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(JOIN_S)
        return [thread.name for thread in self._threads if thread.is_alive()]
