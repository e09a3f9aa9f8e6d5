"""The links that open the pages. The token stands in the fragment: no browser sends it, no server logs it."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from appliance.settings import HttpSettings
from appliance.tokens import Tokens

_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


@dataclass(frozen=True, slots=True, repr=False)
class Link:
    """where: on which machine the link works. No repr: they hold tokens."""

    where: str
    console: str
    watch: str
    present: str


def links(http: HttpSettings, port: int, tokens: Tokens) -> list[Link]:
    """Links that work with what the box listens on: this machine first, then the classroom's network."""
    return [_link(where, base, tokens) for where, base in bases(http, port)]


def watch_links(http: HttpSettings, port: int, token: str) -> list[str]:
    """The links with which a room watches: this machine's first, then the network's."""
    return [f"{base}/watch#token={token}" for _, base in bases(http, port)]


def bases(http: HttpSettings, port: int) -> list[tuple[str, str]]:
    """(on which machine it works, "http://host:port"): this machine first, then the classroom's network.

    The network's is `http.public_url`, where that is set: a proxy's name, or the certificate's.
    """
    scheme = "https" if http.certificate else "http"
    if http.host in _ANY:
        hosts = [("this machine", "localhost")]
        if address := network_address():
            hosts.append(("the network", address))
    else:
        hosts = [("this machine" if _is_loopback(http.host) else "the network", http.host)]
    found = [(where, f"{scheme}://{_bracketed(host)}:{port}") for where, host in hosts]
    if not http.public_url:
        return found
    here = [(where, base) for where, base in found if where == "this machine"]
    return [*here, ("the network", http.public_url)]


def network_address() -> str:
    """This machine's own address towards other networks, or "" without one. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket only asks the routing table (address of RFC 5737).
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
    return "" if _is_loopback(address) else address


def _link(where: str, base: str, tokens: Tokens) -> Link:
    return Link(
        where,
        console=f"{base}/console#token={tokens.assistant}",
        watch=f"{base}/watch#token={tokens.viewer}",
        present=f"{base}/present#token={tokens.presenter}",
    )


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
