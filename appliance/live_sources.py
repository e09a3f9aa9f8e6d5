"""What this box could open as live courseware: capture cards, and screens of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from appliance.settings import Settings
from pipelines.capture.address import parse_address
from pipelines.capture.v4l2_devices import capture_devices
from pipelines.courseware.screens.displays import x11_displays
from pipelines.media import SourceLost


@dataclass(frozen=True, slots=True)
class LiveSource:
    """address: as OpenCourseware takes it. name: of the card; of a screen its display."""

    address: str
    kind: Literal["card", "screen"]
    name: str


def live_sources(settings: Settings) -> list[LiveSource]:
    """The teacher's camera is left out, and the screen on which the box draws the courseware itself. A few
    milliseconds."""
    camera = _camera(settings.camera.url)
    own = os.environ.get("DISPLAY", "").partition(".")[0] if settings.lcd.is_here else ""
    return [
        *(
            LiveSource(f"v4l2:{device.path}", "card", device.name)
            for device in capture_devices()
            if os.path.realpath(device.path) != camera
        ),
        *(LiveSource(f"x11:{display}", "screen", display) for display in x11_displays() if display != own),
    ]


def _camera(url: str) -> str:
    """The node of the teacher's camera, whatever link names it; "" for none."""
    try:
        address = parse_address(url)
    except SourceLost:
        return ""
    return os.path.realpath(address.target) if address.kind == "device" else ""
