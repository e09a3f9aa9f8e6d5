"""A real studio process with a small world: a moving box, coded with x264, under the studio's own contract.

Courseware names that mean something here: "crash" kills the process, "hang" stops its reports,
"no-such" is rejected. The first report can be chosen by the camera's url, "fake:fatal-model" and so on.
"""

from __future__ import annotations

import os
import signal
import time
from fractions import Fraction
from multiprocessing.connection import Connection

import av
import numpy as np

from pipelines.media import Packet, Scene, SourceState
from pipelines.orders import (
    Fatal,
    OpenCourseware,
    Order,
    Rejected,
    RequestKey,
    SetScene,
    Started,
    Stop,
    StudioStatus,
    TurnPage,
)
from pipelines.studio.settings import StudioSettings
from pipelines.timing import SessionClock

RATE_HZ = 10
PAGES = 5


class FakeStudio:
    def __init__(self, settings: StudioSettings, zero_ns: int, connection: Connection) -> None:
        self.clock = SessionClock(zero_ns)
        self.connection = connection
        self.size_wh = settings.programme.size_wh
        self.scene = Scene(layout=settings.programme.layout)
        self.courseware = settings.courseware.path
        self.page = 0
        self.wants_key = True
        self.is_running = True
        self.codec = av.CodecContext.create("libx264", "w")
        self.codec.width, self.codec.height = self.size_wh
        self.codec.pix_fmt = "yuv420p"
        self.codec.time_base = Fraction(1, 90000)
        self.codec.framerate = RATE_HZ
        self.codec.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "100000", "forced-idr": "1"}

    def obey(self, order: Order) -> None:
        match order:
            case SetScene(scene):
                self.scene = scene
            case TurnPage(step, index):
                self.page = max(0, min(PAGES - 1, self.page + step if index is None else index))
            case OpenCourseware(path):
                name = path.rpartition("/")[2]
                if name == "crash":
                    os.kill(os.getpid(), signal.SIGKILL)
                if name == "hang":
                    time.sleep(3600)
                if name == "no-such":
                    self.connection.send(Rejected("OpenCourseware", "no-such cannot be opened"))
                    return
                self.courseware, self.page = path, 0
            case RequestKey():
                self.wants_key = True
            case Stop():
                self.is_running = False

    def picture(self, number: int) -> list[Packet]:
        now_ns = time.monotonic_ns()
        rgb = np.full((self.size_wh[1], self.size_wh[0], 3), 40, np.uint8)
        left = number * 16 % (self.size_wh[0] - 64)
        rgb[32:96, left : left + 64] = (230, 200, 40)
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts = self.clock.pts(now_ns)
        frame.time_base = self.codec.time_base
        if self.wants_key:
            frame.pict_type = av.video.frame.PictureType.I
            self.wants_key = False
        coded = self.codec.encode(frame)
        return [Packet(bytes(p), "video", p.pts or 0, bool(p.is_keyframe), now_ns) for p in coded]

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
            camera_hz=float(RATE_HZ),
            size_wh=self.size_wh,
            provider="none",
            network="none",
            calibration="simulated",
        )

    def run(self) -> None:
        number = 0
        while self.is_running:
            while self.connection.poll():
                self.obey(self.connection.recv())
            for packet in self.picture(number):
                self.connection.send(packet)
            if number == 0:
                self.connection.send(Started())
            self.connection.send(self.status())
            number += 1
            time.sleep(1 / RATE_HZ)


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
