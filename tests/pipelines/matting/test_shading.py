"""The teacher's shadow on wall and glass, found beside them and taken into the plate."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.matting.cells import CELL_PX, cells_of, colour_cells
from pipelines.matting.evidence import deviation
from pipelines.matting.shading import Shadow, find_shadow, shade, shaded_cells
from pipelines.media import F32, U8

HEIGHT, WIDTH = 240, 320
BODY = (slice(80, 240), slice(120, 200))
LIGHT = (np.arange(256) / 255) ** 2.2


def wall() -> U8:
    rgb = np.full((HEIGHT, WIDTH, 3), (170, 160, 140), np.uint8)
    rgb[150:] = (70, 120, 100)
    return rgb


def shadowed(rgb: U8, share: F32) -> U8:
    """With this share of the lamps' light gone, and noise."""
    light = LIGHT[rgb] * (1 - share[..., None])
    noise = np.random.default_rng(2).normal(0, 1.2, rgb.shape)
    return np.clip(255 * light ** (1 / 2.2) + noise, 0, 255).astype(np.uint8)


def halo(strength: float) -> F32:
    """Soft, around the body."""
    body = np.zeros((HEIGHT, WIDTH), np.float32)
    body[BODY] = 1
    soft = cv2.GaussianBlur(np.roll(body, (6, 14), (0, 1)), (0, 0), 22)
    return np.asarray(strength * soft, np.float32)


def coarse_of_body() -> U8:
    coarse: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    coarse[BODY] = 255
    return coarse


def shadow_of(rgb: U8, plate: U8, room: U8, coarse: U8) -> Shadow:
    sigma: U8 = np.empty((HEIGHT, WIDTH), np.uint8)
    deviation(plate, np.full((HEIGHT, WIDTH), 8, np.uint8), sigma)
    cells = (cells_of(plane) for plane in (room, sigma, coarse))
    return find_shadow(colour_cells(rgb), colour_cells(plate), *cells)


def under(shadow: Shadow, plate: U8, room: U8) -> U8:
    """The plate under this shadow. Its cells say the same."""
    out: U8 = np.empty((3, HEIGHT, WIDTH), np.uint8)
    shade(plate, room, shadow, 0, 0, out)
    rgb = np.ascontiguousarray(out.transpose(1, 2, 0))
    np.testing.assert_array_equal(
        shaded_cells(colour_cells(plate), cells_of(room), shadow), colour_cells(rgb)
    )
    return rgb


ALL_LAMPS: U8 = np.full((HEIGHT, WIDTH), 255, np.uint8)


def test_the_shadow_is_found_and_taken_into_the_plate() -> None:
    plate, share = wall(), halo(0.5)
    rgb = shadowed(plate, share)
    rgb[BODY] = (180, 40, 40)
    out = under(shadow_of(rgb, plate, ALL_LAMPS, coarse_of_body()), plate, ALL_LAMPS)
    near = (share > 0.12) & (coarse_of_body() == 0)
    before, after = (np.abs(rgb.astype(int) - p)[near].mean() for p in (plate, out))
    assert before > 10
    assert after < 0.3 * before


def test_without_a_shadow_the_plate_stays() -> None:
    plate = wall()
    rgb = shadowed(plate, np.zeros((HEIGHT, WIDTH), np.float32))
    out = under(shadow_of(rgb, plate, ALL_LAMPS, coarse_of_body()), plate, ALL_LAMPS)
    off = cv2.absdiff(out, plate)
    assert off.max() <= 1
    assert (off > 0).mean() < 0.02


def test_a_missed_hand_is_no_shadow() -> None:
    plate = wall()
    rgb = shadowed(plate, np.zeros((HEIGHT, WIDTH), np.float32))
    rgb[90:120, 60:120] = (200, 140, 115)
    field = shadow_of(rgb, plate, ALL_LAMPS, coarse_of_body()).share
    assert np.abs(field[90 // CELL_PX : 120 // CELL_PX, 60 // CELL_PX : 120 // CELL_PX]).max() < 0.1


def test_a_bright_page_throws_its_own_light() -> None:
    """Where the lamps give a tenth of the light, losing half of it dims by a twentieth."""
    plate, share = wall(), halo(0.5)
    room = np.full((HEIGHT, WIDTH), 26, np.uint8)
    rgb = shadowed(plate, share * 0.1)
    out = under(shadow_of(rgb, plate, room, coarse_of_body()), plate, room)
    near = (share > 0.2) & (coarse_of_body() == 0)
    lost = 1 - LIGHT[out[near]].mean() / LIGHT[plate[near]].mean()
    assert 0.01 < lost < 0.05
