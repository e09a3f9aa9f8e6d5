"""What lies beside a segment: one line of JSON for each thing that happened, so that a crash loses none."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Mark:
    """A page shown from at_s on, seconds from the segment's begin. page: from 0."""

    at_s: float
    page: int
    courseware: str


@dataclass(frozen=True, slots=True)
class Notes:
    """All that is noted of a segment. duration_s and sha256: None while it is written, or after a crash."""

    started_s: float = 0.0
    marks: tuple[Mark, ...] = field(default=())
    duration_s: float | None = None
    sha256: str | None = None


class NoteBook:
    """Writes a segment's notes, each line at once. Readable by the owner alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, started_s: float) -> None:
        """started_s: since 1970. Raises OSError."""
        self._add("begin", started_s=started_s)

    def mark(self, mark: Mark) -> None:
        """Raises OSError."""
        self._add("page", **asdict(mark))

    def end(self, duration_s: float, sha256: str) -> None:
        """Raises OSError."""
        self._add("end", duration_s=duration_s, sha256=sha256)

    def _add(self, kind: str, **fields: Any) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, **fields}, ensure_ascii=False) + "\n")


def read_notes(path: Path) -> Notes:
    """What is noted; a last line that was cut off is left out. A file that is not there says nothing."""
    notes: dict[str, Any] = {"marks": []}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return Notes()
    for line in lines:
        try:
            entry = json.loads(line)
            kind = entry.pop("kind")
            if kind == "page":
                notes["marks"].append(Mark(**entry))
            else:
                notes |= entry
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return Notes(
        float(notes.get("started_s", 0.0)),
        tuple(notes["marks"]),
        notes.get("duration_s"),
        notes.get("sha256"),
    )


def chapters(notes: Notes, duration_s: float) -> str:
    """The pages as chapters: WebVTT, for `<track kind="chapters">`."""
    lines = ["WEBVTT", ""]
    ends_s = [mark.at_s for mark in notes.marks[1:]] + [duration_s]
    for mark, end_s in zip(notes.marks, ends_s, strict=True):
        if end_s > mark.at_s:
            # A cue ends at an empty line, and --> would begin another.
            name = " ".join(mark.courseware.split()).replace("-->", "→")
            name = name.replace("&", "&amp;").replace("<", "&lt;")
            lines += [f"{_clock(mark.at_s)} --> {_clock(end_s)}", f"{mark.page + 1} · {name}", ""]
    return "\n".join(lines)


def _clock(at_s: float) -> str:
    milliseconds = round(at_s * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
