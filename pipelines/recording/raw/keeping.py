"""RawStore: the folder of raw recordings: what lies there, how large and how long it is, and what goes."""

from __future__ import annotations

import calendar
import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.recording.raw.entries import EVENTS, PAGES
from pipelines.recording.storing import BeingWritten, NotThere

# When the studio was started, UTC, and six digits against two of one second: see studio/witnessing.py.
RAW_ID: Final = re.compile(r"(\d{8}-\d{6})-\d{6}")
_FILE: Final = re.compile(r"events\.jsonl|frames-\d{3}\.mkv|[0-9a-f]{64}\.png")
_TICK: Final = re.compile(rb'"kind":"picture","tick_ns":(\d+)')
_ENDS_BYTES: Final = 1 << 18  # of the log are read, at its beginning and at its end


@dataclass(frozen=True, slots=True)
class RawItem:
    """One raw recording. started_s: since 1970. duration_s: from its first picture to its last, None without
    any. is_open: being written."""

    item_id: str
    folder: Path
    started_s: float
    duration_s: float | None
    size_bytes: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class RawFile:
    """path: below the recording's folder; its last part is the name, which no two files share."""

    path: Path
    size_bytes: int


class RawStore:
    """Holds nothing: every answer is read from the disk. folder: of all; it need not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def items(self) -> list[RawItem]:
        """Newest first."""
        try:
            names = sorted((entry.name for entry in os.scandir(self.folder)), reverse=True)
        except OSError:  # none was ever made
            return []
        found = []
        for name in names:
            try:
                found.append(self.item(name))
            except NotThere:  # not ours, or just deleted
                continue
        return found

    def item(self, item_id: str) -> RawItem:
        """Raises NotThere."""
        folder, started_s = self._folder(item_id)
        try:
            files = _files(folder)
        except OSError:
            raise NotThere from None
        size = sum(file.size_bytes for file in files)
        return RawItem(item_id, folder, started_s, _duration_s(folder), size, _is_open(folder))

    def files(self, item_id: str) -> list[RawFile]:
        """All that belongs to a recording, the log first. Raises NotThere."""
        folder, _ = self._folder(item_id)
        try:
            return _files(folder)
        except OSError:
            raise NotThere from None

    def file(self, item_id: str, name: str) -> Path:
        """Where the file of this name lies: it is looked up, never joined to a path. Raises NotThere."""
        for file in self.files(item_id):
            if file.path.name == name:
                return self._folder(item_id)[0] / file.path
        raise NotThere

    def delete(self, item_id: str) -> None:
        """Takes a while where there is much. Raises NotThere, BeingWritten, OSError."""
        folder, _ = self._folder(item_id)
        if _is_open(folder):
            raise BeingWritten
        shutil.rmtree(folder)

    def _folder(self, item_id: str) -> tuple[Path, float]:
        """Where it lies, and when it was begun. Raises NotThere."""
        match = RAW_ID.fullmatch(item_id)
        folder = self.folder / item_id
        if match is None or folder.is_symlink() or not folder.is_dir():
            raise NotThere
        try:
            began = time.strptime(match[1], "%Y%m%d-%H%M%S")
        except ValueError:  # month 13
            raise NotThere from None
        return folder, float(calendar.timegm(began))


def _files(folder: Path) -> list[RawFile]:
    """Raises OSError."""
    found = []
    for below in (folder, folder / PAGES):
        if below.is_dir():
            found += _regular(os.scandir(below), folder)
    return sorted(found, key=lambda file: (len(file.path.parts), str(file.path)))


def _regular(entries: Iterable[os.DirEntry[str]], folder: Path) -> list[RawFile]:
    return [
        RawFile(Path(entry.path).relative_to(folder), entry.stat().st_size)
        for entry in entries
        if _FILE.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
    ]


def _is_open(folder: Path) -> bool:
    """Its writer holds a lock on the log; the system lets that go when the process dies."""
    try:
        with (folder / EVENTS).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no log: nobody writes it
        return False
    return False


def _duration_s(folder: Path) -> float | None:
    try:
        with (folder / EVENTS).open("rb") as file:
            first = _TICK.search(file.read(_ENDS_BYTES))
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _ENDS_BYTES))
            ticks = _TICK.findall(file.read())
    except OSError:
        return None
    return None if first is None or not ticks else (int(ticks[-1]) - int(first[1])) / 1e9
