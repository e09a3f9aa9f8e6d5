"""What an operator may choose about the coded programme."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EncodingSettings(BaseModel):
    """[encoding]: the encoder, and the bit rates of what viewers get."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: Literal["auto", "x264", "nvenc"] = Field(
        "auto",
        description="x264 (CPU) or nvenc (NVIDIA); auto takes nvenc where it really starts, otherwise x264.",
    )
    video_bps: int = Field(
        4_000_000,
        ge=300_000,
        le=50_000_000,
        description="Ceiling of the picture, bit/s. A page flip may burst one second's worth beyond it.",
    )
    sound_bps: int = Field(64_000, ge=16_000, le=256_000, description="Sound, bit/s.")
