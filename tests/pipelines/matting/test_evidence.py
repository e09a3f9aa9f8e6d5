"""The loops that make the refiner's features and take its answer, against plain NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.matting.cells import CELL_PX, MOST_OFF, cells_of, colour_cells, survey, take_alpha
from pipelines.matting.evidence import ANSWERS, FEATURES, accept, deviation, gather
from pipelines.matting.light import PURE
from pipelines.matting.unmixing import EXPECTED
from pipelines.media import DOUBT_UNITS, F32, U8, UNKNOWN, Box

HW = (64, 96)


def picture(seed: int, channels: int = 3) -> U8:
    rng = np.random.default_rng(seed)
    shape = (*HW, channels) if channels > 1 else HW
    return rng.integers(0, 256, shape).astype(np.uint8)


def planes(rgb: U8) -> U8:
    """A picture (h, w, 3) as planes (3, h, w)."""
    return np.ascontiguousarray(rgb.transpose(2, 0, 1))


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
    part = slice(8, 40), slice(10, 58)
    nobody: F32 = np.zeros((EXPECTED, HW[0] // CELL_PX, HW[1] // CELL_PX), np.float32)
    gather(planes(rgb[part]), planes(plate[part]), sigma, coarse, before, nobody, PURE, 8, 10, out)
    known = (sigma[part] != UNKNOWN)[..., None]
    seen = rgb[part].astype(np.float64)
    behind = np.where(known, plate[part], seen)
    codes = sigma[part] / DOUBT_UNITS
    off = (seen - behind) / (6 * codes[..., None])
    colours = [seen / 255 - 0.5, behind / 255 - 0.5, 2 * off / (1 + np.abs(off))]
    single = [codes / (codes + 6) - 0.5, coarse[part] / 255 - 0.5, before[part] / 255 - 0.5]
    single += [coarse[part] / 255 - 0.5, np.full(codes.shape, -0.5)]  # of colours nothing is expected
    expected = [plane[..., c] for plane in colours for c in range(3)] + single
    np.testing.assert_allclose(out, np.concatenate([halved(p) for p in expected]), atol=2e-5)


def test_an_answer_is_added_and_weighed() -> None:
    plate, coarse = np.full((*HW, 3), 120, np.uint8), picture(6, 1)
    rng = np.random.default_rng(7)
    answer = rng.normal(0, 0.2, (4 * ANSWERS, 32, 32)).astype(np.float32)
    weight: F32 = np.zeros((HW[0] // CELL_PX, HW[1] // CELL_PX), np.float32)
    weight[:, 3:] = 1
    pha = coarse.copy()
    part = slice(8, 56), slice(40, 88)
    accept(answer, planes(plate[:, 32:]), coarse, weight, Box(32, 0, 64, 64), Box(40, 8, 48, 48), pha)
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
    accept(answer, planes(rgb), coarse, weight, *[Box(0, 0, 64, 64)] * 2, pha)
    assert (pha[30, 30] == 255) == kept


@pytest.mark.parametrize(("share", "column"), [(0.0, 1), (1.0, 9)])
def test_weight_goes_smoothly_from_the_network_to_the_refiner(share: float, column: int) -> None:
    coarse: U8 = np.zeros(HW, np.uint8)
    rgb: U8 = np.zeros((*HW, 3), np.uint8)
    answer: F32 = np.ones((4 * ANSWERS, 32, 32), np.float32)
    weight: F32 = np.zeros((8, 12), np.float32)
    weight[:, 5:] = 1
    pha = coarse.copy()
    accept(answer, planes(rgb[:, 16:]), coarse, weight, *[Box(16, 0, 64, 64)] * 2, pha)
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
    survey(colour_cells(rgb), colour_cells(plate), cells_of(sigma), off)
    cells = np.empty((*shape, 16), np.uint8)
    take_alpha(coarse, 0, 0, *HW, cells, least, most)
    np.testing.assert_array_equal(cells, cells_of(coarse))
    assert off[1, 2] == pytest.approx(4.0)
    assert off[2, 2] == pytest.approx(MOST_OFF)
    assert off[4, 5] == 0
    assert (off[:, 0] == -1).all()
    assert (least[1, 2], most[1, 2]) == (0, 200)
