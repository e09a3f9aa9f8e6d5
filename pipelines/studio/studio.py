"""The studio wires the stages: threads, channels, orders, life and death. Nothing else does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial

from models.catalog import locate
from models.matting_net import MattingNet
from pipelines.alignment import Calibration
from pipelines.annotating.annotator import Annotator
from pipelines.capture.mounting import Upright
from pipelines.capture.opening import open_camera
from pipelines.capture.upright import UprightCamera
from pipelines.channels import Closed
from pipelines.encoding.layers import LayeredEncoder
from pipelines.lcd.lcd import Lcd, open_lcd
from pipelines.matting.refinement import Refinement
from pipelines.media import I16, Page, Scene, SizeWh, SourceLost, SourceState
from pipelines.orders import (
    Calibrate,
    DrawStroke,
    EndRaw,
    EndScreen,
    FindUpright,
    ForgetCalibration,
    MixVoice,
    OfferScreen,
    OpenCourseware,
    PointAt,
    RequestKey,
    SetFilm,
    SetInk,
    SetScene,
    ShowRecording,
    Stop,
    TakePicture,
    TurnCamera,
    TurnPage,
    UseCorners,
    WatchLayers,
    WatchSheets,
)
from pipelines.reports import (
    CalibrationNews,
    OfferAnswer,
    Rejected,
    SessionEnded,
    Started,
    StudioStatus,
)
from pipelines.sound.loudspeaker import open_loudspeaker
from pipelines.sound.source import open_sound
from pipelines.studio.calibrating import Calibrating
from pipelines.studio.calibration import checked_corners
from pipelines.studio.composing import Composing
from pipelines.studio.darkroom import Darkroom
from pipelines.studio.guest import Guest
from pipelines.studio.knowing import Knowing
from pipelines.studio.lectern import Lectern, Wanted
from pipelines.studio.link import Link
from pipelines.studio.loops import warm_up_loops
from pipelines.studio.matting import Matting
from pipelines.studio.mixing import Mixer
from pipelines.studio.parts import Parts
from pipelines.studio.programme import Programme
from pipelines.studio.settings import StudioSettings
from pipelines.studio.threads import Threads
from pipelines.studio.uprighting import Uprighting
from pipelines.studio.witnessing import witness
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
        self._camera_rate = Rate()
        checked_corners(settings.calibration)  # before anything is opened, in use or not
        calibration = settings.calibration_for(settings.camera.upright)
        size_wh, rate_hz = settings.programme.size_wh, settings.programme.rate_hz
        path = locate(settings.network.name, settings.models_dir)
        self._net = MattingNet.open(path, settings.network)
        self._ordered = threading.Event()
        self._lectern = Lectern(size_wh, clock, self._reject, self._session_ended, self._ordered.set)
        self._lectern.start(Wanted(settings.courseware.path, settings.courseware_name))
        self._calibrating = Calibrating(
            settings.calibration_path,
            checked_corners(calibration),
            size_wh,
            self._lectern.page,
            lambda: self._lcd,
            self._calibration_news,
            calibration.source,
        )
        self._lcd = _open_lcd(settings, self._calibrating.lcd_page)
        self._camera = UprightCamera(
            open_camera(settings.camera, clock, self._calibrating.lcd_page), settings.camera.upright
        )
        look = self._net.onlooker().look
        self._uprighting = Uprighting(self._lectern.page, lambda: self._camera.upright, look, link.send)
        self._sound = open_sound(settings.sound, clock)
        self._loudspeaker = open_loudspeaker(settings.sound.loudspeaker)
        self._guest = Guest(size_wh, link.send, self._ordered.set)
        self._mixer = Mixer(
            settings.encoding, self._sound, self._guest.voice, self._courseware_sound, self._loudspeaker
        )
        self._annotator = Annotator(size_wh)
        composing = Composing(size_wh, settings.programme.transition_ms)
        warm_up_loops()
        encoder = LayeredEncoder(size_wh, rate_hz, settings.encoding)
        self._parts = Parts(composing.compositor, size_wh, rate_hz, settings.encoding)
        scene = Scene(layout=settings.programme.layout, text_fade=settings.programme.text_fade)
        self._witness = witness(
            settings, scene, self._net.provider, lambda: self._knowing.now, self._lectern.page
        )
        self._knowing = Knowing(
            settings, self._camera, self._calibrating, self._shown_of_late, self._witness, self._use
        )
        self._matting = Matting(
            self._net, settings.matting, self._refiner_for, self._marks, self._witness.matte
        )
        self._programme = Programme(
            composing, encoder, self._parts, clock, scene, self._matting.mattes, self._marks, self._guest
        )
        self._darkroom = Darkroom(
            self._lectern.page, lambda: self._programme.newest, lambda: self._knowing.expected, link.send
        )
        self._pacer_late = 0
        self._started = False

    def run(self) -> str | None:
        """Runs until Stop or the first failure, which it returns as a sentence."""
        # What viewers see and hear first; then what mattes are made of; what may come a second later is last.
        self._threads.start("capture", self._capture, rank=2)
        self._threads.start("network", self._matting.ask, rank=3)
        self._threads.start("matting", self._matting.make)
        self._threads.start("watching", self._keep_calibrated, rank=10)
        self._threads.start("programme", self._run_programme)
        self._threads.start("sheets", self._code_sheets, rank=5)
        self._threads.start("sound", self._run_sound)
        self._threads.start("orders", self._obey)
        self._threads.start("status", self._report)
        return self._threads.wait()

    def close(self) -> None:
        self._threads.stop.set()
        self._matting.close()
        self._parts.close()
        self._calibrating.close()
        self._uprighting.close()
        for source in (self._camera, self._sound, self._guest, self._lcd, self._lectern, self._loudspeaker):
            if source is not None:
                source.close()
        for name in self._threads.join():
            log.warning("the %s thread did not end in time", name)
        self._witness.close()

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
                self._uprighting.see(frame)
                if not self._calibrating.keeps(frame):
                    self._matting.put(frame)

    def _keep_calibrated(self) -> None:
        self._knowing.keep(self._threads.stop, self._marks, self._uprighting.start)

    def _refiner_for(self, camera_size_wh: SizeWh) -> Refinement | None:
        return self._knowing.refiner_for(camera_size_wh)

    def _shown_of_late(self) -> Sequence[Page]:
        return self._lcd.timed(self._lectern.pages())

    def _use(self, calibration: Calibration | None) -> None:
        self._programme.calibration = calibration

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
            page_reason, camera_reason = self._lectern.no_courseware, _reason(self._camera.state)
            shown = self._lectern.shown()
            # LCD and plate are told of the page alone: ink is for the viewers.
            page = None if shown is None else self._annotator.over(*shown)
            self._programme.is_short = self._matting.is_short
            composed = self._programme.tick(tick_ns, page, page_reason, camera_reason, self._link.send)
            self._witness.picture(tick_ns, shown, self._annotator.laid, composed)
            if not self._started:
                self._started = True
                self._link.send(Started())

    def _code_sheets(self) -> None:
        self._parts.code_sheets(self._threads.stop, lambda: self._link.sheets_waiting, self._link.send)

    def _run_sound(self) -> None:
        extra_ns = self._settings.sound.extra_delay_ms * NS_PER_MS
        while not self._threads.stop.is_set():
            self._mixer.pass_on(POLL_S, self._programme.teacher_age_ns + extra_ns, self._link.send)
            if (levels := self._mixer.levels()) is not None:
                self._link.send(levels)

    def _courseware_sound(self, samples: int) -> I16 | None:
        return self._lectern.sound(samples) if self._settings.courseware.sound else None

    # -- orders ----------------------------------------------------------------------------------

    def _obey(self) -> None:
        while (order := self._link.receive()) is not None:
            self._witness.order(order)
            self._guest.obey(order)
            match order:
                case SetScene(scene):
                    self._programme.scene = scene
                case TurnPage(step, index):
                    self._lectern.turn(step, index)
                case OpenCourseware(path, name):
                    self._lectern.open(Wanted(path, name))
                case SetFilm(is_paused, position_s):
                    self._lectern.set_film(is_paused, position_s)
                case OfferScreen(session, sdp, servers):
                    answered = partial(self._answer_offer, session)
                    self._lectern.offer_screen(session, sdp, answered, servers)
                case EndScreen(session):
                    self._lectern.end_screen(session)
                case MixVoice():
                    self._mixer.mix = order
                case Calibrate(kind):
                    self._calibrating.start(kind)
                case ForgetCalibration():
                    self._calibrating.forget()
                case TurnCamera(turn_deg, mirrored):
                    self._turn_camera(Upright(turn_deg, mirrored))
                case FindUpright():
                    self._uprighting.start()
                case UseCorners(shares, is_fallback):
                    self._calibrating.use_corners(shares, is_fallback=is_fallback)
                case DrawStroke(page, stroke):
                    self._annotator.draw(page, stroke)
                case SetInk(page, strokes):
                    self._annotator.put(page, strokes)
                case PointAt(pointer):
                    self._annotator.point(pointer)
                case TakePicture(number, kind):
                    self._darkroom.take(number, kind)
                case RequestKey(layer):
                    self._programme.request_key(layer)
                case WatchLayers(layers, low_bps):
                    self._programme.watch(layers, low_bps)
                case ShowRecording(is_on):
                    self._programme.shows_recording = is_on
                case EndRaw():
                    self._witness.end()
                case WatchSheets(wanted):
                    self._parts.watch_sheets(wanted)
                case Stop():
                    break
            self._ordered.set()
        self._threads.stop.set()
        self._ordered.set()

    def _turn_camera(self, upright: Upright) -> None:
        if upright != self._camera.upright:
            self._camera.upright = upright
            self._calibrating.corners = checked_corners(self._settings.calibration_for(upright))
            self._calibrating.use_corners(None)
            self._calibrating.forget()

    def _calibration_news(self, news: CalibrationNews) -> None:
        self._link.send(news)
        self._uprighting.heed(news, self._calibrating.newest)

    def _reject(self, reason: str) -> None:
        self._link.send(Rejected("OpenCourseware", reason))
        self._ordered.set()

    def _answer_offer(self, session: str, sdp: str, fault: str | None, reason: str) -> None:
        self._link.send(OfferAnswer(session, sdp, fault or "", reason))

    def _session_ended(self, session: str, reason: str) -> None:
        self._link.send(SessionEnded(session, reason))
        self._ordered.set()

    # -- what others ask -------------------------------------------------------------------------

    def _report(self) -> None:
        while not self._threads.stop.is_set():
            if self._ordered.wait(STATUS_PERIOD_S):
                self._ordered.clear()
                self._threads.stop.wait(STATUS_AFTER_ORDER_S)
            self._link.send(self._status())

    def _status(self) -> StudioStatus:
        page, lectern, calibration = self._lectern.page(), self._lectern, self._programme.calibration
        stages = self._marks.percentiles()
        capture_to_send, alpha_age = stages.pop("capture_to_send", {}), stages.pop("alpha_age", {})
        watch, refiner = (None, None) if self._knowing.now is None else self._knowing.now
        return StudioStatus(
            scene=self._programme.scene,
            page_index=0 if page is None else page.index,
            page_count=lectern.count,
            page_revision=0 if page is None else page.revision,
            courseware=lectern.name,
            courseware_path=lectern.path,
            is_screen=lectern.is_screen,
            film=lectern.film,
            voice_dbfs=self._guest.voice.peak_dbfs if self._guest.voice.is_open else None,
            remote_camera=self._guest.status(),
            sources={
                "camera": self._camera.state,
                "courseware": lectern.state,
                "sound": self._mixer.state,
                **({} if self._loudspeaker is None else {"loudspeaker": self._loudspeaker.state}),
                **({} if self._lcd.state is None else {"lcd": self._lcd.state}),
            },
            programme_fps=self._programme.rate.hz(),
            is_thrifty=self._matting.is_short,
            unchanged_hz=self._programme.spared_rate.hz(),
            net_hz=self._matting.net_rate.hz(),
            matte_hz=self._programme.matte_rate.hz(),
            camera_hz=self._camera_rate.hz(),
            size_wh=self._settings.programme.size_wh,
            provider=self._net.provider,
            network=self._settings.network.name,
            calibration="none" if calibration is None else calibration.source,
            capture_to_send_ms=capture_to_send,
            alpha_age_ms=alpha_age,
            stages_ms=stages,
            counts={
                "capture": self._camera_rate.total,
                "network": self._matting.net_rate.total,
                "matting": self._programme.matte_rate.total,
                "programme": self._programme.rate.total,
                "unchanged": self._programme.spared_rate.total,
            },
            dropped={"frames": self._matting.dropped, "packets": self._link.dropped},
            late=self._pacer_late,
            stale_mattes=self._programme.stale_mattes,
            watch=None if watch is None else watch.status(),
            plate_trust=None if refiner is None else refiner.trust,
            matte_quality=None if refiner is None else refiner.of_minute,
            calibrated=self._calibrating.status(calibration),
            raw=self._witness.status(),
        )


def _open_lcd(settings: StudioSettings, lcd_page: Callable[[], Page | None]) -> Lcd:
    is_simulated, size_wh = settings.camera.is_simulated, settings.programme.size_wh
    return open_lcd(settings.lcd, size_wh, lcd_page, is_simulated=is_simulated)


def _reason(state: SourceState) -> str:
    """Why a source is missing, in a sentence; "" while it is not."""
    return (state.reason or state.state) if state.state in ("lost", "ended") else ""
