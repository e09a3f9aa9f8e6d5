"""A video file as courseware: plays once in real time, then stands on its last picture."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

from pipelines.courseware.faults import refused
from pipelines.courseware.film_file import FilmReader, PageScaler
from pipelines.courseware.film_sound import FilmSound
from pipelines.courseware.shown import Shown, ShowsPages
from pipelines.media import SizeWh, SourceState
from pipelines.receiving.sounding import Sounding
from pipelines.saying import said
from pipelines.timing import NS_PER_S

_LATE_NS: Final = NS_PER_S // 10  # later than this, a picture is left out ...
_HOLD_NS: Final = NS_PER_S // 2  # ... unless nothing new was shown for so long


class Film(ShowsPages):
    """Satisfies Courseware: one page, whose revision grows with every picture.

    turn(index=0) plays from the start again; a step does nothing.
    """

    count = 1

    def __init__(self, path: Path, size_wh: SizeWh) -> None:
        """Decodes the first picture. Raises SourceLost if there is none to be had."""
        self.name = path.name
        self._reader = FilmReader(path)
        self._scaler = PageScaler(size_wh, self._reader.pixel_aspect)
        self._wake = threading.Condition()
        self._closed = False
        self._again = False
        self._ended = False
        self._dropped = 0
        self._began_ns: int | None = None
        self.sounding = Sounding()
        self._sound = FilmSound(path, self.sounding)
        self._pictures = self._reader.play()
        shown = (self._scaler.page_of(picture) for picture, _ in self._pictures)
        first = next((page for page in shown if page is not None), None)
        if first is None:
            self._reader.close()
            raise refused(
                said(
                    "film_no_picture",
                    "{path}: no picture of this file can be decoded. Save it again as MP4 (H.264).",
                    path=path,
                )
            )
        self._shown = Shown(first)
        self._thread = threading.Thread(target=self._run, name="courseware", daemon=True)
        self._thread.start()

    @property
    def state(self) -> SourceState:
        detail: dict[str, str | int | float | bool | None] = {
            "courseware": self.name,
            "kind": "film",
            "page": 1,
            "pages": 1,
            "dropped": self._dropped,
        }
        return SourceState("courseware", "ended" if self._ended else "live", self._reader.fault, detail)

    @property
    def began_ns(self) -> int | None:
        """When the first picture was shown, by the monotonic clock; None once the film is over."""
        return None if self._ended else self._began_ns

    def turn(self, step: int = 0, index: int | None = None) -> None:
        if index is None:
            return
        with self._wake:
            self._again = True
            self._wake.notify()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._shown.close()
        self._thread.join()

    def _run(self) -> None:
        is_flip = False
        while not self._closed:
            self._play(is_flip)
            with self._wake:
                self._ended = not self._again
                self._wake.wait_for(lambda: self._closed or self._again)
                self._again = self._ended = False
            self._pictures = self._reader.play()
            is_flip = True
        self._reader.close()
        self._sound.stop()

    def _play(self, is_flip: bool) -> None:
        """Shows each picture at its time, until the end, or until asked to begin again or to close."""
        self._began_ns = start_ns = shown_ns = time.monotonic_ns()
        self._sound.play(start_ns)
        for picture, at_s in self._pictures:
            due_ns = start_ns + round(at_s * NS_PER_S)
            if self._interrupted(due_ns):
                return
            now_ns = time.monotonic_ns()
            if now_ns - due_ns > _LATE_NS and now_ns - shown_ns < _HOLD_NS:
                self._dropped += 1
                continue
            page = self._scaler.page_of(picture)
            if page is None:
                self._dropped += 1
                continue
            self._shown.show(page, 0, is_flip=is_flip)
            shown_ns = now_ns
            is_flip = False

    def _interrupted(self, due_ns: int) -> bool:
        with self._wake:
            pause_s = (due_ns - time.monotonic_ns()) / NS_PER_S
            self._wake.wait_for(lambda: self._closed or self._again, max(0.0, pause_s))
            return self._closed or self._again
