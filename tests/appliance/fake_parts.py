"""The fake studio's lesson in parts: pages and a teacher that are known, through the studio's own code."""

from __future__ import annotations

import threading
from collections.abc import Callable

import drawn_lesson

from pipelines.compositing.compositor import Compositor
from pipelines.encoding.settings import EncodingSettings
from pipelines.media import PTS_HZ, SOUND_BLOCK_SAMPLES, SOUND_HZ, Packet, Page, Scene, SizeWh
from pipelines.reports import Report
from pipelines.studio.parts import Parts

SILENCE = b"\xf8\xff\xfe"  # Opus, 20 ms


class FakeParts(Parts):
    """Courseware "film" is another page with every picture, "ink" a page with a stroke on it.

    The sheets of "late" do not come.
    """

    def __init__(self, size_wh: SizeWh, rate_hz: int, send: Callable[[Report], None]) -> None:
        super().__init__(Compositor(size_wh), size_wh, rate_hz, EncodingSettings())
        self._size_wh = size_wh
        self._teacher = drawn_lesson.teacher(size_wh)
        self._drawn: tuple[tuple[str, int], Page] | None = None
        never = threading.Event()
        self._name = ""
        self._sound_pts = 0
        threading.Thread(
            target=self.code_sheets,
            args=(never, lambda: 99 if self._name == "late" else 0, send),
            daemon=True,
        ).start()

    def tick_lesson(
        self, name: str, index: int, number: int, scene: Scene, pts: int, now_ns: int, want_key: bool
    ) -> list[Packet]:
        self._name = name
        page = self._page(name, number if name == "film" else index)
        pictures = self.tick(page, self._teacher, scene, None, pts, now_ns, want_key)
        return pictures + self._silence(pts, now_ns)

    def _silence(self, pts: int, now_ns: int) -> list[Packet]:
        """Sound up to this instant: a viewer who gets no pictures must know that the lesson goes on."""
        due = pts * SOUND_HZ // PTS_HZ
        self._sound_pts = max(self._sound_pts, due - SOUND_HZ)
        packets = []
        while self._sound_pts < due:
            packets.append(Packet(SILENCE, "sound", self._sound_pts, True, now_ns))
            self._sound_pts += SOUND_BLOCK_SAMPLES
        return packets

    def _page(self, name: str, index: int) -> Page:
        if self._drawn is None or self._drawn[0] != (name, index):
            page = drawn_lesson.page(index, self._size_wh, index)
            self._drawn = (name, index), drawn_lesson.inked(page, index) if name == "ink" else page
        return self._drawn[1]
