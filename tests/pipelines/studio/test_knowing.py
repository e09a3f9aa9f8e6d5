"""What is in use of the LCD's place: made anew with what is known of it, and gone with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.alignment import Calibration
from pipelines.capture.mounting import Upright
from pipelines.capture.opening import open_camera
from pipelines.capture.settings import CameraSettings
from pipelines.capture.upright import UprightCamera
from pipelines.lcd.lcd import OtherLcd
from pipelines.media import Scene
from pipelines.reports import CalibrationNews
from pipelines.studio import knowing
from pipelines.studio.calibrating import Calibrating
from pipelines.studio.knowing import Knowing
from pipelines.studio.settings import CalibrationSettings, StudioSettings
from pipelines.studio.witnessing import Witness
from pipelines.timing import Marks, SessionClock

WH = (1280, 720)
GOOD = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))


class Known:
    """Knowing, with all that it asks. used: each calibration that it told of: never another one than that of
    `now`, or who watches the old one would have the last word."""

    def __init__(self, calibration: CalibrationSettings) -> None:
        settings = StudioSettings(calibration=calibration, models_dir=Path("/nowhere"))
        self.news: list[CalibrationNews] = []
        self.used: list[Calibration | None] = []
        self.calibrating = Calibrating(
            None, None, WH, lambda: None, lambda: OtherLcd(is_driven=True), self.news.append
        )
        opened = open_camera(CameraSettings(url="/nowhere/lesson.mp4"), SessionClock.start(), lambda: None)
        self.camera = UprightCamera(opened, Upright())
        witness = Witness(None, None, lambda: None, Scene())
        self.knowing = Knowing(settings, self.camera, self.calibrating, lambda: (), witness, self._use)

    def _use(self, calibration: Calibration | None) -> None:
        now = self.knowing.now
        assert (None if now is None else now.watch.watcher.calibration) is calibration
        self.used.append(calibration)


@pytest.fixture
def make_known() -> Iterator[Callable[..., Known]]:
    made: list[Known] = []

    def make(**calibration: object) -> Known:
        made.append(Known(CalibrationSettings.model_validate(calibration)))
        return made[-1]

    yield make
    for known in made:
        known.camera.close()


def test_it_is_made_anew_with_each_calibration_and_size(make_known: Callable[..., Known]) -> None:
    known = make_known()
    assert known.knowing.refiner_for(WH) is None and known.used == [None]
    known.calibrating.use_corners(GOOD)
    first = known.knowing.refiner_for(WH)
    assert first is not None and known.knowing.refiner_for(WH) is first
    assert known.used[-1] is not None and known.used[-1].camera_size_wh == WH
    assert known.knowing.refiner_for((640, 360)) is not first
    known.calibrating.use_corners(None)
    assert known.knowing.refiner_for(WH) is None
    assert known.knowing.now is None and known.used[-1] is None


@pytest.mark.parametrize("camera_wh", [WH, (640, 480), (160, 120), (32, 32)])
def test_corners_that_were_taken_hold_for_every_camera(
    make_known: Callable[..., Known], camera_wh: tuple[int, int]
) -> None:
    known = make_known()
    small = tuple((0.4 + x * 0.08, 0.4 + y * 0.08) for x, y in GOOD)
    known.calibrating.use_corners(small)
    assert known.news[-1].state == "accepted"
    assert known.knowing.refiner_for(camera_wh) is not None


def test_corners_that_are_no_screen_of_this_camera_are_told(make_known: Callable[..., Known]) -> None:
    known = make_known(corners=[[0, 0], [60, 0], [60, 60], [0, 60]])
    assert known.knowing.refiner_for(WH) is not None
    assert known.knowing.refiner_for((3840, 2160)) is None
    assert known.news[-1].state == "refused" and "too little for a screen" in known.news[-1].reason
    assert known.used[-1] is None


def test_the_settings_corners_are_those_of_the_picture_as_it_was_turned(
    make_known: Callable[..., Known],
) -> None:
    known = make_known(corners=[[160, 90], [1120, 100], [1110, 640], [170, 630]])
    assert known.knowing.refiner_for(WH) is not None
    known.camera.upright = Upright(180)
    known.calibrating.forget()
    assert known.knowing.refiner_for(WH) is None
    known.camera.upright = Upright()
    known.calibrating.forget()
    assert known.knowing.refiner_for(WH) is not None


def test_who_watches_tells_of_what_is_in_use(
    make_known: Callable[..., Known], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knowing, "LOOK_EVERY_S", 0.001)
    monkeypatch.setattr(knowing, "UNKNOWN_LOOKS", 3)
    known, stop, unknown = make_known(), threading.Event(), threading.Event()
    watching = threading.Thread(
        target=known.knowing.keep, args=(stop, Marks(), unknown.set), name="watching", daemon=True
    )
    watching.start()
    try:
        assert unknown.wait(20), "nobody has said where the LCD is"
        for number in range(10):
            known.calibrating.use_corners(GOOD if number % 2 else None)
            before = len(known.used)
            known.knowing.refiner_for(WH)
            if number % 2:  # told by who makes it, and again by who watches it
                until_s = time.monotonic() + 20
                while len(known.used) < before + 2:
                    assert time.monotonic() < until_s and watching.is_alive()
                    time.sleep(0.001)
            assert (known.used[-1] is not None) == bool(number % 2)
    finally:
        stop.set()
        watching.join(20)
