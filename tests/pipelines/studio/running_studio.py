"""The studio as a process of its own, seen from the gateway's side."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pipelines.capture.settings import CameraSettings
from pipelines.orders import Stop
from pipelines.reports import Fatal, Report
from pipelines.studio import ProgrammeSettings, StudioSettings
from pipelines.studio.process import run_studio

SIZE_WH = (640, 360)
PATIENCE_S = 60


def settings(models_dir: Path) -> StudioSettings:
    return StudioSettings(
        camera=CameraSettings(width_px=SIZE_WH[0], height_px=SIZE_WH[1]),
        programme=ProgrammeSettings(width_px=SIZE_WH[0], height_px=SIZE_WH[1]),
        models_dir=models_dir,
    )


class RunningStudio:
    """The gateway's side of one studio process."""

    def __init__(self, chosen: StudioSettings) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=run_studio, args=(chosen, time.monotonic_ns(), theirs))
        self.process.start()
        theirs.close()

    def until(self, wanted: Callable[[Report], bool]) -> Report:
        """Reads on until a report is wanted; fails after PATIENCE_S."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self.pipe.poll(1):
                report: Report = self.pipe.recv()
                if wanted(report):
                    return report
                assert not isinstance(report, Fatal), report.reason
        pytest.fail("the studio did not report what was waited for")

    def end(self) -> int | None:
        self.pipe.send(Stop())
        while True:
            try:
                self.pipe.recv()
            except (EOFError, ConnectionResetError):
                break
        self.process.join(10)
        return self.process.exitcode
