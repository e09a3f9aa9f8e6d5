"""What viewers get: the studio's packets, or the slate while none come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from pipelines.compositing.slate import draw_slate
from pipelines.encoding.still import encode_still
from pipelines.media import Packet, SizeWh
from pipelines.timing import NS_PER_S, SessionClock

QUIET_S = 2.0  # without a picture of the studio for so long, viewers see the slate
SLATE_EVERY_S = 1.0  # so a viewer who joins sees it at once
# The studio's pictures carry the time of capture, a little before now. The slate is dated back by
# more than that, so that pts never run backwards when the studio returns.
SLATE_LAG_S = 0.5


class OnAir:
    """Publishes live packets and holds the picture when they stop. Lives in the event loop."""

    def __init__(
        self,
        size_wh: SizeWh,
        clock: SessionClock,
        publish: Callable[[Packet], None],
        request_key: Callable[[str], None],
    ) -> None:
        self._size_wh = size_wh
        self._clock = clock
        self._publish = publish
        self._request_key = request_key
        self._live_ns = 0
        self._video_pts: dict[str, int] = {}  # by layer
        self._live_layers: set[str] = set()  # those that have begun with a key frame since the slate
        self._slates: dict[tuple[str, ...], list[Packet]] = {}
        self.is_live = False
        self.is_curtained = False
        self.published_ns = 0

    def put(self, packet: Packet) -> None:
        """A packet of the studio. After the slate, pictures wait for a key frame, to be decodable."""
        if self.is_curtained:
            return
        if packet.kind == "sound":
            self._publish(packet)
            return
        if packet.layer not in self._live_layers and not packet.is_key:
            self._request_key(packet.layer)
            return
        if packet.pts <= self._video_pts.get(packet.layer, -1):
            return
        self._live_layers.add(packet.layer)
        now_ns = time.monotonic_ns()
        self.is_live = True
        self._live_ns = now_ns
        self._put_on_air(packet, now_ns)

    def curtain(self, is_closed: bool) -> None:
        """Closed: from this call on neither picture nor sound of the studio goes out, whatever it sends."""
        self.is_curtained = is_closed
        self.cut()

    async def prepare(self, lines: tuple[str, ...]) -> None:
        """Draws and codes a slate before it is wanted: then `hold` has it at once."""
        if lines not in self._slates:
            self._slates[lines] = await asyncio.to_thread(self._draw, lines)

    def cut(self) -> None:
        """The studio is gone: do not wait for QUIET_S."""
        self._live_ns = 0
        self.is_live = False
        self._live_layers.clear()

    async def hold(self, lines: tuple[str, ...]) -> None:
        """Publishes the slate with these lines if the studio has been quiet. Call it every SLATE_EVERY_S."""
        if self._is_fed():
            return
        if lines not in self._slates:
            await self.prepare(lines)
            if self._is_fed():
                return
        self.is_live = False
        self._live_layers.clear()
        now_ns = time.monotonic_ns()
        captured_ns = now_ns - round(SLATE_LAG_S * NS_PER_S)
        pts = self._clock.pts(captured_ns)
        for slate in self._slates[lines]:
            newest = self._video_pts.get(slate.layer, -1)
            if pts > newest or self.is_curtained:  # the curtain does not wait until the last picture is old
                self._put_on_air(replace(slate, pts=max(pts, newest + 1), captured_ns=captured_ns), now_ns)

    def age_s(self) -> float:
        """Seconds since anything was published: the progress that feeds the watchdog."""
        return (time.monotonic_ns() - self.published_ns) / NS_PER_S

    def quiet_s(self) -> float:
        """Seconds since the studio's last picture."""
        return (time.monotonic_ns() - self._live_ns) / NS_PER_S

    def _is_fed(self) -> bool:
        return self.is_live and self.quiet_s() < QUIET_S

    def _put_on_air(self, packet: Packet, now_ns: int) -> None:
        self._publish(packet)
        self._video_pts[packet.layer] = packet.pts
        self.published_ns = now_ns

    def _draw(self, lines: tuple[str, ...]) -> list[Packet]:
        """The slate for every layer: nobody is left with the last picture before it."""
        rgb = draw_slate(self._size_wh, *lines)
        half = encode_still(rgb, pts=0, captured_ns=0)
        return [encode_still(rgb, pts=0, captured_ns=0, layer="444"), half, replace(half, layer="low")]
