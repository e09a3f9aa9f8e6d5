"""What is known of the LCD at this moment: the plate and the refiner in use, and the watch over them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from models.refiner_net import RefinerNet
from pipelines.alignment import Calibration
from pipelines.calibration.watching import LOOK_EVERY_S
from pipelines.capture.upright import UprightCamera
from pipelines.matting.refinement import Refinement
from pipelines.media import Page, SizeWh
from pipelines.plate.plate import Expected
from pipelines.studio.calibrating import Calibrating
from pipelines.studio.calibration import CalibrationRefused, calibrate
from pipelines.studio.keying import Known, known
from pipelines.studio.settings import StudioSettings
from pipelines.studio.witnessing import Witness
from pipelines.timing import Marks

UNKNOWN_LOOKS = 20  # of the watch, about ten seconds without a calibration


class Knowing:
    """now: in use; None while nothing is known. Made anew with each calibration and size of picture.

    Raises ModelError. pages: shown of late, oldest first. use: told which calibration holds, from both
    threads.
    """

    def __init__(
        self,
        settings: StudioSettings,
        camera: UprightCamera,
        calibrating: Calibrating,
        pages: Callable[[], Sequence[Page]],
        witness: Witness,
        use: Callable[[Calibration | None], None],
    ) -> None:
        self.now: Known | None = None
        self._settings, self._refining = settings, RefinerNet.open(settings.network)
        self._camera, self._calibrating, self._pages = camera, calibrating, pages
        self._witness, self._use = witness, use
        self._made_for: tuple[SizeWh, int] | None = None
        self._telling = threading.Lock()  # now and what was told last belong together

    @property
    def expected(self) -> Expected | None:
        """Of the plate, for who wants to look at it."""
        in_use = self.now
        return None if in_use is None else in_use.watch.plate.expected

    def refiner_for(self, camera_size_wh: SizeWh) -> Refinement | None:
        """For pictures of this size. Of the mattes' thread."""
        wanted = camera_size_wh, self._calibrating.version
        if wanted != self._made_for:
            self._made_for = wanted
            self._make(camera_size_wh)
        return None if self.now is None else self.now.refiner

    def _make(self, camera_size_wh: SizeWh) -> None:
        stored = self._calibrating.stored_for(camera_size_wh)
        # The simulated classroom knows the truth of its own picture, not of one that was turned.
        camera = self._camera.source if self._camera.upright.is_identity else self._camera
        try:
            settings = self._settings.calibration_for(self._camera.upright)
            calibration = calibrate(settings, camera, camera_size_wh, stored, self._calibrating.shares)
        except CalibrationRefused as refusal:
            self._calibrating.refuse(refusal)
            calibration = None
        delay = self._calibrating.delay
        self._witness.known(calibration, delay)
        made = None
        if calibration is not None:
            made = known(self._refining, calibration, delay, self._pages, self._witness.given)
        with self._telling:  # what followed the old one has no say from here on
            self.now = made
            self._use(calibration)

    def keep(self, stop: threading.Event, marks: Marks, unknown: Callable[[], None]) -> None:
        """A thread beside the matting, so that no frame waits: a knocked camera is found, and all follow it.

        unknown: called once, when nobody has said for a while where the LCD is.
        """
        unknown_looks = 0
        while not stop.wait(LOOK_EVERY_S):
            in_use = self.now
            if in_use is None:
                unknown_looks += 1
                if unknown_looks == UNKNOWN_LOOKS:
                    unknown()
                continue
            watch = in_use.watch
            with marks.measure("watching"):
                watch.look()
            with self._telling:
                if in_use is self.now:
                    self._use(watch.watcher.calibration)
