from __future__ import annotations

import itertools
import threading
import time

import numpy as np

from pipelines.media import I16, SourceState
from pipelines.sound.generated import BEEP_SAMPLES, SilenceFeed, ToneFeed
from pipelines.sound.settings import SoundSettings
from pipelines.sound.source import SoundSource, open_sound
from pipelines.timing import NS_PER_S, SessionClock

from .conftest import MakeWave


def test_blocks_follow_each_other_at_the_clocks_pace() -> None:
    clock = SessionClock.start()
    source = open_sound(SoundSettings(), clock)
    sounds = []
    for _ in range(8):
        sound = source.read(1.0)
        assert sound is not None
        # A block is not had before its last sample is spoken.
        assert time.monotonic_ns() >= clock.at_ns(sound.pts + 960, 48_000)
        sounds.append(sound)
    source.close()
    assert all(b.pts - a.pts == 960 for a, b in itertools.pairwise(sounds))
    assert all(sound.pts % 960 == 0 for sound in sounds)
    assert all(sound.captured_ns == clock.at_ns(sound.pts, 48_000) for sound in sounds)
    assert all(sound.pcm.shape == (960, 2) and not sound.pcm.flags.writeable for sound in sounds)


def test_time_outs_lose_nothing() -> None:
    source = open_sound(SoundSettings(), SessionClock.start())
    sounds = []
    while len(sounds) < 3:
        sound = source.read(0.001)
        if sound is not None:
            sounds.append(sound.pts)
    source.close()
    assert np.diff(sounds).tolist() == [960, 960]


def test_a_reader_that_slept_gets_the_present_and_the_loss_is_counted() -> None:
    clock = SessionClock(time.monotonic_ns() - 100 * NS_PER_S)
    source = SoundSource(SilenceFeed(), clock)
    source._next_pts -= 10 * 48_000  # as if nobody had read for ten seconds
    sound = source.read(1.0)
    assert sound is not None
    assert abs(time.monotonic_ns() - sound.captured_ns) < NS_PER_S
    overruns = source.state.detail["overruns"]
    assert isinstance(overruns, int)
    assert 490 <= overruns <= 510
    source.close()


def test_a_short_pause_is_caught_up_without_a_gap() -> None:
    clock = SessionClock(time.monotonic_ns() - 100 * NS_PER_S)
    source = SoundSource(SilenceFeed(), clock)
    source._next_pts -= 48_000 // 2
    before = source._next_pts
    pts = [sound.pts for _ in range(25) if (sound := source.read(1.0)) is not None]
    assert pts == list(range(before, before + 25 * 960, 960))
    assert source.state.detail["overruns"] == 0
    source.close()


def test_close_wakes_a_reader() -> None:
    class Never(SilenceFeed):
        lag_ns = 3600 * NS_PER_S

    source = SoundSource(Never(), SessionClock.start())
    threading.Timer(0.05, source.close).start()
    assert source.read(60) is None
    assert source.read(60) is None


def test_a_feed_without_samples_is_silence() -> None:
    class Nothing:
        lag_ns = 0

        @property
        def state(self) -> SourceState:
            return SourceState("sound", "lost", "gone")

        def take(self, pts: int) -> I16 | None:
            return None

        def close(self) -> None: ...

    source = SoundSource(Nothing(), SessionClock.start())
    sound = source.read(1.0)
    assert sound is not None
    assert not sound.pcm.any()
    assert source.state.state == "lost"
    assert source.state.detail["silent"] == 1
    source.close()


def test_the_tone_marks_full_seconds_of_the_session() -> None:
    feed = ToneFeed()
    pcm = np.concatenate([feed.take(pts) for pts in range(0, 96_000, 960)]).astype(int)
    left, right = pcm.T
    assert (left == right).all()
    loud = np.abs(left) > 200
    for second in (0, 48_000):
        assert loud[second : second + 100].any() or second == 0 or loud[second : second + 200].any()
        assert not loud[second + BEEP_SAMPLES : second + 48_000].any()
        assert loud[second + 200 : second + BEEP_SAMPLES - 200].mean() > 0.8
    assert 3000 < np.abs(left).max() < 3400  # -20 dB of full scale
    assert np.abs(np.diff(left)).max() < 200  # no clicks: a sine of 440 Hz climbs 189 a sample


def test_a_file_as_the_source(make_wave: MakeWave) -> None:
    path = make_wave(np.full(48_000, 1234.0))
    source = open_sound(SoundSettings(source=str(path)), SessionClock.start())
    for _ in range(3):
        sound = source.read(1.0)
        assert sound is not None
        assert (sound.pcm == 1234).all()
    source.close()
