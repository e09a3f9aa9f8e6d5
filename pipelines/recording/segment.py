"""Segment: one fragmented MP4 file, written from coded packets, whole up to its last second at any time."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer

from pipelines.media import PTS_HZ, SOUND_BLOCK_SAMPLES, SOUND_HZ, Packet

FRAGMENT_US = 1_000_000
# The muxer waits for the other stream before it writes: sound that has gone must not hold up pictures.
INTERLEAVE_US = 300_000
_VIDEO_BASE = Fraction(1, PTS_HZ)
_SOUND_BASE = Fraction(1, SOUND_HZ)
_SLICES = (1, 5)
_PARAMETER_SETS = (7, 8)


class Segment:
    """Begins with a key frame; `add` packets of one encoder; `close`. For one thread.

    Fragments of about a second, each on the disk before the next begins (fdatasync). All of the file is
    written once and in order, so that its checksum is known at its end. Every method raises OSError, with the
    disk's reason, or av.FFmpegError.
    """

    def __init__(self, path: Path, key: Packet, rate_hz: float) -> None:
        self.path = path
        self.parameter_sets = parameter_sets(key.data)
        self._zero_pts = key.pts
        self._period_pts = round(PTS_HZ / rate_hz)
        self._last_pts = -1
        self._next_sound_pts = 0
        self._sink = _Sink(path)
        try:
            self._open(key, rate_hz)
        except BaseException:
            self._sink.close()
            raise

    def _open(self, key: Packet, rate_hz: float) -> None:
        self._output = av.open(
            self._sink,
            "w",
            format="mp4",
            options={
                "movflags": "empty_moov+default_base_moof",
                "frag_duration": str(FRAGMENT_US),
                "max_interleave_delta": str(INTERLEAVE_US),
                "flush_packets": "1",
            },
        )
        # The header needs size and parameter sets: FFmpeg reads them from the key frame.
        with cast(InputContainer, av.open(io.BytesIO(key.data), format="h264")) as source:
            self._video = self._output.add_stream_from_template(source.streams.video[0])
            self._video.time_base = _VIDEO_BASE
        # Never encodes anything: it is opened for the Opus header of the stream.
        self._sound = self._output.add_stream("libopus", rate=SOUND_HZ)
        self._sound.codec_context.layout = "stereo"
        self._sound.codec_context.format = "s16"

    @property
    def written_bytes(self) -> int:
        return self._sink.written_bytes

    @property
    def duration_s(self) -> float:
        return max(0, self._last_pts + self._period_pts) / PTS_HZ

    @property
    def last_pts(self) -> int:
        """Of the newest picture, on the programme's clock."""
        return self._zero_pts + self._last_pts

    def at_s(self, pts: int) -> float:
        """Where in the file a moment of the programme's clock is, s; its begin for earlier ones."""
        return round(max(0, pts - self._zero_pts) / PTS_HZ, 3)

    def add_video(self, packet: Packet) -> None:
        """A picture. Its pts must grow."""
        self._last_pts = packet.pts - self._zero_pts
        coded = av.Packet(packet.data)
        coded.stream = self._video
        coded.time_base = _VIDEO_BASE
        coded.pts = coded.dts = self._last_pts
        coded.duration = self._period_pts
        coded.is_keyframe = packet.is_key
        self._output.mux(coded)

    def add_sound(self, packet: Packet, pts: int) -> None:
        """Sound at pts (1/48000 s, the programme's clock). Left out where it would overlap what is there."""
        at = pts - self._zero_pts * SOUND_HZ // PTS_HZ
        if at < self._next_sound_pts:
            return
        self._next_sound_pts = at + SOUND_BLOCK_SAMPLES
        coded: av.Packet[Any] = av.Packet(packet.data)
        coded.stream = self._sound
        coded.time_base = _SOUND_BASE
        coded.pts = coded.dts = at
        coded.duration = SOUND_BLOCK_SAMPLES
        self._output.mux(coded)

    def close(self) -> str:
        """Ends the file; its SHA-256 in hexadecimal."""
        try:
            self._output.close()
            return self._sink.sha256
        finally:
            self._sink.close()

    def abandon(self) -> None:
        """After an error: what is on the disk stays as it is."""
        with contextlib.suppress(OSError, av.FFmpegError):
            self._output.close()
        self._sink.close()


class _Sink:
    """What PyAV writes to. No seek: nothing is ever mended behind."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._digest = hashlib.sha256()
        self.written_bytes = 0

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self._file.flush()
        os.fdatasync(self._file.fileno())
        self._digest.update(data)
        self.written_bytes += len(data)
        return len(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()


def parameter_sets(data: bytes) -> tuple[bytes, ...]:
    """SPS and PPS before the first slice of an Annex B picture (ITU-T H.264, annex B)."""
    found = []
    at = data.find(b"\x00\x00\x01")
    while at >= 0:
        after = data.find(b"\x00\x00\x01", at + 3)
        kind = data[at + 3] & 31 if at + 3 < len(data) else 0
        if kind in _SLICES:
            break
        if kind in _PARAMETER_SETS:
            found.append(data[at + 3 : after if after >= 0 else len(data)].rstrip(b"\x00"))
        at = after
    return tuple(found)
