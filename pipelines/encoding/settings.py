"""What an operator may choose about the coded programme."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.media import TEACHER_LAYER


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
    sharp: bool = Field(
        True, description="Also 4:4:4, with coloured text as sharp as black, for browsers that take it."
    )
    sharp_bps: int = Field(
        8_000_000, ge=300_000, le=100_000_000, description="Ceiling of the 4:4:4 picture, bit/s."
    )
    low_bps: int = Field(
        600_000,
        ge=100_000,
        le=10_000_000,
        description="Ceiling of the picture for weak networks, bit/s; the weakest gets a fifth of it.",
    )
    low_rate_hz: float = Field(
        5.0, ge=1, le=30, description="Pictures a second for weak networks: text keeps every pixel."
    )
    sound_bps: int = Field(64_000, ge=16_000, le=256_000, description="Sound, bit/s.")

    @property
    def layer_bps(self) -> dict[str, int]:
        """The ceiling of each of media.VIDEO_LAYERS, and of the teacher's."""
        return {
            "444": self.sharp_bps,
            "420": self.video_bps,
            TEACHER_LAYER: self.video_bps,
            "low": self.low_bps,
        }
