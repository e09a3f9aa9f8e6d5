"""The programme: at every tick the newest page and the newest matte become one coded picture.

It never waits for the network: a page turn is on its way at the next tick, whatever the matting does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pipelines.channels import Latest
from pipelines.compositing import Compositor
from pipelines.encoding import VideoEncoder
from pipelines.media import Calibration, Matte, Packet, Page, Scene
from pipelines.studio.showing import WITH_TEACHER, Showing
from pipelines.timing import NS_PER_MS, NS_PER_S, Marks, Rate, SessionClock

# A teacher who has not moved for so long is a frozen picture, not a teacher: better none.
# Long enough that a machine short of processors shows a slow teacher rather than a flickering one.
TEACHER_EXPIRES_NS = 3 * NS_PER_S


class Programme:
    """Composes and encodes. One thread calls `tick`; any thread may set `scene` or call `request_key`."""

    def __init__(
        self,
        compositor: Compositor,
        encoder: VideoEncoder,
        clock: SessionClock,
        scene: Scene,
        mattes: Latest[Matte],
        marks: Marks,
    ) -> None:
        self._compositor = compositor
        self._showing = Showing(encoder.size_wh)
        self._encoder = encoder
        self._clock = clock
        self._mattes = mattes
        self._marks = marks
        self.scene = scene
        self.calibration: Calibration | None = None
        self.rate = Rate()
        self.teacher_age_ns = 0
        self.stale_mattes = 0
        self._key_wanted = threading.Event()
        self._shown_page: Page | None = None
        self._shown_scene: Scene | None = None
        self._matte: Matte | None = None

    def await_matte(self, timeout_s: float) -> bool:
        """Waits for a matte that was not shown yet: the picture need not wait for its tick. Raises Closed."""
        matte = self._mattes.take(timeout_s)
        if matte is None:
            return False
        if self._matte is not None and matte.pts <= self._matte.pts:
            self.stale_mattes += 1
            return False
        self._matte = matte
        return True

    def request_key(self) -> None:
        self._key_wanted.set()

    def tick(
        self,
        tick_ns: int,
        page: Page | None,
        page_reason: str,
        camera_reason: str,
        send: Callable[[Packet], None],
    ) -> None:
        """One programme picture. Reasons: why a source is missing, "" if it is not. Packets go to `send`."""
        scene = self.scene
        matte = self._fresh_matte(tick_ns) if scene.layout in WITH_TEACHER else None
        page, scene = self._showing.choose(page, matte, scene, page_reason, camera_reason)
        with self._marks.measure("compositing"):
            rgb = self._compositor.compose(page, matte, scene, self.calibration)
        want_key = self._wants_key(page, scene)
        captured_ns = tick_ns if matte is None else matte.captured_ns
        with self._marks.measure("encoding"):
            packets = self._encoder.encode(rgb, self._clock.pts(tick_ns), captured_ns, want_key)
        for packet in packets:
            send(packet)
        self.rate.tick()
        if matte is not None:
            self._marks.add("capture_to_send", (time.monotonic_ns() - matte.captured_ns) / NS_PER_MS)

    def _fresh_matte(self, now_ns: int) -> Matte | None:
        """The newest matte, unless the teacher in it stands still for too long."""
        matte = self._matte
        if matte is None or now_ns - matte.captured_ns > TEACHER_EXPIRES_NS:
            return None
        age_ns = now_ns - matte.captured_ns
        # The sound is held back by this: a slow average, so that it does not wobble with each tick.
        self.teacher_age_ns = age_ns if not self.teacher_age_ns else (self.teacher_age_ns * 49 + age_ns) // 50
        return matte

    def _wants_key(self, page: Page, scene: Scene) -> bool:
        """At page flips, at cuts between layouts, and when a viewer asked."""
        asked = self._key_wanted.is_set()
        self._key_wanted.clear()
        flipped = page is not self._shown_page and page.is_flip
        before = self._shown_scene
        cut = before is None or (before.layout, before.slate_text) != (scene.layout, scene.slate_text)
        self._shown_page, self._shown_scene = page, scene
        return asked or flipped or cut
