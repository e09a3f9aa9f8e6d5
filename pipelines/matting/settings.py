"""What an operator may choose about the matte."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MattingSettings(BaseModel):
    """[matting]: how much work goes into cutting the teacher out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget_px: int = Field(
        0,
        ge=0,
        le=4_000_000,
        description="Pixels the network sees per frame; 0 lets the box choose for its provider.",
    )
