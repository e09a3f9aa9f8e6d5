"""Films whose pictures say which one they are, and what every camera test needs around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.video.reformatter import ColorRange, Colorspace

from pipelines.capture.camera import Camera
from pipelines.capture.opening import open_camera
from pipelines.capture.settings import CameraSettings
from pipelines.media import U8, Frame, SourceLost
from pipelines.timing import SessionClock

WIDTH, HEIGHT, RATE_HZ = 320, 240, 25
COUNTER_BITS = 8
# Upper three quarters: eight colour bars. Lower quarter: the picture's number, eight bits, highest first.
BARS = np.array(
    [[235, 235, 235], [200, 200, 20], [20, 200, 200], [20, 200, 20],
     [200, 20, 200], [200, 20, 20], [20, 20, 200], [20, 20, 20]], np.uint8,
)  # fmt: skip


class Films:
    """Draws, codes and reads the test pictures."""

    BARS = BARS

    @staticmethod
    def draw(number: int, size_wh: tuple[int, int] = (WIDTH, HEIGHT)) -> U8:
        width, height = size_wh
        column = np.minimum(np.arange(width) * 8 // width, 7)
        rgb = np.empty((height, width, 3), np.uint8)
        rgb[:] = BARS[column]
        bits = (number >> (COUNTER_BITS - 1 - column)) & 1
        rgb[height * 3 // 4 :] = (bits * 255).astype(np.uint8)[:, None]
        return rgb

    @staticmethod
    def number(rgb: U8) -> int:
        """The number in the lower quarter."""
        return int("".join("1" if cell.mean() > 127 else "0" for cell in _cells(rgb, 7 / 8)), 2)

    @staticmethod
    def bars_error(rgb: U8) -> int:
        """The largest difference of any bar's middle from its true colour, 0 to 255."""
        seen = np.array([np.median(cell.reshape(-1, 3), axis=0) for cell in _cells(rgb, 3 / 8)])
        return int(np.abs(seen - BARS).max())

    @staticmethod
    def write(
        path: Path,
        *,
        count: int = 25,
        size_wh: tuple[int, int] = (WIDTH, HEIGHT),
        codec: str = "libx264",
        pix_fmt: str = "yuv420p",
        matrix: Colorspace | None = None,
        full_range: bool = False,
        is_tagged: bool = True,
        instants_ms: list[int] | None = None,
        rotation: int = 0,
        options: dict[str, str] | None = None,
        container_options: dict[str, str] | None = None,
        sample_aspect: Fraction | None = None,
        title: str = "",
    ) -> Path:
        """A film of `count` numbered pictures, coded by a matrix (BT.601 and untagged when None)."""
        with av.open(str(path), "w", container_options=container_options or {}) as film:
            stream = film.add_stream(codec, rate=RATE_HZ)
            film.metadata["title"] = title
            stream.width, stream.height = size_wh
            stream.pix_fmt = pix_fmt
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
            stream.options = options if options is not None else {"preset": "ultrafast", "crf": "10"}
            if sample_aspect is not None:
                stream.codec_context.sample_aspect_ratio = sample_aspect
            if matrix is not None and is_tagged:
                stream.codec_context.colorspace = {Colorspace.ITU709: 1, Colorspace.ITU601: 6}[matrix]
                stream.codec_context.color_range = 2 if full_range else 1
            if rotation:
                stream.set_display_rotation(rotation)
            for number in range(count):
                frame = av.VideoFrame.from_ndarray(Films.draw(number, size_wh), "rgb24").reformat(
                    format=pix_fmt,
                    dst_colorspace=matrix or Colorspace.ITU601,
                    dst_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
                )
                frame.pts = instants_ms[number] if instants_ms else number * 1000 // RATE_HZ
                frame.time_base = Fraction(1, 1000)
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
        return path

    @staticmethod
    def write_sound(path: Path) -> Path:
        with av.open(str(path), "w") as film:
            stream = film.add_stream("aac", rate=48000, layout="stereo")
            for block in range(20):
                frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
                frame.sample_rate, frame.pts = 48000, block * 1024
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
        return path


def _cells(rgb: U8, centre: float) -> list[npt.NDArray[np.uint8]]:
    """The middles of the eight columns, around a height given as a share of the picture's."""
    height, width = rgb.shape[:2]
    middle, half = round(height * centre), max(2, height // 20)
    edges = [round(width * i / 8) for i in range(9)]
    rows = rgb[middle - half : middle + half]
    return [rows[:, left + 3 : right - 3] for left, right in pairwise(edges)]


@pytest.fixture(scope="session")
def films() -> type[Films]:
    return Films


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second, 320x240, H.264 4:2:0."""
    return Films.write(tmp_path_factory.mktemp("film") / "lesson.mp4")


class Opener:
    """Opens cameras and closes them at the end of the test."""

    def __init__(self) -> None:
        self._cameras: list[Camera] = []

    def __call__(self, url: str | Path, **settings: object) -> Camera:
        asked = CameraSettings.model_validate({"url": str(url), **settings})
        camera = open_camera(asked, SessionClock.start(), lambda: None)
        self._cameras.append(camera)
        return camera

    def close(self) -> None:
        for camera in self._cameras:
            camera.close()


@pytest.fixture
def camera_at() -> Iterator[Opener]:
    """open(url, **settings) -> Camera. Afterwards no thread and no descriptor may be left."""
    threads, files = set(threading.enumerate()), _open_files()
    opener = Opener()
    yield opener
    opener.close()
    assert set(threading.enumerate()) <= threads, "a camera's thread is left"
    assert _open_files() <= files, "a camera's descriptor is left"


def _open_files() -> set[str]:
    """What this process has open, by number and target, without the listing itself."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if not target.endswith("/fd"):
            found.add(f"{entry.name} {target}")
    return found


class Reader:
    """Reads a camera as the studio does: patient with a retry, for a limited time."""

    @staticmethod
    def frames(camera: Camera, count: int, patience_s: float = 10.0) -> list[Frame]:
        frames: list[Frame] = []
        give_up_s = time.monotonic() + patience_s
        while len(frames) < count:
            assert time.monotonic() < give_up_s, f"{len(frames)} of {count} frames; {camera.state}"
            try:
                frame = camera.read(0.5)
            except SourceLost as lost:
                if not lost.retry:
                    raise
                continue
            if frame is not None:
                frames.append(frame)
        return frames

    @staticmethod
    def loss(camera: Camera, patience_s: float = 10.0) -> SourceLost:
        """The first SourceLost."""
        give_up_s = time.monotonic() + patience_s
        while time.monotonic() < give_up_s:
            try:
                camera.read(0.2)
            except SourceLost as lost:
                return lost
        raise AssertionError(f"the camera was not lost; {camera.state}")


@pytest.fixture(scope="session")
def reader() -> type[Reader]:
    return Reader
