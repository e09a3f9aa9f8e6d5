"""LayeredEncoder: one programme picture in, one packet for every layer that somebody watches."""

from __future__ import annotations

from collections.abc import Collection

from pipelines.encoding.colour import Canvas
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.video import VideoEncoder
from pipelines.media import LOW_LAYER, PTS_HZ, U8, VIDEO_LAYERS, Packet, SizeWh

# Nobody watches: one picture a second still says that the studio can make them.
IDLE_HZ = 1.0
SLOWEST_HZ = 1.0


class LayeredEncoder:
    """The layers of the programme, each coded once for all its viewers. Use from one thread.

    444: High 4:4:4 Predictive, at every tick. 420: constrained baseline, at every tick. low: as 420 with
    fewer pictures a second and the same size, because text must never lose its pixels; with a narrower
    line their number falls further, not the bits of each.
    """

    def __init__(self, size_wh: SizeWh, rate_hz: float, settings: EncodingSettings) -> None:
        self.size_wh = size_wh
        self._rate_hz = rate_hz
        self._settings = settings
        self._canvas = Canvas(size_wh)
        # Opened at the start, so that an encoder that is not to be had is told before the lesson.
        self._encoders = {"420": self._open("420")}
        self._due_pts: dict[str, int] = {}
        self._low_bps, self._low_hz = settings.low_bps, settings.low_rate_hz
        self._watched: frozenset[str] = frozenset()

    @property
    def watched(self) -> frozenset[str]:
        return self._watched

    def watch(self, layers: Collection[str]) -> None:
        """What is coded from now on. A layer begins with a key frame, and ends at once."""
        known = frozenset(layers).intersection(VIDEO_LAYERS)
        for layer in known ^ self._watched:  # the idle one too: what it sent, no viewer has seen
            if layer in self._encoders:
                self._encoders.pop(layer).close()
        self._watched = known
        self._due_pts.clear()

    def pace_low(self, low_bps: int | None) -> None:
        """What the low layer may take from now on, bit/s; None, or more than its ceiling: that."""
        low_bps = min(low_bps or self._settings.low_bps, self._settings.low_bps)
        if low_bps == self._low_bps:
            return
        share = low_bps / self._settings.low_bps
        self._low_bps, self._low_hz = low_bps, max(SLOWEST_HZ, self._settings.low_rate_hz * share)
        if LOW_LAYER in self._encoders:
            self._encoders[LOW_LAYER].pace(self._low_hz, low_bps)

    def encode(self, rgb: U8, pts: int, captured_ns: int, key_layers: Collection[str] = ()) -> list[Packet]:
        """Codes one picture for each layer that is due: rgb u8 (H, W, 3), pts in 1/90000 s, growing.

        key_layers get an IDR frame, due or not. Key frames come first: a viewer who changes layers then
        leaves the old one before its picture of the same instant. Raises as VideoEncoder.encode does.
        """
        live = self._watched or frozenset(("420",))
        due = [layer for layer in VIDEO_LAYERS if layer in live and self._is_due(layer, pts, key_layers)]
        for layer in due:
            if layer not in self._encoders:
                self._encoders[layer] = self._open(layer)
        if not due:
            return []
        self._canvas.draw(rgb, {self._encoders[layer].form for layer in due})
        packets = []
        for layer in due:
            packets += self._encoders[layer].encode_drawn(pts, captured_ns, layer in key_layers)
        return sorted(packets, key=lambda packet: not packet.is_key)

    def close(self) -> None:
        for encoder in self._encoders.values():
            encoder.close()
        self._encoders.clear()

    def _open(self, layer: str) -> VideoEncoder:
        if layer != LOW_LAYER:
            return VideoEncoder(self.size_wh, self._rate_hz, self._settings, layer, self._canvas)
        encoder = VideoEncoder(self.size_wh, self._settings.low_rate_hz, self._settings, layer, self._canvas)
        encoder.pace(self._low_hz, self._low_bps)
        return encoder

    def _is_due(self, layer: str, pts: int, key_layers: Collection[str]) -> bool:
        period_hz = IDLE_HZ if not self._watched else self._low_hz if layer == LOW_LAYER else 0.0
        if layer not in key_layers and pts < self._due_pts.get(layer, 0):
            return False
        if period_hz:
            self._due_pts[layer] = pts + round(PTS_HZ / period_hz * 0.98)
        return True
