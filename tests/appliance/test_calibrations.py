"""Corners, what was measured, and restarts: gateway and studio together, without processes and pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from measured import WH, measured

from appliance.calibrations import Calibrations
from appliance.desk import Desk
from appliance.settings import Settings
from pipelines.calibration.storing import store
from pipelines.capture.mounting import Upright
from pipelines.lcd.lcd import OtherLcd
from pipelines.orders import ForgetCalibration, Order, UseCorners
from pipelines.reports import CalibrationNews
from pipelines.studio.calibrating import Calibrating

GOOD = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))


class Box:
    """What one start of the box makes of its state folder."""

    def __init__(self, folder: Path) -> None:
        self.notices: list[str] = []
        self._said: list[CalibrationNews] = []  # by the studio, and still on its way
        self.path = folder / "calibration.json"
        self.corners = folder / "corners.json"
        self.gateway = Calibrations(Desk(folder, Upright(), lambda: None), self.obey, self.notices.append)
        self.studio = Calibrating(
            self.path, None, WH, lambda: None, lambda: OtherLcd(is_driven=True), self._said.append
        )
        self.gateway.studio_starts(self.obey)
        self.deliver()

    def obey(self, order: Order) -> bool:
        match order:
            case UseCorners(shares, is_fallback):
                self.studio.use_corners(shares, is_fallback=is_fallback)
            case ForgetCalibration():
                self.studio.forget()
        return True

    def deliver(self) -> None:
        while self._said:
            self.gateway.taken(self._said.pop(0))

    def use_corners(self) -> None:
        self.gateway.use_corners(GOOD)
        self.deliver()


@pytest.fixture
def corners_given(tmp_path: Path) -> Box:
    box = Box(tmp_path)
    box.use_corners()
    assert box.gateway.news.state == "accepted" and box.corners.exists()
    return box


def test_corners_then_measured_then_a_restart(corners_given: Box, tmp_path: Path) -> None:
    store(corners_given.path, measured())
    corners_given.gateway.taken(CalibrationNews("accepted", "pattern"))
    assert not corners_given.corners.exists(), "what was measured took their place"
    again = Box(tmp_path)
    assert again.studio.shares is None
    assert again.studio.stored_for(WH) is not None and again.path.exists()


def test_corners_kept_from_before_never_remove_what_was_measured(corners_given: Box, tmp_path: Path) -> None:
    store(corners_given.path, measured())  # by `classroom calibrate`, while the box was off
    again = Box(tmp_path)
    assert again.gateway.news.state == "stored"
    assert again.studio.stored_for(WH) is not None and again.path.exists()
    assert again.studio.shares == GOOD, "for pictures that it does not fit"
    again.use_corners()  # a person's, now: they take its place
    assert again.studio.stored_for(WH) is None and not again.path.exists()


def test_corners_are_in_use_again_after_a_restart(corners_given: Box, tmp_path: Path) -> None:
    again = Box(tmp_path)
    assert again.gateway.news.state == "accepted" and again.studio.shares == GOOD


def test_a_file_that_cannot_be_removed_is_forgotten_and_told(corners_given: Box) -> None:
    corners_given.corners.unlink()
    for path in (corners_given.corners, corners_given.path):
        path.mkdir()  # which no unlink removes, whoever tries
    corners_given.gateway.forget()
    corners_given.deliver()
    assert corners_given.gateway.news.state == "none"
    assert corners_given.studio.shares is None
    told = " ".join(corners_given.notices)
    assert "corners.json cannot be removed" in told and "calibration.json cannot be removed" in told


def test_a_studio_knows_how_the_camera_hung_by_the_settings(corners_given: Box) -> None:
    settings = Settings.model_validate(
        {
            "camera": {"mirrored": True},
            "calibration": {"corners": [[160, 90], [1120, 100], [1110, 640], [170, 630]]},
        }
    )
    studio = settings.studio()
    assert studio.calibration_for(Upright(0, True)).corners is not None
    assert corners_given.gateway.mounted(studio.camera).upright == Upright()
    turned = studio.model_copy(update={"camera": corners_given.gateway.mounted(studio.camera)})
    assert turned.calibration_for(turned.camera.upright).corners is None
