"""Calibrating while the lesson goes on: the camera is simulated and real in time, the network is left out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from x_server import start_server

from pipelines.calibration.pattern import Pattern
from pipelines.calibration.storing import load_stored
from pipelines.courseware.opening import open_courseware
from pipelines.lcd.lcd import DrivenLcd, Lcd, OtherLcd
from pipelines.lcd.settings import LcdSettings
from pipelines.media import U8, Frame, Page, SourceLost
from pipelines.reports import CalibrationNews
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.studio.calibrating import Calibrating
from pipelines.timing import SessionClock

WH = (1280, 720)
PATIENCE_S = 40
OpensLcd = Callable[[Callable[[], Page | None]], Lcd]
BLANK: U8 = np.full((720, 1280, 3), 230, np.uint8)


class Lesson:
    """A page on the LCD, a camera, and the thread that captures, as the studio has them."""

    def __init__(self, path: Path, page: Callable[[], Page | None], lcd: OpensLcd, url: str) -> None:
        self.news: list[CalibrationNews] = []
        self.for_viewers: list[Frame] = []
        self.calibrating = Calibrating(path, None, WH, page, lambda: self.lcd, self.news.append)
        self.lcd = lcd(self.calibrating.lcd_page)
        self._in_sight: Page | None = None
        self.camera = SimulatedClassroom(url, WH, 25.0, SessionClock.start(), self._seen)
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
        self.lcd.close()
        self.calibrating.close()
        self.camera.close()
        self._thread.join(5)

    def _seen(self) -> Page | None:
        """What stands on the LCD, since it does."""
        page = self.calibrating.lcd_page()
        shown = page if page is None else self.lcd.timed([page])[0]
        if not isinstance(self.lcd, DrivenLcd) or shown is not page:
            self._in_sight = shown
        return self._in_sight

    def _capture(self) -> None:
        while True:
            try:
                frame = self.camera.read(0.5)
            except SourceLost:
                return
            if frame is not None and not self.calibrating.keeps(frame):
                self.for_viewers = [*self.for_viewers[-60:], frame]


@pytest.fixture
def display() -> Iterator[str]:
    server, name = start_server("1280x720")
    yield name
    server.terminate()
    server.wait()


@pytest.fixture
def lesson(tmp_path: Path) -> Iterator[Callable[..., Lesson]]:
    lessons: list[Lesson] = []
    courseware = open_courseware("demo", WH)

    def start(
        page: Callable[[], Page | None] = courseware.page,
        lcd: OpensLcd = lambda _page: OtherLcd(is_driven=True),
        url: str = "simulated:?teacher=no&yaw=10",
    ) -> Lesson:
        lessons.append(Lesson(tmp_path / "calibration.json", page, lcd, url))
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
    news = lesson(lcd=lambda _page: OtherLcd(is_driven=False)).calibrate("pattern")
    assert (news.state, news.kind) == ("accepted", "courseware")
    assert "no pattern was shown" in news.reason
    stored = load_stored(tmp_path / "calibration.json")
    assert stored is not None and stored.source == "courseware"


def test_the_delay_counts_from_when_a_page_stood_on_the_boxs_own_screen(lesson, display, monkeypatch):
    """Drawing and waiting for the refresh take their time: none of it is the delay's."""
    monkeypatch.setenv("DISPLAY", display)
    here = lesson(lcd=lambda page: DrivenLcd(LcdSettings(screen=0), WH, page))
    until_s = time.monotonic() + PATIENCE_S
    while not here.lcd.is_driven and time.monotonic() < until_s:
        time.sleep(0.05)
    news = here.calibrate("pattern")
    assert (news.state, news.kind) == ("accepted", "pattern"), news.reason
    delay = here.calibrating.delay
    # Two flips alone would make it 33 ms too long; how well it is known on a busy machine, it says itself.
    assert abs(delay.ms - 85) < 3 + 2 * delay.sigma_ms and delay.sigma_ms < 10


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
