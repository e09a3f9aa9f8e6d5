from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipelines.media import I16, SourceLost
from pipelines.sound.alsa import AlsaReader
from pipelines.sound.microphone import MicrophoneFeed
from pipelines.sound.source import SoundSource
from pipelines.timing import NS_PER_MS, SessionClock


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class FakeReader:
    """A card with a plug: delivers a constant level in real time while `plugged`."""

    opened = 0
    closed = 0

    def __init__(self, plugged: threading.Event, level: int = 1000) -> None:
        if not plugged.is_set():
            raise SourceLost("sound", "no such card")
        FakeReader.opened += 1
        self.plugged = plugged
        self.level = level
        self.next_ns = time.monotonic_ns()

    def read(self) -> tuple[I16, int]:
        first_ns = self.next_ns
        self.next_ns += 10 * NS_PER_MS
        time.sleep(max(0.0, (self.next_ns - time.monotonic_ns()) / 1e9))
        if not self.plugged.is_set():
            raise SourceLost("sound", "the plug was pulled")
        return np.full((480, 2), self.level, np.int16), first_ns

    def close(self) -> None:
        FakeReader.closed += 1


@pytest.fixture
def plugged() -> threading.Event:
    event = threading.Event()
    event.set()
    FakeReader.opened = FakeReader.closed = 0
    return event


def test_speech_arrives_and_a_pulled_plug_is_silence_until_it_is_back(plugged: threading.Event) -> None:
    clock = SessionClock.start()
    source = SoundSource(MicrophoneFeed(lambda: FakeReader(plugged), clock, "hw:7"), clock)
    pts = []

    def read_until(level: int) -> None:
        for _ in range(500):
            sound = source.read(1.0)
            assert sound is not None
            pts.append(sound.pts)
            if (sound.pcm == level).all():
                return
        raise AssertionError(f"never {level}")

    read_until(1000)
    assert source.state.state == "live"
    plugged.clear()
    read_until(0)
    wait_until(lambda: source.state.state == "lost")
    assert "pulled" in source.state.reason or "no such card" in source.state.reason
    plugged.set()
    read_until(1000)
    assert (source.state.state, source.state.reason) == ("live", "")
    source.close()
    assert np.unique(np.diff(pts)).tolist() == [960]
    assert FakeReader.opened == FakeReader.closed == 2
    assert not any(thread.name == "microphone" for thread in threading.enumerate())


def test_a_card_that_is_not_there_is_lost_from_the_start(plugged: threading.Event) -> None:
    plugged.clear()
    clock = SessionClock.start()
    feed = MicrophoneFeed(lambda: FakeReader(plugged), clock, "hw:7")
    wait_until(lambda: feed.state.state == "lost")
    assert feed.state.reason == "no such card"
    assert feed.take(0) is None
    feed.close()


def test_a_card_that_stalls_is_called_lost(plugged: threading.Event) -> None:
    woken = threading.Event()

    class Stalling(FakeReader):
        def read(self) -> tuple[I16, int]:
            if self.next_ns:
                self.next_ns = 0
                return np.zeros((480, 2), np.int16), time.monotonic_ns()
            woken.wait(10)
            raise SourceLost("sound", "woken")

    feed = MicrophoneFeed(lambda: Stalling(plugged), SessionClock.start(), "hw:7")
    wait_until(lambda: feed.state.state == "lost")
    assert "delivers no sound" in feed.state.reason
    woken.set()
    feed.close()


def test_alsa_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real ALSA library and FFmpeg's input, on a card that ALSA makes of a file of samples."""
    samples = tmp_path / "samples.raw"
    np.tile(np.array([[1000, -2000]], np.int16), (48_000, 1)).tofile(samples)
    card = f'type file slave.pcm {{ type null }} file /dev/null infile "{samples}" format raw'
    (tmp_path / "alsa.conf").write_text(f"pcm.card {{ {card} }}\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    reader = AlsaReader("card")
    before_ns = time.monotonic_ns()
    for _ in range(5):
        pcm, first_ns = reader.read()
        assert len(pcm) >= 480
        assert (pcm == (1000, -2000)).all()
        assert abs(first_ns - before_ns) < 10_000_000_000
    reader.close()


def test_alsa_without_the_card_names_it_and_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alsa.conf").write_text("")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    with pytest.raises(SourceLost, match="arecord -L") as lost:
        AlsaReader("hw:9")
    assert "hw:9" in lost.value.reason
    assert lost.value.retry
