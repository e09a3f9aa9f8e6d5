"""The level meter against signals whose level is known."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.media import I16, SOUND_BLOCK_SAMPLES
from pipelines.sound.meter import CLIPPING_S, FLOOR_DBFS, SILENT_S, LevelMeter
from pipelines.sound.settings import SoundSettings
from pipelines.sound.source import open_sound
from pipelines.timing import SessionClock


def sine(amplitude: float) -> I16:
    """Ten whole periods, so that the mean is exact; i16 (960, 2)."""
    one = amplitude * np.sin(2 * np.pi * 10 * (np.arange(SOUND_BLOCK_SAMPLES) + 0.5) / SOUND_BLOCK_SAMPLES)
    return np.repeat(np.rint(one).astype(np.int16)[:, None], 2, axis=1)


def test_a_sine_at_half_scale() -> None:
    meter = LevelMeter()
    meter.take(sine(16384))
    assert meter.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert meter.rms_dbfs == pytest.approx(-9.03, abs=0.01)
    assert meter.fault == ""


def test_silence_is_a_fault_only_when_it_lasts() -> None:
    meter = LevelMeter()
    blocks = round(SILENT_S * 50)
    for _ in range(blocks - 1):
        meter.take(np.zeros((SOUND_BLOCK_SAMPLES, 2), np.int16))
    assert meter.fault == ""
    assert meter.rms_dbfs == FLOOR_DBFS
    meter.take(np.zeros((SOUND_BLOCK_SAMPLES, 2), np.int16))
    assert "silence" in meter.fault and meter.level().is_silent
    meter.take(sine(3000))
    assert meter.fault == ""


def test_clipping_is_told_and_forgotten_again() -> None:
    meter = LevelMeter()
    meter.take(np.clip(sine(20000).astype(np.int32) * 3, -32768, 32767).astype(np.int16))
    assert "clips" in meter.fault
    for _ in range(round(CLIPPING_S * 50)):
        meter.take(sine(16384))
    assert meter.fault == ""


def test_one_full_sample_alone_is_no_clipping() -> None:
    meter = LevelMeter()
    pcm = sine(16384)
    pcm[100, 0] = -32768
    meter.take(pcm)
    assert meter.fault == ""
    assert meter.peak_dbfs == 0.0


def test_a_level_is_of_all_blocks_since_it_was_asked() -> None:
    meter = LevelMeter()
    for amplitude in (1000, 16384, 2000):
        meter.take(sine(amplitude))
    level = meter.level()
    assert level.peak_dbfs == pytest.approx(-6.0, abs=0.05), "the loudest block's, not the newest's"
    assert level.rms_dbfs == pytest.approx(-9.03 - 10 * np.log10(3), abs=0.2), "over all three"
    assert not level.is_clipping and not level.is_silent
    assert meter.level().peak_dbfs == FLOOR_DBFS
    meter.take(np.full((SOUND_BLOCK_SAMPLES, 2), 32767, np.int16))
    assert meter.level().is_clipping


def test_the_source_tells_the_level() -> None:
    source = open_sound(SoundSettings(source="tone:"), SessionClock.start())
    assert source.state.detail["peak_dbfs"] == FLOOR_DBFS
    assert source.read(5.0) is not None
    peak, rms = source.state.detail["peak_dbfs"], source.state.detail["rms_dbfs"]
    source.close()
    assert isinstance(peak, float) and isinstance(rms, float)
    assert FLOOR_DBFS < rms < peak < 0
    assert source.state.reason == ""
