"""The teacher's own colour over a known page: hair before white is as dark as hair before black."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.matting.cells import cells_of, colour_cells
from pipelines.matting.colouring import Canvas, colour, expected_light
from pipelines.matting.light import PURE, Tables
from pipelines.media import F32, U8, UNKNOWN, Box
from pipelines.simulated.light import light_of_codes

HW = (64, 96)
EDGE, SOFT = 40, 56  # solid left of the first column, nothing right of the second, strands between
WHOLE = Box(0, 0, HW[1], HW[0])


def scene(paper: int, own: int, alpha: float, tables: Tables = PURE) -> tuple[U8, U8, U8]:
    """Picture, plate and alpha: a head of one colour with strands at its right, mixed in linear light."""
    pha: F32 = np.zeros(HW, np.float32)
    pha[:, :EDGE], pha[:, EDGE:SOFT] = 1, alpha
    light = pha * tables.light[own] + (1 - pha) * tables.light[paper]
    codes = np.rint(np.interp(light, tables.light, np.arange(256)))
    rgb = codes.astype(np.uint8)[..., None].repeat(3, 2)
    return rgb, np.full((*HW, 3), paper, np.uint8), np.rint(pha * 255).astype(np.uint8)


def linear(codes: U8) -> F32:
    return np.asarray((codes / 255) ** 2.2, np.float32)


def coloured(rgb: U8, plate: U8, pha: U8, sigma: int = 9, weight: float = 1.0, tables: Tables = PURE) -> U8:
    fgr = rgb.copy()
    weights: F32 = np.full((HW[0] // 8, HW[1] // 8), weight, np.float32)
    expected = expected_light(colour_cells(rgb), cells_of(pha), tables)
    pictures = (np.ascontiguousarray(picture.transpose(2, 0, 1)) for picture in (rgb, plate))
    known = np.full(HW, sigma, np.uint8), pha, weights, expected
    colour(*pictures, *known, WHOLE, WHOLE, Canvas(fgr, 0, 0), tables)
    return fgr


@pytest.mark.parametrize(("paper", "own"), [(250, 40), (20, 180), (128, 60), (245, 15)])
@pytest.mark.parametrize("alpha", [0.05, 0.3, 0.6, 0.9])
def test_the_screens_light_leaves_the_strands(paper: int, own: int, alpha: float) -> None:
    fgr = coloured(*scene(paper, own, alpha))
    off = linear(fgr[8:56, EDGE:SOFT]) - (own / 255) ** 2.2
    assert np.abs(off).max() < 0.02, "half a code of the paper's, and no more"
    np.testing.assert_array_equal(fgr[:, : EDGE - 8], own, "solid cloth keeps its pixels")


def test_a_camera_that_bends_its_white_takes_no_light_along() -> None:
    bent = Tables.of(light_of_codes())
    mixed = scene(238, 60, 0.3, bent)
    right, plain = coloured(*mixed, tables=bent), coloured(*mixed)
    assert np.abs(right[8:56, EDGE:SOFT].astype(int) - 60).max() <= 6
    assert np.abs(plain[8:56, EDGE:SOFT].astype(int) - 60).min() > 25, "the curve matters here"


def test_what_the_picture_tells_outweighs_what_is_expected() -> None:
    """A red ribbon on black hair stays red: nearly solid pixels are the picture's."""
    rgb, plate, pha = scene(250, 20, 1.0)
    rgb[30:34, EDGE:SOFT], pha[30:34, EDGE:SOFT] = (200, 30, 40), 240
    fgr = coloured(rgb, plate, pha)
    ribbon = linear(fgr[31:33, EDGE + 2 : SOFT - 2]).mean(axis=(0, 1))
    shown = (linear(rgb[31, EDGE + 2]) - (1 - 240 / 255) * linear(plate[0, 0])) * 255 / 240
    assert np.abs(ribbon - np.maximum(shown, 0)).max() < 0.02


@pytest.mark.parametrize(("sigma", "weight"), [(UNKNOWN, 1.0), (9, 0.0)])
def test_colour_stays_where_the_plate_tells_nothing(sigma: int, weight: float) -> None:
    rgb, plate, pha = scene(250, 40, 0.3)
    np.testing.assert_array_equal(coloured(rgb, plate, pha, sigma, weight), rgb)


def test_nothing_is_expected_where_nobody_is() -> None:
    rgb, plate, _ = scene(250, 40, 0.3)
    nobody: U8 = np.zeros(HW, np.uint8)
    assert not expected_light(colour_cells(rgb), cells_of(nobody), PURE)[..., 3].any()
    np.testing.assert_array_equal(coloured(rgb, plate, nobody), rgb)
