"""The wall that is learnt: soon in an empty room, slowly beside somebody, never with what is held still."""

from __future__ import annotations

import numpy as np

from pipelines.media import PTS_HZ, U8, Box
from pipelines.plate.wall import KNOWN_EVIDENCE, LEARN_EVERY_S, Wall

SIZE_HW = (240, 320)
STEP_PTS = round(PTS_HZ * LEARN_EVERY_S)
EVERYWHERE: U8 = np.full(SIZE_HW, 255, np.uint8)


def paint(seed: int, gain: float = 1.0) -> U8:
    """A wall in two colours with the noise of one picture."""
    rgb = np.full((*SIZE_HW, 3), (150, 140, 120), np.float64)
    rgb[150:] = (60, 110, 90)
    noise = np.random.default_rng(seed).normal(0, 1.5, rgb.shape)
    return np.clip(rgb * gain + noise, 0, 255).astype(np.uint8)


def learnt(count: int, *, is_empty: bool, around: U8 = EVERYWHERE, gain: float = 1.0) -> Wall:
    wall = Wall(around)
    for number in range(count):
        wall.learn(paint(number, gain), EVERYWHERE, number * STEP_PTS, is_empty=is_empty)
    return wall


def drawn(wall: Wall) -> tuple[U8, U8]:
    rgb: U8 = np.zeros((*SIZE_HW, 3), np.uint8)
    doubt: U8 = np.full(SIZE_HW, 255, np.uint8)
    wall.draw(Box(0, 0, SIZE_HW[1], SIZE_HW[0]), rgb, doubt)
    return rgb, doubt


def test_an_empty_room_is_known_after_a_few_pictures() -> None:
    rgb, doubt = drawn(learnt(4, is_empty=True))
    assert (doubt < 255).all()
    off = np.abs(rgb.astype(int) - paint(99).astype(int))
    assert np.median(off) <= 2


def test_beside_somebody_it_takes_seconds() -> None:
    assert (drawn(learnt(KNOWN_EVIDENCE - 2, is_empty=False))[1] == 255).all()
    assert (drawn(learnt(KNOWN_EVIDENCE + 1, is_empty=False))[1] < 255).all()


def test_the_lcd_is_not_learnt() -> None:
    around = EVERYWHERE.copy()
    around[:, 50:] = 0
    doubt = drawn(learnt(5, is_empty=True, around=around))[1]
    assert (doubt[:, :50] < 255).all()
    assert (doubt[:, 50:] == 255).all()


def test_what_is_behind_somebody_stays_unknown() -> None:
    wall, sure = Wall(EVERYWHERE), EVERYWHERE.copy()
    sure[:, :30] = 0
    for number in range(5):
        wall.learn(paint(number), sure, number * STEP_PTS, is_empty=True)
    doubt = drawn(wall)[1]
    assert (doubt[:, :30] == 255).all()
    assert (doubt[:, 30:] < 255).all()


def test_a_stick_held_still_for_two_seconds_is_not_taken_for_wall() -> None:
    wall = learnt(60, is_empty=False)
    for number in range(60, 70):
        rgb = paint(number)
        rgb[20:24, 10:80] = (90, 50, 20)
        wall.learn(rgb, EVERYWHERE, number * STEP_PTS, is_empty=False)
    rgb, doubt = drawn(wall)
    assert (doubt[20:24, 10:80] < 255).all()
    assert np.abs(rgb[20:24, 10:80].astype(int) - (150, 140, 120)).max() < 8


def test_a_moved_chair_is_learnt_anew() -> None:
    wall = learnt(8, is_empty=True)
    for number in range(8, 60):
        rgb = paint(number)
        rgb[20:40, 10:40] = (30, 30, 34)
        wall.learn(rgb, EVERYWHERE, number * STEP_PTS, is_empty=True)
    rgb, doubt = drawn(wall)
    assert (doubt[22:38, 12:38] < 255).all()
    assert np.abs(rgb[22:38, 12:38].astype(int) - 31).max() < 8


def test_a_dimmed_lamp_is_followed_at_once() -> None:
    wall = learnt(10, is_empty=True)
    before = wall.version
    for number in range(10, 13):
        wall.learn(paint(number, 0.8), EVERYWHERE, number * STEP_PTS, is_empty=False)
    rgb, _ = drawn(wall)
    assert wall.version > before
    assert np.median(np.abs(rgb.astype(int) - paint(99, 0.8).astype(int))) <= 2
