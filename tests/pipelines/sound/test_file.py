from __future__ import annotations

import time
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.sound.file import FileFeed

from .conftest import MakeWave, roughness


def taken(feed: FileFeed, blocks: int) -> np.ndarray:
    out = [feed.take(960 * n) for n in range(blocks)]
    assert all(block is not None and block.shape == (960, 2) for block in out)
    return np.concatenate([block for block in out if block is not None])


def test_over_and_over_without_a_seam(make_wave: MakeWave) -> None:
    # 0.25 s hold 100 whole waves of 400 Hz, and 12.5 blocks.
    path = make_wave(8000 * np.sin(2 * np.pi * 400 / 48_000 * np.arange(12_000)))
    feed = FileFeed(path)
    pcm = taken(feed, 60)
    assert (pcm[:, 0] == pcm[:, 1]).all()
    assert roughness(pcm[:, 0], 400) < 4
    assert np.abs(pcm).max() > 7900
    assert feed.state.state == "live"
    feed.close()


def test_other_rates_are_converted(make_wave: MakeWave) -> None:
    path = make_wave(8000 * np.sin(2 * np.pi * 500 / 44_100 * np.arange(44_100)), 44_100)
    pcm = taken(FileFeed(path), 45)[2000:, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    assert np.argmax(spectrum) * 48_000 / len(pcm) == pytest.approx(500, abs=2)


def test_the_sound_of_a_film(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=25)
        assert isinstance(picture, av.VideoStream)
        picture.width = picture.height = 32
        picture.pix_fmt = "yuv420p"
        voice = container.add_stream("aac", rate=48_000, layout="stereo")
        tone = (0.3 * np.sin(2 * np.pi * 600 / 48_000 * np.arange(48_000))).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.stack((tone, tone)), "fltp", "stereo")
        frame.rate = 48_000
        container.mux(voice.encode(frame))
        for _ in range(25):
            black = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(picture.encode(black))
        container.mux(voice.encode(None))
        container.mux(picture.encode(None))
    pcm = taken(FileFeed(path), 120)[48_000 // 4 : 48_000 * 3 // 4, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    assert np.argmax(spectrum) * 2 == pytest.approx(600, abs=4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "does not exist"),
        (b"", "cannot be read as sound"),
        (b"no sound at all" * 100, "cannot be read as sound"),
        (b"#EXTM3U\n/etc/passwd\n", "cannot be read as sound"),
    ],
)
def test_faults_are_silence_with_a_reason(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "voice.wav"
    if content is not None:
        path.write_bytes(content)
    feed = FileFeed(path)
    assert feed.take(0) is None
    assert feed.state.state == "lost"
    assert reason in feed.state.reason
    assert str(path) in feed.state.reason


def test_a_folder_and_an_empty_recording(tmp_path: Path, make_wave: MakeWave) -> None:
    for path, reason in ((tmp_path, "is no file"), (make_wave(np.zeros(0)), "holds no sound")):
        feed = FileFeed(path)
        assert feed.take(0) is None
        assert reason in feed.state.reason


def test_a_cut_off_file_plays_what_there_is(make_wave: MakeWave) -> None:
    path = make_wave(np.full(48_000, 1000.0))
    path.write_bytes(path.read_bytes()[:20_000])
    assert (taken(FileFeed(path), 100) == 1000).all()


def test_a_file_that_comes_back_is_heard_again(make_wave: MakeWave, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_wave(np.full(4800, 1000.0))
    away = path.rename(path.with_suffix(".away"))
    feed = FileFeed(path)
    assert feed.take(0) is None
    away.rename(path)
    assert feed.take(960) is None  # not before its time
    now_ns = time.monotonic_ns()
    monkeypatch.setattr(time, "monotonic_ns", lambda: now_ns + 3_000_000_000)
    assert feed.take(1920) is not None
    assert feed.state.state == "live"
    assert feed.state.reason == ""
