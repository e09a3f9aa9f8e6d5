"""The sound that leaves the studio: teacher, courseware and remote voice, in three mixes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.sound import SoundEncoder
from pipelines.media import I16, MINUS_SOUND, VOICE_SOUND, Packet, Sound, SourceState
from pipelines.orders import MixVoice
from pipelines.receiving.sounding import mixed
from pipelines.reports import SoundLevels
from pipelines.sound.delay import DelayLine
from pipelines.sound.loudspeaker import Loudspeaker
from pipelines.sound.meter import LevelMeter
from pipelines.sound.remote import RemoteVoice
from pipelines.sound.source import SoundSource
from pipelines.timing import NS_PER_MS, NS_PER_S

LEVELS_EVERY_BLOCKS = 10  # of 20 ms: a meter that is seen to move


class Mixer:
    """One thread calls `pass_on`; `mix` may be set from any.

    While a room speaks there are two more mixes: the programme without its voice, for that room itself (a
    mix-minus: nobody can talk against the echo of themselves), and the voice alone, for the main room.
    """

    def __init__(
        self,
        settings: EncodingSettings,
        source: SoundSource,
        voice: RemoteVoice,
        courseware: Callable[[int], I16 | None],
        loudspeaker: Loudspeaker | None = None,
    ) -> None:
        """courseware: its own sound, the next so many samples. loudspeaker: of the main room."""
        self._settings = settings
        self._source = source
        self._voice = voice
        self._courseware = courseware
        self._loudspeaker = loudspeaker
        self._line = DelayLine()
        self._programme = SoundEncoder(settings)
        self._minus: SoundEncoder | None = None
        self._alone: SoundEncoder | None = None
        self._page_meter: LevelMeter | None = None  # of the courseware's sound, while it has any
        self._unmetered = 0
        self.mix = MixVoice()

    @property
    def state(self) -> SourceState:
        """The teacher's sound; detail also tells `held_ms`, how long it is held back for the picture."""
        state = self._source.state
        state.detail["held_ms"] = round(self._line.delay_ns / NS_PER_MS, 1)
        return state

    def pass_on(self, timeout_s: float, delay_ns: int, send: Callable[[Packet], None]) -> None:
        """Reads the next block, and sends those whose time has come. delay_ns: the picture's.

        Returns as soon as one of them is done. A block that waits leaves at its time, not with the next one's
        coming: up to 20 ms late they would come unevenly, and receivers answer that with longer buffers.
        """
        due_ns = self._line.next_due_ns()
        if due_ns is not None:
            timeout_s = min(timeout_s, max(0, due_ns - time.monotonic_ns()) / NS_PER_S)
        sound = self._source.read(timeout_s)
        if sound is not None:
            self._line.put(sound)
        for due in self._line.due(time.monotonic_ns(), delay_ns):
            # The courseware's own sound is not held back: its page is not.
            for packet in self._mixes(replace(due, pcm=mixed(due.pcm, self._metered(len(due.pcm))))):
                send(packet)

    def levels(self) -> SoundLevels | None:
        """Once for every LEVELS_EVERY_BLOCKS; else None. For the thread that calls `pass_on`."""
        if self._unmetered < LEVELS_EVERY_BLOCKS:
            return None
        self._unmetered = 0
        meter = self._page_meter
        courseware = None if meter is None else replace(meter.level(), is_silent=False)  # a film may pause
        return SoundLevels(self._source.level(), courseware)

    def _metered(self, samples: int) -> I16 | None:
        """The courseware's next samples, and how loud they are."""
        pcm = self._courseware(samples)
        if pcm is None:
            self._page_meter = None
        else:
            self._page_meter = self._page_meter or LevelMeter()
            self._page_meter.take(pcm)
        self._unmetered += 1
        return pcm

    def _mixes(self, sound: Sound) -> list[Packet]:
        if not self._voice.is_open:
            self._minus = self._alone = None
            return self._programme.encode(sound)
        if self._minus is None or self._alone is None:
            self._minus, self._alone = SoundEncoder(self._settings), SoundEncoder(self._settings)
        mix = self.mix
        voice = self._voice.take()
        if mix.is_muted:
            voice = np.zeros_like(voice)
        if self._loudspeaker is not None:
            self._loudspeaker.put(voice)
        both = replace(sound, pcm=mixed(sound.pcm, voice)) if mix.in_programme else sound
        return [
            *self._programme.encode(both),
            *(replace(packet, layer=MINUS_SOUND) for packet in self._minus.encode(sound)),
            *(replace(packet, layer=VOICE_SOUND) for packet in self._alone.encode(replace(sound, pcm=voice))),
        ]
