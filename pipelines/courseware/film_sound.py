"""The sound of a video file, in step with its pictures."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.resampler import AudioResampler

from pipelines.courseware.film_file import open_film
from pipelines.media import SOUND_HZ
from pipelines.receiving.sounding import Sounding
from pipelines.timing import NS_PER_S

_AHEAD_S: Final = 0.15  # handed on so long before its picture: the sounding keeps a little in store


class FilmSound:
    """Plays a file's first sound track into a Sounding; `play` from the start, `stop` at once."""

    def __init__(self, path: Path, sounding: Sounding) -> None:
        self._path = path
        self._sounding = sounding
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def play(self, start_ns: int) -> None:
        """From the first sample, which belongs to the monotonic instant start_ns."""
        self.stop()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(start_ns, self._stop), name="film sound", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._sounding.clear()

    def _run(self, start_ns: int, stop: threading.Event) -> None:
        # A file without sound, or with a damaged track, is silent: its pictures go on.
        try:
            with open_film(self._path) as container:
                if container.streams.audio:
                    self._feed(container, start_ns, stop)
        except (av.error.FFmpegError, IndexError, OSError):
            return

    def _feed(self, container: av.container.InputContainer, start_ns: int, stop: threading.Event) -> None:
        resampler = AudioResampler(format="s16", layout="stereo", rate=SOUND_HZ)
        samples = 0
        for frame in container.decode(audio=0):
            for even in resampler.resample(frame):
                due_ns = start_ns + round((samples / SOUND_HZ - _AHEAD_S) * NS_PER_S)
                if stop.wait(max(0.0, (due_ns - time.monotonic_ns()) / NS_PER_S)):
                    return
                pcm = np.asarray(even.to_ndarray(), np.int16).reshape(-1, 2)
                samples += len(pcm)
                self._sounding.put(pcm)
