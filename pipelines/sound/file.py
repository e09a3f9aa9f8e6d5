"""The sound of a file, over and over, without a gap where it begins again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np

from pipelines.media import I16, SOUND_BLOCK_SAMPLES, SourceLost, SourceState
from pipelines.saying import said
from pipelines.sound.stereo import ToStereo
from pipelines.timing import NS_PER_S

# A playlist could make FFmpeg open other files, or addresses of the network: not from here.
_CONTAINERS: Final = "wav,w64,aiff,mp3,flac,ogg,aac,mov,mp4,matroska,webm,avi,mpegts,asf"
_OPTIONS: Final = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
_RETRY_NS: Final = 2 * NS_PER_S


class FileFeed:
    """Satisfies Feed. A file that is missing or damaged is silence, and is tried again every two seconds."""

    lag_ns = 0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._blocks: Iterator[I16] | None = None
        self._retry_ns = 0
        self._reason = ""

    @property
    def state(self) -> SourceState:
        state = "lost" if self._reason else "live"
        return SourceState("sound", state, self._reason, {"source": self._path.name})

    def take(self, pts: int) -> I16 | None:
        if self._blocks is None and time.monotonic_ns() < self._retry_ns:
            return None
        if self._blocks is None:
            self._blocks = _blocks(self._path)
        try:
            block = next(self._blocks)
        except SourceLost as lost:
            self._reason = lost.reason
            self._blocks = None
            self._retry_ns = time.monotonic_ns() + _RETRY_NS
            return None
        self._reason = ""
        return block

    def close(self) -> None:
        self._blocks = None


def _blocks(path: Path) -> Iterator[I16]:
    """Blocks i16 (960, 2) at 48 kHz, for ever. Raises SourceLost."""
    rest: I16 = np.empty((0, 2), np.int16)
    while True:
        heard = False
        for piece in _pieces(path):
            heard = heard or len(piece) > 0
            rest = np.concatenate((rest, piece))
            whole = len(rest) // SOUND_BLOCK_SAMPLES * SOUND_BLOCK_SAMPLES
            for start in range(0, whole, SOUND_BLOCK_SAMPLES):
                yield rest[start : start + SOUND_BLOCK_SAMPLES].copy()
            rest = rest[whole:]
        if not heard:
            raise SourceLost(
                "sound",
                said(
                    "sound_undecodable",
                    "{path} holds no sound that can be decoded. Save it as WAV, MP3 or MP4.",
                    path=path,
                ),
            )


def _pieces(path: Path) -> Iterator[I16]:
    """Once through the file, in pieces i16 (n, 2) at 48 kHz; what is damaged is passed over."""
    if not path.exists():
        raise SourceLost(
            "sound", said("sound_missing", "{path} does not exist. Correct [sound] source.", path=path)
        )
    if not path.is_file():
        raise SourceLost(
            "sound", said("sound_no_file", "{path} is no file. Correct [sound] source.", path=path)
        )
    try:
        with av.open(f"file:{path.absolute()}", options=_OPTIONS) as container:
            if not container.streams.audio:
                raise SourceLost(
                    "sound",
                    said(
                        "sound_none",
                        "{path} holds no sound. Choose another file for [sound] source.",
                        path=path,
                    ),
                )
            stream = container.streams.audio[0]
            codec: av.AudioCodecContext | None = stream.codec_context  # None: no decoder for it
            if codec is None:
                raise SourceLost(
                    "sound",
                    said("sound_codec", "{path} cannot be decoded here. Save it as WAV or MP3.", path=path),
                )
            to_stereo = ToStereo()
            for packet in container.demux(audio=0):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    continue
                for frame in frames:
                    assert isinstance(frame, av.AudioFrame)
                    yield from to_stereo(frame)
            yield from to_stereo.rest()
    except (av.error.FFmpegError, UnicodeError, IndexError):  # IndexError: PyAV 18, a stream out of nowhere
        raise SourceLost(
            "sound",
            said(
                "sound_unreadable", "{path} cannot be read as sound. Save it as WAV, MP3 or MP4.", path=path
            ),
        ) from None
