"""RawLog: notes of the studio's threads, to disk by a thread of its own. Noting never blocks anybody."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import threading
import time
from collections import deque
from pathlib import Path

import av
import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.media import U8, Page, Scene
from pipelines.orders import SetScene
from pipelines.recording.raw import entries
from pipelines.recording.raw.films import Film, film_path
from pipelines.recording.raw.notes import (
    Given,
    KnownNote,
    MatteNote,
    Note,
    OrderNote,
    TickNote,
    pictures_of,
)
from pipelines.recording.sizes import bytes_of, files_below
from pipelines.saying import said

log = logging.getLogger(__name__)

MOST_BYTES = 256_000_000  # about two seconds of 1280x720
MOST_NOTES = 4096
ROOM_EVERY_S = 2.0
POLL_S = 0.5
KEPT_SCENES = 100


class RawLog:
    """One log, from the studio's start to its end; `note` may be called by any thread.

    folder: made anew, mode 0700. quota_bytes: of all logs beside this one, and this one. reason: why nothing
    is written any more, "" while it is. dropped: notes left out because disk or processor were too slow.
    """

    def __init__(
        self,
        folder: Path,
        quota_bytes: int,
        keep_free_bytes: int,
        rate_hz: float,
        began: entries.Began,
    ) -> None:
        self.reason = ""
        self.dropped = 0
        self._folder, self._rate_hz = folder, rate_hz
        self._quota_bytes, self._keep_free_bytes = quota_bytes, keep_free_bytes
        self._changed = threading.Condition()
        self._notes: deque[Note] = deque()
        self._bytes = self._missing = 0
        self._is_closed = False
        self._wish = ""  # why it is to end
        self._words = _Words(folder, rate_hz)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.mkdir(mode=0o700)
            self._words.begin(began)
        except OSError as error:
            why = error.strerror
            self._end(
                said("raw_folder", "the folder {folder} cannot be written ({why})", folder=folder, why=why)
            )
            return
        self._thread = threading.Thread(target=self._run, name="raw recording", daemon=True)
        self._thread.start()

    @property
    def is_on(self) -> bool:
        return not self.reason

    def note(self, note: Note) -> None:
        """Takes a note; one that finds no room is left out, and counted."""
        size = 1_000 + sum(rgb.nbytes for rgb in pictures_of(note))
        with self._changed:
            if self.reason or self._is_closed:
                return
            if len(self._notes) >= MOST_NOTES or self._bytes + size > MOST_BYTES:
                self.dropped += 1
                self._missing += 1
                return
            self._notes.append(note)
            self._bytes += size
            self._changed.notify()

    def end(self, reason: str) -> None:
        """Writes what waits, and the end; notes from now on are left out. Never blocks."""
        with self._changed:
            self._wish = self._wish or reason
            self._is_closed = True
            self._changed.notify()

    def close(self) -> None:
        """As `end`, when the lesson is over. Blocks for as long as the writing takes."""
        self.end("")
        if not self.reason:
            self._thread.join()

    def _run(self) -> None:
        reason, checked_s = "", float("-inf")
        try:
            while not reason:
                notes, missing, is_last = self._take()
                for note in notes:
                    self._words.write(note)
                if missing:
                    self._words.add(entries.Gap(dropped=missing))
                if is_last:
                    reason = self._wish
                    break
                if time.monotonic() - checked_s > ROOM_EVERY_S:
                    checked_s, reason = time.monotonic(), self._lack_of_room()
            self._words.end(reason)
        except (OSError, av.FFmpegError) as error:
            reason = said("recording_disk_full", "the disk takes no more ({why})", why=error.strerror)
        self._end(reason)

    def _take(self) -> tuple[list[Note], int, bool]:
        """What waits, how many are missing after it, and whether nothing comes any more."""
        with self._changed:
            if not self._notes and not self._is_closed:
                self._changed.wait(POLL_S)
            # A few at a time: room is made while they are written.
            taken = [self._notes.popleft() for _ in range(min(len(self._notes), 8))]
            self._bytes -= sum(1_000 + sum(rgb.nbytes for rgb in pictures_of(note)) for note in taken)
            missing = 0
            if not self._notes:
                missing, self._missing = self._missing, 0
            return taken, missing, self._is_closed and not self._notes

    def _lack_of_room(self) -> str:
        used = bytes_of(files_below(self._folder.parent))
        if used >= self._quota_bytes:
            return said("raw_quota", "recording.raw_quota_mb is reached")
        if shutil.disk_usage(self._folder).free <= self._keep_free_bytes:
            return said("raw_no_room", "the disk has no more room than recording.keep_free_mb")
        return ""

    def _end(self, reason: str) -> None:
        with self._changed:
            self.reason = reason or said("raw_over", "the lesson has ended")
            self._notes.clear()
        if reason:
            log.warning("the raw recording ended: %s", reason)


class _Words:
    """Turns notes into lines, pictures into files. For one thread. Raises OSError, av.FFmpegError."""

    def __init__(self, folder: Path, rate_hz: float) -> None:
        self._folder, self._rate_hz = folder, rate_hz
        self._pages: set[int] = set()
        self._pictures: set[str] = set()
        self._calibrations: dict[int, tuple[int, Calibration]] = {}
        self._scenes: dict[int, tuple[int, Scene]] = {}
        self._orders = 0
        self._film: Film | None = None
        self._films = 0
        self._film_shape: tuple[int, ...] = ()
        self._digest: tuple[U8, str] | None = None

    def begin(self, began: entries.Began) -> None:
        (self._folder / entries.PAGES).mkdir(mode=0o700)
        descriptor = os.open(self._folder / entries.EVENTS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._events = os.fdopen(descriptor, "wb", buffering=0)
        # Tells others that it is being written: for as long as this process lives, and no longer.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self.add(began)

    def end(self, reason: str) -> None:
        if self._film is not None:
            self._film.close()
        self.add(entries.Ended(reason=str(reason)))
        self._events.close()

    def add(self, entry: entries.Entry) -> None:
        self._events.write(entry.model_dump_json().encode() + b"\n")

    def write(self, note: Note) -> None:
        match note:
            case KnownNote(calibration, delay):
                self.add(entries.KnownAnew(calibration=self._calibration(calibration), delay=delay))
            case MatteNote():
                self._frame(note)
            case OrderNote(order):
                self._orders += 1
                if isinstance(order, SetScene):
                    self._scenes[id(order.scene)] = (self._orders, order.scene)
                    while len(self._scenes) > KEPT_SCENES:
                        self._scenes.pop(next(iter(self._scenes)))
                self.add(entries.ordered(self._orders, order))
            case TickNote():
                self._picture(note)

    def _frame(self, note: MatteNote) -> None:
        given = tuple(self._given(one) for one in note.given)
        rgb = note.frame.rgb
        if self._film is None or self._film_shape != rgb.shape:
            if self._film is not None:
                self._film.close()
            self._films += 1
            self._film, self._film_shape = (
                Film(film_path(self._folder, self._films), self._rate_hz),
                rgb.shape,
            )
        self._film.add(rgb)
        self.add(
            entries.FrameTaken(
                pts=note.frame.pts,
                captured_ns=note.frame.captured_ns,
                film=self._films,
                digest=entries.digest_of(rgb),
                asked=note.asked,
                thrifty=note.thrifty,
                answer=note.answer,
                given=given,
                made=note.made,
            )
        )

    def _picture(self, note: TickNote) -> None:
        page = None if note.page is None else self._page(note.page)
        calibration = self._calibration(note.calibration)
        if self._digest is None or self._digest[0] is not note.rgb:
            self._digest = (note.rgb, entries.digest_of(note.rgb))
        self.add(
            entries.Composed(
                tick_ns=note.tick_ns,
                key=note.key,
                page=page,
                ink=note.ink,
                matte=note.matte,
                scene=self._scenes.get(id(note.scene), (0, note.scene))[0],
                calibration=calibration,
                page_reason=note.page_reason,
                camera_reason=note.camera_reason,
                light=note.light,
                digest=self._digest[1],
            )
        )

    def _given(self, given: Given) -> entries.GivenThen:
        number = self._calibration(given.calibration)
        assert number is not None
        pages = tuple(self._page(page) for page in given.pages)
        return entries.GivenThen(calibration=number, delay=given.delay, is_off=given.is_off, pages=pages)

    def _calibration(self, calibration: Calibration | None) -> int | None:
        if calibration is None:
            return None
        if id(calibration) not in self._calibrations:
            number = len(self._calibrations) + 1
            # Kept, so that no other one ever gets its id.
            self._calibrations[id(calibration)] = (number, calibration)
            self.add(entries.CalibrationUsed.of(number, calibration))
        return self._calibrations[id(calibration)][0]

    def _page(self, page: Page) -> int:
        if page.revision not in self._pages:
            self._pages.add(page.revision)
            sha256 = hashlib.sha256(np.ascontiguousarray(page.rgb).data).hexdigest()
            if sha256 not in self._pictures:
                self._pictures.add(sha256)
                self._store(sha256, page.rgb)
            self.add(
                entries.PageShown(
                    revision=page.revision,
                    shown_ns=page.shown_ns,
                    index=page.index,
                    is_flip=page.is_flip,
                    sha256=sha256,
                )
            )
        return page.revision

    def _store(self, sha256: str, rgb: U8) -> None:
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        _, png = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        path = self._folder / entries.PAGES / f"{sha256}.png"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(png.tobytes())
