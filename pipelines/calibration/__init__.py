"""Where the LCD is in the camera's picture, and how the camera sees it: measured, judged, stored.

From a pattern that the LCD shows for some seconds (`measure`, `from_pattern`), or from the courseware itself.
While teaching a `Watcher` keeps it right.
"""

from pipelines.calibration.from_courseware import from_courseware
from pipelines.calibration.measuring import Lcd, NotMeasured, measure, watch_lesson
from pipelines.calibration.outcome import Outcome, from_pattern
from pipelines.calibration.pattern import Pattern
from pipelines.calibration.report import Finding, Report
from pipelines.calibration.running_delay import RunningDelay
from pipelines.calibration.storing import (
    CalibrationDamaged,
    StoredCalibration,
    forget,
    load_stored,
    store,
)
from pipelines.calibration.uprighting import Hanging, hanging_by_page, hanging_of
from pipelines.calibration.watching import LOOK_EVERY_S, GeometryState, Sight, Watcher

__all__ = [
    "LOOK_EVERY_S",
    "CalibrationDamaged",
    "Finding",
    "GeometryState",
    "Hanging",
    "Lcd",
    "NotMeasured",
    "Outcome",
    "Pattern",
    "Report",
    "RunningDelay",
    "Sight",
    "StoredCalibration",
    "Watcher",
    "forget",
    "from_courseware",
    "from_pattern",
    "hanging_by_page",
    "hanging_of",
    "load_stored",
    "measure",
    "store",
    "watch_lesson",
]
