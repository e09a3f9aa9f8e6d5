"""Reports of good and of bad calibrations, from pictures of the simulated classroom."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.calibration.measuring import NotMeasured, Sights
from pipelines.calibration.outcome import from_pattern
from pipelines.media import F32
from pipelines.simulated.light import light_of_codes


def shifted(sights: Sights, dx: float) -> Sights:
    """The same, seen by a camera that is turned aside; what comes in is black."""
    matrix = np.array([[1, 0, dx], [0, 1, 0]], np.float64)

    def move(picture: F32) -> F32:
        return np.asarray(cv2.warpAffine(picture, matrix, picture.shape[1::-1]), np.float32)

    return replace(sights, board=move(sights.board), inverse=move(sights.inverse), mosaic=move(sights.mosaic))


def refusals(outcome) -> str:
    return "; ".join(f.text for f in outcome.report.findings if f.verdict == "refused")


@pytest.mark.parametrize("teacher", [False, True], ids=["empty", "teacher"])
@pytest.mark.parametrize(
    "url", ["simulated:", "simulated:?yaw=18&k1=-0.15&veil=0.06&vignetting=0.3&noise=2.5"]
)
def test_a_good_view_is_accepted_with_its_numbers(url, teacher, room, pattern):
    made = room(url)
    outcome = from_pattern(made.sights(teacher=teacher), pattern)
    report = outcome.report
    assert not report.is_refused, refusals(outcome)
    assert made.error_px(outcome.calibration) < 0.1
    assert report.photometric_codes is not None and report.photometric_codes < 2
    assert report.has_tone and outcome.calibration.tone is not None
    assert np.abs(outcome.calibration.tone[64:230] / light_of_codes()[64:230] - 1).max() < 0.15
    noise = made.optics.room.noise
    assert all(0.2 * noise < sigma < 1.6 * noise for _, sigma in report.noise_codes)
    assert len(report.noise_codes) >= 6
    assert report.blur_px is not None and 0.4 < report.blur_px < 1.3
    assert report.delay_ms == pytest.approx(85, abs=2)
    assert abs(report.angle_deg - made.angle_deg()) < max(1, 3 * report.angle_sigma_deg)
    picture = cv2.imdecode(np.frombuffer(outcome.picture, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (720, 1280, 3)


@pytest.mark.parametrize(
    ("url", "teacher"),
    [
        ("simulated:?fill=0.5&yaw=0&pitch=0", False),
        ("simulated:?fill=0.65", True),
        ("simulated:?fill=0.9&yaw=0&pitch=0&roll=0", True),
    ],
)
def test_a_camera_that_hangs_sideways_is_accepted(url, teacher, room, pattern):
    """Its picture is higher than wide: the LCD is small in it, and its lens and pixels are as ever."""
    made = room(url, (720, 1280))
    outcome = from_pattern(made.sights(teacher=teacher), pattern)
    assert not outcome.report.is_refused, refusals(outcome)
    assert made.error_px(outcome.calibration) < 0.1
    assert outcome.report.photometric_codes is not None and outcome.report.photometric_codes < 3
    assert outcome.report.has_tone and outcome.calibration.tone is not None
    assert np.abs(outcome.calibration.tone[64:230] / light_of_codes()[64:230] - 1).max() < 0.15


def test_a_lcd_cut_off_is_refused(room, pattern):
    sights = shifted(room("simulated:").sights(), -180)
    assert "cut off" in refusals(from_pattern(sights, pattern))


def test_glare_is_refused(room, pattern):
    sights = room("simulated:").sights()
    y, x = np.mgrid[0:720, 0:1280]
    lamp = np.asarray(400 * np.exp(-(((x - 500) / 200) ** 2 + ((y - 300) / 160) ** 2)), np.float32)[..., None]
    bright = [np.minimum(mean + lamp, 255) for mean in (sights.board, sights.inverse, sights.mosaic)]
    glaring = replace(sights, board=bright[0], inverse=bright[1], mosaic=bright[2])
    assert "glare" in refusals(from_pattern(glaring, pattern))


def test_an_overexposed_lcd_is_refused(room, pattern):
    sights = room("simulated:").sights()
    washed = [np.minimum(mean * 1.6, 255) for mean in (sights.board, sights.inverse, sights.mosaic)]
    bright = replace(sights, board=washed[0], inverse=washed[1], mosaic=washed[2])
    assert "overexposed" in refusals(from_pattern(bright, pattern))


def test_a_camera_that_moved_is_refused(room, pattern):
    sights = room("simulated:").sights()
    last = sights.last._replace(camera_xy=sights.last.camera_xy + np.array([0.9, 0.2]))
    assert "moved" in refusals(from_pattern(replace(sights, last=last), pattern))


def test_defocus_is_refused_one_way_or_the_other(room, pattern):
    blurred = room("simulated:?blur=2.6").sights()
    try:
        assert "blur" in refusals(from_pattern(blurred, pattern))
    except NotMeasured as error:
        assert "focus" in str(error)


def test_a_small_lcd_is_warned_of(room, pattern):
    outcome = from_pattern(room("simulated:?fill=0.4&yaw=0&pitch=0").sights(), pattern)
    small = [f for f in outcome.report.findings if "fills" in f.text]
    assert small[0].verdict == "warning" and "zoom in" in small[0].mend


def test_a_camera_from_far_aside_is_told_where_to_go(room, pattern):
    made = room("simulated:?yaw=30&fill=0.6")
    outcome = from_pattern(made.sights(), pattern)
    angle = outcome.report.findings[-1]
    assert angle.verdict == "warning"
    assert "5 cm" in angle.text and "to the left" in angle.mend
    expected = 0.05 * np.tan(np.deg2rad(made.angle_deg())) / 1.905 * 1920
    assert outcome.report.parallax_px()[5] == pytest.approx(expected, abs=1)
