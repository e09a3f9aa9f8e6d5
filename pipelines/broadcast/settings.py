"""What an operator may choose about the way to the viewers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class BroadcastSettings(BaseModel):
    """[broadcast]: WebRTC to the remote classrooms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_viewers: int = Field(50, ge=1, le=1000, description="More are refused with 503 and Retry-After.")
    stun_url: str = Field("", description="stun:host:3478, or empty: addresses of this machine only.")
