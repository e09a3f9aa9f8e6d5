"""High-pass and gain: measured with sines, and without a seam between blocks."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.media import I16
from pipelines.sound.generated import ToneFeed
from pipelines.sound.settings import SoundSettings
from pipelines.sound.shaping import Shaper
from pipelines.sound.source import SoundSource
from pipelines.timing import SessionClock

from .conftest import roughness


def sine(hz: float, amplitude: float, samples: int = 96_000) -> I16:
    wave = np.rint(amplitude * np.sin(2 * np.pi * hz * np.arange(samples) / 48_000)).astype(np.int16)
    return np.stack([wave, wave], axis=1)


def shaped(shaper: Shaper, pcm: I16) -> I16:
    return np.concatenate([shaper.shape(pcm[at : at + 960]) for at in range(0, len(pcm), 960)])


def level_db(pcm: I16) -> float:
    settled = pcm[48_000:].astype(np.float64)
    return float(20 * np.log10(np.sqrt(np.square(settled).mean()) + 1e-9))


@pytest.mark.parametrize(
    ("hz", "lost_db", "within_db"), [(20, 24.1, 0.3), (80, 3.0, 0.1), (160, 0.26, 0.05), (1000, 0.0, 0.01)]
)
def test_a_second_order_butterworth(hz: float, lost_db: float, within_db: float) -> None:
    pcm = sine(hz, 16_000)
    assert level_db(pcm) - level_db(shaped(Shaper(0, 80), pcm)) == pytest.approx(lost_db, abs=within_db)


def test_no_seam_between_blocks() -> None:
    pcm = shaped(Shaper(-6, 80), sine(440, 16_000))
    assert roughness(pcm[9_600:, 0], 440) < 2.5


def test_both_channels_on_their_own() -> None:
    pcm = sine(440, 8_000)
    pcm[:, 1] = 0
    out = shaped(Shaper(6, 80), pcm)
    assert not out[:, 1].any() and out[:, 0].any()


def test_a_constant_goes_and_the_block_given_stays() -> None:
    pcm = np.full((48_000, 2), 5_000, np.int16)
    before = pcm.copy()
    out = shaped(Shaper(0, 80), pcm)
    assert np.array_equal(pcm, before) and np.abs(out[24_000:]).max() <= 1


@pytest.mark.parametrize("gain_db", [-12.0, 6.0, 20.0])
def test_gain(gain_db: float) -> None:
    pcm = sine(440, 1_000)
    assert level_db(shaped(Shaper(gain_db, 0), pcm)) - level_db(pcm) == pytest.approx(gain_db, abs=0.02)


def test_too_much_gain_clips_and_never_wraps() -> None:
    out = shaped(Shaper(40, 0), sine(440, 20_000))
    assert out.max() == 32767 and out.min() == -32768
    assert np.abs(np.diff(np.sign(out[:, 0].astype(int)))).sum() <= 2 * 2 * 881


def test_neither_is_bit_for_bit() -> None:
    pcm = sine(440, 16_000)
    assert Shaper(0, 0).shape(pcm) is pcm


def test_a_source_is_shaped_and_its_level_is_that_sent() -> None:
    """The tone's beeps are at -20 dBFS; 20 dB louder they reach full scale."""
    settings = SoundSettings(source="tone:", gain_db=20)
    source = SoundSource(ToneFeed(), SessionClock.start(), Shaper(settings.gain_db, settings.high_pass_hz))
    peaks = []
    for _ in range(60):
        sound = source.read(1.0)
        assert sound is not None
        peaks.append(float(source.state.detail["peak_dbfs"] or 0))  # type: ignore[arg-type]
    source.close()
    assert max(peaks) > -1.0
