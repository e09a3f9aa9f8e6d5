"""What an operator may choose about the way to the viewers."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# RFC 7064 and RFC 7065.
_ICE_URL = re.compile(
    r"(stun:([\w.-]+|\[[\da-fA-F:]+\])(:\d{1,5})?"
    r"|turns?:([\w.-]+|\[[\da-fA-F:]+\])(:\d{1,5})?(\?transport=(udp|tcp))?)"
)
MAX_ICE_URLS = 8


class BroadcastSettings(BaseModel):
    """[broadcast]: WebRTC to the remote classrooms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_viewers: int = Field(50, ge=1, le=1000, description="More are refused with 503 and Retry-After.")
    ice_urls: tuple[str, ...] = Field(
        (),
        description="STUN and TURN servers for viewers: stun:host:3478, turn:host:3478?transport=udp, "
        "turns:host:5349?transport=tcp. Empty: addresses of this machine only.",
    )
    turn_secret_file: str = Field(
        "", description="File with the secret shared with the TURN servers (coturn: static-auth-secret)."
    )
    turn_valid_s: int = Field(
        43_200,
        ge=600,
        le=604_800,
        description="How long a viewer's TURN password holds: longer than a lesson.",
    )
    relay: Literal["viewers", "both"] = Field(
        "viewers",
        description="Who goes through TURN. both: the box, too; each answer then takes a little longer.",
    )

    @field_validator("ice_urls")
    @classmethod
    def _are_servers(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if len(urls) > MAX_ICE_URLS:
            raise ValueError(f"at most {MAX_ICE_URLS} servers, browsers grow slow with more")
        for url in urls:
            if not _ICE_URL.fullmatch(url):
                raise ValueError(
                    f"{url!r} is no server: write stun:host:port or turn:host:port?transport=tcp"
                )
        return urls

    @model_validator(mode="after")
    def _has_secret(self) -> BroadcastSettings:
        if any(url.startswith("turn") for url in self.ice_urls) and not self.turn_secret_file:
            raise ValueError("a turn: server in ice_urls needs turn_secret_file")
        return self
