"""Which camera an address means."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.capture.address import Address, parse_address
from pipelines.capture.camera import Camera, RetryingCamera, Stream
from pipelines.capture.picture import RgbConverter
from pipelines.capture.rtsp import RtspStream
from pipelines.capture.settings import CameraSettings
from pipelines.capture.v4l2 import V4l2Stream
from pipelines.capture.video_file import VideoFile
from pipelines.media import Page, SourceLost, SourceState
from pipelines.timing import SessionClock


def open_camera(
    settings: CameraSettings, clock: SessionClock, shown_page: Callable[[], Page | None]
) -> Camera:
    """The camera of the settings. Returns at once and never raises for a camera that is missing or broken:
    its state and its `read` tell. shown_page: what the LCD shows now, for the simulated classroom alone."""
    size_wh = (settings.width_px, settings.height_px)
    try:
        address = parse_address(settings.url)
        if address.kind == "simulated":
            # Imported here, so that a box with a real camera does not load the simulator.
            from pipelines.simulated.classroom import SimulatedClassroom

            return SimulatedClassroom(address.target, size_wh, settings.rate_hz, clock, shown_page)
    except SourceLost as lost:
        return UnusableCamera(lost)
    converter = RgbConverter(size_wh)
    return RetryingCamera(address.label, lambda: _open_stream(address, settings, clock, converter))


def _open_stream(
    address: Address, settings: CameraSettings, clock: SessionClock, converter: RgbConverter
) -> Stream:
    if address.kind == "device":
        return V4l2Stream(address, converter, clock, settings)
    if address.kind == "rtsp":
        return RtspStream(address, converter, clock, settings.rate_hz)
    return VideoFile(address, converter, clock, settings.rate_hz)


class UnusableCamera:
    """The Camera of an address that only new settings can mend."""

    def __init__(self, lost: SourceLost) -> None:
        self._lost = lost

    @property
    def state(self) -> SourceState:
        return SourceState("camera", "lost", self._lost.reason)

    def read(self, timeout_s: float) -> None:
        raise SourceLost("camera", self._lost.reason, retry=False)

    def close(self) -> None:
        """Nothing is held."""
