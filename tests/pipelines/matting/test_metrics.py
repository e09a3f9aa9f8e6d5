"""The measures, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.matting import metrics


def test_mad_and_mse() -> None:
    truth = np.zeros((4, 5), np.uint8)
    pha = truth.copy()
    pha[0, 0] = 255
    assert metrics.mad(pha, truth) == pytest.approx(1 / 20)
    assert metrics.mse(pha, truth) == pytest.approx(1 / 20)
    where = np.zeros((4, 5), np.bool_)
    where[0, :2] = True
    assert metrics.mad(pha, truth, where) == pytest.approx(1 / 2)


def test_gradient_sees_blur_but_not_an_offset() -> None:
    step = np.zeros((40, 40), np.uint8)
    step[:, 20:] = 200
    ramp = np.clip((np.arange(40) - 15) * 20, 0, 200).astype(np.uint8)
    assert metrics.gradient(step, step) == pytest.approx(0, abs=1e-12)
    assert metrics.gradient(step + 30, step) == pytest.approx(0, abs=1e-6)
    assert metrics.gradient(np.tile(ramp, (40, 1)), step) > 1e-3


def test_dtssd_counts_flicker_only() -> None:
    still = np.full((4, 4), 100, np.uint8)
    brighter = np.full((4, 4), 151, np.uint8)
    assert metrics.dtssd(brighter, brighter, still, still) == 0
    assert metrics.dtssd(brighter, still, still, still) == pytest.approx(0.2)


def test_psnr() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    assert metrics.psnr_db(black, black) == 99
    assert metrics.psnr_db(black + 255, black) == pytest.approx(0)


def test_regions() -> None:
    truth = np.zeros((100, 100), np.uint8)
    truth[:, 50:] = 255
    truth[:, 49] = 128
    band = metrics.edge_band(truth, radius_px=2)
    assert band[0].nonzero()[0].tolist() == [47, 48, 49, 50, 51]
    hand = metrics.near([(50, 50)], 10, truth)
    assert hand[50, 55] and hand[50, 44] and not hand[50, 41] and not hand[80, 60]


def test_connectivity_counts_what_is_cut_off() -> None:
    """An island of ten pixels that hangs together with nothing: each is off by its whole alpha."""
    truth = np.zeros((20, 20), np.uint8)
    truth[2:12, 2:12] = 255
    pha = truth.copy()
    assert metrics.connectivity(pha, truth) == 0
    pha[15, 5:15] = 255
    assert metrics.connectivity(pha, truth) == pytest.approx(0.01)


def test_ssim() -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (40, 40, 3)).astype(np.uint8)
    assert metrics.ssim(picture, picture) == pytest.approx(1)
    flat, brighter = (np.full((40, 40, 3), level, np.uint8) for level in (100, 120))
    # Without structure only the luminance term is left: (2 a b + C1) / (a^2 + b^2 + C1).
    c1 = (0.01 * 255) ** 2
    assert metrics.ssim(flat, brighter) == pytest.approx((24_000 + c1) / (24_400 + c1), abs=1e-4)


def test_colour_error_is_weighted_by_alpha() -> None:
    truth = np.zeros((2, 2, 3), np.uint8)
    fgr = truth.copy()
    fgr[0, 0] = 51
    fgr[1, 1] = 255
    pha = np.array([[255, 255], [0, 0]], np.uint8)
    assert metrics.colour_error(fgr, truth, pha) == pytest.approx(0.1)


def test_pointing_ends_where_the_pointer_does() -> None:
    pha = np.zeros((40, 120), np.uint8)
    pha[20, 10:71] = 255
    assert metrics.pointing_px(pha, (10, 20), (100, 20)) == pytest.approx(28, abs=1)
    pha[20, 10:101] = 255
    assert metrics.pointing_px(pha, (10, 20), (100, 20)) == pytest.approx(2, abs=1)
    pha[20, 40:60] = 0
    assert metrics.pointing_px(pha, (10, 20), (100, 20)) == pytest.approx(59, abs=1)
    assert metrics.pointing_px(np.zeros((40, 120), np.uint8), (10, 20), (100, 20)) == pytest.approx(90)
