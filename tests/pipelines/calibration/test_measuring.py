"""The measurement in real time, in the simulated classroom."""

from __future__ import annotations

import pytest

from pipelines.calibration.measuring import NotMeasured, measure
from pipelines.calibration.outcome import from_pattern
from pipelines.media import SourceLost


@pytest.mark.parametrize("url", ["simulated:?teacher=no&delay_ms=85", "simulated:?delay_ms=31&yaw=-15"])
def test_a_classroom_is_measured_within_twenty_seconds(url, live_room, pattern):
    room, told, heard = live_room(url), [], []
    sights = measure(pattern, room, room.camera.read, told.append, heard.append)
    delay = sights.flips.delay()
    assert delay is not None
    assert abs(delay.ms - room.camera.room.delay_ms) < 3
    assert delay.sigma_ms < 3
    assert room.shown[0] is pattern.board and room.shown[-1] is None
    assert sights.seconds < 20
    assert told
    assert [progress.views for progress in heard] == sorted(progress.views for progress in heard)
    assert heard[0].points is None, "nothing is claimed before the pattern was seen"
    assert heard[-1].views > 50 and heard[-1].points > 0.4 * pattern.count
    assert 0 < heard[-1].residual_px < 3
    outcome = from_pattern(sights, pattern)
    assert not outcome.report.is_refused
    assert outcome.report.moved_px is not None and outcome.report.moved_px < 0.2


def test_a_lcd_that_shows_something_else_is_told_and_left_with_the_lesson(live_room, pattern):
    room = live_room("simulated:?teacher=no", is_driven=False)
    with pytest.raises(NotMeasured, match="does not see the pattern"):
        measure(pattern, room, room.camera.read, lambda _step: None)
    assert room.shown[-1] is None


def test_a_camera_without_pictures_is_told(live_room, pattern):
    room = live_room("simulated:?teacher=no")
    with pytest.raises(NotMeasured, match="no pictures"):
        measure(pattern, room, lambda _timeout: None, lambda _step: None)
    room.camera.close()
    with pytest.raises(SourceLost):
        measure(pattern, room, room.camera.read, lambda _step: None)
    assert room.shown[-1] is None
