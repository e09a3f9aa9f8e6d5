"""Reaching a network camera's host, with words for what goes wrong, and hanging up on a call in progress."""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import time
from pathlib import Path

from pipelines.media import SourceLost
from pipelines.saying import said

_STOP_CHECK_S = 0.1

Peers = frozenset[tuple[str, int]]


def reach(label: str, host: str, port: int, timeout_s: float, stop: threading.Event) -> Peers:
    """Connects to the host and hangs up again; returns its addresses. Raises SourceLost with the cause.

    FFmpeg says "I/O error" for everything from an unknown name to a pulled cable, and cannot be stopped
    while it connects; this can be, and names the cause.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SourceLost(
            "camera",
            said(
                "host_unknown",
                "{label}: the name {host} is not known: check it, or use the IP address",
                label=label,
                host=host,
            ),
        ) from None
    reason: str = said("knock_silent", "does not answer")
    give_up_s = time.monotonic() + timeout_s
    for family, kind, protocol, _, address in found:
        reason = _try(family, kind, protocol, address, give_up_s, stop)
        if not reason:
            return frozenset((str(peer[0]), int(peer[1])) for *_, peer in found)
    raise SourceLost(
        "camera",
        said(
            "host_unreachable",
            "{label} {reason}: check that the camera is on, its address, port {port} and the network",
            label=label,
            reason=reason,
            port=port,
        ),
    )


def _try(
    family: int,
    kind: int,
    protocol: int,
    address: tuple[str | int | bytes, ...],
    give_up_s: float,
    stop: threading.Event,
) -> str:
    """Why this one address cannot be reached, or ''."""
    with socket.socket(family, kind, protocol) as knocking:
        knocking.setblocking(False)
        code = knocking.connect_ex(address)
        while code in (errno.EINPROGRESS, errno.EALREADY):
            if stop.is_set() or time.monotonic() > give_up_s:
                return said("knock_silent", "does not answer")
            poll = select.poll()
            poll.register(knocking, select.POLLOUT)
            if poll.poll(_STOP_CHECK_S * 1000):
                code = knocking.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code == errno.ECONNREFUSED:
        return said("knock_refused", "refuses the connection")
    return said("knock_failed", "cannot be reached ({why})", why=os.strerror(code).lower()) if code else ""


def hang_up(peers: Peers) -> None:
    """Shuts this process's TCP connections to these addresses down, so that whoever reads them wakes at once.

    FFmpeg's read can only be ended by its own time-out, which has to be long enough for a slow network;
    its socket is not handed out, so it is found by its far end. (Linux: /proc/self/fd.)
    """
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if not str(entry.readlink()).startswith("socket:"):
                continue
            # A duplicate: the number itself may by now belong to another file.
            candidate = socket.socket(fileno=os.dup(int(entry.name)))
        except OSError:
            continue  # closed meanwhile
        with candidate:
            try:
                if candidate.type == socket.SOCK_STREAM and candidate.getpeername()[:2] in peers:
                    candidate.shutdown(socket.SHUT_RDWR)
            except (OSError, TypeError):
                continue  # not connected, or not of the Internet
