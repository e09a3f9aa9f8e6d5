"""What an operator may choose about the coded programme."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class EncodingSettings(BaseModel):
    """[encoding]: bit rates of what viewers get."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    video_bps: int = Field(4_000_000, ge=300_000, le=50_000_000, description="Ceiling of the picture, bit/s.")
    sound_bps: int = Field(64_000, ge=16_000, le=256_000, description="Sound, bit/s.")
