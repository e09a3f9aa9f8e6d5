"""What an operator may choose about the sound."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

_SCHEME = re.compile(r"([a-z]{3,}):(?!/)(\S*)")


class SoundSettings(BaseModel):
    """[sound]: where the teacher's voice comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(
        "silence:",
        description="alsa:default, alsa:hw:1, a sound or video file (over and over), tone: or silence:",
    )
    extra_delay_ms: int = Field(
        0,
        ge=0,
        le=1000,
        description="Added to the picture's own delay: raise it while the voice runs ahead of the lips.",
    )

    @field_validator("source")
    @classmethod
    def _known(cls, source: str) -> str:
        if not source:
            raise ValueError('is empty; write "silence:" for no sound')
        scheme = _SCHEME.fullmatch(source)
        if scheme is None:
            return source
        name, rest = scheme.groups()
        if name == "alsa" and not rest:
            raise ValueError('"alsa:" needs a device: alsa:default, or one of `arecord -L`, as in alsa:hw:1')
        if name in ("silence", "tone") and rest:
            raise ValueError(f'"{name}:" takes nothing after the colon')
        if name not in ("alsa", "silence", "tone"):
            raise ValueError(f'"{name}:" is unknown; use alsa:DEVICE, tone:, silence:, or the path of a file')
        return source
