"""Recorder: the programme to disk, when somebody wants it, in the event loop's words."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipelines.media import Packet
from pipelines.recording.aligning import SoundAlignment
from pipelines.recording.intake import PageShown
from pipelines.recording.settings import RecordingSettings
from pipelines.recording.storing import Store
from pipelines.recording.writer import Fault, Writer
from pipelines.saying import said

log = logging.getLogger(__name__)

LAYER = "420"  # what every player decodes
# A player seeks from key frame to key frame; the programme has them at page turns only.
KEY_EVERY_S = 20.0
ASK_EVERY_S = 1.0


class CannotRecord(Exception):
    """`reason` is one sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """state: waiting is for the first key frame. fault, reason: why it ended by itself.

    item_id: of the file being written. since_s: since it was started. dropped: packets left out because the
    disk was too slow.
    """

    state: Literal["off", "waiting", "recording"]
    fault: Fault
    reason: str
    item_id: str
    since_s: float | None
    written_bytes: int
    dropped: int


class Recorder:
    """Off until `start`. Create it and call it in one event loop's thread; a thread of its own writes.

    request_key: a key frame of this layer is wanted. on_change: on, off, or a fault.
    """

    def __init__(
        self,
        folder: Path,
        settings: RecordingSettings,
        rate_hz: float,
        request_key: Callable[[str], None],
        on_change: Callable[[], None],
    ) -> None:
        self.store = Store(folder, settings)
        self._settings = settings
        self._rate_hz = rate_hz
        self._request_key = request_key
        self._on_change = on_change
        self._writer: Writer | None = None
        self._fault: Fault = ""
        self._reason = ""
        self._page: PageShown | None = None
        self._alignment = SoundAlignment()
        self._started_s = self._key_s = self._asked_s = 0.0
        self._video_pts = 0

    @property
    def is_on(self) -> bool:
        return self._writer is not None

    @property
    def watched(self) -> frozenset[str]:
        """The layer that must be coded for the recording."""
        return frozenset((LAYER,)) if self.is_on else frozenset()

    @property
    def open_id(self) -> str:
        """The file being written; "" before the first key frame, and from the moment it is to end."""
        writer = self._writer
        return "" if writer is None or writer.intake.is_closed else writer.item_id

    def start(self) -> None:
        """Does nothing if it is on. Raises CannotRecord."""
        if self._writer is None:
            self._begin(time.strftime("%Y%m%d-%H%M%S", time.gmtime()))

    async def stop(self) -> None:
        """Ends the file. Does nothing if it is off."""
        writer = self._writer
        if writer is None:
            return
        self._store_intention("")
        writer.intake.close()
        self._on_change()
        await asyncio.to_thread(writer.join)
        self._fault, self._reason = "", ""
        self._ended(writer)

    async def resume(self) -> None:
        """After a start of the box: ends what a crash left open, and goes on with what it interrupted.

        Raises CannotRecord.
        """
        stamp = await asyncio.to_thread(self._after_a_crash)
        if stamp and self._writer is None:
            log.warning("the recording that was interrupted goes on")
            self._begin(stamp)

    def feed(self, packet: Packet) -> None:
        """Takes one packet of the studio; never blocks."""
        writer = self._writer
        if writer is None or (packet.kind == "video" and packet.layer != LAYER):
            return
        self._alignment.arrived(packet, time.monotonic_ns())
        if packet.kind == "video":
            self._video_pts = packet.pts
        if packet.kind == "sound":
            pts = self._alignment.video_pts(packet.pts)
            if pts is None:
                return
            packet = replace(packet, pts=pts)
        writer.intake.put(packet)
        self._ask_for_keys(packet, writer)

    def turn(self, page: int, courseware: str) -> None:
        """The page shown, from 0; the same again says nothing new."""
        if self._page is None or (self._page.page, self._page.courseware) != (page, courseware):
            self._page = PageShown(page, courseware, self._video_pts)
            if self._writer is not None:
                self._writer.intake.mark(self._page)

    def status(self) -> RecorderStatus:
        writer = self._writer
        if writer is None:
            return RecorderStatus("off", self._fault, self._reason, "", None, 0, 0)
        return RecorderStatus(
            state="recording" if writer.item_id else "waiting",
            fault="",
            reason="",
            item_id=writer.item_id,
            since_s=time.monotonic() - self._started_s,
            written_bytes=writer.written_bytes,
            dropped=writer.intake.dropped,
        )

    async def close(self) -> None:
        """The box ends in good order: the file is ended, and nothing goes on by itself."""
        await self.stop()

    def _begin(self, stamp: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            self.store.make()
            if not self.store.has_room():
                raise CannotRecord(
                    said(
                        "recording_quota",
                        "There is no room for recordings: delete some, or raise recording.quota_mb.",
                    )
                )
            self.store.intend(stamp)
        except OSError as error:
            raise CannotRecord(
                said(
                    "recording_folder", "The folder of recordings cannot be used ({why}).", why=error.strerror
                )
            ) from None

        def on_end() -> None:
            loop.call_soon_threadsafe(self._ended, writer)

        writer = Writer(self.store, self._settings, stamp, self._rate_hz, on_end)
        self._writer = writer
        self._fault, self._reason = "", ""
        self._alignment = SoundAlignment()
        self._started_s = time.monotonic()
        self._key_s = self._asked_s = float("-inf")
        self._video_pts = 0
        if self._page is not None:
            writer.intake.mark(replace(self._page, pts=0))
        writer.start()
        self._on_change()

    def _ended(self, writer: Writer) -> None:
        """The thread has ended: as ordered, or by a fault."""
        if self._writer is not writer:
            return
        self._writer = None
        if writer.fault:
            self._fault, self._reason = writer.fault, writer.reason
            log.error("the recording ended: %s", writer.reason)
            self._store_intention("")
        self._on_change()

    def _ask_for_keys(self, packet: Packet, writer: Writer) -> None:
        now_s = time.monotonic()
        if packet.kind == "video" and packet.is_key:
            self._key_s = now_s
        elif now_s - self._asked_s >= ASK_EVERY_S and (
            now_s - self._key_s >= KEY_EVERY_S or writer.intake.wants_key or not writer.item_id
        ):
            self._asked_s = now_s
            self._request_key(LAYER)

    def _after_a_crash(self) -> str:
        if not self.store.folder.is_dir():
            return ""
        stamp = self.store.interrupted()
        try:
            self.store.intend("")
            self.store.recover()
        except OSError as error:
            log.warning("recordings of before cannot be ended: %s", error.strerror)
        return stamp

    def _store_intention(self, stamp: str) -> None:
        try:
            self.store.intend(stamp)
        except OSError as error:
            log.warning("whether to record after a crash cannot be stored: %s", error.strerror)
