"""How the calibration stands, and the orders that change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.desk import Desk
from appliance.errors import CannotStore
from pipelines.capture.mounting import Upright
from pipelines.capture.settings import CameraSettings
from pipelines.orders import (
    Calibrate,
    CalibrationKind,
    CornerShares,
    FindUpright,
    ForgetCalibration,
    Order,
    TurnCamera,
    UseCorners,
)
from pipelines.reports import CalibrationNews, UprightFound
from pipelines.saying import reason_of, said


class Calibrations:
    """For the event loop. order: to the studio; it raises StudioBusy. notify: the assistant."""

    def __init__(self, desk: Desk, order: Callable[[Order], None], notify: Callable[[str], None]) -> None:
        self._desk, self._corners = desk, desk.corners
        self._order, self._notify = order, notify
        self._offered: CornerShares | None = None
        self.news = CalibrationNews("none")
        self.upright: UprightFound | None = None  # how the camera hangs, as far as the box has looked

    def start(self, kind: CalibrationKind) -> None:
        """Begins; how it goes shows in `news`. Raises StudioBusy."""
        self._order(Calibrate(kind))
        self.news = CalibrationNews("running", kind)

    def use_corners(self, shares: CornerShares) -> None:
        """Corners that a person saw; whether they can be a screen's shows in `news`. Raises StudioBusy."""
        self._order(UseCorners(shares))
        self._offered = shares
        self.news = CalibrationNews("running")

    def forget(self) -> None:
        """Raises StudioBusy."""
        self._order(UseCorners(None))
        self._order(ForgetCalibration())
        self._forget_corners()

    def turn_camera(self, upright: Upright) -> None:
        """How the camera hangs. What was calibrated is forgotten. Raises StudioBusy, CannotStore."""
        if upright == self._desk.mounting.upright:
            return
        self._order(TurnCamera(upright.turn_deg, upright.mirrored))
        self.upright = None
        self._forget_corners()
        self._desk.mounting.keep(upright)

    def find_upright(self) -> None:
        """Begins to look how the camera hangs; `upright` tells. Nothing is turned. Raises StudioBusy."""
        self._order(FindUpright())
        self.upright = UprightFound("looking")

    def leave_upright(self) -> None:
        """The assistant says that the camera hangs as it should."""
        self.upright = None

    def mounted(self, camera: CameraSettings) -> CameraSettings:
        """The settings for a new studio, with how the camera hangs."""
        upright = self._desk.mounting.upright
        return camera.model_copy(update={"turn_deg": upright.turn_deg, "mirrored": upright.mirrored})

    def studio_starts(self, send: Callable[[Order], bool]) -> None:
        """A new studio is told the corners: what it has measured, or measured since, wins over them."""
        if self._corners.shares is not None:
            send(UseCorners(self._corners.shares, is_fallback=True))

    def studio_ended(self) -> None:
        self.upright = None
        if self.news.state == "running":
            self.news = replace(
                self.news, state="failed", reason=said("studio_restarted", "The studio was restarted.")
            )

    def taken(self, news: CalibrationNews | UprightFound) -> None:
        """What the studio says."""
        if isinstance(news, UprightFound):
            self.upright = news
            return
        self.news = news
        if news.state in ("refused", "failed") or (news.kind is None and news.reason):
            self._notify(said("calibration_said", "Calibration: {reason}", reason=news.reason))
        if news.kind is not None and news.state == "accepted":
            self._forget_corners()  # what was measured takes their place
        if news.kind is None and news.state == "accepted" and self._offered is not None:
            try:
                self._corners.keep(self._offered)
            except CannotStore as error:
                self._notify(
                    said(
                        "corners_not_kept",
                        "The corners are in use until the box is restarted: {why}",
                        why=reason_of(error),
                    )
                )
        if news.kind is None and news.state != "running":
            self._offered = None

    def _forget_corners(self) -> None:
        try:
            self._corners.forget()
        except CannotStore as error:
            self._notify(said("calibration_said", "Calibration: {reason}", reason=reason_of(error)))
