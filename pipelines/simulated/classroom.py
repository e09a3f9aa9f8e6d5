"""The simulated classroom as a camera: real-time pace, the display's delay, the true calibration."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from pipelines.alignment import Calibration
from pipelines.media import PTS_HZ, Frame, Page, SizeWh, SourceLost, SourceState, freeze
from pipelines.simulated.clip import CLIP_FRAMES, CLIP_HZ, clip_frame
from pipelines.simulated.light import blended
from pipelines.simulated.optics import Fit, Optics
from pipelines.simulated.rendering import Renderer, Truth
from pipelines.simulated.room import Room, room_from_url
from pipelines.simulated.strip import draw_strip
from pipelines.timing import NS_PER_MS, NS_PER_S, Pacer, SessionClock

NAME = "simulated classroom"
SHORT_SHARE = 0.6  # of the time between two pictures


class LcdHistory:
    """What the LCD showed of late, so that the camera can see it `delay_ns` afterwards."""

    def __init__(self, delay_ns: int) -> None:
        self._delay_ns = delay_ns
        self._shown: deque[tuple[int, Page | None]] = deque()

    def note(self, page: Page | None, now_ns: int) -> None:
        """Says what is shown now. A page counts from its own shown_ns, an empty LCD from now."""
        if self._shown and self._is_same(self._shown[-1][1], page):
            return
        self._shown.append((now_ns if page is None else min(page.shown_ns, now_ns), page))

    def seen_at(self, captured_ns: int) -> Page | None:
        """The page that a picture taken at this instant shows, None for a dark LCD. Forgets what is older."""
        lit_ns = captured_ns - self._delay_ns
        while len(self._shown) > 1 and self._shown[1][0] <= lit_ns:
            self._shown.popleft()
        return self._shown[0][1] if self._shown and self._shown[0][0] <= lit_ns else None

    def seen_during(self, begin_ns: int, end_ns: int) -> list[tuple[Page | None, float]]:
        """The pages that light a sensor between two instants, with their shares. Forgets what is older."""
        first = self.seen_at(begin_ns)
        if end_ns <= begin_ns:
            return [(first, 1.0)]
        lit = [(at_ns + self._delay_ns, page) for at_ns, page in self._shown]
        lit = [(begin_ns, first), *((at_ns, page) for at_ns, page in lit if begin_ns < at_ns < end_ns)]
        ends = [*(at_ns for at_ns, _ in lit[1:]), end_ns]
        span_ns = end_ns - begin_ns
        return [(page, (stop - at_ns) / span_ns) for (at_ns, page), stop in zip(lit, ends, strict=True)]

    @staticmethod
    def _is_same(old: Page | None, new: Page | None) -> bool:
        return old is new or (old is not None and new is not None and old.revision == new.revision)


def lit_page(seen: list[tuple[Page | None, float]]) -> Page | None:
    """The page whose light is that of an exposure, by `LcdHistory.seen_during`."""
    shown = next((page for page, _ in seen if page is not None), None)
    if len(seen) == 1 or shown is None:
        return seen[0][0]
    black = np.zeros_like(shown.rgb)
    return replace(shown, rgb=blended([(black if page is None else page.rgb, share) for page, share in seen]))


class Spare:
    """Are processors so short that every second picture is left out? A real camera would not compute at all,
    so this one must not take what the lesson needs.
    """

    def __init__(self) -> None:
        self.is_short = False
        self._share = 0.0

    def note(self, share: float) -> None:
        """Of the time between two pictures, that drawing one took."""
        self._share += 0.1 * (share - self._share)
        self.is_short = self._share > (SHORT_SHARE / 2 if self.is_short else SHORT_SHARE)


class SimulatedClassroom:
    """A fixed camera in a room with an LCD and a teacher. Satisfies Camera.

    url: "simulated:" with options, see `room_from_url`. Raises SourceLost (retry=False) for a url that asks
    for what cannot be. Picture k is taken k / rate_hz after the session's zero: pts and index tell each
    other, in this process or any other, with `index_of` and `pts_of`. Where processors are short every second
    picture is left out.
    """

    def __init__(
        self,
        url: str,
        size_wh: SizeWh,
        rate_hz: float,
        clock: SessionClock,
        shown_page: Callable[[], Page | None],
    ) -> None:
        try:
            self.room: Room = room_from_url(url)
            self.optics = Optics(self.room, size_wh)
        except ValueError as error:
            raise SourceLost(NAME, str(error), retry=False) from error
        self.calibration: Calibration
        self.calibration_fit: Fit
        self.calibration, self.calibration_fit = self.optics.calibration()
        self.size_wh, self.rate_hz = size_wh, rate_hz
        self._clock, self._shown_page = clock, shown_page
        self._history = LcdHistory(round(self.room.delay_ms * NS_PER_MS))
        self._period_ns = round(NS_PER_S / rate_hz)
        self._stop = threading.Event()
        self._failed: SourceLost | None = None
        self._renderer: Renderer | None = None
        self._is_built = threading.Event()
        self._pacer: Pacer | None = None
        self._spare = Spare()
        self._last_tick_ns = 0
        self._frames = 0
        self._builder = threading.Thread(target=self._build, name="simulated-builder", daemon=True)
        self._builder.start()

    @property
    def state(self) -> SourceState:
        if self._failed is not None:
            return SourceState(NAME, "lost", self._failed.reason)
        state = "ended" if self._stop.is_set() else "live" if self._frames else "starting"
        width, height = self.size_wh
        detail: dict[str, str | int | float | bool | None] = {
            "size": f"{width}x{height}",
            "rate_hz": self.rate_hz,
            "format": "simulated",
            "locked": True,
            "frames": self._frames,
            "late": self._pacer.late if self._pacer else 0,
            "calibration_rms_px": round(self.calibration_fit.rms_px, 2),
        }
        return SourceState(NAME, state, detail=detail)

    @property
    def renderer(self) -> Renderer:
        """The rendering core; waits until it is built. Raises SourceLost when that failed."""
        self._is_built.wait()
        if self._failed is not None:
            raise self._failed
        if self._renderer is None:
            raise SourceLost(NAME, "the room could not be built: the log says why", retry=False)
        return self._renderer

    def read(self, timeout_s: float) -> Frame | None:
        """The next picture, at its time; None when none is due within timeout_s. SourceLost once closed."""
        deadline_ns = time.monotonic_ns() + round(timeout_s * NS_PER_S)
        if not self._is_built.wait(timeout_s):
            return None
        renderer = self.renderer
        if self._stop.is_set():
            raise SourceLost(NAME, "the camera was closed", retry=False)
        if self._pacer is None:
            self._pacer = self._start_pacer()
        due_ns = self._last_tick_ns + self._period_ns
        if due_ns + self._period_ns * self._is_left_out(due_ns) > deadline_ns:
            self._stop.wait(max(deadline_ns - time.monotonic_ns(), 0) / NS_PER_S)
            return None
        tick_ns = self._pacer.wait(self._stop)
        while self._is_left_out(tick_ns) and not self._stop.is_set():
            tick_ns = self._pacer.wait(self._stop)
        if self._stop.is_set():
            raise SourceLost(NAME, "the camera was closed", retry=False)
        self._last_tick_ns = tick_ns
        self._history.note(self._shown_page(), time.monotonic_ns())
        pts = self._clock.pts(tick_ns)
        half_ns = round(self.room.exposure_ms * NS_PER_MS / 2)
        seen = self._history.seen_during(tick_ns - half_ns, tick_ns + half_ns)
        start_ns = time.monotonic_ns()
        rgb = renderer.render(self.index_of(pts), lit_page(seen))
        self._spare.note((time.monotonic_ns() - start_ns) / self._period_ns)
        if self.room.clock:
            rgb = rgb.copy()
            draw_strip(rgb, tick_ns, pts)
            freeze(rgb)
        self._frames += 1
        return Frame(rgb, pts, tick_ns)

    def close(self) -> None:
        self._stop.set()
        self._builder.join(timeout=5)
        if self._renderer is not None:
            self._renderer.teacher.close()

    def index_of(self, pts: int) -> int:
        """The picture's index from its pts."""
        return round(pts * self.rate_hz / PTS_HZ)

    def pts_of(self, index: int) -> int:
        """The pts of a picture, within one tick of 1/90000 s."""
        return round(index * PTS_HZ / self.rate_hz)

    def truth(self, pts: int, page: Page | None = None) -> Truth:
        """True alpha, colour and pointer tip of the picture with this pts. Raises SourceLost."""
        return self.renderer.truth(self.index_of(pts), page)

    def _is_left_out(self, tick_ns: int) -> bool:
        """Every second picture of the session, however late one is asked for: a camera's clock is steady."""
        return self._spare.is_short and round((tick_ns - self._clock.zero_ns) / self._period_ns) % 2 == 1

    def _start_pacer(self) -> Pacer:
        """Ticks at whole multiples of the period from the session's zero, the next one first."""
        now_ns = time.monotonic_ns()
        done = max(0, now_ns - self._clock.zero_ns) // self._period_ns
        self._last_tick_ns = self._clock.zero_ns + done * self._period_ns
        return Pacer(self.rate_hz, self._last_tick_ns + self._period_ns)

    def _frames_to_come(self) -> Iterator[int]:
        """The clip frames of the next round, in the order in which pictures will want them."""
        index = self.index_of(self._clock.pts(time.monotonic_ns()))
        round_pictures = math.ceil(2 * CLIP_FRAMES * self.rate_hz / CLIP_HZ)
        return (clip_frame(index + ahead, self.rate_hz) for ahead in range(round_pictures))

    def _build(self) -> None:
        """Makes the renderer, then the teacher's cutouts, ahead of the pictures that want them."""
        try:
            self._renderer = Renderer(self.optics, self.rate_hz)
            self._is_built.set()
            while self.room.teacher and not self._stop.is_set():
                if not self._renderer.teacher.prepare_ahead(self._frames_to_come()):
                    break
        except SourceLost as lost:
            self._failed = lost
        finally:
            self._is_built.set()
