"""Calibrating while the lesson goes on: the camera is simulated and real in time, the network is left out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.calibration.pattern import Pattern
from pipelines.calibration.storing import load_stored
from pipelines.courseware.opening import open_courseware
from pipelines.media import U8, Frame, Page, SourceLost
from pipelines.reports import CalibrationNews
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.studio.calibrating import Calibrating
from pipelines.timing import SessionClock

WH = (1280, 720)
PATIENCE_S = 40
BLANK: U8 = np.full((720, 1280, 3), 230, np.uint8)


class Lesson:
    """A page on the LCD, a camera, and the thread that captures, as the studio has them."""

    def __init__(self, path: Path, page: Callable[[], Page | None], drives_lcd: bool, url: str) -> None:
        self.news: list[CalibrationNews] = []
        self.for_viewers: list[Frame] = []
        self.calibrating = Calibrating(path, None, WH, page, lambda: drives_lcd, self.news.append)
        self.camera = SimulatedClassroom(url, WH, 25.0, SessionClock.start(), self.calibrating.lcd_page)
        assert self.camera.renderer is not None
        self._thread = threading.Thread(target=self._capture, daemon=True)
        self._thread.start()

    def calibrate(self, kind) -> CalibrationNews:
        self.calibrating.start(kind)
        self.calibrating.start(kind)  # the second finds the first one running
        until_s = time.monotonic() + PATIENCE_S
        while self.news[-1].state == "running" and time.monotonic() < until_s:
            time.sleep(0.05)
        return self.news[-1]

    def close(self) -> None:
        self.calibrating.close()
        self.camera.close()
        self._thread.join(5)

    def _capture(self) -> None:
        while True:
            try:
                frame = self.camera.read(0.5)
            except SourceLost:
                return
            if frame is not None and not self.calibrating.keeps(frame):
                self.for_viewers = [*self.for_viewers[-60:], frame]


@pytest.fixture
def lesson(tmp_path: Path) -> Iterator[Callable[..., Lesson]]:
    lessons: list[Lesson] = []
    courseware = open_courseware("demo", WH)

    def start(
        page: Callable[[], Page | None] = courseware.page,
        drives_lcd: bool = True,
        url: str = "simulated:?teacher=no&yaw=10",
    ) -> Lesson:
        lessons.append(Lesson(tmp_path / "calibration.json", page, drives_lcd, url))
        return lessons[-1]

    yield start
    for each in lessons:
        each.close()
    courseware.close()


def test_the_pattern_is_measured_stored_and_never_seen_by_viewers(lesson, tmp_path):
    here = lesson()
    news = here.calibrate("pattern")
    assert news.state == "accepted", news.reason
    assert sum(told.state == "running" and told.step == "" for told in here.news) == 1
    time.sleep(1.5)
    assert len(here.for_viewers) > 10
    pattern = Pattern(WH)
    assert not any(len(pattern.find(frame.rgb).ids) for frame in here.for_viewers[::6])
    calibration = here.calibrating.stored_for(WH)
    assert calibration is not None and here.calibrating.version == 1
    page = np.array([[0.0, 0.0], [1279, 719], [640, 360]])
    off = calibration.to_camera(page, WH, WH) - here.camera.calibration.to_camera(page, WH, WH)
    assert np.abs(off).max() < 0.3
    status = here.calibrating.status(calibration)
    assert status is not None and status.source == "pattern"
    assert abs(status.delay_ms - 85) < 3 and status.age_s < 60
    again = lesson()  # the next start
    assert again.news[0].state == "stored"
    assert again.calibrating.stored_for(WH) is not None
    assert again.calibrating.stored_for((1024, 768)) is None
    again.calibrating.forget()
    assert again.calibrating.stored_for(WH) is None and not (tmp_path / "calibration.json").exists()


def test_a_lcd_that_is_not_driven_is_calibrated_from_the_courseware(lesson, tmp_path):
    news = lesson(drives_lcd=False).calibrate("pattern")
    assert (news.state, news.kind) == ("accepted", "courseware")
    assert "no pattern was shown" in news.reason
    stored = load_stored(tmp_path / "calibration.json")
    assert stored is not None and stored.source == "courseware"


def test_an_empty_page_changes_nothing_and_says_why(lesson, tmp_path):
    page = Page(BLANK, 1, 0)
    here = lesson(lambda: page)
    news = here.calibrate("courseware")
    assert news.state == "failed" and "more on it" in news.reason
    assert here.calibrating.version == 0 and not (tmp_path / "calibration.json").exists()


def test_without_courseware_the_reason_is_told(lesson):
    news = lesson(lambda: None).calibrate("courseware")
    assert news.state == "failed" and "open some" in news.reason


def test_a_damaged_file_is_told_and_left_alone(lesson, tmp_path):
    (tmp_path / "calibration.json").write_text("{")
    here = lesson()
    assert here.news[0].state == "failed" and "damaged" in here.news[0].reason
    assert here.calibrating.stored_for(WH) is None
    assert (tmp_path / "calibration.json").read_text() == "{"
