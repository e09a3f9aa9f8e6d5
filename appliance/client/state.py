"""How the box is: status, health, camera, calibration, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from appliance.api.calibration import CornersBody
from appliance.api.camera import CameraOut, MountingBody
from appliance.api.checks import CheckOut
from appliance.api.own_access import AccessOut
from appliance.api.wire import CalibrationOrder, CalibrationOut, HealthOut, LevelsOut, StatusOut
from appliance.client.calling import Caller
from appliance.client.library import Language
from pipelines.orders import PictureKind


class State:
    """What is so."""

    def __init__(self, box: Caller, language: Language) -> None:
        self._box = box
        self._lang = {"lang": language}

    def health(self) -> HealthOut:
        """Raises Refused (503) while viewers see the slate. Needs no token."""
        return self._box.ask(HealthOut, "GET", "/health")

    def access(self) -> AccessOut:
        """What this token allows; any may ask."""
        return self._box.ask(AccessOut, "GET", "/api/v1/access")

    def status(self) -> StatusOut:
        return self._box.ask(StatusOut, "GET", "/api/v1/status")

    def events(self) -> Iterator[StatusOut]:
        """The status, now and whenever it changes."""
        return self._box.events(StatusOut, "GET", "/api/v1/events")

    def levels(self) -> Iterator[LevelsOut]:
        """How loud the sound is, some five times a second while it changes."""
        query = {"sound": "true"}
        return self._box.events(LevelsOut, "GET", "/api/v1/events", query, event="levels")

    def checks(self) -> list[CheckOut]:
        """Line by line, each fault with its mend."""
        return self._box.ask(list[CheckOut], "GET", "/api/v1/checks", query=self._lang)

    def picture(self, kind: PictureKind) -> bytes:
        """One picture of a stage, PNG or JPEG."""
        return self._box.fetch("GET", "/api/v1/pictures/{kind}", kind=kind)

    def camera(self) -> CameraOut:
        """How it hangs, and what was found."""
        return self._box.ask(CameraOut, "GET", "/api/v1/camera")

    def hang_camera(self, mounting: MountingBody) -> CameraOut:
        return self._box.ask(CameraOut, "PUT", "/api/v1/camera", mounting)

    def find_upright(self) -> CameraOut:
        """Begins to look how it hangs; `camera` tells what was found some seconds later."""
        return self._box.ask(CameraOut, "POST", "/api/v1/camera/find")

    def leave_upright(self) -> None:
        """The suggestion is not wanted."""
        self._box.order("DELETE", "/api/v1/camera/found")


class Calibration:
    """Where the LCD is in the camera's picture."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def state(self) -> CalibrationOut:
        return self._box.ask(CalibrationOut, "GET", "/api/v1/calibration")

    def begin(self, kind: Literal["pattern", "courseware"] = "pattern") -> CalibrationOut:
        return self._box.ask(CalibrationOut, "POST", "/api/v1/calibration", CalibrationOrder(kind=kind))

    def forget(self) -> None:
        self._box.order("DELETE", "/api/v1/calibration")

    def use_corners(self, corners: CornersBody) -> CalibrationOut:
        return self._box.ask(CalibrationOut, "PUT", "/api/v1/calibration/corners", corners)

    def picture(self) -> bytes:
        """JPEG: each point's error."""
        return self._box.fetch("GET", "/api/v1/calibration/picture")
