"""Large plain things before a page of nearly their colour: whole, though a tile of them tells little."""

from __future__ import annotations

import numpy as np
import pytest

from models.refiner_net import RefinerNet
from models.settings import NetworkSettings
from pipelines.matting.refining import Refiner
from pipelines.media import F32, PTS_HZ, TRUST_TILE_PX, U8, Box, Frame, Matte, Prediction

WIDTH, HEIGHT = 640, 480
LCD = Box(32, 16, 576, 448)
BODY = (slice(160, 480), slice(380, 500))
BOARD = (slice(203, 325), slice(237, 384))  # held out to the left, 15 codes darker than the page
INSIDE = (slice(224, 296), slice(264, 360))
PAGE, PALE = (232, 232, 230), (217, 216, 212)
STEP = PTS_HZ // 25


class ClaimsNothing:
    """Satisfies refining.Net."""

    def answer(self, features: F32) -> F32:
        return np.zeros((len(features), 4, *features.shape[2:]), np.float32)


def page() -> U8:
    rgb: U8 = np.full((HEIGHT, WIDTH, 3), PAGE, np.uint8)
    rgb[258:264, 60:580] = 40  # a line that goes on behind the board
    return rgb


def prediction(trust: int = 255, lamps: int = 10) -> Prediction:
    tiles = -(-LCD.h // TRUST_TILE_PX), -(-LCD.w // TRUST_TILE_PX)
    return Prediction(
        LCD,
        np.ascontiguousarray(page()[LCD.slices]),
        np.full((LCD.h, LCD.w), 4, np.uint8),
        np.full(tiles, trust, np.uint8),
        np.full((LCD.h, LCD.w), lamps, np.uint8),
    )


def sight(held: U8, number: int) -> Matte:
    """What the camera sees, and the network's matte, which knows the body only. held: u8 (h, w, 3)."""
    rgb = page()
    rgb[BOARD] = held
    rgb[BODY] = (120, 40, 50)
    noise = np.random.default_rng(number).normal(0, 1.4, rgb.shape)
    frame = Frame(np.clip(rgb + noise, 0, 255).astype(np.uint8), number * STEP, number + 1)
    pha: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    pha[BODY] = 255
    box = Box(364, 140, 150, 340)
    return Matte(
        frame, box, np.ascontiguousarray(pha[box.slices]), np.ascontiguousarray(frame.rgb[box.slices])
    )


def board(colour: tuple[int, int, int] = PALE) -> U8:
    height, width = (part.stop - part.start for part in BOARD)
    return np.full((height, width, 3), colour, np.uint8)


def refined(known: Prediction, held: list[U8]) -> Matte:
    """The last of the mattes of these pictures."""
    refiner = Refiner(ClaimsNothing(), lambda _: known)
    return [refiner(sight(thing, number)) for number, thing in enumerate(held)][-1]


def full(matte: Matte) -> U8:
    pha: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    pha[matte.box.slices] = matte.pha
    return pha


def test_a_pale_board_before_a_white_page_is_whole_and_keeps_its_colour() -> None:
    matte = refined(prediction(), [board(), board()])
    assert (full(matte)[INSIDE] == 255).mean() > 0.95
    box = matte.box
    colour = matte.fgr[224 - box.y : 296 - box.y, 264 - box.x : 360 - box.x]
    assert np.abs(colour.reshape(-1, 3).mean(axis=0) - PALE).max() < 2


def test_the_refiners_network_finds_its_edge() -> None:
    net = RefinerNet.open(NetworkSettings(provider="cpu", threads=1))
    refiner = Refiner(net, lambda _: prediction())
    mattes = [refiner(sight(board(), number)) for number in range(4)]
    truth: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[BODY] = truth[BOARD] = 255
    off = np.abs(full(mattes[-1]).astype(int) - truth)[184:336, 224:384]
    assert off.mean() / 255 < 0.06


def test_where_thing_and_body_meet_is_whole_though_they_move() -> None:
    shadow = board()
    shadow[:, 141:] = (150, 60, 60)  # of the body's edge, on the board: in the cells that both share
    matte = refined(prediction(), [board(), board(), shadow])
    assert (full(matte)[224:296, 376:384] == 255).mean() > 0.95


def veil() -> U8:
    """The page with fifteen codes less: what lies behind still shows."""
    return np.asarray(page()[BOARD].astype(int) - 15, np.int64).clip(0, 255).astype(np.uint8)


def hair() -> U8:
    """Strands before the page: darker in the mean, and full of gaps."""
    strands = board(PAGE)
    strands[:, ::3] = (150, 145, 140)
    return strands


@pytest.mark.parametrize(
    "held",
    [
        [board()],  # nothing is known of the picture before
        [board(), board((196, 195, 190))],  # it changes: a moving thing may be blurred
        [board((226, 226, 224))] * 2,  # no further off than a plate may be wrong
        [hair()] * 2,
    ],
    ids=["first picture", "moving", "within the plate's error", "hair"],
)
def test_what_may_be_half_there_is_left_to_the_refiners_network(held: list[U8]) -> None:
    assert full(refined(prediction(), held))[INSIDE].max() < 255


def test_a_line_that_shows_through_says_that_it_is_not_solid() -> None:
    pha = full(refined(prediction(), [veil()] * 2))
    assert pha[256:264, 264:360].max() < 255


def test_a_shadow_on_a_lamplit_wall_is_nobody() -> None:
    assert full(refined(prediction(lamps=255), [board((206, 206, 204))] * 2))[INSIDE].max() < 255


def test_a_dark_bar_under_a_glare_is_nobody() -> None:
    """A little light is few codes on white paper, and many on dark."""
    dark = prediction()
    rgb = np.array(dark.rgb)
    rgb[BOARD[0].start - LCD.y : BOARD[0].stop - LCD.y, BOARD[1].start - LCD.x : BOARD[1].stop - LCD.x] = 40
    known = Prediction(LCD, rgb, dark.doubt, dark.trust, dark.room)
    assert full(refined(known, [board((51, 51, 51))] * 2))[INSIDE].max() < 255


def test_what_is_small_is_left_to_the_refiners_network() -> None:
    held = np.array(page()[BOARD])
    held[40:64, 110:] = PALE  # beside the body
    assert full(refined(prediction(), [held] * 2))[BOARD][:, :136].max() < 255


def test_without_full_trust_nothing_is_completed() -> None:
    assert full(refined(prediction(trust=200), [board()] * 2))[INSIDE].max() < 255
