"""The box's own loudspeaker in the main room: a remote room's voice, and nothing else."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final, Protocol

import av
import numpy as np
from av.audio.stream import AudioStream

from pipelines.media import I16, SOUND_BLOCK_SAMPLES, SOUND_HZ, SourceLost, SourceState
from pipelines.saying import said
from pipelines.sound.alsa import system_settings

_MOST_BLOCKS: Final = 10  # that wait: a device that stalls plays late sound to nobody
_CUSHION_BLOCKS: Final = 4  # of silence before the first word: blocks come unevenly
_QUIET_S: Final = 2.0  # without a block, the device is given back
_BACK_OFF_S: Final = 2.0
_JOIN_S: Final = 2.0


class SampleWriter(Protocol):
    """An opened device."""

    def write(self, pcm: I16) -> None:
        """The next samples i16 (n, 2) at 48 kHz. Waits while its buffer is full. Raises SourceLost."""

    def close(self) -> None: ...


class AlsaWriter:
    """Satisfies SampleWriter, through FFmpeg's output of that name."""

    def __init__(self, device: str) -> None:
        """device: as `aplay -L` lists them. Raises SourceLost when it cannot be opened now."""
        self._device = device
        self._pts = 0
        system_settings()
        try:
            self._container = av.open(device, "w", format="alsa")
            self._stream: AudioStream = self._container.add_stream("pcm_s16le", rate=SOUND_HZ)
            self._stream.codec_context.layout = "stereo"
            self._container.start_encoding()
        except av.error.FFmpegError as error:  # EIO, whatever it was
            raise SourceLost(
                "loudspeaker",
                said(
                    "loudspeaker_unopened",
                    "The loudspeaker {device} cannot be opened ({fault}). See `aplay -L` for the names of "
                    "what is plugged in; the service's user must be in the group audio.",
                    device=device,
                    fault=error.strerror,
                ),
            ) from None

    def write(self, pcm: I16) -> None:
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm).reshape(1, -1), format="s16", layout="stereo"
        )
        frame.sample_rate, frame.pts = SOUND_HZ, self._pts
        self._pts += len(pcm)
        try:
            self._container.mux(self._stream.encode(frame))
        except av.error.FFmpegError:
            raise SourceLost(
                "loudspeaker",
                said(
                    "loudspeaker_gone",
                    "The loudspeaker {device} has gone. Put its plug in again.",
                    device=self._device,
                ),
            ) from None

    def close(self) -> None:
        try:
            self._container.close()
        except av.error.FFmpegError:
            return  # it has gone


class Loudspeaker:
    """Opens its device with a voice's first block, and gives it back after the last. Safe between threads."""

    def __init__(self, open_writer: Callable[[], SampleWriter]) -> None:
        """open_writer raises SourceLost when the device cannot be opened now."""
        self._open_writer = open_writer
        self._blocks: queue.Queue[I16] = queue.Queue(_MOST_BLOCKS)
        self._reason = ""
        self._is_open = False
        self._closed = threading.Event()
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="loudspeaker", daemon=True)
        self._thread.start()

    @property
    def state(self) -> SourceState:
        """ "starting" while nobody speaks."""
        state = "lost" if self._reason else "live" if self._is_open else "starting"
        return SourceState("loudspeaker", state, self._reason, {"dropped": self.dropped})

    def put(self, pcm: I16) -> None:
        """A block i16 (960, 2). Never waits: what the device does not take in time is dropped."""
        try:
            self._blocks.put_nowait(pcm)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Waits for the thread; one that hangs in a dead driver is left to it."""
        self._closed.set()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._closed.is_set():
            block = self._next(0.5)
            if block is None:
                continue
            try:
                self._play(block)
                self._reason = ""
            except SourceLost as lost:
                self._reason = lost.reason
                self._closed.wait(_BACK_OFF_S)
            self._is_open = False

    def _play(self, block: I16 | None) -> None:
        """Until the voice is over. Raises SourceLost."""
        writer = self._open_writer()
        try:
            self._is_open, self._reason = True, ""
            writer.write(np.zeros((_CUSHION_BLOCKS * SOUND_BLOCK_SAMPLES, 2), np.int16))
            while block is not None and not self._closed.is_set():
                writer.write(block)
                block = self._next(_QUIET_S)
        finally:
            writer.close()

    def _next(self, timeout_s: float) -> I16 | None:
        try:
            return self._blocks.get(timeout=timeout_s)
        except queue.Empty:
            return None


def open_loudspeaker(address: str) -> Loudspeaker | None:
    """What [sound] loudspeaker names; None for "". A missing device is not raised: the state says "lost"."""
    device = address.removeprefix("alsa:")
    return Loudspeaker(lambda: AlsaWriter(device)) if device else None
