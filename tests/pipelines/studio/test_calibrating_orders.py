"""What is ordered while a calibration is measured, and disks that fail: without camera and pictures."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from measured import WH, measured

from pipelines.calibration.outcome import Outcome
from pipelines.calibration.storing import store
from pipelines.lcd.lcd import OtherLcd
from pipelines.orders import CalibrationKind
from pipelines.reports import CalibrationNews
from pipelines.studio.calibrating import Calibrating
from pipelines.studio.settings import CalibrationSource

GOOD = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))


class Measured(Calibrating):
    """Measures, without looking, for as long as it is held up."""

    def __init__(self, path: Path, source: CalibrationSource = "auto") -> None:
        self.news: queue.Queue[CalibrationNews] = queue.Queue()
        self.may_end = threading.Event()
        lcd = OtherLcd(is_driven=True)
        super().__init__(path, None, WH, lambda: None, lambda: lcd, self.news.put, source)

    def _measure(self, kind: CalibrationKind) -> Outcome:
        assert self.may_end.wait(20)
        found = measured()
        return Outcome(found.calibration(), found.report, b"")

    def until_over(self) -> CalibrationNews:
        while (news := self.news.get(timeout=20)).kind is None or news.state == "running":
            pass
        return news


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calibration.json"


@pytest.mark.parametrize(
    "order",
    [
        lambda calibrating: calibrating.forget(),
        lambda calibrating: calibrating.use_corners(GOOD),
        lambda calibrating: calibrating.use_corners(None),
    ],
    ids=["forget", "corners", "turned"],
)
def test_what_is_ordered_meanwhile_wins(order: Callable[[Calibrating], None], path: Path) -> None:
    calibrating = Measured(path)
    calibrating.start("pattern")
    order(calibrating)
    calibrating.may_end.set()
    news = calibrating.until_over()
    assert news.state == "failed" and "meanwhile" in news.reason
    assert calibrating.newest is None and not path.exists()
    calibrating.start("pattern")  # and again, undisturbed
    assert calibrating.until_over().state == "accepted" and path.exists()


@pytest.mark.parametrize(
    "order",
    [lambda calibrating: calibrating.forget(), lambda calibrating: calibrating.use_corners(GOOD)],
    ids=["forget", "corners"],
)
def test_a_disk_that_fails_keeps_nothing_in_use(order: Callable[[Calibrating], None], path: Path) -> None:
    store(path, measured())
    calibrating = Measured(path)
    assert calibrating.news.get().state == "stored" and calibrating.stored_for(WH) is not None
    path.unlink()
    path.mkdir()  # which no unlink removes, whoever tries
    order(calibrating)
    assert calibrating.stored_for(WH) is None and calibrating.version == 1
    news = calibrating.news.get()
    assert news.state in ("none", "accepted") and "cannot be removed" in news.reason


@pytest.mark.parametrize("source", ["corners", "simulated"])
def test_nothing_is_measured_that_the_settings_would_not_use(source: CalibrationSource, path: Path) -> None:
    store(path, measured())
    calibrating = Measured(path, source)
    calibrating.start("pattern")
    news = calibrating.until_over()
    assert news.state == "refused" and f'calibration.source = "{source}"' in news.reason
    calibrating.use_corners(GOOD, is_fallback=True)
    assert calibrating.news.get().state == "accepted", "what is stored is not in use"
