"""A calibration without a running box: opens the camera, shows the pages, measures, stores."""

from __future__ import annotations

import time
from collections.abc import Callable

from appliance.errors import CannotStart, CannotStore
from appliance.settings import Settings
from pipelines.calibration.from_courseware import from_courseware
from pipelines.calibration.measuring import measure, watch_lesson
from pipelines.calibration.outcome import Outcome, from_pattern
from pipelines.calibration.pattern import Pattern
from pipelines.calibration.storing import StoredCalibration, store
from pipelines.capture.camera import Camera
from pipelines.capture.opening import open_camera
from pipelines.courseware.opening import open_courseware
from pipelines.media import U8, Page
from pipelines.orders import CalibrationKind
from pipelines.saying import said
from pipelines.studio.calibration import check_is_used, checked_corners, from_corners
from pipelines.timing import SessionClock

OPEN_S = 20.0  # until the first picture


class _Lcd:
    """What the simulated LCD shows. Satisfies pipelines.calibration.Lcd."""

    def __init__(self, lesson: Callable[[], Page | None]) -> None:
        self._lesson, self._shown = lesson, 0
        self._pattern: Page | None = None

    def page(self) -> Page | None:
        return self._pattern or self._lesson()

    def show(self, rgb: U8 | None) -> int:
        now_ns = time.monotonic_ns()
        self._shown += 1
        self._pattern = None if rgb is None else Page(rgb, -self._shown, now_ns)
        return now_ns


def calibrate_here(settings: Settings, kind: CalibrationKind, tell: Callable[[str], None]) -> Outcome:
    """Raises CannotStart, NotMeasured, SourceLost and CalibrationRefused."""
    check_is_used(settings.calibration.source)
    is_simulated = settings.camera.url.startswith("simulated:")
    if kind == "pattern" and not is_simulated:
        raise CannotStart(
            "without a running box nothing shows the pattern on the LCD: start it (classroom run), or open "
            "the courseware on the LCD and take --courseware-only"
        )
    corners = checked_corners(settings.calibration)
    courseware = open_courseware(settings.courseware.path, settings.programme.size_wh)
    lcd = _Lcd(courseware.page)
    camera = open_camera(settings.camera, SessionClock.start(), lcd.page)
    try:
        tell(said("step_camera", "opening the camera"))
        _await_picture(camera)
        if kind == "pattern":
            pattern = Pattern(settings.programme.size_wh)
            return from_pattern(measure(pattern, lcd, camera.read, tell), pattern)
        tell(said("step_page", "looking at the lesson's page"))
        page_rgb, pictures = watch_lesson(courseware.page, camera.read)
        size_wh = pictures[0].shape[1], pictures[0].shape[0]
        rough = None if corners is None else from_corners(corners, size_wh)
        return from_courseware(page_rgb, pictures, rough)
    finally:
        camera.close()
        courseware.close()


def keep(settings: Settings, outcome: Outcome) -> None:
    """Stores it for the next start. Raises CannotStore."""
    path = settings.box.calibration_path
    try:
        store(path, StoredCalibration.of(outcome.calibration, outcome.report))
    except OSError as error:
        raise CannotStore(f"the calibration cannot be written to {path}: {error}") from error


def _await_picture(camera: Camera) -> None:
    until_s = time.monotonic() + OPEN_S
    while camera.read(0.5) is None:
        if time.monotonic() > until_s:
            raise CannotStart(f"the camera gives no picture ({camera.state.reason or camera.state.state})")
