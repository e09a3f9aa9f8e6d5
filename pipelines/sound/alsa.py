"""Reads an ALSA device through FFmpeg's input of that name."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Final

import av
import numpy as np

from pipelines.media import I16, SOUND_HZ, SourceLost
from pipelines.saying import said
from pipelines.sound.stereo import ToStereo
from pipelines.timing import NS_PER_S

# Raw devices (hw:) convert nothing: try what microphones offer, best first.
_OFFERS: Final = ((2, 48_000), (1, 48_000), (2, 44_100), (1, 44_100), (1, 32_000), (1, 16_000))
_SANE_AGE_S: Final = 1.0
_PIECE_SAMPLES: Final = SOUND_HZ // 100
_SYSTEM_SETTINGS: Final = "/usr/share/alsa"


def system_settings() -> None:
    """Before a device is opened. The ALSA inside PyAV looks for its settings where it was built, below /tmp,
    where anybody may put some: it must be told where the system keeps them."""
    os.environ.setdefault("ALSA_CONFIG_DIR", _SYSTEM_SETTINGS)


class AlsaReader:
    """Satisfies SampleReader."""

    def __init__(self, device: str) -> None:
        """device: as `arecord -L` lists them. Raises SourceLost when it cannot be opened now."""
        self._device = device
        self._container = self._open()
        self._packets = self._container.demux(audio=0)
        self._to_stereo = ToStereo()
        self._pieces: Iterator[tuple[I16, int]] = self._read()

    def read(self) -> tuple[I16, int]:
        try:
            return next(self._pieces)
        except (av.error.FFmpegError, StopIteration):
            raise SourceLost(
                "sound",
                said(
                    "microphone_gone",
                    "The microphone {device} has gone. Put its plug in again; it is looked for.",
                    device=self._device,
                ),
            ) from None

    def close(self) -> None:
        self._container.close()

    def _open(self) -> av.container.InputContainer:
        system_settings()
        fault = ""
        for channels, rate_hz in _OFFERS:
            options = {"channels": str(channels), "sample_rate": str(rate_hz)}
            try:
                return av.open(self._device, format="alsa", options=options)
            except av.error.FFmpegError as error:  # EIO, whatever it was
                fault = error.strerror or ""
        raise SourceLost(
            "sound",
            said(
                "microphone_unopened",
                "The microphone {device} cannot be opened ({fault}). See `arecord -L` for the "
                "names of what is plugged in; the service's user must be in the group audio.",
                device=self._device,
                fault=fault,
            ),
        )

    def _read(self) -> Iterator[tuple[I16, int]]:
        """Pieces of 10 ms or more, and when their first sample was spoken.

        FFmpeg stamps a packet with the wall clock less ALSA's own delay. Both clocks are read at once to
        carry that over to the monotonic clock; a stamp that makes no sense is replaced by the arrival.
        """
        gathered: list[I16] = []
        count = gathered_ns = 0
        for packet in self._packets:
            now_ns, wall_s = time.monotonic_ns(), time.time()
            for frame in packet.decode():
                assert isinstance(frame, av.AudioFrame)
                length_s = frame.samples / frame.sample_rate
                age_s = length_s if frame.time is None else wall_s - frame.time
                if not 0 <= age_s <= _SANE_AGE_S:
                    age_s = length_s
                if not gathered:
                    gathered_ns = now_ns - round(age_s * NS_PER_S)
                for pcm in self._to_stereo(frame):
                    gathered.append(pcm)
                    count += len(pcm)
            if count >= _PIECE_SAMPLES:
                yield np.concatenate(gathered), gathered_ns
                gathered, count = [], 0
