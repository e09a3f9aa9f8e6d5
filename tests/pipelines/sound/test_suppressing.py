"""Noise suppression on a voice beside a fan: what is taken, what is kept, and its delay."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pipelines.media import I16, SourceState
from pipelines.sound.meter import SILENT_S
from pipelines.sound.settings import SoundSettings
from pipelines.sound.source import SoundSource, open_sound
from pipelines.sound.suppressing import DELAY_SAMPLES, Suppressor
from pipelines.timing import NS_PER_S, SessionClock

from .conftest import Floats

RATE_HZ = 48_000
PHRASE, PAUSE = 3 * RATE_HZ // 2, RATE_HZ
PERIOD = PHRASE + PAUSE
LEARNT = 2 * PERIOD  # of the noise by then; measured is what follows
TAIL = RATE_HZ // 4  # a voice's end rings on
ONSET = RATE_HZ // 50  # and its beginning is felt as early as a frame overlaps it


def voice(samples: int) -> Floats:
    """Phrases of 1.5 s and pauses of 1 s: a gliding pitch, two formants, four syllables a second."""
    t = np.arange(samples) / RATE_HZ
    pitch_hz = 130 + 25 * np.sin(2 * np.pi * 0.7 * t)
    turns = np.cumsum(pitch_hz) / RATE_HZ
    wave = np.zeros(samples)
    for k in range(1, 40):
        hz = k * 130
        formants = 1 / (1 + ((hz - 550) / 250) ** 2) + 0.5 / (1 + ((hz - 1700) / 350) ** 2)
        wave += formants * np.sin(2 * np.pi * k * turns + k * k)
    syllables = np.clip(np.sin(2 * np.pi * 4 * t), 0, None) ** 0.5
    return wave / np.abs(wave).max() * 10_000 * syllables * speaks(samples)


def speaks(samples: int) -> Floats:
    return (np.arange(samples) % PERIOD >= PAUSE).astype(np.float64)


def fan(samples: int, rms: float) -> Floats:
    """Air, falling above 400 Hz, and the blades' hum with its octave."""
    hz = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    air = np.fft.irfft(
        np.fft.rfft(np.random.default_rng(7).standard_normal(samples)) / np.sqrt(1 + (hz / 400) ** 2), samples
    )
    t = np.arange(samples) / RATE_HZ
    noise = air / air.std() + 0.5 * np.sin(2 * np.pi * 118 * t) + 0.25 * np.sin(2 * np.pi * 236 * t)
    return noise / noise.std() * rms


def stereo(wave: Floats) -> I16:
    return np.repeat(np.rint(np.clip(wave, -32768, 32767)).astype(np.int16)[:, None], 2, axis=1)


def suppressed(pcm: I16) -> I16:
    """Block by block, and moved back to where it was."""
    suppressor = Suppressor()
    out = np.concatenate([suppressor.suppress(pcm[at : at + 960]) for at in range(0, len(pcm), 960)])
    return out[DELAY_SAMPLES:]


def level_db(wave: Floats) -> float:
    return float(10 * np.log10(np.square(wave).mean() + 1e-9))


@pytest.fixture(scope="module", params=[100, 300, 800], ids=["quiet", "fan", "loud"])
def room(request: pytest.FixtureRequest) -> tuple[Floats, Floats, Floats]:
    """Voice, fan and what is left, from the third pause on; the fan is 29, 19 and 11 dB below."""
    samples = 8 * PERIOD
    spoken, blown = voice(samples), fan(samples, request.param)
    out = suppressed(stereo(spoken + blown)).astype(np.float64)
    end = len(out)
    return spoken[LEARNT:end], blown[LEARNT:end], out[LEARNT:, 0]


def in_pauses(samples: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    at = np.arange(samples) % PERIOD
    return (at >= TAIL) & (at < PAUSE - ONSET)


def test_the_fan_is_gone_from_the_pauses(room: tuple[Floats, Floats, Floats]) -> None:
    _, blown, out = room
    pauses = in_pauses(len(out))
    assert level_db(blown[pauses]) - level_db(out[pauses]) >= 14


def test_the_voice_keeps_its_level(room: tuple[Floats, Floats, Floats]) -> None:
    spoken, _, out = room
    talking = speaks(len(out)) > 0
    assert level_db(out[talking]) == pytest.approx(level_db(spoken[talking]), abs=1.5)
    # And it is still this voice: the share of it in the result.
    share = np.dot(out[talking], spoken[talking]) / np.dot(spoken[talking], spoken[talking])
    assert 20 * np.log10(share) == pytest.approx(0, abs=2)


def test_what_is_left_has_no_clicks(room: tuple[Floats, Floats, Floats]) -> None:
    """A click stands out of its surroundings, or out of the blocks' interior."""
    spoken, blown, out = room
    pauses = in_pauses(len(out))
    rest = out[pauses]
    assert np.abs(rest).max() < 6 * rest.std()
    step = np.abs(np.diff(out))
    assert step.max() < 1.2 * np.abs(np.diff(spoken + blown)).max()
    # Frames of the library begin at multiples of 480 of what went in; out was moved by its delay.
    at = (np.arange(len(step)) + LEARNT + DELAY_SAMPLES + 1) % 480
    quiet = pauses[1:]
    assert step[quiet & (at < 2)].mean() < 1.25 * step[quiet & (at > 100)].mean()


def test_blocks_of_any_length_give_the_same() -> None:
    pcm = stereo(voice(48_000) + fan(48_000, 200))
    one, other = Suppressor(), Suppressor()
    blocks = np.concatenate([one.suppress(pcm[at : at + 960]) for at in range(0, len(pcm), 960)])
    assert np.array_equal(blocks, other.suppress(pcm))


def test_channels_are_not_mixed_and_the_block_given_stays() -> None:
    pcm = stereo(voice(2 * PERIOD) + fan(2 * PERIOD, 200))
    pcm[:, 1] = 0
    before = pcm.copy()
    out = suppressed(pcm)
    assert np.array_equal(pcm, before)
    assert not out[:, 1].any() and out[:, 0].any()


class Spoken:
    """A feed whose every sample is known by its pts."""

    lag_ns = 0

    def __init__(self, first_pts: int, samples: int) -> None:
        self.first_pts = first_pts
        self.pcm = stereo(voice(samples + PAUSE)[PAUSE:])

    @property
    def state(self) -> SourceState:
        return SourceState("sound", "live")

    def take(self, pts: int) -> I16 | None:
        at = pts - self.first_pts
        return self.pcm[at : at + 960]

    def close(self) -> None: ...


def test_a_sound_s_pts_are_those_of_its_samples() -> None:
    """Lips stay in sync: a phrase read from a source stands where the phrase itself does, within 0.1 ms."""
    clock = SessionClock(time.monotonic_ns() - NS_PER_S)
    feed = Spoken(48_000, RATE_HZ * 2)
    source = SoundSource(feed, clock, suppressor=Suppressor())
    assert source.state.detail["noise_suppression"] is True
    sounds = []
    while len(sounds) < 60:
        sound = source.read(1.0)
        assert sound is not None
        # No block is had before its samples were spoken, those fed ahead included.
        assert time.monotonic_ns() >= clock.at_ns(sound.pts + 960 + DELAY_SAMPLES, RATE_HZ)
        sounds.append(sound)
    source.close()
    assert all(sound.pts % 960 == 0 for sound in sounds)
    heard = np.concatenate([sound.pcm[:, 0] for sound in sounds]).astype(np.float64)
    start = sounds[0].pts - feed.first_pts
    match = [
        np.dot(heard[400:-400], feed.pcm[start + off + 400 : start + off + len(heard) - 400, 0].astype(float))
        for off in range(-200, 201)
    ]
    assert abs(int(np.argmax(match)) - 200) <= 5


def test_off_by_default_and_the_status_says_so() -> None:
    source = open_sound(SoundSettings(), SessionClock.start())
    assert source.state.detail["noise_suppression"] is False
    source.close()
    source = open_sound(SoundSettings(noise_suppression=True), SessionClock.start())
    assert source.state.detail["noise_suppression"] is True
    source.close()


def test_a_room_that_is_quiet_after_all_is_no_dead_microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of the noise may lie below a muted microphone's; what arrived does not."""

    class Hiss(Spoken):
        def take(self, pts: int) -> I16 | None:
            return stereo(fan(960, 5))

    monkeypatch.setattr("pipelines.sound.source._SKIP_NS", 100 * NS_PER_S)
    clock = SessionClock(time.monotonic_ns() - 100 * NS_PER_S)
    source = SoundSource(Hiss(0, 960), clock, suppressor=Suppressor())
    source._next_pts -= round((SILENT_S + 2) * RATE_HZ)  # the last twelve seconds at once
    for _ in range(round(SILENT_S * 50) + 50):
        assert source.read(1.0) is not None
    peak = source.state.detail["peak_dbfs"]
    source.close()
    assert isinstance(peak, float) and peak < -70
    assert source.state.reason == ""
