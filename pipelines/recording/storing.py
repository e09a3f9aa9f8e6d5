"""Store: the folder of recordings: what is there, what fits, what goes."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import av

from pipelines.recording.boxes import whole_bytes
from pipelines.recording.marks import NoteBook, Notes, read_notes
from pipelines.recording.settings import RecordingSettings
from pipelines.recording.sizes import bytes_of
from pipelines.recording.worst_files import WorstFolder, WorstMoment, WorstSizes, worst_folders

log = logging.getLogger(__name__)

# When the recording was started, UTC, and the number of the segment.
ITEM_ID = re.compile(r"\d{8}-\d{6}-\d{3}")
RESUME_WITHIN_S = 600.0
MAX_SEGMENTS = 999


class NotThere(Exception):
    """There is no such recording."""


class BeingWritten(Exception):
    """This one is still growing."""


@dataclass(frozen=True, slots=True)
class Item:
    """One segment. is_open: being written. notes: begin, pages; of a finished one duration and checksum.

    size_bytes: of the file. worst_bytes: of the worst mattes kept beside it.
    """

    item_id: str
    path: Path
    size_bytes: int
    is_open: bool
    notes: Notes
    worst_bytes: int = 0


class Store:
    """Owner-only folder and files. Safe between threads."""

    def __init__(self, folder: Path, settings: RecordingSettings) -> None:
        self.folder = folder
        self._settings = settings
        self._lock = threading.Lock()
        self._open_id = ""
        self._worst_sizes = WorstSizes()

    def make(self) -> None:
        """Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)

    def new(self, stamp: str) -> Path:
        """The path of the next segment of the recording `stamp`. Raises OSError when it has too many."""
        with self._lock:
            taken = {path.stem for path in self.folder.glob(f"{stamp}-*")}
            for number in range(1, MAX_SEGMENTS + 1):
                item_id = f"{stamp}-{number:03}"
                if item_id not in taken:
                    self._open_id = item_id
                    return self.folder / f"{item_id}.mp4"
        raise OSError(f"recording {stamp} has {MAX_SEGMENTS} files")

    def closed(self) -> None:
        """The segment made last is written no longer."""
        self._open_id = ""

    def items(self) -> list[Item]:
        """Newest first. Reads the disk."""
        found = []
        for path in sorted(self.folder.glob("*.mp4"), reverse=True):
            if ITEM_ID.fullmatch(path.stem):
                try:
                    size = path.stat().st_size
                except OSError:  # just deleted
                    continue
                notes = read_notes(path.with_suffix(".jsonl"))
                worst = self._worst_sizes.of(self.folder, path.stem)
                found.append(Item(path.stem, path, size, path.stem == self._open_id, notes, worst))
        return found

    def item(self, item_id: str) -> Item:
        """Raises NotThere."""
        for item in self.items():
            if item.item_id == item_id:
                return item
        raise NotThere

    def worst(self, item_id: str) -> list[WorstMoment]:
        """The worst mattes kept of it, worst first. Raises NotThere."""
        return self._worst(item_id).moments()

    def worst_file(self, item_id: str, name: str) -> Path:
        """One of their files. Raises NotThere."""
        path = self._worst(item_id).file(name)
        if path is None:
            raise NotThere
        return path

    def _worst(self, item_id: str) -> WorstFolder:
        if not self._has(item_id):
            raise NotThere
        return WorstFolder(self.folder, item_id)

    def _has(self, item_id: str) -> bool:
        return bool(ITEM_ID.fullmatch(item_id)) and (self.folder / f"{item_id}.mp4").is_file()

    def delete(self, item_id: str) -> None:
        """Its worst mattes too. Raises NotThere, BeingWritten."""
        with self._lock:
            if item_id == self._open_id:
                raise BeingWritten
            if not self._has(item_id):
                raise NotThere
            self._remove(item_id)

    @property
    def used_bytes(self) -> int:
        films = bytes_of(self.folder.glob("*.mp4"))
        return films + sum(
            self._worst_sizes.of(self.folder, item_id) for item_id in worst_folders(self.folder)
        )

    def has_room(self) -> bool:
        """Is there room for more, after the oldest have gone where the settings say so?"""
        while not self._fits():
            if self._settings.when_full == "stop" or not self._delete_oldest():
                return False
        return True

    def _fits(self) -> bool:
        free_bytes = shutil.disk_usage(self.folder).free
        return self.used_bytes < self._settings.quota_bytes and free_bytes > self._settings.keep_free_bytes

    def _delete_oldest(self) -> bool:
        with self._lock:
            closed = sorted(
                path.stem
                for path in self.folder.glob("*.mp4")
                if ITEM_ID.fullmatch(path.stem) and path.stem != self._open_id
            )
            if not closed:
                return False
            self._remove(closed[0])
        log.info("recording %s was deleted to make room", closed[0])
        return True

    def _remove(self, item_id: str) -> None:
        for suffix in (".mp4", ".jsonl"):
            (self.folder / f"{item_id}{suffix}").unlink(missing_ok=True)
        WorstFolder(self.folder, item_id).remove()

    # A box that was killed ----------------------------------------------------------------------

    def intend(self, stamp: str) -> None:
        """Remembers over a crash that a recording is wanted; "" that none is. Raises OSError."""
        path = self.folder / "on"
        if stamp:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(stamp)
        else:
            path.unlink(missing_ok=True)

    def interrupted(self) -> str:
        """The stamp of a recording that a crash ended less than ten minutes ago, else "".

        After a longer time nobody in the room expects to be recorded any more.
        """
        try:
            stamp = (self.folder / "on").read_text().strip()
            newest_s = max((path.stat().st_mtime for path in self.folder.glob(f"{stamp}-*.mp4")), default=0.0)
        except (OSError, UnicodeDecodeError):
            return ""
        known = bool(ITEM_ID.fullmatch(f"{stamp}-001"))
        return stamp if known and 0 <= time.time() - newest_s < RESUME_WITHIN_S else ""

    def recover(self) -> int:
        """Ends the segments that a crash left open: cuts them after their last whole second, notes length and
        checksum. How many there were. Reads whole files: not for the event loop."""
        recovered = 0
        for item in self.items():
            if item.is_open or item.notes.sha256 is not None:
                continue
            try:
                recovered += self._end(item)
            except (OSError, av.FFmpegError) as error:
                log.warning("recording %s cannot be ended: %s", item.item_id, error)
        self._tidy_worst()
        return recovered

    def _tidy_worst(self) -> None:
        for item_id in worst_folders(self.folder):
            worst = WorstFolder(self.folder, item_id)
            try:
                if self._has(item_id):
                    worst.tidy()
                else:
                    worst.remove()
            except OSError as error:
                log.warning("worst mattes of before cannot be tidied: %s", error.strerror)

    def _end(self, item: Item) -> int:
        with item.path.open("r+b") as file:
            whole = whole_bytes(file, item.size_bytes)
            if whole == 0:  # not even a header
                self._remove(item.item_id)
                return 0
            file.truncate(whole)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with av.open(str(item.path)) as container:
            duration_s = (container.duration or 0) / 1e6
        NoteBook(item.path.with_suffix(".jsonl")).end(duration_s, digest)
        return 1
