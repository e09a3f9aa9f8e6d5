"""Reads a video file: decoded pictures with their times, and pages made of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.video.reformatter import Colorspace

from pipelines.courseware import limits
from pipelines.courseware.faults import refused
from pipelines.courseware.fitting import centred
from pipelines.media import U8, SizeWh
from pipelines.saying import said
from pipelines.scaling import Scaler, fit_inside

# A playlist or a script could make FFmpeg open other files, or addresses of the network: not from here.
_CONTAINERS: Final = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,wav"
_OPTIONS: Final = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}

_BAD_PACKETS_LIMIT: Final = 300  # in a row, before the file is given up
_JUMP_S: Final = 10.0  # a larger step of pts is a fault of the file
_BACK_S: Final = (0.0, 2.0, 12.0)  # tried before a second that is sought
_SAME_S: Final = 0.0005


def open_film(path: Path) -> av.container.InputContainer:
    """The file, and nothing else that it may speak of. Raises av.error.FFmpegError, UnicodeError."""
    return av.open(f"file:{path}", options=_OPTIONS)


class FilmReader:
    """Decoded pictures of a file, with their times; what is damaged is passed over.

    period_s: from one picture to the next, on the average. length_s: as the file says; None: it does not.
    """

    def __init__(self, path: Path) -> None:
        self.fault = ""
        self._played = False
        try:
            self._container = open_film(path)
        except (av.error.FFmpegError, UnicodeError):
            raise refused(
                said(
                    "film_unreadable",
                    "{path} is no PDF, picture or video that can be read here, or it was cut off. "
                    "Save slides as PDF and films as MP4 (H.264), or copy the file again.",
                    path=path,
                )
            ) from None
        if not self._container.streams.video:
            self.close()
            raise refused(
                said(
                    "film_sound",
                    "{path} holds sound but no picture. A sound file belongs into [sound] source.",
                    path=path,
                )
            )
        self._stream = self._container.streams.video[0]
        codec: av.VideoCodecContext | None = self._stream.codec_context  # None: no decoder for it
        if codec is None:
            self.close()
            raise refused(
                said(
                    "film_codec",
                    "{path} is coded in a way that cannot be read here. Save it again as MP4 (H.264).",
                    path=path,
                )
            )
        if codec.width * codec.height > limits.MAX_FILM_PX:
            self.close()
            raise refused(
                said(
                    "film_large",
                    "{path} is {width} x {height}; a film may have 8192 x 4320 pixels. Save it in "
                    "the programme's size.",
                    path=path,
                    width=codec.width,
                    height=codec.height,
                )
            )
        self.period_s = min(1.0, 1.0 / float(self._stream.average_rate or 25))
        self._zero_s = 0.0  # of the first picture, by the file's own times
        self.length_s = self._length_s()
        self.pixel_aspect = float(self._stream.sample_aspect_ratio or 1)
        self._stream.thread_type = "AUTO"
        codec.thread_count = 2

    def play(
        self, from_s: float = 0.0, is_stale: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[av.VideoFrame, float]]:
        """(picture, seconds since the first one): the one that stands at from_s, and all that follow.

        Ends where the file ends or breaks off; and on the way to from_s once is_stale.
        """
        self.fault = ""
        before: tuple[av.VideoFrame, float] | None = None
        try:
            for picture, at_s in self._timed(from_s):
                if at_s < from_s - _SAME_S:
                    before = picture, at_s
                    if is_stale():
                        return
                    continue
                if before is not None and at_s > from_s + _SAME_S:
                    yield before
                before = None
                yield picture, at_s
        except av.error.FFmpegError as error:
            self.fault = said(
                "film_broke_off", "The film broke off: {why}. Copy the file again.", why=error.strerror
            )
        except IndexError:  # PyAV 18, when damage looks like a further stream: raised at the very end
            self.fault = said("film_damaged", "The film is damaged. Copy the file again.")
        if before is not None:
            yield before

    def close(self) -> None:
        self._container.close()

    def _length_s(self) -> float | None:
        """As the file says; None where it does not."""
        if self._stream.duration is not None and self._stream.time_base is not None:
            length_s = float(self._stream.duration * self._stream.time_base)
        else:
            length_s = (self._container.duration or 0) / av.time_base
        return length_s if length_s > 0 else None

    def _timed(self, from_s: float) -> Iterator[tuple[av.VideoFrame, float]]:
        """From the start, or from a picture before from_s. Raises av.error.FFmpegError, IndexError."""
        sought = self._sought(from_s)
        if sought is None:
            if self._played:
                self._container.seek(min(0, self._container.start_time or 0))
            self._played = True
            pictures, offset_s, at_s = self._decoded(), None, -self.period_s
        else:
            first, rest = sought
            offset_s = self._zero_s
            pictures, at_s = itertools.chain((first,), rest), (first.time or 0.0) - offset_s - self.period_s
        for picture in pictures:
            time_s = picture.time if picture.pts is not None else None
            if offset_s is None:
                offset_s = self._zero_s = time_s or 0.0
            step_s = self.period_s if time_s is None else time_s - offset_s - at_s
            if not 0 <= step_s <= _JUMP_S:
                offset_s += step_s - self.period_s
                step_s = self.period_s
            at_s += step_s
            yield picture, max(at_s, 0.0)

    def _sought(self, from_s: float) -> tuple[av.VideoFrame, Iterator[av.VideoFrame]] | None:
        """A picture not after from_s, and those that follow; None where only the way from the start is left:
        near it, without times, and in files that cannot be sought."""
        for back_s in _BACK_S:
            if from_s - back_s <= self.period_s:
                return None
            try:
                self._container.seek(round((self._zero_s + from_s - back_s) * av.time_base))
                pictures = self._decoded()
                first = next(pictures, None)
            except av.error.FFmpegError:
                return None
            # Some containers land behind: the first picture that can be decoded comes later.
            if first is None or first.time is None:
                continue
            if first.time - self._zero_s <= from_s + _SAME_S:
                return first, pictures
        return None

    def _decoded(self) -> Iterator[av.VideoFrame]:
        bad = 0
        for packet in self._container.demux(video=0):
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


class PageScaler:
    """Makes pages of decoded pictures: undistorted, upright, scaled and converted in one go."""

    def __init__(
        self, size_wh: SizeWh, pixel_aspect: float = 1.0, untagged: Colorspace | None = None
    ) -> None:
        """size_wh: of the pages. pixel_aspect: width of a pixel of the film over its height.

        untagged: as for Scaler.
        """
        self._size_wh = size_wh
        self._pixel_aspect = pixel_aspect
        self._scaler = Scaler(untagged)

    def page_of(self, picture: av.VideoFrame) -> U8 | None:
        """A page u8 (H, W, 3) in sRGB; None if FFmpeg cannot convert a picture of this kind."""
        quarter_turns = round(picture.rotation / 90) % 4
        outer_wh = self._size_wh if quarter_turns % 2 == 0 else (self._size_wh[1], self._size_wh[0])
        inner_wh = fit_inside((picture.width * self._pixel_aspect, picture.height), outer_wh)
        rgb = self._scaler.rgb_of(picture, inner_wh)
        return None if rgb is None else centred(np.rot90(rgb, quarter_turns), self._size_wh)
