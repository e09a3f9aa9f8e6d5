"""Pictures on disk without loss: H.264 with quantiser 0 in RGB, in Matroska, which a crash only shortens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from pipelines.media import PTS_HZ, U8, freeze
from pipelines.timing import NS_PER_S

# One picture is one packet, at once on the disk; a key frame now and then, so that players can seek.
_LOSSLESS = {"qp": "0", "preset": "ultrafast", "tune": "zerolatency", "g": "50"}
_AT_ONCE = {"cluster_time_limit": "500", "flush_packets": "1"}


def film_path(folder: Path, number: int) -> Path:
    return folder / f"frames-{number:03}.mkv"


class Film:
    """Writes u8 (H, W, 3) pictures of one size; readable by the owner alone. For one thread.

    Its own times are those of a steady rate: the true ones stand in the log. Raises OSError, av.FFmpegError.
    """

    def __init__(self, path: Path, rate_hz: float) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._container = av.open(self._file, "w", format="matroska", options=_AT_ONCE)
        rate = Fraction(rate_hz).limit_denominator(1001)
        self._stream = self._container.add_stream("libx264rgb", rate=rate, options=_LOSSLESS)
        self._stream.pix_fmt = "rgb24"
        self._stream.codec_context.thread_count = 1  # the lesson needs the others
        self._stream.codec_context.time_base = 1 / rate
        self._count = 0

    def add(self, rgb: U8) -> None:
        if self._count == 0:
            self._stream.height, self._stream.width = rgb.shape[:2]
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        picture.pts = self._count
        self._count += 1
        self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        try:
            if self._count:
                self._container.mux(self._stream.encode(None))
            self._container.close()
        finally:
            self._file.close()


class Playback:
    """Writes an ordinary H.264 MP4 for people to look at. Raises OSError."""

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._container = av.open(str(path), "w", format="mp4")
        rate = Fraction(rate_hz).limit_denominator(1001)
        self._stream = self._container.add_stream("libx264", rate=rate, options={"crf": "18"})
        self._stream.codec_context.time_base = Fraction(1, PTS_HZ)
        self._last_pts = -1

    def add(self, rgb: U8, at_ns: int) -> None:
        """at_ns: since the first picture; pictures of the same instant are one."""
        if self._last_pts < 0:
            self._stream.height, self._stream.width = rgb.shape[:2]
        pts = at_ns * PTS_HZ // NS_PER_S
        if pts > self._last_pts:
            self._last_pts = pts
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            picture.pts, picture.time_base = pts, Fraction(1, PTS_HZ)
            self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        if self._last_pts >= 0:
            self._container.mux(self._stream.encode(None))
        self._container.close()


def pictures(path: Path) -> Iterator[U8]:
    """The pictures of a film, u8 (H, W, 3), frozen; one that was cut off ends early. Raises OSError."""
    try:
        with av.open(str(path)) as container:
            for picture in container.decode(video=0):
                rgb = np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
                freeze(rgb)
                yield rgb
    except (av.error.InvalidDataError, av.error.EOFError, IndexError):
        return
