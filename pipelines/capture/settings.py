"""What an operator may choose about the camera."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CameraSettings(BaseModel):
    """[camera]: where the picture of the teacher comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        "simulated:",
        description="/dev/video0, rtsp://user:password@host/path, a video file, or simulated:",
    )
    width_px: int = Field(1280, ge=320, le=3840, description="Width asked of the camera.")
    height_px: int = Field(720, ge=180, le=2160, description="Height asked of the camera.")
    rate_hz: float = Field(25.0, ge=1, le=60, description="Pictures a second asked of the camera.")
    lock_controls: bool = Field(
        True, description="Lock exposure, white balance and focus where the driver can, and check the lock."
    )
