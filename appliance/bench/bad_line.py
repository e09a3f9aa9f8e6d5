"""A bad line between the box and a viewer: a relay of datagrams that loses, delays, cuts and throttles.

In user space, because it needs no rights and every kernel has it (netem is a module that many lack). The
viewer is told the relay's address instead of the box's; the box learns it from the viewer's checks (RFC 8445
section 7.3.1.3).
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from appliance.bench.calls import serve
from appliance.bench.slow_line import Queue

# What home routers hold, give or take: more is seconds of delay, less drops every key frame.
HELD_S = 0.25
_CANDIDATE = re.compile(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host[^\r\n]*")
_ANY_CANDIDATE = re.compile(r"a=candidate:[^\r\n]*\r\n")


@dataclass(frozen=True, slots=True)
class Weather:
    """loss: share, both ways. jitter_ms: each datagram to the viewer is late by up to that, in order. bps: to
    the viewer, 0 for any. is_cut: nothing passes."""

    loss: float = 0.0
    jitter_ms: float = 0.0
    bps: float = 0.0
    is_cut: bool = False


class Line:
    """What happens to datagrams in one direction. No sockets, no clock of its own."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # so that a line behaves the same in every run
        self._weather = Weather()
        self._queue: Queue | None = None
        self._last_s = 0.0
        self.passed = 0
        self.lost = 0

    def set(self, weather: Weather) -> None:
        self._weather = weather
        self._queue = Queue(weather.bps, HELD_S) if weather.bps else None

    def passes_at(self, size_bytes: int, now_s: float) -> float | None:
        """When this datagram is out of the line; None if never."""
        weather = self._weather
        at_s: float | None = now_s
        if weather.is_cut or self._random.random() < weather.loss:
            at_s = None
        elif self._queue is not None:
            at_s = self._queue.passes_at(size_bytes, now_s)
        if at_s is None:
            self.lost += 1
            return None
        self.passed += 1
        # A hair apart: timers of the very same instant may run in any order.
        at_s = max(self._last_s + 1e-6, at_s + self._random.random() * weather.jitter_ms / 1e3)
        self._last_s = at_s
        return at_s


def relay_line(orders: Connection) -> None:
    """A process: one line, set as ordered, until the pipe is closed."""
    asyncio.run(_relay(orders))


async def _relay(orders: Connection) -> None:
    relay = _Relay()

    async def set_weather(weather: Weather) -> dict[str, int]:
        relay.down.set(weather)
        relay.up.set(Weather(weather.loss, is_cut=weather.is_cut))
        return {"passed": relay.down.passed, "lost": relay.down.lost}

    await serve(orders, {"open": relay.open, "weather": set_weather})
    relay.close()


class _Relay:
    """down: from the box to the viewer; up: the other way."""

    def __init__(self) -> None:
        self.down, self.up = Line(1), Line(2)
        self._inside: asyncio.DatagramTransport | None = None
        self._outside: asyncio.DatagramTransport | None = None
        self._box: tuple[str, int] = ("", 0)
        self._viewer: Any = None

    async def open(self, box: tuple[str, int]) -> int:
        """A line to this address. Returns the port for the viewer, at the same address."""
        self.close()
        loop = asyncio.get_running_loop()
        self._box, self._viewer = box, None
        self._inside, _ = await loop.create_datagram_endpoint(
            lambda: _Arrivals(self._to_viewer), local_addr=(box[0], 0)
        )
        self._outside, _ = await loop.create_datagram_endpoint(
            lambda: _Arrivals(self._to_box), local_addr=(box[0], 0)
        )
        port: int = self._outside.get_extra_info("sockname")[1]
        return port

    def close(self) -> None:
        for transport in (self._inside, self._outside):
            if transport is not None:
                transport.close()

    def _to_viewer(self, data: bytes, _address: Any) -> None:
        if self._outside is not None and self._viewer is not None:
            _later(self.down, self._outside, data, self._viewer)

    def _to_box(self, data: bytes, address: Any) -> None:
        self._viewer = address
        if self._inside is not None:
            _later(self.up, self._inside, data, self._box)


class _Arrivals(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Any], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._take(data, address)


def _later(line: Line, transport: asyncio.DatagramTransport, data: bytes, address: Any) -> None:
    loop = asyncio.get_running_loop()
    now_s = loop.time()
    at_s = line.passes_at(len(data), now_s)
    if at_s is None:
        return
    if at_s <= now_s:
        transport.sendto(data, address)
    else:
        loop.call_at(at_s, transport.sendto, data, address)


def box_address(answer: str) -> tuple[str, int] | None:
    """Where the box's first IPv4 candidate is."""
    found = _CANDIDATE.search(answer)
    return None if found is None else (found.group(1), int(found.group(2)))


def led_over(answer: str, host: str, port: int) -> str:
    """The answer with this address as its only candidate."""
    line = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\n"
    return re.sub(r"(a=ice-ufrag:)", lambda ufrag: line + ufrag.group(1), _ANY_CANDIDATE.sub("", answer))
