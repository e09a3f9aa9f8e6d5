"""The sound of a video file, in step with its pictures."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.resampler import AudioResampler

from pipelines.courseware.film_file import open_film
from pipelines.media import SOUND_HZ
from pipelines.receiving.sounding import Sounding
from pipelines.timing import NS_PER_S

_NEAR_S: Final = 1.0  # so far it is as quick to decode from the start
_AHEAD_S: Final = 0.15  # handed on so long before its picture: the sounding keeps a little in store


class FilmSound:
    """Plays a file's first sound track into a Sounding: `play` from any second, `stop` at once."""

    def __init__(self, path: Path, sounding: Sounding) -> None:
        self._path = path
        self._sounding = sounding
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def play(self, began_ns: int, from_s: float = 0.0) -> None:
        """From this second on. The first sample of all belongs to the monotonic instant began_ns."""
        self.stop()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(began_ns, from_s, self._stop), name="film sound", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Nothing that was read is heard any more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._sounding.clear()

    def _run(self, began_ns: int, from_s: float, stop: threading.Event) -> None:
        # A file without sound, or with a damaged track, is silent: its pictures go on.
        try:
            with open_film(self._path) as container:
                if container.streams.audio:
                    self._feed(container, began_ns, from_s, stop)
        except (av.error.FFmpegError, IndexError, OSError):
            return

    def _feed(
        self, container: av.container.InputContainer, began_ns: int, from_s: float, stop: threading.Event
    ) -> None:
        resampler = AudioResampler(format="s16", layout="stereo", rate=SOUND_HZ)
        start_s, first = _sought(container, from_s), round(from_s * SOUND_HZ)
        at: int | None = None  # the next sample's number
        for frame in _decoded(container):
            if stop.is_set():
                return
            if at is None and start_s is not None:
                at = first if frame.time is None else round((frame.time - start_s) * SOUND_HZ)
            at = at or 0
            for even in resampler.resample(frame):
                pcm = np.asarray(even.to_ndarray(), np.int16).reshape(-1, 2)
                pcm, at = pcm[max(0, first - at) :], at + len(pcm)
                due_ns = began_ns + round(((at - len(pcm)) / SOUND_HZ - _AHEAD_S) * NS_PER_S)
                if not len(pcm):
                    continue
                if stop.wait(max(0.0, (due_ns - time.monotonic_ns()) / NS_PER_S)):
                    return
                self._sounding.put(pcm)


def _sought(container: av.container.InputContainer, from_s: float) -> float | None:
    """Goes to a place before from_s, and returns the file's time of its first sample, in seconds; None where
    it stays at the beginning."""
    if from_s < _NEAR_S:
        return None
    stream = container.streams.audio[0]
    start_s = float((stream.start_time or 0) * (stream.time_base or 0))
    try:
        # By the pictures' index: not every container has one of its sound.
        container.seek(round((start_s + from_s) * av.time_base))
    except av.error.FFmpegError:
        return None
    return start_s


def _decoded(container: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    """What is damaged is passed over, as at a place that was sought."""
    for packet in container.demux(audio=0):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            assert isinstance(frame, av.AudioFrame)
            yield frame
