"""The studio wires the stages: threads, channels, orders, life and death. Nothing else does."""

from __future__ import annotations

import logging
import threading
import time

from models.catalog import locate
from models.matting_net import MattingNet
from models.refiner_net import RefinerNet
from pipelines.capture import open_camera
from pipelines.channels import Closed, Latest
from pipelines.compositing import Compositor, warm_up
from pipelines.courseware import Courseware, open_courseware
from pipelines.encoding import SoundEncoder, VideoEncoder
from pipelines.matting import Keyer, Refiner, warm_up_matting, warm_up_refining
from pipelines.media import Frame, Matte, Page, Scene, SizeWh, SourceLost, SourceState
from pipelines.orders import (
    OpenCourseware,
    Rejected,
    RequestKey,
    SetScene,
    Started,
    Stop,
    StudioStatus,
    TurnPage,
)
from pipelines.plate import warm_up_plate
from pipelines.sound import DelayLine, open_sound
from pipelines.studio.calibration import calibrate, checked_corners
from pipelines.studio.keying import full_keyer
from pipelines.studio.link import Link
from pipelines.studio.programme import Programme
from pipelines.studio.settings import StudioSettings
from pipelines.studio.threads import Threads
from pipelines.timing import NS_PER_MS, Marks, Pacer, Rate, SessionClock

log = logging.getLogger("classroom.studio")

POLL_S = 0.5
STATUS_PERIOD_S = 1.0
# An order's effect is told when it has happened, not a second later.
STATUS_AFTER_ORDER_S = 0.15


class Studio:
    """Opens every stage, then runs them until Stop. Raises ModelError, EncoderUnavailable or
    CalibrationRefused.

    A source that is missing does not stop the studio: the programme shows a slate with the reason.
    """

    def __init__(self, settings: StudioSettings, clock: SessionClock, link: Link) -> None:
        self._settings = settings
        self._clock = clock
        self._link = link
        self._threads = Threads()
        self._marks = Marks()
        self._net_rate, self._camera_rate = Rate(), Rate()
        self._frames: Latest[Frame] = Latest()
        self._mattes: Latest[Matte] = Latest()
        checked_corners(settings.calibration)
        size_wh, rate_hz = settings.programme.size_wh, settings.programme.rate_hz
        path = locate(settings.network.name, settings.models_dir)
        self._net = MattingNet.open(path, settings.network)
        self._refining = RefinerNet.open(settings.network)
        self._no_courseware = ""  # why there is none
        self._courseware = self._first_courseware(settings.courseware.path)
        self._camera = open_camera(settings.camera, clock, self._page)
        self._sound = open_sound(settings.sound, clock)
        compositor = Compositor(size_wh)
        warm_up()
        warm_up_matting()
        warm_up_plate()
        warm_up_refining()
        encoder = VideoEncoder(size_wh, rate_hz, settings.encoding)
        scene = Scene(layout=settings.programme.layout)
        self._programme = Programme(compositor, encoder, clock, scene, self._mattes, self._marks)
        self._refiner: Refiner | None = None
        self._ordered = threading.Event()
        self._pacer_late = 0
        self._started = False

    def run(self) -> str | None:
        """Runs until Stop or the first failure, which it returns as a sentence."""
        self._threads.start("capture", self._capture)
        self._threads.start("matting", self._matting)
        self._threads.start("programme", self._run_programme)
        self._threads.start("sound", self._run_sound)
        self._threads.start("orders", self._obey)
        self._threads.start("status", self._report)
        return self._threads.wait()

    def close(self) -> None:
        self._threads.stop.set()
        self._frames.close()
        self._mattes.close()
        for source in (self._camera, self._sound, self._courseware):
            if source is not None:
                source.close()
        for name in self._threads.join():
            log.warning("the %s thread did not end in time", name)

    # -- stages ----------------------------------------------------------------------------------

    def _capture(self) -> None:
        while not self._threads.stop.is_set():
            try:
                frame = self._camera.read(POLL_S)
            except SourceLost as lost:
                if self._threads.stop.is_set():
                    return
                log.warning("camera: %s", lost.reason)
                if not lost.retry:
                    return
                continue
            if frame is not None:
                self._camera_rate.tick()
                self._frames.put(frame)

    def _matting(self) -> None:
        keyer: Keyer | None = None
        try:
            while True:
                frame = self._frames.take(POLL_S)
                if frame is None:
                    continue
                if keyer is None or keyer.camera_size_wh != frame.size_wh:
                    keyer = self._keyer_for(frame.size_wh)
                with self._marks.measure("matting"):
                    matte = keyer.matte(frame)
                if matte.frame is not frame:
                    raise AssertionError("a matte must be of the very frame it was made from")
                self._net_rate.tick()
                self._mattes.put(matte)
        except Closed:
            return

    def _keyer_for(self, camera_size_wh: SizeWh) -> Keyer:
        """The keyer; with what the LCD shows as its second witness, where its place is known."""
        calibration = calibrate(self._settings.calibration, self._camera, camera_size_wh)
        self._programme.calibration = calibration
        full = full_keyer(
            self._net, self._refining, self._settings.matting, camera_size_wh, calibration, self._page
        )
        self._refiner = full.refiner
        return full.keyer

    def _run_programme(self) -> None:
        pacer = Pacer(self._settings.programme.rate_hz)
        while not self._threads.stop.is_set():
            try:
                tick_ns = pacer.wait(self._threads.stop, self._programme.await_matte)
            except Closed:
                return
            self._pacer_late = pacer.late
            if self._link.wants_key:
                self._programme.request_key()
            page_reason, camera_reason = self._no_courseware, _reason(self._camera.state)
            self._programme.tick(tick_ns, self._page(), page_reason, camera_reason, self._link.send)
            if not self._started:
                self._started = True
                self._link.send(Started())

    def _run_sound(self) -> None:
        encoder = SoundEncoder(self._settings.encoding)
        line = DelayLine()
        extra_ns = self._settings.sound.extra_delay_ms * NS_PER_MS
        while not self._threads.stop.is_set():
            sound = self._sound.read(POLL_S)
            if sound is not None:
                line.put(sound)
            for due in line.due(time.monotonic_ns(), self._programme.teacher_age_ns + extra_ns):
                for packet in encoder.encode(due):
                    self._link.send(packet)

    # -- orders ----------------------------------------------------------------------------------

    def _obey(self) -> None:
        while (order := self._link.receive()) is not None:
            match order:
                case SetScene(scene):
                    self._programme.scene = scene
                case TurnPage(step, index):
                    if self._courseware is not None:
                        self._courseware.turn(step, index)
                case OpenCourseware(path):
                    self._swap_courseware(path)
                case RequestKey():
                    self._programme.request_key()
                case Stop():
                    break
            self._ordered.set()
        self._threads.stop.set()
        self._ordered.set()

    def _swap_courseware(self, path: str) -> None:
        """The old courseware stays on the screen until the new one is open; a bad one changes nothing."""
        try:
            courseware = open_courseware(path, self._settings.programme.size_wh)
        except SourceLost as lost:
            self._link.send(Rejected("OpenCourseware", lost.reason))
            return
        old, self._courseware = self._courseware, courseware
        if old is not None:
            old.close()

    def _first_courseware(self, path: str) -> Courseware | None:
        try:
            return open_courseware(path, self._settings.programme.size_wh)
        except SourceLost as lost:
            log.warning("courseware: %s", lost.reason)
            self._no_courseware = lost.reason
            return None

    # -- what others ask -------------------------------------------------------------------------

    def _page(self) -> Page | None:
        courseware = self._courseware
        return None if courseware is None else courseware.page()

    def _report(self) -> None:
        while not self._threads.stop.is_set():
            if self._ordered.wait(STATUS_PERIOD_S):
                self._ordered.clear()
                self._threads.stop.wait(STATUS_AFTER_ORDER_S)
            self._link.send(self._status())

    def _status(self) -> StudioStatus:
        page, courseware, calibration = self._page(), self._courseware, self._programme.calibration
        stages = self._marks.percentiles()
        capture_to_send = stages.pop("capture_to_send", {})
        return StudioStatus(
            scene=self._programme.scene,
            page_index=0 if page is None else page.index,
            page_count=0 if courseware is None else courseware.count,
            page_revision=0 if page is None else page.revision,
            courseware="" if courseware is None else courseware.name,
            sources={
                "camera": self._camera.state,
                "courseware": SourceState("courseware", "lost", self._no_courseware)
                if courseware is None
                else courseware.state,
                "sound": self._sound.state,
            },
            programme_fps=self._programme.rate.hz(),
            net_hz=self._net_rate.hz(),
            camera_hz=self._camera_rate.hz(),
            size_wh=self._settings.programme.size_wh,
            provider=self._net.provider,
            network=self._settings.network.name,
            calibration="none" if calibration is None else calibration.source,
            capture_to_send_ms=capture_to_send,
            stages_ms=stages,
            counts={
                "capture": self._camera_rate.total,
                "matting": self._net_rate.total,
                "programme": self._programme.rate.total,
            },
            dropped={"frames": self._frames.dropped, "packets": self._link.dropped},
            late=self._pacer_late,
            stale_mattes=self._programme.stale_mattes,
            plate_trust=None if self._refiner is None else self._refiner.trust,
            matte_quality=None if self._refiner is None else self._refiner.of_minute,
        )


def _reason(state: SourceState) -> str:
    """Why a source is missing, in a sentence; "" while it is not."""
    return (state.reason or state.state) if state.state in ("lost", "ended") else ""
