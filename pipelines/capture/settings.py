"""What an operator may choose about the camera."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines.capture.mounting import Turn, Upright


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
    turn_deg: Turn = Field(0, description="Turn the picture clockwise by this, until people stand upright.")
    mirrored: bool = Field(False, description="Swap left and right first: a camera behind a mirror.")

    @field_validator("turn_deg", mode="before")
    @classmethod
    def _number(cls, given: object) -> object:
        """From the environment and from flags numbers come as text, which a Literal does not take."""
        return int(given) if isinstance(given, str) and given.isdecimal() else given

    @property
    def is_simulated(self) -> bool:
        return self.url.startswith("simulated:")

    @property
    def upright(self) -> Upright:
        """How its picture becomes upright."""
        return Upright(self.turn_deg, self.mirrored)
