"""Publishing: the coded programme to several servers at once, from one encoder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from pipelines.broadcast.choosing import LAYER_BPS
from pipelines.broadcast.pacing import Pacer
from pipelines.broadcast.packetising import packetise
from pipelines.media import Packet
from pipelines.publishing.publisher import Publisher
from pipelines.publishing.settings import PublishingSettings
from pipelines.publishing.status import DestinationStatus


class Publishing:
    """All destinations. Create it and call it in one event loop's thread.

    request_key: a destination needs a key frame of this layer, at most every 300 ms. on_change: a state or
    `watched` changed.
    """

    def __init__(
        self,
        settings: PublishingSettings,
        request_key: Callable[[str], None],
        on_change: Callable[[], None],
        layer_bps: Mapping[str, int] = LAYER_BPS,
    ) -> None:
        pacer = Pacer()
        self._publishers = {
            destination.name: Publisher(destination, pacer, request_key, on_change, layer_bps=layer_bps)
            for destination in settings.destinations
        }

    def start(self) -> None:
        """Starts those that need no order for it."""
        for publisher in self._publishers.values():
            if publisher.destination.auto:
                publisher.start()

    def publish(self, packet: Packet) -> None:
        """Hands one packet, cut once, to every destination that is connected. Never blocks."""
        busy = [publisher for publisher in self._publishers.values() if publisher.is_connected]
        unit = packetise(packet) if busy else None
        if unit is not None and unit.runs:
            for publisher in busy:
                publisher.feed(unit)

    @property
    def watched(self) -> frozenset[str]:
        """The layers that must be coded for the destinations."""
        return frozenset().union(*(publisher.watched for publisher in self._publishers.values()))

    @property
    def low_bps(self) -> int | None:
        """What the low layer may take on the weakest way, bit/s; None where no destination gets it."""
        wanted = [bps for one in self._publishers.values() if (bps := one.low_bps) is not None]
        return int(min(wanted)) if wanted else None

    def destinations(self) -> list[DestinationStatus]:
        """How each is doing, in the order of the settings."""
        return [publisher.status() for publisher in self._publishers.values()]

    def start_one(self, name: str) -> DestinationStatus:
        """Raises KeyError for a name that the settings do not have."""
        publisher = self._publishers[name]
        publisher.start()
        return publisher.status()

    async def stop_one(self, name: str) -> DestinationStatus:
        """Raises KeyError for a name that the settings do not have."""
        publisher = self._publishers[name]
        await publisher.stop()
        return publisher.status()

    async def close(self) -> None:
        """Ends all sessions, on the servers too."""
        await asyncio.gather(*(publisher.stop() for publisher in self._publishers.values()))
