"""What an operator may choose about the programme, and everything the studio process is started with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.settings import NetworkSettings
from pipelines.capture.mounting import Upright
from pipelines.capture.settings import CameraSettings
from pipelines.courseware.settings import CoursewareSettings
from pipelines.encoding.settings import EncodingSettings
from pipelines.lcd.settings import LcdSettings
from pipelines.matting.settings import MattingSettings
from pipelines.media import Layout, SizeWh
from pipelines.recording.settings import RecordingSettings
from pipelines.sound.settings import SoundSettings

Point = tuple[float, float]
CalibrationSource = Literal["auto", "corners", "simulated"]


class ProgrammeSettings(BaseModel):
    """[programme]: the picture that viewers get."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width_px: int = Field(1280, ge=320, le=3840, multiple_of=2, description="Width of the programme.")
    height_px: int = Field(720, ge=180, le=2160, multiple_of=2, description="Height of the programme.")
    rate_hz: float = Field(25.0, ge=1, le=60, description="Pictures a second.")
    layout: Layout = Field(Layout.ALIGNED, description="Layout at the start.")
    text_fade: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="How far the teacher's body fades where it hides writing, at the start: 0 not at all. "
        "Hands and pointers stay as they are.",
    )
    transition_ms: int = Field(
        400,
        ge=0,
        le=2000,
        description="How long page and teacher move from one layout or place to the next, ms; 0: not at all. "
        "Slates and the camera's picture are always there at once.",
    )

    @property
    def size_wh(self) -> SizeWh:
        return self.width_px, self.height_px


class CalibrationSettings(BaseModel):
    """[calibration]: where the LCD is in the camera's picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: CalibrationSource = Field(
        "auto",
        description="auto: what `classroom calibrate` stored, else the corners below, else the simulated "
        "classroom's own. corners, simulated: that alone.",
    )
    corners: tuple[Point, Point, Point, Point] | None = Field(
        None,
        description="Camera pixels of the page's top left, top right, bottom right and bottom left corner, "
        "with the camera's picture turned as set here; where it is turned otherwise they are left out.",
    )


class StudioSettings(BaseModel):
    """All of the studio's stages, as the daemon hands them to the child process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    camera: CameraSettings = CameraSettings()
    courseware: CoursewareSettings = CoursewareSettings()
    courseware_name: str = ""  # for people; "" is the file's
    lcd: LcdSettings = LcdSettings()
    sound: SoundSettings = Field(default_factory=SoundSettings)
    network: NetworkSettings = NetworkSettings()
    matting: MattingSettings = MattingSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    corners_upright: Upright = Upright()  # how the camera hung when the settings' corners were written down
    programme: ProgrammeSettings = ProgrammeSettings()
    encoding: EncodingSettings = EncodingSettings()
    models_dir: Path
    calibration_path: Path | None = None  # where the calibration is stored; None: nowhere
    recording: RecordingSettings = RecordingSettings()
    recordings_path: Path | None = None  # the folder of recordings; None: nothing is kept beside one
    raw_path: Path | None = None  # the folder of raw recordings; None: none is made, whatever is set

    def calibration_for(self, upright: Upright) -> CalibrationSettings:
        """For a camera that hangs so. Without corners where they are those of pictures turned otherwise."""
        chosen = self.calibration
        return chosen if upright == self.corners_upright else chosen.model_copy(update={"corners": None})
