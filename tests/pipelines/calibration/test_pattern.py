"""The pattern's pages, and its corners found again."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.calibration.pattern import Pattern


@pytest.mark.parametrize("page_wh", [(1280, 720), (1920, 1080), (1024, 768), (640, 360)])
def test_all_corners_of_the_page_itself_are_found_where_they_were_drawn(page_wh):
    pattern = Pattern(page_wh)
    corners = pattern.find(pattern.board)
    assert sorted(corners.ids) == list(range(pattern.count))
    assert np.abs(corners.camera_xy - pattern.page_xy(corners.ids)).max() < 0.05
    assert corners.square_px == pytest.approx(pattern.square_px, abs=0.1)


def test_half_a_board_still_names_its_corners(pattern):
    rgb = pattern.board.copy()
    rgb[:, :600] = 90
    corners = pattern.find(rgb)
    assert len(corners.ids) >= pattern.count * 0.4
    assert np.abs(corners.camera_xy - pattern.page_xy(corners.ids)).max() < 0.05


def test_a_page_without_the_board_has_no_corners(pattern):
    assert len(pattern.find(pattern.mosaic).ids) == 0


def test_the_inverse_changes_every_pixel_and_the_mosaic_has_levels_everywhere(pattern):
    assert (np.abs(pattern.board.astype(int) - pattern.inverse).min()) > 200
    assert pattern.mosaic.shape == pattern.board.shape == (720, 1280, 3)
    for left in (0, 640):
        assert len(np.unique(pattern.mosaic[:, left : left + 640, 1])) >= 10


def test_a_page_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="160x90"):
        Pattern((160, 90))
