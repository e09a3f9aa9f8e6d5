from __future__ import annotations

import numpy as np

from pipelines.light import (
    CODE_OF_LINEAR,
    LINEAR_MAX,
    LINEAR_OF_CODE,
    linear_from_srgb,
    srgb_from_linear,
)


def test_every_code_survives_the_way_to_linear_light_and_back():
    assert np.array_equal(CODE_OF_LINEAR[LINEAR_OF_CODE], np.arange(256))


def test_tables_grow_steadily_and_span_the_whole_range():
    assert np.all(np.diff(LINEAR_OF_CODE.astype(int)) > 0)
    assert np.all(np.isin(np.diff(CODE_OF_LINEAR.astype(int)), (0, 1)))
    assert (LINEAR_OF_CODE[0], LINEAR_OF_CODE[-1]) == (0, LINEAR_MAX)


def test_half_the_light_is_code_188():
    assert CODE_OF_LINEAR[LINEAR_MAX // 2] == 188


def test_the_two_pieces_of_the_curve_meet():
    below, above = linear_from_srgb(np.array([0.04045 - 1e-9, 0.04045 + 1e-9]))
    assert abs(above - below) < 1e-6


def test_curves_are_each_others_inverse():
    coded = np.linspace(0, 1, 1001)
    assert np.allclose(srgb_from_linear(linear_from_srgb(coded)), coded, atol=1e-6)
