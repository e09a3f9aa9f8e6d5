"""Writer: the thread that turns what comes in into segments, until it is told to stop or the disk says no."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Literal

import av

from pipelines.media import PTS_HZ, Packet
from pipelines.recording.intake import Intake, PageShown
from pipelines.recording.marks import Mark, NoteBook
from pipelines.recording.segment import Segment, parameter_sets
from pipelines.recording.settings import RecordingSettings
from pipelines.recording.storing import Store
from pipelines.saying import said

log = logging.getLogger(__name__)

POLL_S = 0.5
# Without pictures for so long the studio was restarted: a new file, instead of one with a hole.
GAP_S = 2.0
ROOM_EVERY_S = 2.0

Fault = Literal["", "full", "disk"]


class Writer:
    """One recording, from start to stop. on_end: called in this thread when nothing more is written."""

    def __init__(
        self,
        store: Store,
        settings: RecordingSettings,
        stamp: str,
        rate_hz: float,
        on_end: Callable[[], None],
    ) -> None:
        self.stamp = stamp
        self.intake = Intake()
        self.fault: Fault = ""
        self.reason = ""
        self.item_id = ""  # of the segment being written
        self.written_bytes = 0
        self._store = store
        self._settings = settings
        self._rate_hz = rate_hz
        self._on_end = on_end
        self._segment: Segment | None = None
        self._page: PageShown | None = None
        self._finished_bytes = 0
        self._checked_s = float("-inf")
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        """Waits for the end of the file. Blocks."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._write()
        except (OSError, av.FFmpegError) as error:
            self.fault, self.reason = (
                "disk",
                said("recording_disk_full", "the disk takes no more ({why})", why=error.strerror),
            )
            if self._segment is not None:
                self._segment.abandon()
        finally:
            self._segment = None
            self.item_id = ""
            self._store.closed()
            self._on_end()

    def _write(self) -> None:
        while True:
            taken = self.intake.take(POLL_S)
            for packet in taken.packets:
                if packet.kind == "video":
                    self._picture(packet)
                elif self._segment is not None:
                    self._segment.add_sound(packet, packet.pts)
            for page in taken.pages:
                self._turn(page)
            if self._segment is not None:
                self.written_bytes = self._finished_bytes + self._segment.written_bytes
            if not self._has_room():
                self.fault, self.reason = (
                    "full",
                    said("recording_no_room", "there is no room left for recordings"),
                )
                self.intake.close()
            if taken.is_last or self.fault:
                self._finish()
                return

    def _picture(self, packet: Packet) -> None:
        if self._segment is not None and self._breaks(self._segment, packet):
            self._finish()
        if self._segment is None:
            if not packet.is_key:
                return
            self._begin(packet)
        assert self._segment is not None
        self._segment.add_video(packet)

    def _breaks(self, segment: Segment, packet: Packet) -> bool:
        """Does a new file begin here? At a hole, a step back, another encoder's key, or when it is time."""
        gap = packet.pts - segment.last_pts
        if gap <= 0 or gap > GAP_S * PTS_HZ:
            return True
        is_due = segment.duration_s >= self._settings.segment_minutes * 60
        return packet.is_key and (is_due or parameter_sets(packet.data) != segment.parameter_sets)

    def _begin(self, key: Packet) -> None:
        path = self._store.new(self.stamp)
        self._notes = NoteBook(path.with_suffix(".jsonl"))
        self._notes.begin(time.time())
        self._segment = Segment(path, key, self._rate_hz)
        self.item_id = path.stem
        log.info("recording %s", path.stem)
        if self._page is not None:
            self._notes.mark(Mark(0.0, self._page.page, self._page.courseware))

    def _turn(self, page: PageShown) -> None:
        self._page = page
        if self._segment is not None:
            self._notes.mark(Mark(self._segment.at_s(page.pts), page.page, page.courseware))

    def _finish(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            digest = segment.close()
            self._finished_bytes += segment.written_bytes
            self._notes.end(round(segment.duration_s, 3), digest)
            self._store.closed()
            self.item_id = ""

    def _has_room(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._checked_s < ROOM_EVERY_S:
            return True
        self._checked_s = now_s
        return self._store.has_room()
