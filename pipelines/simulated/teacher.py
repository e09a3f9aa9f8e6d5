"""The teacher's 120 cutouts: made when first wanted, or ahead of that, and kept."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from pipelines.media import SourceLost
from pipelines.simulated.clip import CLIP_FRAMES, clip_pictures
from pipelines.simulated.cutout import Cutout, Cutter
from pipelines.simulated.marks import read_marks
from pipelines.simulated.optics import Optics
from pipelines.simulated.stick import PackedFrame, draw_stick_on


class Teacher:
    """Cutouts by clip frame, 0 to 119. Safe between threads.

    The clip is decoded no further than it is wanted: a camera's first picture need not wait for the last.
    """

    def __init__(self, optics: Optics) -> None:
        self._marks = read_marks()
        self._cutter = Cutter(optics, self._marks)
        self._pictures = clip_pictures()
        self._decoded = 0
        self._clip: dict[int, PackedFrame] = {}  # frames not cut out yet
        self._cutouts: dict[int, Cutout] = {}
        self._lock = threading.Lock()

    def cutout(self, frame: int) -> Cutout:
        """The cutout of a clip frame. Raises SourceLost."""
        with self._lock:
            if frame not in self._cutouts:
                while self._decoded <= frame:
                    self._decode()
                self._cutouts[frame] = self._cutter.cut(frame, *self._clip.pop(frame).unpack())
            return self._cutouts[frame]

    def close(self) -> None:
        """Lets go of the clip. Cutouts made so far stay."""
        with self._lock:
            self._pictures.close()

    def _decode(self) -> None:
        picture = next(self._pictures, None)
        if picture is None:
            reason = f"the teacher's clip has {self._decoded} frames instead of {CLIP_FRAMES}; install again"
            raise SourceLost("simulated classroom", reason, retry=False)
        self._clip[self._decoded] = PackedFrame.pack(*draw_stick_on(*picture, self._marks[self._decoded]))
        self._decoded += 1

    def prepare_ahead(self, frames: Iterable[int]) -> bool:
        """Makes the first cutout of `frames` that is missing; False when none is. Raises SourceLost."""
        missing = next((frame for frame in frames if frame not in self._cutouts), None)
        if missing is None:
            return False
        self.cutout(missing)
        return True

    @property
    def nbytes(self) -> int:
        """Memory of the cutouts made so far."""
        with self._lock:
            return sum(cutout.nbytes for cutout in self._cutouts.values())
