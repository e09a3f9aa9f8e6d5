"""Which of a camera's modes to take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pipelines.media import SizeWh

# V4L2 fourcc -> (FFmpeg decoder, its pixel format for uncompressed pictures), the most welcome first.
# Uncompressed costs no decoding, and 4:2:2 keeps more of the colour at hair than 4:2:0.
FORMATS: dict[str, tuple[str, str]] = {
    "YUYV": ("rawvideo", "yuyv422"),
    "UYVY": ("rawvideo", "uyvy422"),
    "RGB3": ("rawvideo", "rgb24"),
    "BGR3": ("rawvideo", "bgr24"),
    "NV12": ("rawvideo", "nv12"),
    "YU12": ("rawvideo", "yuv420p"),
    "MJPG": ("mjpeg", ""),
    "JPEG": ("mjpeg", ""),
    "H264": ("h264", ""),
    "HEVC": ("hevc", ""),
}
_PREFERENCE = {fourcc: rank for rank, fourcc in enumerate(FORMATS)}


class Mode(NamedTuple):
    """One thing a camera can deliver."""

    fourcc: str
    width: int
    height: int
    rate_hz: float

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at {self.rate_hz:g} Hz, {self.fourcc}"


class Wanted(NamedTuple):
    """What the settings ask for."""

    size_wh: SizeWh
    rate_hz: float


def choose_mode(modes: Iterable[Mode], wanted: Wanted) -> Mode | None:
    """The best mode for what is wanted, or None if none is in a format that can be decoded.

    In this order: fast enough (a teacher's hand must not jump: a smaller picture at full rate beats a larger
    one at 5 Hz); not smaller than asked; the asked proportions; the nearest size above (it is shrunk);
    the nearest rate; uncompressed before MJPEG before H.264. So uncompressed wins where the cable carries
    it, and at 1080p or 4K, where it comes at 5 Hz or not at all, MJPEG does.
    """
    usable = [mode for mode in modes if mode.fourcc in FORMATS]
    return min(usable, key=lambda mode: _cost(mode, wanted), default=None)


def _cost(mode: Mode, wanted: Wanted) -> tuple[float, ...]:
    width, height = wanted.size_wh
    speed = mode.rate_hz / wanted.rate_hz
    slowness = 0.0 if speed >= 0.9 else 1.0 if speed >= 0.55 else 1 / max(speed, 1e-3)
    missing = max(1.0, width / mode.width, height / mode.height)
    skew = max(width * mode.height, height * mode.width) / min(width * mode.height, height * mode.width)
    surplus = mode.width * mode.height / (width * height)
    return (
        slowness,
        round(missing, 2),
        0.0 if skew < 1.02 else round(skew, 2),
        round(surplus, 2),
        # 29.97 for 30, and 30 for 25, are as good as exact; below asked is worse than above.
        0.0 if 0.99 <= speed <= 1.25 else round(abs(speed - 1.0), 1) + (0.5 if speed < 0.99 else 0.0),
        _PREFERENCE[mode.fourcc],
        mode.rate_hz,
    )
