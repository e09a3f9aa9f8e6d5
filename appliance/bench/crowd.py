"""A crowd of counting viewers in a process of its own, so that their work is not counted as the sender's."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from appliance.bench.calls import Caller, serve
from pipelines.broadcast import Count, CountingViewer


@dataclass(frozen=True, slots=True)
class Arrival:
    """How one viewer came in: until the connection stood, until the first whole picture (None: none yet)."""

    connected_ms: float
    first_picture_ms: float | None


def gather_crowd(orders: Connection, sender: Connection) -> None:
    """Joins by offers to `sender`, and leaves, as ordered, until the pipe of the orders is closed."""
    asyncio.run(_gather(orders, sender))


async def _gather(orders: Connection, sender: Connection) -> None:
    caller = Caller(sender)
    await Crowd(caller).obey(orders)
    await caller.close()


class Crowd:
    def __init__(self, sender: Caller) -> None:
        self._sender = sender
        self._groups: dict[str, list[CountingViewer]] = {}

    async def obey(self, orders: Connection) -> None:
        await serve(
            orders,
            {"join": self.join, "reset": self.reset, "count": self.count, "leave": self.leave},
        )
        for group in list(self._groups):
            await self.leave(group)

    async def join(self, group: str, viewers: int, within_s: float) -> list[Arrival]:
        """So many more, evenly within that time; returns when every one of them has had two seconds."""
        self._groups.setdefault(group, [])
        return await asyncio.gather(*(self._one(group, i * within_s / viewers) for i in range(viewers)))

    async def _one(self, group: str, after_s: float) -> Arrival:
        await asyncio.sleep(after_s)
        viewer = CountingViewer(lambda sdp: self._sender.call("offer", sdp))
        self._groups[group].append(viewer)
        await viewer.connect()
        connected_s = time.monotonic()
        await asyncio.sleep(2)
        first_s = viewer.first_picture_s
        return Arrival(
            (connected_s - viewer.offered_s) * 1e3,
            None if first_s is None else (first_s - viewer.offered_s) * 1e3,
        )

    async def reset(self, group: str) -> None:
        for viewer in self._groups[group]:
            viewer.reset()

    async def count(self, group: str) -> list[Count]:
        return [viewer.count() for viewer in self._groups[group]]

    async def leave(self, group: str) -> None:
        await asyncio.gather(*(viewer.close() for viewer in self._groups.pop(group)))
