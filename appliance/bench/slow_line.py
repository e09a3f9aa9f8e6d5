"""A line of limited bandwidth between the box and a browser: a relay that lets so many bits a second pass.

The box's answer is changed on its way, so that the browser knows the relay's address alone; the box learns
that from the browser's checks (RFC 8445 section 7.3.1.3). Like a home router the relay holds what is too much
for a while and drops what does not fit.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from appliance.bench.ours import BenchFailed

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab
    from playwright.sync_api import Route

# What home routers hold, give or take: more is seconds of delay, less drops every key frame.
HELD_S = 0.25
OVERHEAD_BYTES = 28  # IPv4 and UDP headers
LARGEST_BYTES = 65536
SOCKET_BUFFER_BYTES = 4_000_000  # the relay drops, not the kernel
_CANDIDATE = re.compile(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host[^\r\n]*")
_ANY_CANDIDATE = re.compile(r"a=candidate:[^\r\n]*\r\n")


class Queue:
    """When a packet has passed a line of bps that holds at most held_s; no clock of its own."""

    def __init__(self, bps: float, held_s: float) -> None:
        self._bps, self._held_s = bps, held_s
        self._free_s = 0.0
        self.dropped = 0

    def passes_at(self, size_bytes: int, now_s: float) -> float | None:
        """None: it did not fit and is dropped."""
        start_s = max(now_s, self._free_s)
        if start_s - now_s > self._held_s:
            self.dropped += 1
            return None
        self._free_s = start_s + (size_bytes + OVERHEAD_BYTES) * 8 / self._bps
        return self._free_s


@contextlib.contextmanager
def slow_line(tab: Tab, bps: float) -> Iterator[None]:
    """Every WHEP session that this tab opens meanwhile gets a line of its own. Raises BenchFailed."""
    context = get_context("spawn")
    ends = []

    def answered(route: Route) -> None:
        reply = route.fetch()
        answer, found = reply.text(), _CANDIDATE.search(reply.text())
        if route.request.method != "POST" or found is None:
            route.fulfill(response=reply)
            return
        ours, theirs = context.Pipe()
        target = found.group(1), int(found.group(2))
        relay = context.Process(target=relay_datagrams, args=(theirs, target, bps), daemon=True)
        relay.start()
        ends.append(relay)
        line = f"a=candidate:1 1 udp 2130706431 {target[0]} {ours.recv()} typ host\r\n"
        mended = _ANY_CANDIDATE.sub("", answer)
        mended = re.sub(r"(a=ice-ufrag:)", lambda ufrag: line + ufrag.group(1), mended)
        route.fulfill(response=reply, body=mended)

    if bps <= 0:
        raise BenchFailed("a line needs a bandwidth above 0")
    tab.route("**/whep*", answered)
    try:
        yield
    finally:
        tab.unroute("**/whep*")
        for relay in ends:
            relay.terminate()
            relay.join(5)


def relay_datagrams(pipe: Connection, target: tuple[str, int], bps: float) -> None:
    """A process: tells the port it listens on, then carries datagrams between browser and box until ended."""
    outside, inside = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for each in (outside, inside):
        each.bind((target[0], 0))
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
    pipe.send(outside.getsockname()[1])
    queue = Queue(bps, HELD_S)
    waiting: deque[tuple[float, bytes]] = deque()
    browser: tuple[str, int] | None = None
    while True:
        pause_s = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 1.0
        ready, _, _ = select.select((outside, inside), (), (), pause_s)
        if outside in ready:
            data, browser = outside.recvfrom(LARGEST_BYTES)
            inside.sendto(data, target)
        if inside in ready:
            data = inside.recv(LARGEST_BYTES)
            at_s = queue.passes_at(len(data), time.monotonic())
            if at_s is not None:
                waiting.append((at_s, data))
        while waiting and waiting[0][0] <= time.monotonic():
            _, data = waiting.popleft()
            if browser is not None:
                outside.sendto(data, browser)
