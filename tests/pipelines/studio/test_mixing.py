"""Three mixes while a room speaks: nobody hears themselves, and nobody hears what they should not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import av
import numpy as np
import pytest

from pipelines.channels import Latest
from pipelines.encoding.layers import LayeredEncoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.media import (
    I16,
    MINUS_SOUND,
    SOUND_BLOCK_SAMPLES,
    SOUND_HZ,
    VOICE_SOUND,
    Box,
    Frame,
    Layout,
    Matte,
    Packet,
    Scene,
    Sound,
    freeze,
)
from pipelines.orders import MixVoice
from pipelines.reports import SoundLevels
from pipelines.sound.generated import SilenceFeed
from pipelines.sound.remote import RemoteVoice
from pipelines.sound.settings import SoundSettings
from pipelines.sound.source import SoundSource, open_sound
from pipelines.studio.composing import Composing
from pipelines.studio.mixing import LEVELS_EVERY_BLOCKS, Mixer
from pipelines.studio.parts import Parts
from pipelines.studio.programme import Programme
from pipelines.timing import NS_PER_MS, Marks, SessionClock

LOUD, SILENT = 2000, 40


class ATone(RemoteVoice):
    """A room that hums, without a connection."""

    is_humming = False
    _taken = 0

    def __init__(self) -> None:
        super().__init__(lambda _session: None, lambda _session, _reason: None)

    @property
    def is_open(self) -> bool:
        return self.is_humming

    def take(self) -> I16:
        at = np.arange(SOUND_BLOCK_SAMPLES) + self._taken
        self._taken += SOUND_BLOCK_SAMPLES
        hum = (8000 * np.sin(at * (2 * np.pi * 300 / SOUND_HZ))).astype(np.int16)
        return np.stack([hum, hum], axis=1)


class Studio:
    def __init__(self) -> None:
        self.voice = ATone()
        self._source = open_sound(SoundSettings(source="silence:"), SessionClock.start())
        self.mixer = Mixer(EncodingSettings(), self._source, self.voice, lambda _samples: None)

    def peaks(self) -> dict[str, int]:
        """The loudest sample of each mix, by layer, over the next third of a second."""
        packets: list[Packet] = []
        while len(packets) < 16 or packets[-1].pts - packets[0].pts < SOUND_HZ // 3:
            self.mixer.pass_on(0.1, 0, packets.append)
        heard = {}
        for layer in {packet.layer for packet in packets}:
            decoder = av.CodecContext.create("libopus", "r")
            frames = [
                frame
                for packet in packets
                if packet.layer == layer
                for frame in decoder.decode(av.Packet(packet.data))
            ]
            # The first blocks may still hold the mix of before.
            late = frames[len(frames) // 3 :]
            heard[layer] = max(int(np.abs(frame.to_ndarray().astype(np.float64)).max()) for frame in late)
        return heard

    def close(self) -> None:
        self._source.close()


@pytest.fixture
def studio() -> Iterator[Studio]:
    studio = Studio()
    yield studio
    studio.close()


def test_the_mixes_of_a_turn(studio: Studio) -> None:
    assert studio.peaks().keys() == {"420"}, "no further mix is coded while nobody speaks"
    studio.voice.is_humming = True
    heard = studio.peaks()
    assert heard[VOICE_SOUND] > LOUD, "the main room hears it"
    assert heard["420"] < SILENT and heard[MINUS_SOUND] < SILENT, "the others do not"
    studio.mixer.mix = MixVoice(in_programme=True)
    heard = studio.peaks()
    assert heard["420"] > LOUD and heard[VOICE_SOUND] > LOUD
    assert heard[MINUS_SOUND] < SILENT, "never the room itself"
    studio.mixer.mix = MixVoice(in_programme=True, is_muted=True)
    assert max(studio.peaks().values()) < SILENT
    studio.voice.is_humming = False
    studio.peaks()
    assert studio.peaks().keys() == {"420"}


def test_levels_come_a_few_times_a_second_with_the_coursewares_own() -> None:
    source = open_sound(SoundSettings(source="tone:"), SessionClock.start())
    loud = np.full((SOUND_BLOCK_SAMPLES, 2), 16384, np.int16)
    film: list[I16] = [loud] * LEVELS_EVERY_BLOCKS
    mixer = Mixer(EncodingSettings(), source, ATone(), lambda _samples: film.pop() if film else None)
    told, packets = list[SoundLevels](), list[Packet]()
    while len(told) < 2:
        mixer.pass_on(0.1, 0, packets.append)
        if (levels := mixer.levels()) is not None:
            told.append(levels)
    source.close()
    assert len(packets) == 2 * LEVELS_EVERY_BLOCKS
    assert -96 < told[0].teacher.rms_dbfs < told[0].teacher.peak_dbfs < 0
    assert told[0].courseware is not None and told[0].courseware.peak_dbfs == pytest.approx(-6, abs=0.1)
    assert told[1].courseware is None, "the film is over"


class OneBlock(SoundSource):
    """A source that has one block, of now, and keeps for how long it was asked to wait for another."""

    def __init__(self) -> None:
        super().__init__(SilenceFeed(), SessionClock.start())
        self.waits_s: list[float] = []

    def read(self, timeout_s: float) -> Sound | None:
        self.waits_s.append(timeout_s)
        if len(self.waits_s) == 1:
            pcm = np.zeros((SOUND_BLOCK_SAMPLES, 2), np.int16)
            return Sound(pcm, 0, time.monotonic_ns())
        time.sleep(timeout_s)
        return None


def test_a_block_that_waits_leaves_at_its_time_not_with_the_next_one() -> None:
    source, sent = OneBlock(), list[Packet]()
    mixer = Mixer(EncodingSettings(), source, ATone(), lambda _samples: None)
    assert mixer.state.detail["held_ms"] == 0
    mixer.pass_on(60, 200 * NS_PER_MS, sent.append)
    assert mixer.state.detail["held_ms"] == 200
    while not sent and len(source.waits_s) < 10:
        mixer.pass_on(60, 200 * NS_PER_MS, sent.append)
    assert len(sent) == 1
    assert source.waits_s[0] == 60 and all(wait_s <= 0.2 for wait_s in source.waits_s[1:])


class Filming:
    """A programme that shows the camera, whose mattes are as old as the test says."""

    def __init__(self, clock: SessionClock) -> None:
        size_wh, settings = (64, 36), EncodingSettings(encoder="x264")
        composing, self._mattes = Composing(size_wh, 0), Latest[Matte]()
        self._parts = Parts(composing.compositor, size_wh, 25, settings)
        encoder, scene = LayeredEncoder(size_wh, 25, settings), Scene(layout=Layout.CAMERA)
        self.programme = Programme(composing, encoder, self._parts, clock, scene, self._mattes, Marks())
        self._rgb = np.full((36, 64, 3), 120, np.uint8)
        freeze(self._rgb)
        self._made = 0

    def picture(self, age_ns: int) -> int:
        """Sends one picture of a frame as old as that. Returns the age that the sound is told."""
        self._made += 1
        now_ns = time.monotonic_ns()
        frame = Frame(self._rgb, self._made, now_ns - age_ns)
        self._mattes.put(Matte(frame, Box(0, 0, 64, 36), np.full((36, 64), 255, np.uint8), self._rgb))
        assert self.programme.await_matte(1.0)
        self.programme.tick(now_ns, None, "", "", lambda _packet: None)
        return self.programme.teacher_age_ns

    def close(self) -> None:
        self._parts.close()


def test_when_matting_slows_down_the_sound_is_held_back_with_it() -> None:
    """From the mattes' age to the moment a block of sound leaves, through programme, mixer and delay line."""
    quick_ns, slow_ns, forgiven_ns = 40 * NS_PER_MS, 120 * NS_PER_MS, 15 * NS_PER_MS
    clock = SessionClock.start()
    filming, source = Filming(clock), open_sound(SoundSettings(source="tone:"), clock)
    mixer = Mixer(EncodingSettings(), source, ATone(), lambda _samples: None)
    waited_ns: list[int] = []

    def leaves(packet: Packet) -> None:
        waited_ns.append(time.monotonic_ns() - packet.captured_ns)

    def held_ns(age_ns: int) -> int:
        mixer.pass_on(0.01, filming.picture(age_ns), leaves)
        return round(float(str(mixer.state.detail["held_ms"])) * NS_PER_MS)

    until_s = time.monotonic() + 60

    def until(is_reached: Callable[[], bool], what: str) -> None:
        while not is_reached():
            told = f"{what}, but held back by {mixer.state.detail['held_ms']} ms"
            assert time.monotonic() < until_s, told

    try:
        until(lambda: held_ns(quick_ns) < slow_ns - 2 * forgiven_ns and len(waited_ns) > 0, "quick mattes")
        until(lambda: held_ns(slow_ns) > slow_ns - forgiven_ns, "slow mattes")
        waited_ns.clear()
        until(lambda: held_ns(slow_ns) > 0 and len(waited_ns) >= 10, "slow mattes")
        assert min(waited_ns) >= slow_ns - forgiven_ns, "none leaves before its pictures"
        until(lambda: held_ns(quick_ns) < slow_ns - 2 * forgiven_ns, "quick mattes again")
    finally:
        source.close()
        filming.close()
