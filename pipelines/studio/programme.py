"""The programme: at every tick the newest page and the newest matte become one coded picture.

It never waits for the network: a page turn is on its way at the next tick, whatever the matting does.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from pipelines.alignment import Calibration
from pipelines.channels import Latest
from pipelines.encoding.layers import LayeredEncoder
from pipelines.media import TEACHER_LAYER, VIDEO_LAYERS, Layout, Matte, Packet, Page, Scene
from pipelines.saying import both
from pipelines.studio.composing import Composed, Composing, Wish
from pipelines.studio.guest import Guest
from pipelines.studio.parts import Parts
from pipelines.studio.showing import WITH_TEACHER
from pipelines.studio.sparing import Sparing
from pipelines.timing import NS_PER_MS, NS_PER_S, Marks, Rate, SessionClock

# A teacher who has not moved for so long is a frozen picture, not a teacher: better none.
# Long enough that a machine short of processors shows a slow teacher rather than a flickering one.
TEACHER_EXPIRES_NS = 3 * NS_PER_S


class Programme:
    """Composes and encodes. One thread calls `tick`; any may set `scene`, `shows_recording`, `is_short` (are
    processors, so that what has not changed is better left out?), or call `request_key`, `watch`."""

    def __init__(
        self,
        composing: Composing,
        encoder: LayeredEncoder,
        parts: Parts,
        clock: SessionClock,
        scene: Scene,
        mattes: Latest[Matte],
        marks: Marks,
        guest: Guest | None = None,
    ) -> None:
        self._composing = composing
        self._encoder = encoder
        self._parts = parts
        self._guest = guest
        self._clock = clock
        self._mattes = mattes
        self._marks = marks
        self._sparing = Sparing()
        self.scene = scene
        self.shows_recording = False
        self.is_short = False
        self.calibration: Calibration | None = None
        # Pictures coded; those left out because nothing in them had changed; mattes not shown before.
        self.rate, self.spared_rate, self.matte_rate = Rate(), Rate(), Rate()
        self.teacher_age_ns = 0
        self.stale_mattes = 0
        self.newest: Composed | None = None
        # Assigned whole, or added to: both are one step for other threads.
        self._keys_wanted: deque[str] = deque()
        self._watched: tuple[frozenset[str], int | None] = frozenset(), None
        self._shown_page: Page | None = None
        self._shown_scene: Scene | None = None
        self._owes_keys = False
        self._matte: Matte | None = None
        self._shown_matte: Matte | None = None

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

    def request_key(self, layer: str = "") -> None:
        """A key frame with the next picture: of this layer, or of all."""
        self._keys_wanted.append(layer)

    def watch(self, layers: frozenset[str], low_bps: int | None = None) -> None:
        """Layers that somebody watches, from the next picture on; low_bps: as in orders.WatchLayers."""
        self._watched = layers - {TEACHER_LAYER}, low_bps
        self._parts.watch_teacher(TEACHER_LAYER in layers)

    def tick(
        self,
        tick_ns: int,
        page: Page | None,
        page_reason: str,
        camera_reason: str,
        send: Callable[[Packet], None],
    ) -> Composed:
        """One programme picture. Reasons: why a source is missing, "" if it is not. Packets go to `send`."""
        wanted, calibration, light = self.scene, self.calibration, self.shows_recording
        step = self._composing.step(tick_ns, wanted)
        fades_out = step.is_moving and wanted.layout == Layout.COURSEWARE
        matte = self._fresh_matte(tick_ns) if wanted.layout in WITH_TEACHER or fades_out else None
        reasons = both(page_reason), both(camera_reason)
        wish = Wish(page, matte, wanted, calibration, *reasons, light, step)
        with self._marks.measure("compositing"):
            composed = self._composing.compose(wish)
            # Over all else, and not in what is returned: a raw recording knows nothing of remote rooms.
            self.newest = shown = composed if self._guest is None else self._guest.over(composed, tick_ns)
        rgb, page, _, scene, _ = shown
        pts, captured_ns = self._clock.pts(tick_ns), tick_ns if matte is None else matte.captured_ns
        keys = self._wanted_keys(page, scene, step.is_moving)
        is_wanted = self._watch() or bool(keys)
        if self._sparing.spares(rgb, tick_ns, is_short=self.is_short, is_wanted=is_wanted):
            self.spared_rate.tick()
        else:
            with self._marks.measure("encoding"):
                packets = self._encoder.encode(rgb, pts, captured_ns, keys)
            with self._marks.measure("parts"):
                wants_key = TEACHER_LAYER in keys
                self._parts.shows_recording, self._parts.shows_inset = light, shown is not composed
                packets += self._parts.tick(page, matte, scene, calibration, pts, captured_ns, wants_key)
            for packet in packets:
                send(packet)
            self.rate.tick()
            if matte is not None:
                self._note_age(time.monotonic_ns() - matte.captured_ns)
        if matte is not self._shown_matte:
            self._shown_matte = matte
            if matte is not None:
                self.matte_rate.tick()
        return composed

    def _watch(self) -> bool:
        """Brings the layers up to date. Does one begin, or end?"""
        watched, low_bps = self._watched
        is_other = watched != self._encoder.watched
        if is_other:
            self._encoder.watch(watched)
        self._encoder.pace_low(low_bps)
        return is_other

    def _fresh_matte(self, now_ns: int) -> Matte | None:
        """The newest matte, unless the teacher in it stands still for too long."""
        matte = self._matte
        if matte is None or now_ns - matte.captured_ns > TEACHER_EXPIRES_NS:
            return None
        return matte

    def _note_age(self, age_ns: int) -> None:
        """Of the teacher in a picture that has just been sent."""
        self._marks.add("capture_to_send", age_ns / NS_PER_MS)
        # The sound is held back by this: a slow average, so that it does not wobble with each tick.
        self.teacher_age_ns = age_ns if not self.teacher_age_ns else (self.teacher_age_ns * 49 + age_ns) // 50

    def _wanted_keys(self, page: Page, scene: Scene, is_moving: bool) -> set[str]:
        """All layers at changes of layout, those with the page in them at its flips; those asked for.

        Where page and teacher move from one layout to the next, the key is that of their arrival: one,
        however many orders there were on the way, and text is sharp where it stays.
        """
        asked = {self._keys_wanted.popleft() for _ in range(len(self._keys_wanted))}
        flipped = page is not self._shown_page and page.is_flip
        before = self._shown_scene
        if before is None or (before.layout, before.slate_text) != (scene.layout, scene.slate_text):
            self._owes_keys = True
        self._shown_page, self._shown_scene = page, scene
        has_arrived = self._owes_keys and not is_moving
        if has_arrived or "" in asked:
            self._owes_keys &= is_moving
            return {*VIDEO_LAYERS, TEACHER_LAYER}
        return asked | set(VIDEO_LAYERS) if flipped else asked
