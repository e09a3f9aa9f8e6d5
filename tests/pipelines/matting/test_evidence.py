"""The loops that make the refiner's features and take its answer, against plain NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.matting.evidence import (
    ANSWERS,
    CELL_PX,
    FEATURES,
    MOST_OFF,
    UNKNOWN,
    accept,
    deviation,
    gather,
    survey,
)
from pipelines.media import DOUBT_UNITS, F32, U8

HW = (64, 96)


def picture(seed: int, channels: int = 3) -> U8:
    rng = np.random.default_rng(seed)
    shape = (*HW, channels) if channels > 1 else HW
    return rng.integers(0, 256, shape).astype(np.uint8)


def halved(plane: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """A plane (2n, 2m) as four (n, m), in PixelUnshuffle's order."""
    return np.stack([plane[row::2, column::2] for row in range(2) for column in range(2)])


def test_a_flat_plate_leaves_the_noise_and_the_doubt() -> None:
    plate: U8 = np.full((*HW, 3), 90, np.uint8)
    doubt: U8 = np.zeros(HW, np.uint8)
    doubt[:, 48:] = 30
    doubt[0, 0] = UNKNOWN
    sigma = np.empty(HW, np.uint8)
    deviation(plate, doubt, sigma)
    assert sigma[32, 10] == round(1.6 * DOUBT_UNITS)
    assert sigma[32, 60] == round(np.hypot(1.6 * DOUBT_UNITS, 30))
    assert sigma[0, 0] == UNKNOWN


def test_an_edge_is_doubtful_one_pixel_further() -> None:
    plate: U8 = np.zeros((*HW, 3), np.uint8)
    plate[:, 40:, 1] = 200
    sigma = np.empty(HW, np.uint8)
    deviation(plate, np.zeros(HW, np.uint8), sigma)
    steep = round(float(np.hypot(1.6 * DOUBT_UNITS, 0.3 * 100 * DOUBT_UNITS)))
    assert (sigma[:, 38:42] == steep).all()
    assert (sigma[:, :38] < 10).all()
    assert (sigma[:, 42:] < 10).all()


def test_features_are_what_they_are_said_to_be() -> None:
    rgb, plate, coarse, before = picture(1), picture(2), picture(3, 1), picture(4, 1)
    sigma: U8 = np.full(HW, 20, np.uint8)
    sigma[20:30] = UNKNOWN
    out: F32 = np.empty((4 * FEATURES, 16, 24), np.float32)
    nobody: F32 = np.zeros((HW[0] // CELL_PX, HW[1] // CELL_PX, 4), np.float32)
    gather(rgb, plate, sigma, coarse, before, nobody, 8, 10, out)
    part = slice(8, 40), slice(10, 58)
    known = (sigma[part] != UNKNOWN)[..., None]
    seen = rgb[part].astype(np.float64)
    behind = np.where(known, plate[part], seen)
    codes = sigma[part] / DOUBT_UNITS
    off = (seen - behind) / (6 * codes[..., None])
    planes = [seen / 255 - 0.5, behind / 255 - 0.5, 2 * off / (1 + np.abs(off))]
    single = [codes / (codes + 6) - 0.5, coarse[part] / 255 - 0.5, before[part] / 255 - 0.5]
    single += [coarse[part] / 255 - 0.5, np.full(codes.shape, -0.5)]  # of colours nothing is expected
    expected = [plane[..., c] for plane in planes for c in range(3)] + single
    np.testing.assert_allclose(out, np.concatenate([halved(p) for p in expected]), atol=2e-5)


def unmixed(own: list[float], behind: list[float], alpha: npt.NDArray[np.float64]) -> tuple[F32, F32]:
    """What is made of colours (linear light) mixed by alpha (h, w): the alpha, and how sure it is."""
    light = alpha[..., None] * own + (1 - alpha[..., None]) * behind
    rgb = np.asarray(np.rint(light ** (1 / 2.2) * 255), np.uint8)
    plate = np.asarray(np.rint(np.broadcast_to(behind, light.shape) ** (1 / 2.2) * 255), np.uint8)
    flat: U8 = np.full(alpha.shape, 7, np.uint8)
    expected: F32 = np.ones((alpha.shape[0] // CELL_PX, alpha.shape[1] // CELL_PX, 4), np.float32)
    expected[..., :3] = own
    out: F32 = np.empty((4 * FEATURES, alpha.shape[0] // 2, alpha.shape[1] // 2), np.float32)
    gather(rgb, plate, flat, flat, flat, expected, 0, 0, out)
    return whole(out[48:52]) + 0.5, whole(out[52:56]) + 0.5


def whole(planes: F32) -> F32:
    return planes.reshape(2, 2, *planes.shape[1:]).transpose(2, 0, 3, 1).reshape(HW)


def test_alpha_follows_from_the_mixing_where_the_colours_differ() -> None:
    alpha = np.tile(np.linspace(0, 1, HW[1]), (HW[0], 1))
    found, sure = unmixed([0.02, 0.015, 0.01], [0.8, 0.85, 0.8], alpha)  # dark hair before white paper
    assert np.abs(found - alpha).max() < 0.02
    assert sure.min() > 0.9
    found, sure = unmixed([0.008, 0.006, 0.005], [0.03, 0.03, 0.035], alpha)  # and before a dark page
    assert np.abs(found - alpha).max() < 0.1
    assert sure.min() > 0.6


def test_colours_that_are_alike_tell_no_alpha() -> None:
    alpha = np.tile(np.linspace(0, 1, HW[1]), (HW[0], 1))
    _, sure = unmixed([0.3, 0.25, 0.2], [0.28, 0.25, 0.22], alpha)
    assert sure.max() < 0.2


def test_a_third_colour_is_not_taken_for_a_mixture() -> None:
    half: npt.NDArray[np.float64] = np.full(HW, 0.5)
    _, sure = unmixed([0.02, 0.02, 0.02], [0.8, 0.8, 0.8], half)
    green = np.asarray([0.1, 0.7, 0.1])
    expected: F32 = np.ones((HW[0] // CELL_PX, HW[1] // CELL_PX, 4), np.float32)
    expected[..., :3] = 0.02
    rgb = np.asarray(np.rint(np.broadcast_to(green, (*HW, 3)) ** (1 / 2.2) * 255), np.uint8)
    plate: U8 = np.full((*HW, 3), 230, np.uint8)
    flat: U8 = np.full(HW, 7, np.uint8)
    out: F32 = np.empty((4 * FEATURES, HW[0] // 2, HW[1] // 2), np.float32)
    gather(rgb, plate, flat, flat, flat, expected, 0, 0, out)
    assert (whole(out[52:56]) + 0.5).max() < sure.min() - 0.3


def test_an_answer_is_added_and_weighed() -> None:
    plate, coarse = np.full((*HW, 3), 120, np.uint8), picture(6, 1)
    rng = np.random.default_rng(7)
    answer = rng.normal(0, 0.2, (4 * ANSWERS, 32, 32)).astype(np.float32)
    weight: F32 = np.zeros((HW[0] // CELL_PX, HW[1] // CELL_PX), np.float32)
    weight[:, 3:] = 1
    pha = coarse.copy()
    accept(answer, plate, coarse, weight, 0, 32, 8, pha)
    part = slice(8, 56), slice(40, 88)
    delta = answer.reshape(2, 2, 32, 32).transpose(2, 0, 3, 1).reshape(64, 64)[8:56, 8:56] * 255
    expected = np.clip(coarse[part] + delta, 0, 255)
    assert np.abs(pha[part].astype(float) - expected).max() <= 0.51
    outside = np.ones(HW, bool)
    outside[part] = False
    np.testing.assert_array_equal(pha[outside], coarse[outside])


@pytest.mark.parametrize(("paper", "kept"), [(20, True), (245, True), (120, False)])
def test_a_sure_alpha_stays_where_agreement_says_nothing(paper: int, kept: bool) -> None:
    rgb: U8 = np.full((*HW, 3), paper, np.uint8)
    coarse: U8 = np.full(HW, 255, np.uint8)
    pha = coarse.copy()
    answer, weight = np.full((4, 32, 32), -1, np.float32), np.ones((8, 12), np.float32)
    accept(answer, rgb, coarse, weight, 0, 0, 0, pha)
    assert (pha[30, 30] == 255) == kept


@pytest.mark.parametrize(("share", "column"), [(0.0, 1), (1.0, 9)])
def test_weight_goes_smoothly_from_the_network_to_the_refiner(share: float, column: int) -> None:
    coarse: U8 = np.zeros(HW, np.uint8)
    rgb: U8 = np.zeros((*HW, 3), np.uint8)
    answer: F32 = np.ones((4 * ANSWERS, 32, 32), np.float32)
    weight: F32 = np.zeros((8, 12), np.float32)
    weight[:, 5:] = 1
    pha = coarse.copy()
    accept(answer, rgb, coarse, weight, 0, 16, 0, pha)
    row = pha[32].astype(int)
    assert (np.diff(row[16:80]) >= 0).all()
    assert np.diff(row[16:80]).max() <= 255 / CELL_PX + 1
    assert row[column * CELL_PX + 4] == share * 255 or column * CELL_PX < 16


def test_the_survey_counts_deviations_by_cell() -> None:
    plate: U8 = np.full((*HW, 3), 100, np.uint8)
    rgb = plate.copy()
    rgb[8:16, 16:24] = 106  # 6 codes of 3: two deviations
    rgb[16:24, 16:24] = 255
    sigma: U8 = np.full(HW, 12, np.uint8)
    sigma[:, :8] = UNKNOWN
    coarse: U8 = np.zeros(HW, np.uint8)
    coarse[8:12, 16:24] = 200
    shape = HW[0] // CELL_PX, HW[1] // CELL_PX
    off: F32 = np.empty(shape, np.float32)
    least, most = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    survey(rgb, plate, sigma, coarse, off, least, most)
    assert off[1, 2] == pytest.approx(4.0)
    assert off[2, 2] == pytest.approx(MOST_OFF)
    assert off[4, 5] == 0
    assert (off[:, 0] == -1).all()
    assert (least[1, 2], most[1, 2]) == (0, 200)
