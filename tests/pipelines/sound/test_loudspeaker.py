"""The main room's loudspeaker: the real ALSA library writes what a room says into a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipelines.media import I16, SOUND_BLOCK_SAMPLES, SourceLost
from pipelines.sound.loudspeaker import AlsaWriter, Loudspeaker

PATIENCE_S = 20.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def a_block(value: int) -> I16:
    return np.full((SOUND_BLOCK_SAMPLES, 2), value, np.int16)


def test_alsa_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = tmp_path / "samples.raw"
    card = f'type file slave.pcm {{ type null }} file "{samples}" format raw'
    (tmp_path / "alsa.conf").write_text(f"pcm.card {{ {card} }}\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    loudspeaker = Loudspeaker(lambda: AlsaWriter("card"))
    assert loudspeaker.state.state == "starting", "nothing is opened before somebody speaks"
    for value in range(1, 7):  # closing may cut the last one off
        loudspeaker.put(a_block(value * 1000))
    until(lambda: loudspeaker.state.state == "live" and loudspeaker._blocks.empty())
    loudspeaker.close()
    until(lambda: not loudspeaker._thread.is_alive())  # a busy machine takes longer than close waits
    played = np.fromfile(samples, np.int16).reshape(-1, 2)
    voice = played[np.flatnonzero(played[:, 0])[0] :]
    assert np.array_equal(voice[::SOUND_BLOCK_SAMPLES, 1][:5], [1000, 2000, 3000, 4000, 5000])


def test_alsa_without_the_card_names_it_and_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alsa.conf").write_text("")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    with pytest.raises(SourceLost, match="aplay -L") as lost:
        AlsaWriter("hw:9")
    assert "hw:9" in lost.value.reason


def test_a_device_that_is_missing_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.sound.loudspeaker._BACK_OFF_S", 0.05)
    plugged = threading.Event()
    heard: list[I16] = []

    class Device:
        def __init__(self) -> None:
            if not plugged.is_set():
                raise SourceLost("loudspeaker", "not plugged in")

        def write(self, pcm: I16) -> None:
            heard.append(pcm)

        def close(self) -> None: ...

    loudspeaker = Loudspeaker(Device)
    loudspeaker.put(a_block(1))
    until(lambda: loudspeaker.state.state == "lost")
    assert loudspeaker.state.reason == "not plugged in"
    plugged.set()
    until(lambda: loudspeaker.put(a_block(1)) is None and len(heard) > 2)
    assert loudspeaker.state.state == "live"
    loudspeaker.close()


def test_a_device_that_stalls_holds_nobody_up() -> None:
    woken = threading.Event()

    class Stalling:
        """A driver that takes the first samples and then hangs."""

        def write(self, pcm: I16) -> None:
            if not woken.wait(10):
                raise SourceLost("loudspeaker", "hung")

        def close(self) -> None: ...

    loudspeaker = Loudspeaker(Stalling)
    began_s = time.monotonic()
    for _ in range(200):
        loudspeaker.put(a_block(1))
    assert time.monotonic() - began_s < 5
    assert loudspeaker.dropped >= 150
    woken.set()
    loudspeaker.close()
