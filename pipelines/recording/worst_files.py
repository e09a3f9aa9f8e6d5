"""The worst mattes on disk: a folder beside the recording's file, two pictures and a line of JSON a moment.

A moment is there while both its pictures are. Its line stays when worse ones have displaced it, so that lines
are only ever added: a crash can cost the last one alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

LINES: Final = "worst.jsonl"
_CAMERA, _ALPHA = ".camera.jpg", ".alpha.png"
FILE_NAME: Final = re.compile(r"worst\.jsonl|[01]\.\d{3}-\d{10,15}\.(camera\.jpg|alpha\.png)")
SPACING_S: Final = 10.0
_SUFFIX, _GOING, _HALF = ".worst", ".going", ".half"


@dataclass(frozen=True, slots=True)
class WorstMoment:
    """score: 0 is worst, see pipelines/matting/quality.py. pts: of the frame. taken_s: since 1970.

    page: shown then, from 0. trust: the plate's around the teacher, 0 to 1. alpha_age_ms: since the frame
    that the network saw; 0: it was this one.
    """

    score: float
    pts: int
    taken_s: float
    page: int
    trust: float
    alpha_age_ms: float

    @property
    def stem(self) -> str:
        """What its files are called: by name the worst come first."""
        return f"{self.score:.3f}-{self.pts:010}"

    @property
    def camera_name(self) -> str:
        return self.stem + _CAMERA

    @property
    def alpha_name(self) -> str:
        return self.stem + _ALPHA


class WorstFolder:
    """Of one file of a recording, item_id; made with the first moment. Owner-only."""

    def __init__(self, recordings: Path, item_id: str) -> None:
        self.path = recordings / f"{item_id}{_SUFFIX}"
        self._film = recordings / f"{item_id}.mp4"

    def moments(self) -> list[WorstMoment]:
        """Worst first. A line that was cut off is left out."""
        try:
            lines = (self.path / LINES).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        found = {moment.stem: moment for line in lines if (moment := _read(line)) is not None}
        return [
            found[stem]
            for stem in sorted(found)
            if all(path.is_file() for path in self._pictures(found[stem]))
        ]

    def keep(self, moment: WorstMoment, jpeg: bytes, png: bytes) -> None:
        """All of it or nothing. Raises OSError, also when the recording was deleted."""
        if not self._film.is_file():
            raise FileNotFoundError(2, "the recording is gone")
        self.path.mkdir(exist_ok=True, mode=0o700)
        camera, alpha = self._pictures(moment)
        try:
            _write(alpha, png)
            _write(camera, jpeg)
            self._note(moment)
        except OSError:
            for path in (camera, alpha):
                for left in (path, path.with_name(path.name + _HALF)):
                    with contextlib.suppress(OSError):
                        left.unlink(missing_ok=True)
            raise

    def drop(self, moment: WorstMoment) -> None:
        """Raises OSError; one that is gone already is fine."""
        for path in self._pictures(moment):
            path.unlink(missing_ok=True)

    def file(self, name: str) -> Path | None:
        """Where the file of this name lies; None for whatever is none of ours."""
        path = self.path / name
        return path if FILE_NAME.fullmatch(name) and path.is_file() and not path.is_symlink() else None

    def tidy(self) -> None:
        """Takes away what a crash left: half a picture, or pictures without a line. Raises OSError."""
        whole = {path for moment in self.moments() for path in self._pictures(moment)}
        for path in self.path.iterdir():
            if path.name != LINES and path not in whole:
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Renamed first: who still writes finds no folder. Raises OSError."""
        going = self.path.with_suffix(_GOING)
        if going.is_dir():  # a crash came between
            shutil.rmtree(going)
        with contextlib.suppress(FileNotFoundError):
            self.path.rename(going)
            shutil.rmtree(going)

    def _pictures(self, moment: WorstMoment) -> tuple[Path, Path]:
        return self.path / moment.camera_name, self.path / moment.alpha_name

    def _note(self, moment: WorstMoment) -> None:
        descriptor = os.open(self.path / LINES, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            size = os.fstat(descriptor).st_size
            is_cut_off = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # by a crash
            file.write(b"\n" * is_cut_off + json.dumps(asdict(moment)).encode() + b"\n")


def worst_folders(recordings: Path, item_ids: str = "*") -> list[str]:
    """Ids of the files that have such a folder, also of files that are gone. item_ids: a pattern."""
    found = {path.stem for suffix in (_SUFFIX, _GOING) for path in recordings.glob(f"{item_ids}{suffix}")}
    return sorted(found)


class WorstSizes:
    """How much the folders take: each is counted anew only after something came or went."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int]] = {}

    def of(self, recordings: Path, item_id: str) -> int:
        """Bytes; 0 where there is none."""
        path = WorstFolder(recordings, item_id).path
        try:
            changed_ns = path.stat().st_mtime_ns
            known_ns, size = self._known.get(item_id, (0, 0))
            if known_ns != changed_ns:
                size = sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(path))
                self._known[item_id] = changed_ns, size
        except OSError:  # none, or it just goes
            self._known.pop(item_id, None)
            return 0
        return size


def displaced(kept: Sequence[WorstMoment], new: WorstMoment, most: int) -> list[WorstMoment] | None:
    """What goes when `new` is kept; None: it is not bad enough.

    Within SPACING_S the worst one stays, and of all the `most` worst ones.
    """
    near = [one for one in kept if abs(one.taken_s - new.taken_s) < SPACING_S]
    others = sorted((one for one in kept if one not in near), key=lambda one: one.score)
    surplus = others[max(0, most - 1) :]
    gone = near + surplus
    return None if most <= 0 or any(one.score <= new.score for one in gone) else gone


def _write(path: Path, data: bytes) -> None:
    half = path.with_name(path.name + _HALF)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fdatasync(file.fileno())
    half.replace(path)


def _read(line: str) -> WorstMoment | None:
    try:
        moment = WorstMoment(**json.loads(line))
        return moment if FILE_NAME.fullmatch(moment.camera_name) else None
    except (ValueError, TypeError):
        return None
