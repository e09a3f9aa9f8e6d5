"""Blocks of 20 ms, one after the other for ever: pts have no gaps, whatever happens to the device."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Protocol

import numpy as np

from pipelines.media import I16, SOUND_BLOCK_SAMPLES, SOUND_HZ, Sound, SourceState, freeze
from pipelines.paths import at_home
from pipelines.reports import SoundLevel
from pipelines.sound.alsa import AlsaReader
from pipelines.sound.file import FileFeed
from pipelines.sound.generated import SilenceFeed, ToneFeed
from pipelines.sound.meter import LevelMeter
from pipelines.sound.microphone import MicrophoneFeed
from pipelines.sound.settings import SoundSettings
from pipelines.sound.shaping import Shaper
from pipelines.sound.suppressing import DELAY_SAMPLES, Suppressor
from pipelines.timing import NS_PER_S, SessionClock

_SKIP_NS = NS_PER_S  # a reader later than this has slept; it gets the present, not the past


class Feed(Protocol):
    """Where samples come from. Asked once for each block, in order, by one thread."""

    lag_ns: int  # how long after its last sample was spoken a block can be had

    @property
    def state(self) -> SourceState: ...

    def take(self, pts: int) -> I16 | None:
        """Samples i16 (960, 2) of pts .. pts + 959, or None: silence. Never blocks for long, never raises."""

    def close(self) -> None: ...


class SoundSource:
    """Sound at the pace of the session's clock. While the microphone is lost, silence flows on."""

    def __init__(
        self,
        feed: Feed,
        clock: SessionClock,
        shaper: Shaper | None = None,
        suppressor: Suppressor | None = None,
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._closed = threading.Event()
        now_pts = clock.sound_pts(time.monotonic_ns())
        self._next_pts = -(-now_pts // SOUND_BLOCK_SAMPLES) * SOUND_BLOCK_SAMPLES
        self._silence: I16 = np.zeros((SOUND_BLOCK_SAMPLES, 2), np.int16)
        freeze(self._silence)
        self._overruns = 0
        self._silent = 0
        self._shaper = shaper or Shaper(gain_db=0, high_pass_hz=0)
        self._suppressor = suppressor
        # What the suppressor gives back is older than what it takes: so it is fed ahead, and pts stay true.
        self._ahead = DELAY_SAMPLES if suppressor else 0
        self._arrived = LevelMeter()  # a microphone that clips is heard, however its sound is shaped
        self._meter = LevelMeter()

    @property
    def state(self) -> SourceState:
        """The feed's. detail: `overruns` (blocks that nobody read in time), `silent` (blocks of silence),
        `peak_dbfs` and `rms_dbfs` of the newest block, as it is sent, `noise_suppression`. reason: dead
        silence or clipping, while it is live.
        """
        state = self._feed.state
        state.detail |= {
            "overruns": self._overruns,
            "silent": self._silent,
            "peak_dbfs": round(self._meter.peak_dbfs, 1),
            "rms_dbfs": round(self._meter.rms_dbfs, 1),
            "noise_suppression": self._suppressor is not None,
        }
        # Silence that was asked for is no fault.
        if state.state == "live" and not state.reason and not isinstance(self._feed, SilenceFeed):
            state.reason = self._arrived.fault or self._meter.clipping
        return state

    def level(self) -> SoundLevel:
        """As it is sent, since it was asked last. Clipping is told of what arrives, too."""
        level = self._meter.level()
        is_clipping = level.is_clipping or self._arrived.is_clipping
        is_silent = self._arrived.is_silent and not isinstance(self._feed, SilenceFeed)
        return replace(level, is_clipping=is_clipping, is_silent=is_silent)

    def read(self, timeout_s: float) -> Sound | None:
        """The next block, as soon as it is over, with noise suppression 7 ms later.

        None after timeout_s, or at once when closed.
        """
        over = self._next_pts + self._ahead + SOUND_BLOCK_SAMPLES
        due_ns = self._clock.at_ns(over, SOUND_HZ) + self._feed.lag_ns
        now_ns = time.monotonic_ns()
        late_ns = now_ns - due_ns
        if late_ns < 0:
            self._closed.wait(min(-late_ns / NS_PER_S, timeout_s))
            if time.monotonic_ns() < due_ns:
                return None
        elif late_ns > _SKIP_NS:
            missed = late_ns * SOUND_HZ // NS_PER_S // SOUND_BLOCK_SAMPLES
            self._overruns += missed
            self._next_pts += missed * SOUND_BLOCK_SAMPLES
        if self._closed.is_set():
            return None
        pts = self._next_pts
        self._next_pts += SOUND_BLOCK_SAMPLES
        pcm = self._feed.take(pts + self._ahead)
        if pcm is None:
            self._silent += 1
            pcm = self._silence
        self._arrived.take(pcm)
        if self._suppressor is not None:
            pcm = self._suppressor.suppress(pcm)
        pcm = self._shaper.shape(pcm)
        freeze(pcm)
        self._meter.take(pcm)
        return Sound(pcm, pts, self._clock.at_ns(pts, SOUND_HZ))

    def close(self) -> None:
        """Wakes a waiting read and lets the device go."""
        self._closed.set()
        self._feed.close()


def open_sound(settings: SoundSettings, clock: SessionClock) -> SoundSource:
    """Opens what [sound] source names. Never raises for a missing device or file: the state says "lost"."""
    source = settings.source
    feed: Feed
    if source == "silence:":
        feed = SilenceFeed()
    elif source == "tone:":
        feed = ToneFeed()
    elif source.startswith("alsa:"):
        device = source.removeprefix("alsa:")
        feed = MicrophoneFeed(lambda: AlsaReader(device), clock, device)
    else:
        feed = FileFeed(at_home(source))
    suppressor = Suppressor() if settings.noise_suppression else None
    return SoundSource(feed, clock, Shaper(settings.gain_db, settings.high_pass_hz), suppressor)
