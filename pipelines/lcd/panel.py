"""One screen of this machine, drawn on by a process of its own (panel_worker.py)."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipelines.lcd.settings import LcdSettings
from pipelines.media import U8, SizeWh, SourceLost
from pipelines.saying import said

_WORKER: Final = Path(__file__).with_name("panel_worker.py")
_OPEN_S: Final = 10.0
_SHOW_S: Final = 2.0


class Panel:
    """For one thread. size_wh: the screen's own. hz: of its refresh, 0 where the driver does not tell."""

    def __init__(self, settings: LcdSettings, page_wh: SizeWh) -> None:
        """Raises SourceLost."""
        self._number, self._page_wh = settings.screen, page_wh
        self._worker = _start(settings, str(self._number), *map(str, page_wh))
        hello = _answer_of(self._worker, _OPEN_S)
        if hello is None or "fault" in hello:
            self.close()
            raise self._unopened(hello or {"fault": "driver", "text": "", "screens": []})
        self.driver, self.hz = str(hello["driver"]), int(hello["hz"])
        self.size_wh: SizeWh = (int(hello["wh"][0]), int(hello["wh"][1]))

    def show(self, rgb: U8) -> int:
        """Puts a page u8 (H, W, 3) on the screen; since when it stands there, by the monotonic clock, ns.
        Where the driver waits for the screen that is in step with its refresh, but for a constant that the
        calibration's delay holds. Raises SourceLost.
        """
        assert self._worker.stdin is not None
        if not _sent(self._worker.stdin.fileno(), np.ascontiguousarray(rgb).data.cast("B")):
            raise self._gone()
        answer = _answer_of(self._worker, _SHOW_S)
        if answer is None:
            raise self._gone()
        return int(answer["shown_ns"])

    def check(self) -> None:
        """Raises SourceLost where the screen has gone, or is another one."""
        if self._worker.poll() is not None:
            raise self._gone()

    def close(self) -> None:
        self._worker.kill()
        self._worker.wait()
        for pipe in (self._worker.stdin, self._worker.stdout):
            if pipe is not None:
                pipe.close()

    def _gone(self) -> SourceLost:
        reason = said(
            "lcd_gone",
            "The LCD, screen {number} of this box, has gone. Check its cable.",
            number=self._number,
        )
        return SourceLost("lcd", reason)

    def _unopened(self, answer: dict[str, Any]) -> SourceLost:
        if answer["fault"] == "missing":
            reason = said(
                "lcd_missing",
                "This box has no screen {number}; it has {count}, counted from 0. Plug the LCD in, or set "
                "lcd.screen.",
                number=self._number,
                count=len(answer["screens"]),
            )
        else:
            reason = said(
                "lcd_unopened",
                "No screen of this box can be drawn on ({fault}). On a machine with a desktop the box has to "
                "run inside it; without one its user has to be in the groups video and render.",
                fault=answer["text"] or "no answer",
            )
        return SourceLost("lcd", reason)


def list_screens(settings: LcdSettings) -> tuple[str, list[SizeWh]]:
    """The driver, and the size of each screen that this machine has. Raises SourceLost."""
    with _start(settings) as worker:
        answer = _answer_of(worker, _OPEN_S)
        worker.kill()
    if answer is None or "fault" in answer:
        fault = "no answer" if answer is None else str(answer["text"])
        raise SourceLost("lcd", said("lcd_none", "No screens are found ({fault}).", fault=fault))
    return str(answer["driver"]), [(int(width), int(height)) for width, height in answer["screens"]]


def _start(settings: LcdSettings, *arguments: str) -> subprocess.Popen[bytes]:
    surroundings = dict(os.environ)
    if settings.driver != "auto":
        surroundings["SDL_VIDEODRIVER"] = settings.driver
    # -I: neither the surroundings nor the current folder decide what it imports.
    return subprocess.Popen(
        [sys.executable, "-I", str(_WORKER), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,  # or an answer could wait in a buffer that select knows nothing of
        env=surroundings,
    )


def _sent(pipe: int, pixels: memoryview) -> bool:
    """False where the other end is gone or, with a driver that hangs, takes nothing."""
    os.set_blocking(pipe, False)
    give_up_s = time.monotonic() + _SHOW_S
    try:
        while pixels:
            if not select.select([], [pipe], [], max(give_up_s - time.monotonic(), 0.0))[1]:
                return False
            pixels = pixels[os.write(pipe, pixels) :]
    except OSError:
        return False
    return True


def _answer_of(worker: subprocess.Popen[bytes], timeout_s: float) -> dict[str, Any] | None:
    """The next line; None when none comes, or something else."""
    assert worker.stdout is not None
    line, give_up_s = b"", time.monotonic() + timeout_s
    while not line.endswith(b"\n"):
        left_s = give_up_s - time.monotonic()
        if left_s <= 0 or not select.select([worker.stdout], [], [], left_s)[0]:
            return None
        part = worker.stdout.readline()
        if not part:
            return None
        line += part
    try:
        answer: dict[str, Any] = json.loads(line)
    except ValueError:  # a driver's own words
        return None
    return answer
