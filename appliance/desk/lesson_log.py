"""What happened in the lesson, when, and at which page. Bounded, on the box, no people's names or faces."""

from __future__ import annotations

import json
import logging
import os
import time
from collections import deque
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final, Literal

log = logging.getLogger("classroom.desk")

EntryKind = Literal[
    "hand_up",
    "no_picture",
    "no_sound",
    "too_fast",
    "fine",
    "seen",
    "withdrawn",
    "mark",
    "bad_matte",
    "page",
    "layout",
    "panic",
    "panic_over",
    "talk_asked",
    "talk_withdrawn",
    "talk_declined",
    "talk_let_in",
    "talk_ended",
    "talk_camera",
    "talk_camera_shown",
    "room_joined",
    "room_left",
    "room_removed",
    "studio_restarted",
    "cleared",
]

MOST: Final = 5000
FILE_NAME: Final = "lesson-log.jsonl"


@dataclass(frozen=True, slots=True)
class Entry:
    """room: the name that the assistant gave; "" for who came by the common link, whatever they call
    themselves. page_index: from 0. matte_quality, plate_trust: 0 to 1, or None where that cannot be said.
    detail: a word of the box (the layout, the signal that was seen), never a person's."""

    number: int
    at_s: float
    kind: EntryKind
    room: str = ""
    page_index: int = 0
    layout: str = ""
    matte_quality: float | None = None
    plate_trust: float | None = None
    detail: str = ""


class LessonLog:
    """The newest MOST entries, in memory and in a file of lines. For one thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._entries: deque[Entry] = deque(maxlen=MOST)
        self._lines = 0
        self._is_told = False
        self._load()

    @property
    def newest(self) -> int:
        """The number of the newest entry; 0 while there is none. Numbers only grow, over restarts too."""
        return self._entries[-1].number if self._entries else 0

    def entries(self, after: int = 0, kind: EntryKind | None = None) -> list[Entry]:
        """Oldest first, those with a larger number than `after`, of one kind or of all."""
        return [
            entry for entry in self._entries if entry.number > after and (kind is None or entry.kind == kind)
        ]

    def add(
        self,
        kind: EntryKind,
        *,
        room: str = "",
        page_index: int = 0,
        layout: str = "",
        matte_quality: float | None = None,
        plate_trust: float | None = None,
        detail: str = "",
    ) -> Entry:
        entry = Entry(
            self.newest + 1, time.time(), kind, room, page_index, layout, matte_quality, plate_trust, detail
        )
        self._entries.append(entry)
        self._store(entry)
        return entry

    def clear(self) -> None:
        """Forgets all entries but one that says so: numbers go on growing."""
        newest = self.newest
        self._entries.clear()
        self._entries.append(Entry(newest + 1, time.time(), "cleared"))
        self._lines = 2 * MOST  # so that the file is written anew
        self._store(self._entries[-1])

    def _store(self, entry: Entry) -> None:
        """A disk that is full must not end a lesson: the log is then in memory alone."""
        # The file may grow to twice the bound before it is written anew.
        whole = self._lines >= 2 * MOST
        path = self._path.with_suffix(".new") if whole else self._path
        mode = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if whole else os.O_APPEND)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(path, mode, 0o600), "w", encoding="utf-8") as file:
                written = list(self._entries) if whole else [entry]
                file.writelines(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in written)
            path.replace(self._path)
        except OSError as error:
            if not self._is_told:
                log.warning(
                    "%s cannot be written (%s): the lesson's log is kept in memory", self._path, error
                )
                self._is_told = True
            return
        self._lines = len(self._entries) if whole else self._lines + 1

    def _load(self) -> None:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return
        known = {field.name for field in fields(Entry)}
        self._lines = len(lines)
        for line in lines[-MOST:]:
            try:
                document = json.loads(line)
                entry = Entry(**{key: value for key, value in document.items() if key in known})
                if entry.number > self.newest:
                    self._entries.append(entry)
            except (ValueError, TypeError, AttributeError):
                continue  # the last line of a box that lost its power
