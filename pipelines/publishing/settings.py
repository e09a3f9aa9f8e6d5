"""What an operator may choose about other servers that the programme is published to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.publishing.errors import PublishError

TOKEN_PLACE = "{token}"  # noqa: S105 - where the token goes, not a token
MAX_DESTINATIONS = 8
MAX_TOKEN_BYTES = 4096
_RTMP = ("rtmp", "rtmps")


class DestinationSettings(BaseModel):
    """One server that takes the programme by WHIP (RFC 9725), or by RTMP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
    url: str
    token_file: str = ""
    token_env: str = ""
    layer: Literal["444", "420", "low"] = "420"
    auto: bool = True

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        parts = urlsplit(url)  # what it cannot read, it refuses with a ValueError
        if parts.scheme not in ("http", "https", *_RTMP) or not parts.hostname or parts.port == 0:
            raise ValueError("url is not an address: write https://host/path, or rtmps://host/path")
        if parts.username or parts.password:
            raise ValueError("a password has no place in url: use token_file or token_env")
        return url

    @model_validator(mode="after")
    def _one_token(self) -> DestinationSettings:
        if self.token_file and self.token_env:
            raise ValueError("give token_file or token_env, not both")
        if TOKEN_PLACE in self.url and not (self.token_file or self.token_env):
            raise ValueError(f"{TOKEN_PLACE} in url needs token_file or token_env")
        if self.is_rtmp and TOKEN_PLACE not in self.url and (self.token_file or self.token_env):
            raise ValueError(f"an rtmp url takes its key where {TOKEN_PLACE} stands")
        return self

    @property
    def is_rtmp(self) -> bool:
        return urlsplit(self.url).scheme in _RTMP

    @property
    def server(self) -> str:
        """Scheme, host and port: what may be shown. The path of some services is a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def token(self) -> str:
        """The token, read anew at every try: a new one needs no restart. Blocks. Raises PublishError."""
        if self.token_env:
            token = os.environ.get(self.token_env, "").strip()
            if not token:
                raise PublishError("token", f"the environment has no {self.token_env}")
            return _checked(token)
        if not self.token_file:
            return ""
        try:
            with Path(self.token_file).expanduser().open("rb") as file:
                return _checked(file.read(MAX_TOKEN_BYTES).decode().strip())
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise PublishError("token", f"the token file cannot be read ({why})") from None


class PublishingSettings(BaseModel):
    """[publishing]: other servers (SFU) that get the programme by WHIP or RTMP, from one encoder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    destinations: tuple[DestinationSettings, ...] = Field(
        (),
        max_length=MAX_DESTINATIONS,
        description="One [[publishing.destinations]] each: name; url, in which {token} stands for the token, "
        "else it is sent as a bearer token; token_file or token_env; layer (420, 444, low); auto = false "
        "waits for the console.",
    )

    @model_validator(mode="after")
    def _names_differ(self) -> PublishingSettings:
        names = [destination.name for destination in self.destinations]
        if len(set(names)) < len(names):
            raise ValueError("destinations need names that differ from each other")
        return self


def _checked(token: str) -> str:
    # Visible ASCII (RFC 6750 section 2.1): anything else could break the header it is sent in.
    if not token or not all("!" <= character <= "~" for character in token):
        raise PublishError("token", "the token is empty or holds blanks or other than ASCII")
    return token
