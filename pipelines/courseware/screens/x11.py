"""A screen of this machine, through X11's shared memory: `x11::0`, `x11::0.1`."""

from __future__ import annotations

import re
import select
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np

from pipelines.courseware.faults import refused
from pipelines.courseware.screens.live import Live
from pipelines.media import U8, SizeWh, SourceLost
from pipelines.saying import said

X11: Final = "x11:"
_DISPLAY: Final = re.compile(r":\d{1,3}(\.\d{1,2})?")
_WORKER: Final = Path(__file__).with_name("x11_worker.py")
_OPEN_S: Final = 10.0
_RATE_HZ: Final = 15  # slides and pointers; a film belongs into the courseware itself


def open_x11(address: str, size_wh: SizeWh) -> Live:
    """address: "x11::0". Raises SourceLost (retry False)."""
    display = address.removeprefix(X11)
    if not _DISPLAY.fullmatch(display):
        raise refused(
            said(
                "x11_name",
                "{address} names no screen. Write x11::0 for the first screen of this machine.",
                address=address,
            )
        )
    return Live(f"screen {display}", "x11", _Grabber(display), size_wh)


class _Grabber:
    """Satisfies Pictures. The grabbing itself is done by a process of its own, see x11_worker.py."""

    def __init__(self, display: str) -> None:
        """Raises SourceLost."""
        self._display = display
        # -I: neither the surroundings nor the current folder decide what it imports.
        self._worker = subprocess.Popen(
            [sys.executable, "-I", str(_WORKER), display, str(_RATE_HZ)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # or a picture could wait in a buffer that select knows nothing of
        )
        assert self._worker.stdout is not None
        self._stream = self._worker.stdout
        self._first: U8 | None = None
        if self._has_more(_OPEN_S):
            self._first = self._next()
        if self._first is None:
            self.close()
            raise refused(
                said(
                    "x11_closed",
                    "The screen {display} cannot be opened. Is a desktop running there, and may "
                    "the box's user see it? In a terminal of that desktop: xhost "
                    "+si:localuser:classroom.",
                    display=self._display,
                )
            )

    def read(self, timeout_s: float) -> U8 | None:
        first, self._first = self._first, None
        if first is not None:
            return first
        if not self._has_more(timeout_s):
            return None
        picture = self._next()
        if picture is None:
            raise SourceLost(
                "courseware",
                said(
                    "x11_gone",
                    "The screen {display} has gone. Open it again once it is there.",
                    display=self._display,
                ),
                retry=False,
            )
        return picture

    def close(self) -> None:
        self._worker.kill()
        self._worker.wait()
        for pipe in (self._worker.stdin, self._worker.stdout):
            if pipe is not None:
                pipe.close()

    def _has_more(self, timeout_s: float) -> bool:
        return bool(select.select([self._stream], [], [], timeout_s)[0])

    def _next(self) -> U8 | None:
        """The next picture u8 (H, W, 3); None when the worker has none to give any more."""
        head = np.zeros(2, "<u4")
        if not self._fill(head.view(np.uint8)) or not head.all():
            return None
        rgb: U8 = np.empty((int(head[1]), int(head[0]), 3), np.uint8)
        return rgb if self._fill(rgb.reshape(-1)) else None

    def _fill(self, target: U8) -> bool:
        """Reads as many bytes as the array takes; False if the stream ends before."""
        view, got = target.data, 0
        while got < len(view):
            count = self._stream.readinto(view[got:])  # type: ignore[attr-defined]  # raw: bufsize=0
            if not count:
                return False
            got += count
        return True
