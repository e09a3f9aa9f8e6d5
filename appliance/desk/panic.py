"""Panic: is the curtain down? Kept over restarts: a box that comes back must not put a classroom on air."""

from __future__ import annotations

import logging
import time
from pathlib import Path

log = logging.getLogger("classroom.desk")

FILE_NAME = "panic"


class Panic:
    """A file that is there or not. since_s: seconds since 1970; of no meaning while it is off."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        try:
            self.since_s = self._path.stat().st_mtime
        except FileNotFoundError:
            self.since_s = 0.0
        self.is_on = self._path.exists()

    def set(self, is_on: bool) -> None:
        self.is_on = is_on
        self.since_s = time.time()
        try:
            if is_on:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._path.touch(0o600)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:  # it must work on a full disk as well
            log.warning("%s cannot be written (%s): after a restart panic is off", self._path, error)
