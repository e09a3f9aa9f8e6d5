"""Reads a raw recording back, as far as it goes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from pydantic import ValidationError

from pipelines.media import U8, Frame, freeze
from pipelines.recording.raw import entries
from pipelines.recording.raw.films import film_path, pictures


class BrokenRecording(Exception):
    """A folder that is no raw recording, or one that was damaged. `reason` is one sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FramesEnd(Exception):
    """The camera's film ends before the log does, as after a power cut."""


class RawRecording:
    """A raw recording. Raises BrokenRecording where the folder does not begin like one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        path = folder / entries.EVENTS
        try:
            data = path.read_bytes()
        except OSError as error:
            raise BrokenRecording(
                f"{folder} is no raw recording: {path.name} cannot be read ({error.strerror})."
            ) from None
        lines = data.split(b"\n")
        # What stands behind the last line's end was being written when the box was killed.
        self._lines = lines[:-1]
        first = self._entry(0) if self._lines else None
        if not isinstance(first, entries.Began):
            raise BrokenRecording(
                f"{folder} is no raw recording: {path.name} has no first line that says so."
            )
        self.began = first
        self._film: Iterator[U8] = iter(())
        self._film_number = 0

    def events(self) -> Iterator[entries.Entry]:
        """All that happened after the begin, in order. Raises BrokenRecording at an unreadable line."""
        return (self._entry(at) for at in range(1, len(self._lines)))

    def frame(self, entry: entries.FrameTaken) -> Frame:
        """The next frame of the camera; ask for each, in order. Raises FramesEnd, BrokenRecording."""
        if entry.film != self._film_number:
            self._film_number, self._film = entry.film, pictures(film_path(self._folder, entry.film))
        try:
            rgb = next(self._film, None)
        except OSError as error:
            raise BrokenRecording(
                f"{film_path(self._folder, entry.film).name} cannot be read ({error.strerror})."
            ) from None
        if rgb is None:
            raise FramesEnd
        if entries.digest_of(rgb) != entry.digest:
            name = film_path(self._folder, entry.film).name
            raise BrokenRecording(
                f"{name} is damaged: the frame of pts {entry.pts} is not the one that was noted."
            )
        return Frame(rgb, entry.pts, entry.captured_ns)

    def picture(self, page: entries.PageShown) -> U8:
        """A page's picture, u8 (H, W, 3), whatever is in the file. Raises BrokenRecording."""
        path = self._folder / entries.PAGES / f"{page.sha256}.png"
        try:
            bgr = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        except (OSError, cv2.error):
            bgr = None
        if bgr is None:
            raise BrokenRecording(f"The page pages/{path.name} cannot be read.")
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        freeze(rgb)
        return rgb

    def is_as_noted(self, page: entries.PageShown, rgb: U8) -> bool:
        """Is the picture the one that was shown?"""
        return hashlib.sha256(rgb.data).hexdigest() == page.sha256

    def _entry(self, at: int) -> entries.Entry:
        try:
            return entries.ENTRY.validate_json(self._lines[at])
        except ValidationError as error:
            what = error.errors()[0]["msg"]
            raise BrokenRecording(f"{entries.EVENTS}, line {at + 1}, cannot be read: {what}.") from None
