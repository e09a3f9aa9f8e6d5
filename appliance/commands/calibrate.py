"""`classroom calibrate`: find the LCD in the camera's picture, and say how well that went."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from appliance.errors import CannotStart
from appliance.settings import Settings, add_settings_flags, load_from_flags
from appliance.tokens import load_tokens
from pipelines.calibration.report import Report
from pipelines.orders import CalibrationKind

if TYPE_CHECKING:
    from appliance.client import BoxClient

SUMMARY = "Find the LCD in the camera's picture, and measure lens, light and delay."
EXAMPLES = """\
examples:
  classroom calibrate                              a pattern on the LCD for about ten seconds
  classroom calibrate --courseware-only            from the page that the LCD shows now
  classroom calibrate --picture report.jpg         with what the camera saw, and the errors of each point
  sudo classroom calibrate                         of the installed service, while it runs

Where the box runs, it calibrates itself; viewers keep the lesson. Otherwise this command opens the camera.
"""

WITHIN_S = 60.0
_MARKS = {"good": "✓", "warning": "!", "refused": "✗"}


class Result(NamedTuple):
    """is_accepted: good enough, stored, in use. reason: why not. report: None when nothing was measured."""

    is_accepted: bool
    reason: str
    report: Report | None
    picture: bytes


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--courseware-only", action="store_true", help="no pattern: from the lesson's page on the LCD"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write the report's picture, a JPEG")
    add_settings_flags(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_from_flags(args).settings
    kind: CalibrationKind = "courseware" if args.courseware_only else "pattern"
    # Imported here: it knows the whole API, and `classroom --help` need not.
    from appliance.box_here import box_here

    box = box_here(settings.http, load_tokens(settings.box.state_path))
    result = _here(settings, kind) if box is None else _by_box(box, kind)
    if result.report is not None:
        print(words(result.report))
        if args.json:
            args.json.write_text(json.dumps(result.report.model_dump(mode="json"), indent=2) + "\n")
            print(f"Report written to {args.json}")
        if args.picture and result.picture:
            args.picture.write_bytes(result.picture)
            print(f"Picture written to {args.picture}")
    if result.is_accepted:
        print("✓ Calibrated: stored, and in use." + (f" {result.reason}" if result.reason else ""))
        return 0
    print("✗ Not calibrated: nothing was changed." + ("" if result.report else f" {result.reason}"))
    return 1


def words(report: Report) -> str:
    """The findings, a line each, with the mend below what is not good."""
    lines = []
    for finding in report.findings:
        lines.append(f"{_MARKS[finding.verdict]} {finding.text}")
        if finding.mend:
            lines.append(f"    {finding.mend}")
    return "\n".join(lines)


def _tell(step: str) -> None:
    print(f"  {step} ...", flush=True)


def _by_box(box: BoxClient, kind: CalibrationKind) -> Result:
    """Orders it from the running box, and follows it. Raises CannotStart."""
    from appliance.client import BoxError

    try:
        with box:
            return _followed(box, kind)
    except BoxError as error:
        raise CannotStart(f"the box answers {error}") from error


def _followed(box: BoxClient, kind: CalibrationKind) -> Result:
    """Raises CannotStart, BoxError."""
    box.calibration.begin(kind)
    told, until_s = "", time.monotonic() + WITHIN_S
    while time.monotonic() < until_s:
        state = box.calibration.state()
        if state.state != "running":
            picture = box.calibration.picture() if state.has_picture else b""
            return Result(state.state == "accepted", state.reason, state.report, picture)
        if state.step and state.step != told:
            told = state.step
            _tell(told)
        time.sleep(0.25)
    raise CannotStart("the box did not finish its calibration: its log says why")


def _here(settings: Settings, kind: CalibrationKind) -> Result:
    # Imported here: they pull in every stage, and `classroom --help` should not.
    from appliance.calibration_session import calibrate_here, keep
    from pipelines.calibration.measuring import NotMeasured
    from pipelines.studio.calibration import CalibrationRefused

    try:
        outcome = calibrate_here(settings, kind, _tell)
    except (NotMeasured, CalibrationRefused) as error:
        return Result(False, str(error), None, b"")
    if not outcome.report.is_refused:
        keep(settings, outcome)
    return Result(not outcome.report.is_refused, "", outcome.report, outcome.picture)
