"""Plate, watcher and refiner, joined as the box runs them. The studio and the evaluation build them here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from models.refiner_net import RefinerNet
from pipelines.alignment import Calibration
from pipelines.calibration.running_delay import RunningDelay
from pipelines.calibration.watching import Sight, Watcher
from pipelines.matting.refinement import Refinement
from pipelines.media import Delay, Matte, Page, Prediction
from pipelines.plate.backdrop import Backdrop
from pipelines.plate.plate import Plate
from pipelines.recording.raw.notes import Given
from pipelines.reports import WatchStatus


class Watch:
    """Plate and watcher, joined: every matte asked about is a sight to measure the camera's place in, and a
    page turn in it measures the delay.

    What was found of both is the plate's with the next matte. `newest` is what a thread of its own may look
    at, without holding up the matting. note: told what each prediction was made from.
    """

    def __init__(self, plate: Plate, watcher: Watcher, note: Callable[[Given], None] | None = None) -> None:
        self.plate, self.watcher, self._note = plate, watcher, note
        self.delay = RunningDelay(plate.delay)
        self._backdrop = Backdrop(plate)
        self.newest: Sight | None = None

    def predict(self, matte: Matte) -> Prediction | None:
        """The plate of this matte's frame; None too while the camera is known to look elsewhere."""
        # Each read once: another thread replaces them.
        calibration, delay, is_off = self.watcher.calibration, self.delay.delay, self.watcher.is_off
        self.plate.calibration, self.plate.delay = calibration, delay
        prediction = self._backdrop.predict(matte)
        if self._note is not None:
            self._note(Given(calibration, delay, is_off, tuple(self.plate.pages_seen)))
        if self.plate.turn is not None and not is_off:
            self.delay.note(self.plate.turn)
        self.newest = Sight(matte, self.plate.expected)
        return None if is_off else prediction

    def look(self) -> None:
        """One look at the newest matte, if there is one that was not looked at yet."""
        self.delay.look()
        sight, self.newest = self.newest, None
        if sight is not None:
            self.watcher.look(sight)

    def status(self) -> WatchStatus:
        """For any thread."""
        geometry, delay = self.watcher.geometry, self.delay.delay
        return WatchStatus(
            geometry.state,
            geometry.shift_px,
            geometry.std_px,
            geometry.last_move_px,
            geometry.moves,
            self.plate.light,
            None if delay is None else delay.ms,
            None if delay is None else delay.sigma_ms,
            self.delay.turns,
        )


class Known(NamedTuple):
    """What is made of knowing where the LCD is."""

    watch: Watch
    refiner: Refinement


def known(
    refining: RefinerNet,
    calibration: Calibration,
    delay: Delay | None,
    pages: Callable[[], Sequence[Page]],
    note: Callable[[Given], None] | None = None,
) -> Known:
    """delay: as calibrated. pages: gives those shown of late, oldest first. note: see Watch."""
    watch = Watch(Plate(calibration, pages, delay), Watcher(calibration), note)
    return Known(watch, Refinement(refining, watch.predict))
