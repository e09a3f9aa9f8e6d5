"""What an operator may choose about recordings."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class RecordingSettings(BaseModel):
    """[recording]: the programme to disk. Off until somebody starts it in the console."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quota_mb: int = Field(20_000, ge=10, le=10_000_000, description="All recordings together.")
    keep_free_mb: int = Field(
        1_000, ge=0, le=10_000_000, description="Room on the disk that recordings never take."
    )
    when_full: Literal["delete_oldest", "stop"] = Field(
        "stop", description="What happens when there is no room left: the oldest goes, or recording ends."
    )
    segment_minutes: float = Field(
        60.0, ge=0.1, le=600, description="A new file begins after so long, at a key frame."
    )
    light_in_programme: bool = Field(
        False, description="Also a red light in the programme's corner, for all who watch, while recording."
    )

    worst_mattes: int = Field(
        0,
        ge=0,
        le=200,
        description="So many moments of each recording whose mattes were worst are kept with it, for whoever "
        "improves the box: the camera's picture and the matte, at most one in 10 s. 0: none.",
    )

    raw: bool = Field(
        False,
        description="Also the raw inputs of each lesson, losslessly, for `classroom replay`: "
        "tens of GB an hour, with everybody the camera sees.",
    )
    raw_quota_mb: int = Field(
        20_000, ge=10, le=10_000_000, description="All raw recordings together; at the limit they end."
    )

    @property
    def raw_quota_bytes(self) -> int:
        return self.raw_quota_mb * 1_000_000

    @property
    def quota_bytes(self) -> int:
        return self.quota_mb * 1_000_000

    @property
    def keep_free_bytes(self) -> int:
        return self.keep_free_mb * 1_000_000
