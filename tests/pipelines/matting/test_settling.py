"""Alpha by the mixing: right where light tells it, the refiner's where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.matting.cells import cells_of, colour_cells
from pipelines.matting.colouring import by_plane, expected_light
from pipelines.matting.light import PURE, Tables
from pipelines.matting.settling import settle
from pipelines.media import F32, U8, UNKNOWN, Box
from pipelines.simulated.light import light_of_codes

HW = (64, 96)
EDGE, SOFT = 40, 56  # solid left of the first column, nothing right of the second, strands between
WHOLE = Box(0, 0, HW[1], HW[0])
BENT = Tables.of(light_of_codes())
STRANDS = np.s_[8:56, EDGE:SOFT]


def settled(
    paper: int, own: int, alpha: float, guess: int, sigma: int = 8, weight: float = 1.0, tables: Tables = BENT
) -> U8:
    """Alpha of strands of which the refiner guessed this, before paper of one code, by the bent camera."""
    true: F32 = np.zeros(HW, np.float32)
    true[:, :EDGE], true[:, EDGE:SOFT] = 1, alpha
    light = true * BENT.light[own] + (1 - true) * BENT.light[paper]
    noise = np.random.default_rng(3).normal(0, 1, (*HW, 3))
    codes = np.interp(light, BENT.light, np.arange(256))[..., None] + noise
    rgb: U8 = np.asarray(np.clip(np.rint(codes), 0, 255), np.uint8)
    pha: U8 = np.asarray(np.rint(true * 255), np.uint8)
    pha[:, EDGE:SOFT] = guess
    expected = by_plane(expected_light(colour_cells(rgb), cells_of(pha), tables))
    seen, plate = (
        np.ascontiguousarray(picture.transpose(2, 0, 1))
        for picture in (rgb, np.full((*HW, 3), paper, np.uint8))
    )
    weights: F32 = np.full((HW[0] // 8, HW[1] // 8), weight, np.float32)
    settle(seen, plate, np.full(HW, sigma, np.uint8), weights, expected, WHOLE, WHOLE, tables, pha)
    return pha


@pytest.mark.parametrize(("paper", "own"), [(238, 40), (230, 20), (200, 60)])
@pytest.mark.parametrize("alpha", [0.15, 0.4, 0.8])
def test_strands_before_a_page_of_another_colour_are_right(paper: int, own: int, alpha: float) -> None:
    guess = round(255 * alpha) + (40 if alpha < 0.5 else -40)
    off = settled(paper, own, alpha, guess)[STRANDS].astype(float) - 255 * alpha
    assert abs(off.mean()) < 20, "the refiner was forty codes off"


def test_it_is_the_cameras_curve_that_makes_it_right() -> None:
    off = settled(238, 60, 0.4, 142, tables=Tables.of(PURE.light))[STRANDS].astype(float) - 102
    assert off.mean() < -15, "a pure power takes a page that the camera bends for darker than it is"


def test_before_paint_of_the_teachers_own_colour_the_refiner_stands() -> None:
    assert np.abs(settled(100, 100, 0.4, 142)[STRANDS].astype(int) - 142).max() <= 2
    assert np.abs(settled(24, 20, 0.4, 142)[STRANDS].astype(int) - 142).mean() < 8


def test_hair_beside_a_bright_sleeve_is_not_taken_for_the_dark_page() -> None:
    assert (settled(40, 150, 0.0, 142)[STRANDS] == 142).all()
    assert settled(100, 200, 0.0, 142)[STRANDS].mean() < 100, "there it is no hair"


def test_nothing_moves_without_a_plate_or_without_trust() -> None:
    assert (settled(238, 40, 0.4, 142, sigma=UNKNOWN)[STRANDS] == 142).all()
    assert (settled(238, 40, 0.4, 142, weight=0.0)[STRANDS] == 142).all()


def test_a_doubtful_plate_has_less_to_say() -> None:
    by_sure, by_doubtful = (settled(238, 40, 0.4, 142, sigma=sigma)[STRANDS].mean() for sigma in (8, 24))
    assert by_sure + 6 < by_doubtful < 142


@pytest.mark.parametrize("sure", [0, 2, 253, 255])
def test_alpha_that_the_refiner_is_sure_of_stands(sure: int) -> None:
    assert (settled(238, 40, 0.4, sure)[STRANDS] == sure).all()
