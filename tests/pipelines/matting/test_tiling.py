"""Tiles: the band is covered, no pixel is decided twice, and there is little to look at."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipelines.matting.cells import CELL_PX
from pipelines.matting.tiling import INSET_PX, STEP_PX, TILE_PX, Tile, place_tiles
from pipelines.media import U8, Box

Mask = npt.NDArray[np.bool_]
SIZE_HW = (721, 1003)  # no multiple of a cell
CELLS_HW = (SIZE_HW[0] // CELL_PX, SIZE_HW[1] // CELL_PX)


def ring(centre_xy: tuple[int, int], radii: tuple[int, int]) -> Mask:
    """An outline three cells wide."""
    mask: U8 = np.zeros(CELLS_HW, np.uint8)
    cv2.ellipse(mask, centre_xy, radii, 20, 0, 360, (1,), 3)
    return mask > 0


def decided(tiles: list[Tile]) -> npt.NDArray[np.int32]:
    """How many tiles decide each pixel."""
    count = np.zeros(SIZE_HW, np.int32)
    for tile in tiles:
        count[tile.part.slices] += 1
    return count


@pytest.mark.parametrize("radii", [(20, 30), (3, 40), (50, 8)])
def test_the_band_is_covered_and_no_pixel_is_decided_twice(radii: tuple[int, int]) -> None:
    band = ring((60, 45), radii)
    count = decided(place_tiles(band, SIZE_HW))
    assert count.max() == 1
    wanted = np.kron(band, np.ones((CELL_PX, CELL_PX), np.bool_))
    missed = wanted & (count[: wanted.shape[0], : wanted.shape[1]] == 0)
    missed[:INSET_PX] = missed[SIZE_HW[0] - INSET_PX :] = missed[:, :INSET_PX] = False
    assert missed.sum() < 8 * CELL_PX**2, "a hem of a cell or two is not worth a tile"


@pytest.mark.parametrize("centre_xy", [(2, 3), (60, 45), (CELLS_HW[1] - 2, CELLS_HW[0] - 2)])
def test_tiles_lie_inside_the_picture_and_hold_what_they_decide(centre_xy: tuple[int, int]) -> None:
    tiles = place_tiles(ring(centre_xy, (20, 30)), SIZE_HW)
    assert tiles
    for seen, part in tiles:
        assert 0 <= seen.y <= SIZE_HW[0] - seen.h
        assert 0 <= seen.x <= SIZE_HW[1] - seen.w
        assert seen.h % STEP_PX == seen.w % STEP_PX == 0
        assert max(seen.h, seen.w) <= TILE_PX
        assert seen.y + INSET_PX <= part.y < part.y + part.h <= seen.y + seen.h - INSET_PX
        assert seen.x + INSET_PX <= part.x < part.x + part.w <= seen.x + seen.w - INSET_PX


def test_strips_stand_where_there_is_little_to_look_at() -> None:
    """Strips of equal height from the first row on would cut both bars."""
    band = np.zeros(CELLS_HW, np.bool_)
    band[10:14, 20:30] = True
    band[19:29, 50:54] = True
    tiles = place_tiles(band, SIZE_HW)
    assert [tile.part for tile in tiles] == [Box(160, 80, 80, 32), Box(400, 152, 32, 80)]
    upright = np.ascontiguousarray(band[:, : CELLS_HW[0]].T)
    turned = [tile.part for tile in place_tiles(upright, SIZE_HW)]
    assert turned == [Box(80, 160, 32, 80), Box(152, 400, 80, 32)]


def test_nothing_in_question_needs_no_tile() -> None:
    band = np.zeros(CELLS_HW, np.bool_)
    assert place_tiles(band, SIZE_HW) == []
    band[40, 40:43] = True
    assert place_tiles(band, SIZE_HW) == []
