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

    gain_db: float = Field(
        0.0, ge=-30, le=40, description="Louder or softer, dB; speech wants peaks between -20 and -6 dBFS."
    )
    high_pass_hz: float = Field(
        0.0, ge=0, le=300, description="Takes rumble away below so many hertz; 80 suits voices, 0 is none."
    )

    noise_suppression: bool = Field(
        False,
        description="Takes the steady noise of fans and projectors away, 18 dB of it; not for music.",
    )

    loudspeaker: str = Field(
        "",
        description="Where the box plays the voice of a remote room that is let speak: alsa:default, "
        "alsa:hw:1, or nothing: then the console alone does.",
    )

    @field_validator("loudspeaker")
    @classmethod
    def _is_device(cls, loudspeaker: str) -> str:
        if loudspeaker and not re.fullmatch(r"alsa:\S+", loudspeaker):
            raise ValueError("write alsa:default, or one of `aplay -L`, as in alsa:hw:1; or nothing")
        return loudspeaker

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
