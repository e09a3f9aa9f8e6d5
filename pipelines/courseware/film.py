"""A video file as courseware: plays once in real time, then stands on its last picture."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.video.reformatter import Colorspace, Interpolation

from pipelines.courseware import limits
from pipelines.courseware.faults import refused
from pipelines.courseware.fitting import centred, fit_inside
from pipelines.courseware.shown import Shown
from pipelines.media import U8, Page, SizeWh, SourceState
from pipelines.timing import NS_PER_S

# A playlist or a script could make FFmpeg open other files, or addresses of the network: not from here.
_CONTAINERS: Final = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,wav"
_OPTIONS: Final = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}

_BAD_PACKETS_LIMIT: Final = 300  # in a row, before the file is given up
_LATE_NS: Final = NS_PER_S // 10  # later than this, a picture is left out ...
_HOLD_NS: Final = NS_PER_S // 2  # ... unless nothing new was shown for so long
_JUMP_S: Final = 10.0  # a larger step of pts is a fault of the file
_UNSPECIFIED: Final = 2  # ISO/IEC 23091-2, matrix coefficients


class Film:
    """Satisfies Courseware: one page, whose revision grows with every picture.

    turn(index=0) plays from the start again; a step does nothing.
    """

    count = 1

    def __init__(self, path: Path, size_wh: SizeWh) -> None:
        """Decodes the first picture. Raises SourceLost if there is none to be had."""
        self.name = path.name
        self._size_wh = size_wh
        self._reader = _Reader(path)
        self._wake = threading.Condition()
        self._closed = False
        self._again = False
        self._ended = False
        self._dropped = 0
        self._pictures = self._reader.play()
        first = next(self._pictures, None)
        if first is None:
            self._reader.close()
            raise refused(f"{path}: no picture of this file can be decoded. Save it again as MP4 (H.264).")
        self._shown = Shown(page_of(first[0], self._reader.pixel_aspect, size_wh))
        self._thread = threading.Thread(target=self._run, name="courseware", daemon=True)
        self._thread.start()

    def page(self) -> Page:
        return self._shown.page

    def wait_change(self, revision: int, timeout_s: float) -> Page | None:
        return self._shown.wait_change(revision, timeout_s)

    @property
    def state(self) -> SourceState:
        detail: dict[str, str | int | float | bool | None] = {
            "courseware": self.name,
            "kind": "film",
            "page": 1,
            "pages": 1,
            "dropped": self._dropped,
        }
        return SourceState("courseware", "ended" if self._ended else "live", self._reader.fault, detail)

    def turn(self, step: int = 0, index: int | None = None) -> None:
        if index is None:
            return
        with self._wake:
            self._again = True
            self._wake.notify()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._shown.close()
        self._thread.join()

    def _run(self) -> None:
        is_flip = False
        while not self._closed:
            self._play(is_flip)
            with self._wake:
                self._ended = not self._again
                self._wake.wait_for(lambda: self._closed or self._again)
                self._again = self._ended = False
            self._pictures = self._reader.play()
            is_flip = True
        self._reader.close()

    def _play(self, is_flip: bool) -> None:
        """Shows each picture at its time, until the end, or until asked to begin again or to close."""
        start_ns = shown_ns = time.monotonic_ns()
        for picture, at_s in self._pictures:
            due_ns = start_ns + round(at_s * NS_PER_S)
            if self._interrupted(due_ns):
                return
            now_ns = time.monotonic_ns()
            if now_ns - due_ns > _LATE_NS and now_ns - shown_ns < _HOLD_NS:
                self._dropped += 1
                continue
            page = page_of(picture, self._reader.pixel_aspect, self._size_wh)
            self._shown.show(page, 0, is_flip=is_flip)
            shown_ns = now_ns
            is_flip = False

    def _interrupted(self, due_ns: int) -> bool:
        with self._wake:
            pause_s = (due_ns - time.monotonic_ns()) / NS_PER_S
            self._wake.wait_for(lambda: self._closed or self._again, max(0.0, pause_s))
            return self._closed or self._again


class _Reader:
    """Decoded pictures of a file, with their times; what is damaged is passed over."""

    def __init__(self, path: Path) -> None:
        self.fault = ""
        self._played = False
        try:
            self._container = av.open(f"file:{path}", options=_OPTIONS)
        except (av.error.FFmpegError, UnicodeError):
            raise refused(
                f"{path} is no PDF, picture or video that can be read here, or it was cut off. "
                "Save slides as PDF and films as MP4 (H.264), or copy the file again."
            ) from None
        if not self._container.streams.video:
            self.close()
            raise refused(f"{path} holds sound but no picture. A sound file belongs into [sound] source.")
        self._stream = self._container.streams.video[0]
        codec = self._stream.codec_context
        if codec.width * codec.height > limits.MAX_FILM_PX:
            self.close()
            raise refused(
                f"{path} is {codec.width} x {codec.height}; a film may have 8192 x 4320 pixels. "
                "Save it in the programme's size."
            )
        self.pixel_aspect = float(self._stream.sample_aspect_ratio or 1)
        self._stream.thread_type = "AUTO"
        codec.thread_count = 2

    def play(self) -> Iterator[tuple[av.VideoFrame, float]]:
        """From the start: (picture, seconds since the first one). Ends where the file ends or breaks off."""
        self.fault = ""
        period_s = 1.0 / float(self._stream.average_rate or 25)
        offset_s: float | None = None
        at_s = -period_s
        try:
            if self._played:
                self._container.seek(min(0, self._container.start_time or 0))
            self._played = True
            for picture in self._decoded():
                time_s = picture.time if picture.pts is not None else None
                if offset_s is None:
                    offset_s = time_s or 0.0
                step_s = period_s if time_s is None else time_s - offset_s - at_s
                if not 0 <= step_s <= _JUMP_S:
                    offset_s += step_s - period_s
                    step_s = period_s
                at_s += step_s
                yield picture, max(at_s, 0.0)
        except av.error.FFmpegError as error:
            self.fault = f"The film broke off: {error.strerror}. Copy the file again."

    def close(self) -> None:
        self._container.close()

    def _decoded(self) -> Iterator[av.VideoFrame]:
        bad = 0
        for packet in self._container.demux(self._stream):
            try:
                pictures = packet.decode()
            except av.error.InvalidDataError:
                bad += 1
                if bad > _BAD_PACKETS_LIMIT:
                    raise
                continue
            for picture in pictures:
                bad = 0
                assert isinstance(picture, av.VideoFrame)
                yield picture


def page_of(picture: av.VideoFrame, pixel_aspect: float, size_wh: SizeWh) -> U8:
    """A decoded picture as a page u8 (H, W, 3) in sRGB: undistorted, upright, scaled and converted at once.

    pixel_aspect: width of a pixel over its height.
    """
    shape = picture.width * pixel_aspect, float(picture.height)
    quarter_turns = round(picture.rotation / 90) % 4
    outer_wh = size_wh if quarter_turns % 2 == 0 else (size_wh[1], size_wh[0])
    w, h = fit_inside(shape, outer_wh)
    smaller = w * h < picture.width * picture.height
    # Untagged files: BT.709 for HD, BT.601 below, as players do.
    matrix = None
    if picture.colorspace == _UNSPECIFIED:
        matrix = Colorspace.ITU709 if picture.height >= 720 else Colorspace.ITU601
    scaled = picture.reformat(
        width=w,
        height=h,
        format="rgb24",
        src_colorspace=matrix,
        interpolation=(Interpolation.AREA if smaller else Interpolation.BICUBIC) | Interpolation.ACCURATE_RND,
        threads=1,
    )
    rgb = np.asarray(scaled.to_ndarray(), np.uint8)
    return centred(np.rot90(rgb, quarter_turns), size_wh)
