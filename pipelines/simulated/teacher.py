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
    """Cutouts by clip frame, 0 to 119. Safe between threads."""

    def __init__(self, optics: Optics) -> None:
        self._marks = read_marks()
        self._cutter = Cutter(optics, self._marks)
        self._clip: dict[int, PackedFrame] = {}  # frames not cut out yet
        self._cutouts: dict[int, Cutout] = {}
        self._is_loaded = False
        self._lock = threading.Lock()

    def load(self) -> None:
        """Decodes the clip, less than a second; once. Raises SourceLost."""
        with self._lock:
            if self._is_loaded:
                return
            clip = {
                frame: PackedFrame.pack(*draw_stick_on(rgb, pha, self._marks[frame]))
                for frame, (rgb, pha) in enumerate(clip_pictures())
            }
            if len(clip) != CLIP_FRAMES:
                reason = f"the teacher's clip has {len(clip)} frames instead of {CLIP_FRAMES}; install again"
                raise SourceLost("simulated classroom", reason, retry=False)
            self._clip, self._is_loaded = clip, True

    def cutout(self, frame: int) -> Cutout:
        """The cutout of a clip frame. Raises SourceLost."""
        self.load()
        with self._lock:
            if frame not in self._cutouts:
                self._cutouts[frame] = self._cutter.cut(frame, *self._clip.pop(frame).unpack())
            return self._cutouts[frame]

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
