"""Alpha carried for long: an arm that has swung is taken from where it was, and found where it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.matting.refining import Refiner
from pipelines.media import F32, PTS_HZ, TRUST_TILE_PX, U8, Box, Frame, Matte, Prediction

WIDTH, HEIGHT = 640, 480
LCD = Box(32, 16, 576, 448)
BODY = (slice(160, 480), slice(380, 500))
UP, DOWN = ((slice(y, y + 48), slice(200, 390)) for y in (176, 336))
SLEEVE, GREEN, PAGE = (150, 40, 60), (90, 130, 70), (232, 232, 230)
OLD_PTS, STEP = round(0.24 * PTS_HZ), PTS_HZ // 6
Part = tuple[slice, slice]


class ClaimsNothing:
    """Adds nothing to the coarse alpha. Satisfies refining.Net."""

    def answer(self, features: F32) -> F32:
        return np.zeros((len(features), 4, *features.shape[2:]), np.float32)


def page() -> U8:
    rgb: U8 = np.full((HEIGHT, WIDTH, 3), PAGE, np.uint8)
    rgb[354:360, 60:580] = 40
    return rgb


def prediction(lamps: int) -> Prediction:
    tiles = -(-LCD.h // TRUST_TILE_PX), -(-LCD.w // TRUST_TILE_PX)
    doubt, trust, room = (
        np.full(shape, value, np.uint8)
        for shape, value in (((LCD.h, LCD.w), 4), (tiles, 255), ((LCD.h, LCD.w), lamps))
    )
    return Prediction(LCD, np.ascontiguousarray(page()[LCD.slices]), doubt, trust, room)


def sight(
    number: int,
    arm: Part,
    claimed: Part,
    carried_pts: int,
    sleeve: tuple[int, ...] = SLEEVE,
    dimmed: int = 0,
) -> Matte:
    """Somebody with an arm in one place, of whom alpha says that it is in another. dimmed: by how many codes
    the page is, there.
    """
    rgb, pha = page(), np.zeros((HEIGHT, WIDTH), np.uint8)
    rgb[claimed] -= np.uint8(dimmed)
    rgb[BODY], rgb[arm] = SLEEVE, sleeve
    pha[BODY] = pha[claimed] = 255
    noise = np.random.default_rng(number).normal(0, 1.4, rgb.shape)
    frame = Frame(np.clip(rgb + noise, 0, 255).astype(np.uint8), number * STEP, number)
    box = Box(180, 150, 340, 330)
    colour = np.ascontiguousarray(frame.rgb[box.slices])
    return Matte(frame, box, np.ascontiguousarray(pha[box.slices]), colour, carried_pts)


def alpha(mattes: list[Matte], lamps: int = 10) -> U8:
    """Of the last of these, refined one after the other. lamps: their share of the light, of 255."""
    known = prediction(lamps)
    refiner = Refiner(ClaimsNothing(), lambda _: known)
    last = [refiner(matte) for matte in mattes][-1]
    pha: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    pha[last.box.slices] = last.pha
    return pha


def inner(part: Part) -> Part:
    """Without its edges and what touches the body."""
    return slice(part[0].start + 8, part[0].stop - 8), slice(part[1].start + 16, part[1].stop - 32)


def test_an_arm_that_has_swung_is_where_it_is_seen() -> None:
    pha = alpha([sight(0, UP, UP, 0), sight(1, DOWN, UP, OLD_PTS)])
    assert (pha[inner(DOWN)] == 255).all()
    assert (pha[inner(UP)] == 0).all()
    assert (pha[200:460, 400:480] == 255).all()


def test_its_shadow_may_stay_where_it_was() -> None:
    pha = alpha([sight(0, UP, UP, 0), sight(1, DOWN, UP, OLD_PTS, dimmed=3)])
    assert (pha[inner(UP)] == 0).all()


def test_it_stays_gone_while_alpha_lags_behind() -> None:
    mattes = [sight(0, UP, UP, 0), sight(1, DOWN, UP, OLD_PTS), sight(2, DOWN, UP, OLD_PTS)]
    assert (alpha(mattes)[inner(UP)] == 0).all()


@pytest.mark.parametrize(("steps", "stays"), [(3, False), (6, False), (7, True)])
def test_a_picture_of_long_ago_says_nothing_of_who_has_gone(steps: int, stays: bool) -> None:
    pha = alpha([sight(0, UP, UP, 0), sight(steps, DOWN, UP, OLD_PTS)])
    assert (pha[inner(UP)] == (255 if stays else 0)).all()


def test_fresh_alpha_is_left_to_the_network() -> None:
    pha = alpha([sight(0, UP, UP, 0), sight(1, DOWN, UP, 0)])
    assert (pha[inner(DOWN)] == 0).all()
    assert (pha[inner(UP)] == 255).all()


def test_a_sleeve_of_the_pages_colour_that_was_there_before_stays() -> None:
    mattes = [sight(number, UP, UP, number * OLD_PTS, sleeve=PAGE) for number in range(2)]
    assert (alpha(mattes)[inner(UP)] == 255).all()


def test_a_page_that_turns_to_the_sleeves_colour_takes_no_arm_away() -> None:
    # Two steps apart: closer ones, and what stands still keeps the alpha that it had.
    first, second = sight(0, UP, UP, 0, GREEN), sight(2, UP, UP, OLD_PTS, GREEN)
    seen = np.array(second.frame.rgb)
    is_page = (np.abs(seen.astype(int) - SLEEVE) > 12).any(axis=2)
    is_page[UP] = False
    seen[is_page] = GREEN
    turned = Matte(Frame(seen, 2 * STEP, 1), second.box, second.pha, seen[second.box.slices], OLD_PTS)
    plain, known = np.full((LCD.h, LCD.w, 3), GREEN, np.uint8), prediction(10)
    pages = [known, replace(known, rgb=plain)]
    refiner = Refiner(ClaimsNothing(), lambda matte: pages[matte.frame.pts // (2 * STEP)])
    last = [refiner(matte) for matte in (first, turned)][-1]
    pha: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    pha[last.box.slices] = last.pha
    assert (pha[inner(UP)] == 255).all()


@pytest.mark.parametrize(("shade", "lamps"), [((212, 212, 210), 10), ((150, 150, 149), 250)])
def test_a_shadow_that_moves_is_nobodys_arm(shade: tuple[int, int, int], lamps: int) -> None:
    mattes = [sight(0, UP, UP, 0), sight(1, DOWN, UP, OLD_PTS, sleeve=shade)]
    assert (alpha(mattes, lamps)[inner(DOWN)] == 0).all()
    assert (alpha(mattes, lamps=10)[inner(DOWN)] == 255).all() == (lamps == 250)
