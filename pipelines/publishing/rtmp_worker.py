"""The process under RtmpPush: packets in by stdin, FLV over RTMP out.

Pictures go out as they were coded. Sound is decoded and coded as AAC, which is what platforms take.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO, cast

import av
from av.container import InputContainer

from pipelines.media import PTS_HZ, SOUND_HZ, Packet
from pipelines.publishing.rtmp import HEADER
from pipelines.recording.segment import parameter_sets

AAC_BPS = 128_000
AAC_SAMPLES = 1024
TELL_EVERY_S = 1.0
_VIDEO_BASE = Fraction(1, PTS_HZ)
_SOUND_BASE = Fraction(1, SOUND_HZ)
_PR_SET_PDEATHSIG = 1  # prctl(2)


class EncoderChanged(Exception):
    """The stream's header does not fit what comes now: it must begin anew."""


class FlvStream:
    """One RTMP connection, opened by the first key frame. Raises av.FFmpegError or OSError anywhere."""

    def __init__(self, url: str, key: Packet) -> None:
        self._sets = parameter_sets(key.data)
        self._zero_pts = key.pts
        self._output = av.open(url, "w", format="flv", options={"flvflags": "no_duration_filesize"})
        with cast(InputContainer, av.open(io.BytesIO(key.data), format="h264")) as source:
            self._video = self._output.add_stream_from_template(source.streams.video[0])
        self._sound = self._output.add_stream("aac", rate=SOUND_HZ, bit_rate=AAC_BPS, layout="stereo")
        self._opus = av.CodecContext.create("libopus", "r")
        self._opus.sample_rate = SOUND_HZ
        self._opus.layout = "stereo"
        self._frames = av.AudioResampler(
            format="fltp", layout="stereo", rate=SOUND_HZ, frame_size=AAC_SAMPLES
        )
        self._next_sound_pts = 0
        self._output.start_encoding()  # connects
        self.sent_bytes = 0

    def send(self, packet: Packet) -> None:
        """Raises EncoderChanged."""
        self.sent_bytes += len(packet.data)
        if packet.kind == "sound":
            self._send_sound(packet)
            return
        if packet.is_key and parameter_sets(packet.data) != self._sets:
            raise EncoderChanged
        coded = av.Packet(packet.data)
        coded.stream = self._video
        coded.time_base = _VIDEO_BASE
        coded.pts = coded.dts = packet.pts - self._zero_pts
        coded.is_keyframe = packet.is_key
        self._output.mux(coded)

    def close(self) -> None:
        self._output.close()

    def _send_sound(self, packet: Packet) -> None:
        pts = packet.pts - self._zero_pts * SOUND_HZ // PTS_HZ
        if pts < self._next_sound_pts:
            return
        coded = av.Packet(packet.data)
        coded.pts, coded.time_base = pts, _SOUND_BASE
        for frame in self._opus.decode(coded):
            self._next_sound_pts = pts + frame.samples
            frame.pts, frame.time_base = pts, _SOUND_BASE
            for piece in self._frames.resample(frame):
                self._output.mux(self._sound.encode(piece))


def packets(source: BinaryIO) -> Iterator[Packet]:
    """What RtmpPush writes, until it writes no more."""
    while len(header := source.read(HEADER.size)) == HEADER.size:
        is_sound, is_key, pts, size = HEADER.unpack(header)
        data = source.read(size)
        if len(data) < size:
            return
        yield Packet(data, "sound" if is_sound else "video", pts, is_key, 0)


def main(source: BinaryIO) -> int:
    order = json.loads(source.readline())
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != order["parent"]:
        return 1
    stream: FlvStream | None = None
    told_s = 0.0
    try:
        for packet in packets(source):
            if stream is None:
                if packet.kind == "sound" or not packet.is_key:
                    continue
                stream = FlvStream(order["url"], packet)
                tell("live")
            stream.send(packet)
            if time.monotonic() - told_s >= TELL_EVERY_S:
                told_s = time.monotonic()
                tell(f"sent {stream.sent_bytes}")
        if stream is not None:
            stream.close()
    except EncoderChanged:
        tell("failed the studio was restarted, and the stream with it")
        return 1
    except (av.FFmpegError, OSError) as error:
        tell(f"failed the platform took no stream ({error.strerror})")
        return 1
    return 0


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the daemon decides
    os._exit(main(sys.stdin.buffer))
