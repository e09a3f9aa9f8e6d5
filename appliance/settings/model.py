"""The settings, nested by section. Each stage owns the class of its section; this file adds the box's own."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from appliance.library.settings import LibrarySettings
from models.catalog import default_models_dir
from models.settings import NetworkSettings
from pipelines.broadcast.settings import BroadcastSettings
from pipelines.capture.settings import CameraSettings
from pipelines.courseware.settings import CoursewareSettings
from pipelines.encoding.settings import EncodingSettings
from pipelines.lcd.settings import LcdSettings
from pipelines.matting.settings import MattingSettings
from pipelines.publishing import PublishingSettings
from pipelines.recording.settings import RecordingSettings
from pipelines.sound.settings import SoundSettings
from pipelines.studio.settings import CalibrationSettings, ProgrammeSettings, StudioSettings


class HttpSettings(BaseModel):
    """[http]: console, API and WHEP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(
        "0.0.0.0",  # noqa: S104 - remote classrooms must reach the box; nothing but /health answers without a token
        min_length=1,
        description="Address to listen on. 127.0.0.1 for this machine alone, or behind a reverse proxy.",
    )
    port: int = Field(8080, ge=0, le=65535, description="TCP port to listen on; 0 takes any free one.")
    public_url: str = Field(
        "",
        description="Where others reach the box, for links and QR codes: https://box.school.example, the "
        "certificate's name or the reverse proxy's. Empty: this machine's address and port.",
    )
    cors_origins: tuple[str, ...] = Field(
        (), description='Other web sites whose pages may play the programme: ["https://school.example"].'
    )
    certificate: str = Field("", description="PEM file with the certificate chain; with key: https.")
    key: str = Field("", description="PEM file with the certificate's private key.")

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, url: str) -> str:
        """Without the slash behind it: the pages' paths are put there."""
        if not url:
            return url
        parts = urlsplit(url)  # its ValueError for brackets says enough
        is_whole = f"{parts.scheme}://{parts.netloc}" == url.removesuffix("/")
        if parts.scheme not in ("http", "https") or not parts.hostname or not is_whole or "@" in parts.netloc:
            raise ValueError(
                "write http:// or https://, a name and perhaps a port: https://box.school.example"
            )
        if any(character.isspace() or not character.isprintable() for character in url):
            raise ValueError("there are spaces in it")
        _ = parts.port  # raises ValueError for one that is none
        return url.removesuffix("/")

    @model_validator(mode="after")
    def _both_or_none(self) -> HttpSettings:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key belong together: give both, or neither for plain http")
        return self


class BoxSettings(BaseModel):
    """[box]: where the box keeps what must survive a restart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state_dir: str = Field(
        "",
        description="Folder for the tokens, the courseware and the recordings. "
        "Empty: that of the systemd service, else ~/.local/state/classroom.",
    )
    models_dir: str = Field(
        "", description="Folder of the installed networks. Empty: that of `classroom models list`."
    )

    @property
    def state_path(self) -> Path:
        return Path(self.state_dir).expanduser().absolute() if self.state_dir else default_state_dir()

    @property
    def models_path(self) -> Path:
        return Path(self.models_dir).expanduser().absolute() if self.models_dir else default_models_dir()

    @property
    def calibration_path(self) -> Path:
        return self.state_path / "calibration.json"

    @property
    def courseware_path(self) -> Path:
        """The folder from which the console may open courseware."""
        return self.state_path / "courseware"

    @property
    def recordings_path(self) -> Path:
        """The recordings. Private: the box alone reads and writes there."""
        return self.state_path / "recordings"

    @property
    def raw_recordings_path(self) -> Path:
        """The raw inputs of lessons. As private."""
        return self.recordings_path / "raw"

    @property
    def shelf_pictures_path(self) -> Path:
        """Small pictures of the courseware folder's pages."""
        return self.state_path / "thumbnails"

    @property
    def library_path(self) -> Path:
        """The uploads. Private: the box alone writes there."""
        return self.state_path / "library"


def default_state_dir() -> Path:
    """$STATE_DIRECTORY of systemd.exec(5), else the XDG base directory specification's state folder."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    home = os.environ.get("XDG_STATE_HOME", "")
    # The specification says to ignore a relative path.
    return (Path(home) if home.startswith("/") else Path.home() / ".local" / "state") / "classroom"


class Settings(BaseModel):
    """Everything, section by section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    camera: CameraSettings = CameraSettings()
    courseware: CoursewareSettings = CoursewareSettings()
    lcd: LcdSettings = LcdSettings()
    sound: SoundSettings = Field(default_factory=SoundSettings)
    network: NetworkSettings = NetworkSettings()
    matting: MattingSettings = MattingSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    programme: ProgrammeSettings = ProgrammeSettings()
    encoding: EncodingSettings = EncodingSettings()
    broadcast: BroadcastSettings = BroadcastSettings()
    publishing: PublishingSettings = PublishingSettings()
    recording: RecordingSettings = RecordingSettings()
    library: LibrarySettings = Field(default_factory=LibrarySettings)
    http: HttpSettings = HttpSettings()
    box: BoxSettings = BoxSettings()

    def studio(self) -> StudioSettings:
        """The part that the studio process is started with."""
        return StudioSettings(
            camera=self.camera,
            courseware=self.courseware,
            lcd=self.lcd,
            sound=self.sound,
            network=self.network,
            matting=self.matting,
            calibration=self.calibration,
            corners_upright=self.camera.upright,
            programme=self.programme,
            encoding=self.encoding,
            models_dir=self.box.models_path,
            calibration_path=self.box.calibration_path,
            recording=self.recording,
            recordings_path=self.box.recordings_path,
            raw_path=self.box.raw_recordings_path,
        )
