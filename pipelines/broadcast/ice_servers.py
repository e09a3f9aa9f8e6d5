"""STUN and TURN servers, with passwords that expire (the "REST" convention that coturn and others know)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiortc import RTCIceServer

from pipelines.broadcast.settings import BroadcastSettings

log = logging.getLogger(__name__)

MAX_SECRET_BYTES = 4096


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server. username, password: of TURN; empty for STUN. The password is a secret until it expires."""

    url: str
    username: str = ""
    password: str = ""

    @property
    def is_relay(self) -> bool:
        return self.url.startswith("turn")

    def link(self) -> str:
        """As a value of the Link header (RFC 9725 section 4.6)."""
        parts = [f'<{self.url}>; rel="ice-server"']
        if self.is_relay:
            parts.append(f'username="{self.username}"; credential="{self.password}"')
            parts.append('credential-type="password"')
        return "; ".join(parts)


def ice_servers(settings: BroadcastSettings) -> list[IceServer]:
    """Those of the settings, with a username and password of their own for whoever gets them. Reads a file.

    TURN servers are left out, with a line in the log, while their secret cannot be read: a viewer who needs
    none must not suffer.
    """
    secret = _secret(settings) if settings.turn_secret_file else b""
    servers = []
    for url in settings.ice_urls:
        if not url.startswith("turn"):
            servers.append(IceServer(url))
        elif secret:
            username = f"{int(time.time()) + settings.turn_valid_s}:{secrets.token_hex(4)}"
            servers.append(IceServer(url, username, password_for(username, secret)))
    return servers


def password_for(username: str, secret: bytes) -> str:
    """draft-uberti-behave-turn-rest: the server computes the same; username begins with when it expires."""
    return base64.b64encode(hmac.new(secret, username.encode(), hashlib.sha1).digest()).decode()


def of_box(settings: BroadcastSettings) -> list[IceServer]:
    """Those that the box itself uses, for one connection: TURN only where it is told to. Reads a file."""
    servers = ice_servers(settings)
    return [server for server in servers if not server.is_relay or settings.relay == "both"]


def for_aiortc(servers: Sequence[IceServer]) -> list[RTCIceServer]:
    """As aiortc takes them; it uses the first STUN server and the first TURN server."""
    return [RTCIceServer(server.url, server.username or None, server.password or None) for server in servers]


def _secret(settings: BroadcastSettings) -> bytes:
    try:
        with Path(settings.turn_secret_file).expanduser().open("rb") as file:
            secret = file.read(MAX_SECRET_BYTES).strip()
    except OSError as error:
        log.warning("no TURN: broadcast.turn_secret_file cannot be read (%s)", error.strerror)
        return b""
    if not secret:
        log.warning("no TURN: broadcast.turn_secret_file is empty")
    return secret
