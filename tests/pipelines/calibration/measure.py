"""Calibration against the truth, in rooms of several poses, lenses and delays: the rows of the benchmarks.

pytest -s tests/pipelines/calibration/measure.py
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from pipelines.calibration.from_courseware import from_courseware
from pipelines.calibration.measuring import NotMeasured, measure
from pipelines.calibration.outcome import from_pattern
from pipelines.courseware.opening import Courseware, open_courseware
from pipelines.media import Page

ROOMS = [
    "simulated:?seed=11",
    "simulated:?seed=12&yaw=18&pitch=-6&k1=-0.15&k2=0.03",
    "simulated:?seed=13&yaw=-25&roll=2&fill=0.6&k1=0.05&noise=2.5",
    "simulated:?seed=14&yaw=0&pitch=8&k1=-0.25&k2=0.08&distance=2.5&fill=0.65&veil=0.06",
    "simulated:?seed=15&yaw=10&fill=0.5&blur=1.2&bright=0.7",
]
DELAYS_MS = (33, 71, 118, 240)


def test_pattern(room, pattern):
    for url in ROOMS:
        for teacher in (False, True):
            made = room(url)
            sights = made.sights(teacher=teacher)
            begun = time.process_time()
            outcome = from_pattern(sights, pattern)
            spent = time.process_time() - begun
            report = outcome.report
            print(
                f"\npattern {url} teacher={teacher} error {made.error_px(outcome.calibration):.3f} px "
                f"rms {report.rms_px:.3f} outline {report.outline_px:.3f} "
                f"angle {report.angle_deg:.1f} ({made.angle_deg():.1f}) "
                f"photometric {report.photometric_codes} refused {report.is_refused} cpu {spent:.1f} s",
                end="",
            )


def test_delay(live_room, pattern):
    for delay_ms in DELAYS_MS:
        live = live_room(f"simulated:?delay_ms={delay_ms}")
        delay = measure(pattern, live, live.camera.read, lambda _step: None).flips.delay()
        live.camera.close()
        assert delay is not None
        print(f"\ndelay {delay_ms}: {delay.ms:.1f} +- {delay.sigma_ms:.1f} ms", end="")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("url", ROOMS)
def test_courseware(room, url):
    lesson = open_courseware("demo", (1280, 720))
    made, errors, seconds, refused = room(url), [], [], 0
    for index in range(lesson.count):
        for teacher in (False, True):
            page = turned(lesson, index)
            seen = [made.renderer.render(100 + 6 * k, page, teacher=teacher) for k in range(9)]
            begun = time.process_time()
            try:
                outcome = from_courseware(page.rgb, seen)
            except NotMeasured:
                refused += 1
                continue
            seconds.append(time.process_time() - begun)
            if outcome.report.is_refused:
                refused += 1
            else:
                errors.append((teacher, made.error_px(outcome.calibration)))
    lesson.close()
    assert errors, "every page was refused"
    for teacher in (False, True):
        chosen = [error for with_teacher, error in errors if with_teacher == teacher]
        if chosen:
            print(
                f"\ncourseware {url} teacher={teacher} n {len(chosen)} median {np.median(chosen):.3f} "
                f"max {max(chosen):.3f} px",
                end="",
            )
    print(f" refused {refused}, cpu {np.median(seconds):.1f} s each", end="")


def turned(lesson: Courseware, index: int) -> Page:
    """That page, once it is drawn."""
    lesson.turn(0, index)
    until_s = time.monotonic() + 10
    while lesson.page().index != index and time.monotonic() < until_s:
        time.sleep(0.02)
    page = lesson.page()
    assert page.index == index
    return page
