"""A real studio process with a small world: a moving box, coded with x264, under the studio's own contract.

Courseware names that mean something here: "crash" kills the process, "hang" stops its reports,
"no-such" is rejected, "film" shows another page with every picture, "ink" draws a stroke on the page,
"late" keeps back the sheets.
The first report can be chosen by the camera's url, "fake:fatal-model" and so on.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from fractions import Fraction
from multiprocessing.connection import Connection
from typing import Any

import av
import cv2
import numpy as np

from pipelines.annotating.annotator import Annotator
from pipelines.capture.mounting import Upright
from pipelines.capture.upright import turned
from pipelines.ink import PageKey
from pipelines.media import TEACHER_LAYER, Packet, Page, Scene, SourceState
from pipelines.orders import (
    Calibrate,
    CalibrationKind,
    CornerShares,
    DrawStroke,
    EndCamera,
    EndRaw,
    EndVoice,
    FindUpright,
    ForgetCalibration,
    KeepWorst,
    MixVoice,
    OfferCamera,
    OfferScreen,
    OfferVoice,
    OpenCourseware,
    Order,
    PointAt,
    RequestKey,
    SetFilm,
    SetInk,
    SetScene,
    ShowCamera,
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
    CalibrationStatus,
    Fatal,
    FilmStatus,
    OfferAnswer,
    PictureTaken,
    Progress,
    RawStatus,
    Rejected,
    Report,
    SoundLevel,
    SoundLevels,
    Started,
    StudioStatus,
    UprightFound,
    WatchStatus,
)
from pipelines.saying import said
from pipelines.studio.settings import StudioSettings
from pipelines.timing import SessionClock

RATE_HZ = 10
NO_SUCH = Rejected("OpenCourseware", said("courseware_missing", "{file} cannot be opened", file="no-such"))
PAGES = 5
FILM_S = 60.0
REPORT = {
    "kind": "pattern",
    "made_at": "2026-01-01T08:00:00+00:00",
    "camera_wh": (1280, 720),
    "page_wh": (1280, 720),
    "points": 110,
    "points_of": 120,
    "rms_px": 0.05,
    "outline_px": 0.08,
    "lcd_width_share": 0.75,
    "lcd_in_picture": True,
    "angle_deg": 9.0,
    "angle_sigma_deg": 0.3,
    "angle_right_deg": 8.0,
    "angle_down_deg": -4.0,
    "k1": -0.05,
    "k2": 0.01,
    "delay_ms": 85.0,
    "findings": [
        {
            "verdict": "good",
            "text": "reprojection error 0.05 px over 110 points",
            "code": "reprojection",
            "values": {"rms_px": 0.05, "points": 110},
        }
    ],
}


class FakeStudio:
    def __init__(self, settings: StudioSettings, zero_ns: int, connection: Connection) -> None:
        self.clock = SessionClock(zero_ns)
        self.connection = connection
        self.sending = threading.Lock()
        self.size_wh = settings.programme.size_wh
        self.scene = Scene(layout=settings.programme.layout)
        self.courseware = settings.courseware.path
        self.page = 0
        self.film = film_of(self.courseware)
        self.wants_key = True
        self.shows_recording = False
        self.raw = RawStatus(True, "", 0) if settings.recording.raw else None
        self.worst: Any = None
        if settings.recording.worst_mattes:
            # Imported here as the others are: a test's folder is on the child's path alone.
            from fake_worst import worst_of

            self.worst = worst_of(settings)
        self.layers = frozenset(("420",))
        self.is_running = True
        self.is_knocked = settings.camera.url == "fake:knocked"
        self.upright = settings.camera.upright
        self.annotator = Annotator(self.size_wh)
        self.rgb = np.zeros((self.size_wh[1], self.size_wh[0], 3), np.uint8)
        self.parts: Any = None  # a fake_parts.FakeParts, once somebody wants sheets
        self.sound: Any = None  # a fake_sound.FakeSound, once a room is let speak
        self.sound_orders: queue.SimpleQueue[Order] | None = None
        self.codec = av.CodecContext.create("libx264", "w")
        self.codec.width, self.codec.height = self.size_wh
        self.codec.pix_fmt = "yuv420p"
        self.codec.time_base = Fraction(1, 90000)
        self.codec.framerate = RATE_HZ
        self.codec.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "100000", "forced-idr": "1"}

    def send(self, report: Report) -> None:
        with self.sending:
            self.connection.send(report)

    def obey(self, order: Order) -> None:
        match order:
            case SetScene(scene):
                self.scene = scene
            case TurnPage(step, index):
                self.page = max(0, min(PAGES - 1, self.page + step if index is None else index))
            case OpenCourseware(path):
                self.open(path)
            case SetFilm(is_paused, position_s):
                self.set_film(is_paused, position_s)
            case Calibrate(kind):
                self.calibrate(kind)
            case OfferScreen(session):
                self.send(OfferAnswer(session, "", "malformed", "no offer for a fake"))
            case OfferVoice() | EndVoice() | MixVoice() | OfferCamera() | EndCamera() | ShowCamera():
                self.pass_to_sound(order)
            case ForgetCalibration():
                self.send(CalibrationNews("none"))
            case TurnCamera(turn_deg, mirrored):
                self.upright = Upright(turn_deg, mirrored)
                self.send(CalibrationNews("none"))
            case FindUpright():  # it hangs upside down
                self.send(
                    UprightFound("fits" if self.upright == Upright(180) else "found", 180, False, "people")
                )
            case UseCorners(shares):
                self.use(shares)
            case DrawStroke(page, stroke):
                self.annotator.draw(page, stroke)
            case SetInk(page, strokes):
                self.annotator.put(page, strokes)
            case PointAt(pointer):
                self.annotator.point(pointer)
            case TakePicture(number, kind):
                self.send(self.taken(number, kind))
            case RequestKey():
                self.wants_key = True
            case WatchLayers(layers):
                self.wants_key = True
                self.layers = layers - {TEACHER_LAYER} or frozenset(("420",))
                if self.parts is not None:
                    self.parts.watch_teacher(TEACHER_LAYER in layers)
            case EndRaw() if self.raw is not None:
                self.raw = RawStatus(False, "panic", 0)
            case ShowRecording(is_on):
                self.shows_recording = is_on
            case KeepWorst(item_id) if self.worst is not None:
                self.worst.keep_for(item_id)
            case WatchSheets(wanted):
                if self.parts is None:
                    # Imported here: few tests need it, and its libraries take a second to load.
                    from fake_parts import FakeParts

                    self.parts = FakeParts(self.size_wh, RATE_HZ, self.send)
                self.parts.watch_sheets(wanted)
            case Stop():
                self.is_running = False

    def open(self, path: str) -> None:
        name = path.rpartition("/")[2]
        if name == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "hang":
            time.sleep(3600)
        if name == "no-such":
            self.send(NO_SUCH)
            return
        self.courseware, self.page = path, 0
        self.film = film_of(path)

    def set_film(self, is_paused: bool | None, position_s: float | None) -> None:
        if self.film is not None:
            now_ns = time.monotonic_ns()
            at_s = self.film.at(now_ns).position_s if position_s is None else min(position_s, FILM_S)
            stands = self.film.state != "playing" if is_paused is None else is_paused
            began_ns = None if stands else now_ns - round(at_s * 1e9)
            self.film = FilmStatus("paused" if stands else "playing", at_s, FILM_S, began_ns)

    def pass_to_sound(self, order: Order) -> None:
        if self.sound_orders is None:
            self.sound_orders = queue.SimpleQueue()
            threading.Thread(target=self.sound_works, daemon=True).start()
        self.sound_orders.put(order)

    def sound_works(self) -> None:
        """Loading its libraries takes seconds on a busy machine: the studio would seem to hang."""
        from fake_sound import FakeSound

        self.sound = FakeSound(self.size_wh, self.clock, self.send)
        assert self.sound_orders is not None
        while True:
            self.sound.obey(self.sound_orders.get())

    def use(self, shares: CornerShares | None) -> None:
        """A screen stands upright here, and no more is asked."""
        if shares is not None:
            is_screen = shares[0][1] < shares[3][1]
            self.send(
                CalibrationNews("accepted") if is_screen else CalibrationNews("refused", reason="no screen")
            )

    def calibrate(self, kind: CalibrationKind) -> None:
        """The pattern is seen, the courseware is not."""
        report = REPORT if kind == "pattern" else None
        state = "accepted" if report else "failed"
        empty = said("calibrate_no_courseware", "there is no courseware: open some")
        reason = "" if report else said("page_too_empty", "the page shows too little: {mend}", mend=empty)
        jpeg = cv2.imencode(".jpg", self.rgb)[1].tobytes()
        done = CalibrationNews(state, kind, "", reason, report, jpeg)
        if report is None:
            self.send(done)
            return
        step = said("step_pattern", "looking for the pattern")
        self.send(CalibrationNews("running", kind, step, progress=Progress(12, 110, 0.21)))
        threading.Timer(1.0, self.send, (done,)).start()

    def teacher_picture(self, number: int, want_key: bool) -> list[Packet]:
        if self.parts is None:
            return []
        now_ns = time.monotonic_ns()
        name = self.courseware.rpartition("/")[2]
        pts = self.clock.pts(now_ns)
        packets: list[Packet] = self.parts.tick_lesson(
            name, self.page, number, self.scene, pts, now_ns, want_key
        )
        return packets

    def picture(self, number: int) -> list[Packet]:
        now_ns = time.monotonic_ns()
        rgb = np.full((self.size_wh[1], self.size_wh[0], 3), 40, np.uint8)
        left = number * 16 % (self.size_wh[0] - 64)
        rgb[32:96, left : left + 64] = (230, 200, 40)
        if self.shows_recording:
            rgb[:16, -16:] = (255, 0, 0)
        rgb = self.annotator.over(PageKey(self.courseware, self.page), Page(rgb, number, now_ns)).rgb
        if self.sound is not None:
            rgb = self.sound.over(rgb, self.scene, now_ns)
        self.rgb = rgb
        if self.worst is not None:
            from fake_worst import mover

            self.worst.see(mover(rgb, left, self.clock.pts(now_ns)), number % 10 / 10, 0.9)
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts = self.clock.pts(now_ns)
        frame.time_base = self.codec.time_base
        if self.wants_key:
            frame.pict_type = av.video.frame.PictureType.I
            self.wants_key = False
        coded = self.codec.encode(frame)
        # The same 4:2:0 for every layer: whoever decodes 4:4:4 decodes that.
        return [
            Packet(bytes(p), "video", p.pts or 0, bool(p.is_keyframe), now_ns, layer)
            for p in coded
            for layer in sorted(self.layers)
        ]

    def taken(self, number: int, kind: str) -> PictureTaken:
        """There is no plate in a fake."""
        if kind == "plate":
            return PictureTaken(number, b"", said("no_plate", "There is no plate: calibrate first."))
        rgb = turned(self.rgb, self.upright) if kind == "camera" else self.rgb
        coded = cv2.imencode(".png", rgb[..., ::-1])[1]
        return PictureTaken(number, coded.tobytes())

    def status(self) -> StudioStatus:
        return StudioStatus(
            scene=self.scene,
            page_index=self.page,
            page_count=PAGES,
            page_revision=self.page + 1,
            courseware=self.courseware,
            sources={"camera": SourceState("fake camera", "live", "", {"rate_hz": RATE_HZ})},
            programme_fps=float(RATE_HZ),
            net_hz=5.0,
            matte_hz=5.0,
            camera_hz=float(RATE_HZ),
            size_wh=self.size_wh,
            provider="none",
            network="none",
            calibration="pattern",
            capture_to_send_ms={"p50": 120.0, "p95": 160.0},
            plate_trust=0.95,
            matte_quality=0.9,
            calibrated=CalibrationStatus("pattern", 0.05, 9.0, 85.0, 60.0),
            watch=WatchStatus("moved", 12.5) if self.is_knocked else WatchStatus("locked", 0.03),
            courseware_path=self.courseware,
            film=self.film,
            raw=self.raw,
            voice_dbfs=self.sound.guest.voice.peak_dbfs if self.is_talking else None,
            remote_camera=self.sound.guest.status() if self.sound else None,
        )

    def levels(self, number: int) -> SoundLevels:
        """Somebody speaks, louder and softer; "loud" clips; the courseware "film" has sound."""
        peak = -12.0 - number % 7
        is_loud, name = self.courseware.endswith("loud"), self.courseware.rpartition("/")[2]
        page = SoundLevel(-30.0, -42.0, False, False) if name == "film" else None
        return SoundLevels(SoundLevel(0.0 if is_loud else peak, peak - 9, is_loud, False), page)

    @property
    def is_talking(self) -> bool:
        return self.sound is not None and self.sound.guest.voice.is_open

    def run(self) -> None:
        number = 0
        while self.is_running:
            while self.connection.poll():
                self.obey(self.connection.recv())
            want_key = self.wants_key
            for packet in [*self.picture(number), *self.teacher_picture(number, want_key)]:
                self.send(packet)
            if number == 0:
                self.send(Started())
            self.send(self.status())
            self.send(self.levels(number))
            number += 1
            time.sleep(1 / RATE_HZ)


def film_of(path: str) -> FilmStatus | None:
    """What the library calls so is a film: the fake plays it in time, without its pictures."""
    is_film = path.rpartition("/")[2] == "source"
    return FilmStatus("playing", 0.0, FILM_S, time.monotonic_ns()) if is_film else None


def run_studio(settings: StudioSettings, zero_ns: int, connection: Connection) -> None:
    match settings.camera.url:
        case "fake:fatal-settings":
            connection.send(Fatal("settings", "calibration.corners do not fit the camera"))
        case "fake:fatal-model":
            connection.send(
                Fatal("model", "rvm-mobilenetv3 is not installed: classroom models install rvm-mobilenetv3")
            )
        case "fake:crash":
            raise SystemExit(3)
        case "fake:deaf":  # takes no orders, and ignores SIGTERM
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            connection.send(Started())
            time.sleep(3600)
        case _:
            try:
                FakeStudio(settings, zero_ns, connection).run()
            except (EOFError, BrokenPipeError):
                return
