"""Steering: which layer one connection gets, and how fast its packets follow each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from aiortc.rtp import AnyRtcpPacket

from pipelines.broadcast.bursts import BurstPace, low_pace
from pipelines.broadcast.choosing import SOUND_ONLY, LayerChooser, Line
from pipelines.broadcast.packetising import AccessUnit
from pipelines.broadcast.status import ViewerTally
from pipelines.broadcast.streams import Stream
from pipelines.media import LOW_LAYER


class Steering:
    """Of one stream of pictures, by what its receiver reports to `tally`. Lives in the event loop's thread.

    layer: what is sent; the chooser's while a key frame of that is waited for.
    """

    def __init__(
        self,
        stream: Stream,
        tally: ViewerTally,
        layers: tuple[str, ...],
        layer_bps: Mapping[str, int],
        ask_key: Callable[[str], None],
    ) -> None:
        """layers: to be had, best first. layer_bps: their ceilings. ask_key: of this layer, one is needed."""
        self.chooser = LayerChooser(layers, layer_bps)
        self.layer = self.chooser.layer
        self._stream = stream
        self._tally = tally
        self._layer_bps = layer_bps
        self._ask_key = ask_key
        self._bursts = BurstPace()
        self._looked: tuple[float, int, int] | None = None

    @property
    def watched(self) -> frozenset[str]:
        """The layers that must be coded: the one sent, and the one waited for."""
        return frozenset((self.layer, self.chooser.layer)) - {SOUND_ONLY}

    @property
    def low_bps(self) -> float | None:
        """What the low layer may take on this line, bit/s; None while it is of no use here."""
        return self.chooser.low_bps if LOW_LAYER in self.watched else None

    def feed(self, unit: AccessUnit) -> None:
        """Takes one picture of any layer; never blocks."""
        if unit.layer != self.layer and unit.is_key and unit.layer == self.chooser.layer:
            self._begin(unit.layer)
        if unit.layer == self.layer:
            self._stream.feed(unit)

    def hear(self, packet: AnyRtcpPacket) -> None:
        """What the receiver reports. Lost packets slow the burst that they are of, not only the next one."""
        tally = self._tally
        missing = tally.missing
        tally.take(packet, self._stream.holds)
        if tally.missing > missing:
            self._bursts.lost(self._stream.sent_packets, tally.missing, tally.estimate_bps, time.monotonic())
            self._pace()

    def look(self) -> None:
        """Once a second: is the layer still right?"""
        now_s, sent, missing = time.monotonic(), self._stream.sent_bytes, self._tally.missing
        if self._looked is not None and now_s > self._looked[0]:
            took_s = now_s - self._looked[0]
            line = Line(
                self._tally.loss,
                self._tally.rtt_ms,
                self._tally.estimate_bps,
                (sent - self._looked[1]) * 8 / took_s,
                (missing - self._looked[2]) / took_s,
                self._stream.dropped,
            )
            self.chooser.look(line, now_s)
            self.move()
            self._bursts.look(self._stream.sent_packets, missing, now_s)
            self._pace()
        self._looked = (now_s, sent, missing)

    def move(self) -> None:
        """Goes where the chooser points."""
        wanted = self.chooser.layer
        if wanted == SOUND_ONLY:
            self.layer = wanted
            self._stream.leave_layer()
        elif wanted != self.layer:
            self._ask_key(wanted)  # feed() changes over when it comes

    def _begin(self, layer: str) -> None:
        self.layer = layer
        if layer != self.chooser.layers[0]:
            # The line was too narrow for the best one: its first key frame must not fall out of a queue.
            self._bursts.begin_below(self._layer_bps[layer])
            self._pace()

    def _pace(self) -> None:
        """The low layer keeps to its own rate: its pictures must leave the line free for the sound."""
        is_low = self.layer == LOW_LAYER
        self._stream.pace(low_pace(self.chooser.low_bps) if is_low else self._bursts.bytes_per_s)
