"""The programme in parts, for the box's own viewer page: the sheet as pictures, the teacher as a layer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pipelines.alignment import Calibration
from pipelines.channels import Closed, Latest
from pipelines.compositing.compositor import Compositor
from pipelines.compositing.recording_light import RecordingLight
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.sheets import Sheet, SheetCoder
from pipelines.encoding.teacher import TeacherEncoder
from pipelines.media import U8, Matte, Packet, Page, Scene, SheetUpdate, SizeWh

# Ink and typing look fluent at this rate; each update is a write to every viewer.
LEAST_PAUSE_S = 1 / 15
IDLE_S = 0.25
MOST_WAITING = 2  # updates not taken by the gateway yet: more would only grow old


class Parts:
    """`tick` is called by the programme's thread, `code_sheets` is a thread of its own, the rest by any."""

    def __init__(
        self, compositor: Compositor, size_wh: SizeWh, rate_hz: float, settings: EncodingSettings
    ) -> None:
        self._compositor = compositor
        self._encoder = TeacherEncoder(size_wh, rate_hz, settings)
        self.shows_recording = False
        self.shows_inset = False  # moving pictures over the page: as for a film, there is no sheet
        self._light = RecordingLight(size_wh)
        self._sheets: Latest[Sheet] = Latest()
        self._sheet = Sheet(0, None, -1, "")
        self._sheets_wanted = False
        self._teacher_wanted = False
        self._begin = threading.Event()

    def watch_teacher(self, wanted: bool) -> None:
        self._teacher_wanted = wanted

    def watch_sheets(self, wanted: bool) -> None:
        """True, again and again if need be: begins with a whole sheet."""
        self._sheets_wanted = wanted
        if wanted:
            self._begin.set()

    def close(self) -> None:
        self._sheets.close()

    def tick(
        self,
        page: Page | None,
        matte: Matte | None,
        scene: Scene,
        calibration: Calibration | None,
        pts: int,
        captured_ns: int,
        want_key: bool,
    ) -> list[Packet]:
        """The teacher's picture for the same instant as the composed one, if somebody watches it."""
        rgb = None if self.shows_inset else self._compositor.sheet(page, scene)
        if rgb is not None and self.shows_recording:
            rgb = self._light.on(rgb)
        before = self._sheet
        if rgb is not before.rgb or (scene.number, scene.layout) != (before.scene, before.layout):
            self._sheet = Sheet(before.number + 1, rgb, scene.number, scene.layout)
            self._sheets.put(self._sheet)
        self._encoder.watch(self._teacher_wanted)
        if not self._teacher_wanted:
            return []
        alone: U8 | None = self._compositor.teacher(page, matte, scene, calibration)
        return self._encoder.encode(alone, self._sheet.number, pts, captured_ns, want_key)

    def code_sheets(
        self, stop: threading.Event, waiting: Callable[[], int], send: Callable[[SheetUpdate], None]
    ) -> None:
        """Until `close` or `stop`. waiting: how many updates the gateway has not taken yet."""
        coder = SheetCoder()
        sheet: Sheet | None = None
        while not stop.is_set():
            try:
                sheet = self._sheets.take(IDLE_S) or sheet
            except Closed:
                return
            if not self._sheets_wanted or waiting() >= MOST_WAITING:
                continue
            if self._begin.is_set():
                self._begin.clear()
                coder.begin()
            update = coder.code(sheet, time.monotonic_ns())
            sheet = None
            if update is not None:
                send(update)
                stop.wait(LEAST_PAUSE_S)
