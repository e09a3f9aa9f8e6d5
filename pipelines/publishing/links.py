"""STUN and TURN servers that a WHIP server names in its Link headers (RFC 9725 section 4.6, RFC 8288)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from aiortc import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

MAX_SERVERS = 16

_LINK = re.compile(r"""<([^<>\s]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))*)""")
_ATTRIBUTE = re.compile(r""";\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))""")


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server. url: stun:, turn: or turns:. Username and credential never show in a repr."""

    url: str
    username: str = field(default="", repr=False)
    credential: str = field(default="", repr=False)

    @property
    def relays(self) -> bool:
        return self.url.startswith("turn")

    def for_aiortc(self) -> RTCIceServer:
        return RTCIceServer(self.url, self.username or None, self.credential or None)


def ice_servers(headers: Iterable[str]) -> tuple[IceServer, ...]:
    """The usable servers of some Link headers, in order. What cannot be read is left out."""
    found: dict[IceServer, None] = {}
    for header in headers:
        for url, rest in _LINK.findall(header):
            attributes = {
                name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
                for name, quoted, plain in _ATTRIBUTE.findall(rest)
            }
            if "ice-server" not in attributes.get("rel", "").lower().split():
                continue
            # "oauth" (RFC 7635) is not supported by aioice.
            if attributes.get("credential-type", "password") == "password" and _is_usable(url):
                server = IceServer(url, attributes.get("username", ""), attributes.get("credential", ""))
                found[server] = None
    return tuple(found)[:MAX_SERVERS]


def _is_usable(url: str) -> bool:
    if not url.startswith(("stun:", "turn:", "turns:")):
        return False
    try:
        parse_stun_turn_uri(url)
    except ValueError:
        return False
    return True
