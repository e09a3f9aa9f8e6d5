import numpy as np
import pytest

from pipelines.capture.opening import open_camera
from pipelines.capture.settings import CameraSettings
from pipelines.media import F32
from pipelines.studio.calibration import (
    CalibrationRefused,
    calibrate,
    checked_corners,
    corners_from_shares,
    from_corners,
)
from pipelines.studio.settings import CalibrationSettings
from pipelines.timing import SessionClock

CAMERA_WH = (1280, 720)
SCREEN = np.array([[160, 90], [1120, 100], [1110, 640], [170, 630]], np.float32)


def test_the_screens_corners_become_the_pages_corners() -> None:
    calibration = from_corners(SCREEN, CAMERA_WH)
    page_from_camera = calibration.for_sizes(CAMERA_WH, (1920, 1080))
    corners = [(-0.5, -0.5), (1919.5, -0.5), (1919.5, 1079.5), (-0.5, 1079.5)]
    for camera_xy, page_xy in zip(SCREEN, corners, strict=True):
        x, y, w = page_from_camera @ np.array([*camera_xy, 1.0])
        assert (x / w, y / w) == pytest.approx(page_xy, abs=1e-2)


@pytest.mark.parametrize(
    ("corners", "word"),
    [
        (SCREEN[::-1], "in this order"),
        (SCREEN[[0, 2, 1, 3]], "in this order"),
        (np.array([[0, 0], [10, 10], [20, 20], [30, 30]], np.float32), "in this order"),
        (np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32), "camera pixels"),
    ],
    ids=["anticlockwise", "crossed", "on a line", "shares instead of pixels"],
)
def test_what_is_no_screen_is_refused_with_the_mend(corners: F32, word: str) -> None:
    with pytest.raises(CalibrationRefused, match=word):
        checked_corners(CalibrationSettings(corners=corners.tolist()))


def test_the_operators_corners_win_over_the_simulated_truth() -> None:
    camera = open_camera(CameraSettings(), SessionClock.start(), lambda: None)
    try:
        truth = calibrate(CalibrationSettings(), camera, CAMERA_WH)
        corners = ((160, 90), (1120, 100), (1110, 640), (170, 630))
        told = calibrate(CalibrationSettings(corners=corners), camera, CAMERA_WH)
    finally:
        camera.close()
    assert truth is not None and truth.source == "simulated"
    assert told is not None and told.source == "corners"


def test_a_real_camera_without_corners_has_no_calibration() -> None:
    camera = open_camera(CameraSettings(url="/nowhere/lesson.mp4"), SessionClock.start(), lambda: None)
    try:
        assert calibrate(CalibrationSettings(), camera, CAMERA_WH) is None
    finally:
        camera.close()


def test_what_was_measured_wins_unless_the_settings_say_otherwise() -> None:
    camera = open_camera(CameraSettings(), SessionClock.start(), lambda: None)
    corners = ((160, 90), (1120, 100), (1110, 640), (170, 630))
    stored = from_corners(SCREEN, CAMERA_WH)
    try:
        chosen = {
            source: calibrate(CalibrationSettings(corners=corners, source=source), camera, CAMERA_WH, stored)
            for source in ("auto", "corners", "simulated")
        }
        nothing = calibrate(CalibrationSettings(source="corners"), camera, CAMERA_WH, stored)
    finally:
        camera.close()
    assert chosen["auto"] is stored
    assert chosen["corners"] is not None and chosen["corners"] is not stored
    assert chosen["corners"].source == "corners"
    assert chosen["simulated"] is not None and chosen["simulated"].source == "simulated"
    assert nothing is None


def test_corners_as_shares_are_those_in_pixels_on_every_size():
    shares = ((0.1, 0.2), (0.9, 0.2), (0.9, 0.8), (0.1, 0.8))
    small, large = corners_from_shares(shares, (640, 360)), corners_from_shares(shares, (1280, 720))
    assert small[0] == pytest.approx((63.5, 71.5))
    assert large == pytest.approx(small * 2 + 0.5)
    with pytest.raises(CalibrationRefused, match="not the corners of a screen"):
        corners_from_shares(shares[::-1], (640, 360))
    with pytest.raises(CalibrationRefused, match="too little for a screen"):
        corners_from_shares(tuple((x * 0.05, y * 0.05) for x, y in shares), (640, 360))
