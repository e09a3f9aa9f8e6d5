from __future__ import annotations

import numpy as np

from pipelines.simulated.light import NOISE_SIGMA_UNITS, lcd_table, noise_bank, noise_table, tone, tone_table
from pipelines.simulated.room import Room


def test_the_tone_curve_rises_everywhere_and_saturates_softly() -> None:
    code = tone(np.linspace(0, 1.6, 4001))
    assert (np.diff(code) > 0).all()
    assert code[0] == 0
    assert 0.95 < code[-1] < 1
    steps = np.diff(code)
    assert steps[-1] < steps[2000] / 3


def test_the_tone_table_fits_its_type() -> None:
    table = tone_table()
    assert table.dtype == np.int16
    assert table.min() == 0
    assert (np.diff(table.astype(np.int32)) >= 0).all()


def test_a_black_page_still_glows() -> None:
    assert (lcd_table(Room())[0, 0] > 0).all()


def test_noise_is_even_over_dark_and_middle_codes_and_squeezed_near_saturation() -> None:
    sigmas = noise_table(Room(noise=1.5))
    assert sigmas[128] == 48  # 1.5 codes in units of 1/32
    assert 0.8 * 48 < sigmas[20] < 2 * 48
    assert sigmas[245] < 0.6 * 48
    assert not noise_table(Room(noise=0)).any()


def test_the_noise_bank_has_unit_sigma_and_no_mean() -> None:
    bank = noise_bank(300, 400, np.random.default_rng(1)).astype(np.float64)
    assert abs(bank.std() / NOISE_SIGMA_UNITS - 1) < 0.03
    assert abs(bank.mean()) < 0.02 * NOISE_SIGMA_UNITS
