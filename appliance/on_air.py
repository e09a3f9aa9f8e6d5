"""What viewers get: the studio's packets, or the slate while none come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from pipelines.compositing import draw_slate
from pipelines.encoding import encode_still
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
        request_key: Callable[[], None],
    ) -> None:
        self._size_wh = size_wh
        self._clock = clock
        self._publish = publish
        self._request_key = request_key
        self._live_ns = 0
        self._video_pts = -1
        self._slates: dict[tuple[str, ...], Packet] = {}
        self.is_live = False
        self.published_ns = 0

    def put(self, packet: Packet) -> None:
        """A packet of the studio. After the slate, pictures wait for a key frame, to be decodable."""
        if packet.kind == "sound":
            self._publish(packet)
            return
        if not self.is_live and not packet.is_key:
            self._request_key()
            return
        if packet.pts <= self._video_pts:
            return
        now_ns = time.monotonic_ns()
        self.is_live = True
        self._live_ns = now_ns
        self._put_on_air(packet, now_ns)

    def cut(self) -> None:
        """The studio is gone: do not wait for QUIET_S."""
        self._live_ns = 0
        self.is_live = False

    async def hold(self, lines: tuple[str, ...]) -> None:
        """Publishes the slate with these lines if the studio has been quiet. Call it every SLATE_EVERY_S."""
        if self._is_fed():
            return
        slate = self._slates.get(lines)
        if slate is None:
            slate = await asyncio.to_thread(self._draw, lines)
            self._slates[lines] = slate
            if self._is_fed():
                return
        self.is_live = False
        now_ns = time.monotonic_ns()
        captured_ns = now_ns - round(SLATE_LAG_S * NS_PER_S)
        pts = self._clock.pts(captured_ns)
        if pts > self._video_pts:
            self._put_on_air(replace(slate, pts=pts, captured_ns=captured_ns), now_ns)

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
        self._video_pts = packet.pts
        self.published_ns = now_ns

    def _draw(self, lines: tuple[str, ...]) -> Packet:
        return encode_still(draw_slate(self._size_wh, *lines), pts=0, captured_ns=0)
