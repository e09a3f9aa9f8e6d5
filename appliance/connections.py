"""How long a connection may keep the box waiting, and how many an address may hold open.

Without it half a request stays for ever, and whoever opens enough of them, without any token, takes every
file descriptor: then nobody can join, and nothing can be recorded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import resource
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 15.0  # for the head of a request: of a weak line, too, it is a packet or two
# A school behind one address: 1000 viewers with four connections each.
MOST_PER_ADDRESS: Final = 4000


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, whose patience has an end. One object a connection, in the event loop."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.origin = ""
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.origin = origin_of(self.client[0] if self.client else "")
        held = sum(1 for one in self.connections if getattr(one, "origin", "") == self.origin)
        if held > most_per_address():
            transport.close()
            return
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._head_timer is None:  # the beginning of one more request
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def origin_of(address: str) -> str:
    """Whose connections are counted together: an IPv4 address, or the 64 bits of IPv6 that a network gets."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def most_per_address() -> int:
    """Never more than half of the files that this process may open."""
    return min(MOST_PER_ADDRESS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
