from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.compositing.cutout import Fade, Filter, cut_out, filter_for
from pipelines.light import linear_from_srgb
from pipelines.media import Box, Frame, Matte

NO_FADE = Fade()


def matte_at(box, camera_wh=(64, 48), seed=0):
    """A random matte that depends on the camera's pixels alone, not on the box."""
    rng = np.random.default_rng(seed)
    pha = rng.integers(0, 256, (camera_wh[1], camera_wh[0])).astype(np.uint8)
    fgr = rng.integers(0, 256, (*pha.shape, 3)).astype(np.uint8)
    frame = Frame(np.zeros_like(fgr), 0, 0)
    return Matte(frame, box, pha[box.slices].copy(), fgr[box.slices].copy())


def coverage(cutout, step):
    """Alpha in camera pixels, without the padding."""
    return cutout.pha[2:-2, 2:-2].astype(float).sum() * step * step


@given(st.floats(0.01, 60))
def test_filter_leaves_neither_aliases_nor_blur(ratio):
    step, taps = filter_for(ratio)
    left = ratio / step
    if ratio > 1:
        assert 0.8 - 1e-9 <= left <= (1.6 if taps == 2 else 1.2 + 1e-9)
    else:
        assert (step, taps) == (1, 1)


@pytest.mark.parametrize("ratio", [1e3, 1e12])
def test_filter_of_a_hopeless_ratio_stays_bounded(ratio):
    assert filter_for(ratio) == Filter(64, 1)


@given(st.integers(1, 7), st.integers(0, 20), st.integers(0, 20), st.integers(1, 30), st.integers(1, 25))
@settings(max_examples=60, deadline=None)
def test_shrinking_keeps_the_coverage(step, x, y, w, h):
    matte = matte_at(Box(x, y, w, h), camera_wh=(70, 70))
    cutout = cut_out(matte, step, NO_FADE)
    blocks = cutout.pha[2:-2, 2:-2].size
    if 70 % step == 0 or (x + w <= 70 - step and y + h <= 70 - step):
        assert abs(coverage(cutout, step) - matte.pha.sum()) <= blocks * step * step * 0.51


@given(st.integers(2, 5))
@settings(max_examples=10, deadline=None)
def test_shrunk_colour_is_the_mean_of_the_light(step):
    matte = matte_at(Box(0, 0, step, step))
    cutout = cut_out(matte, step, NO_FADE)
    weight = matte.pha / matte.pha.sum()
    expected = (linear_from_srgb(matte.fgr / 255) * weight[..., None]).sum((0, 1))
    assert np.allclose(linear_from_srgb(cutout.fgr[2, 2] / 255), expected, atol=0.005)


def test_blocks_do_not_move_with_the_box():
    """Hair must not shimmer because the matte's box has grown by a pixel."""
    wide, narrow = (cut_out(matte_at(box), 4, NO_FADE) for box in (Box(8, 8, 32, 32), Box(7, 6, 33, 34)))
    assert np.array_equal(wide.pha[2:-2, 2:-2], narrow.pha[3:-2, 3:-2])


@pytest.mark.parametrize("step", [1, 2, 3])
def test_camera_points_land_in_the_middle_of_their_pixel(step):
    box = Box(12, 18, 12, 12)
    cutout = cut_out(matte_at(box), step, NO_FADE)
    first_block = np.array([12 + (step - 1) / 2, 18 + (step - 1) / 2, 1.0])
    assert np.allclose(cutout.cutout_from_camera @ first_block, [2, 2, 1])


@pytest.mark.parametrize(
    ("box", "open_sides"),
    [
        (Box(0, 0, 64, 48), (0, 1, 2, 3)),
        (Box(0, 4, 9, 9), (0,)),
        (Box(10, 39, 9, 9), (3,)),
        (Box(5, 5, 5, 5), ()),
    ],
)
def test_the_cameras_border_is_sharp_and_every_other_is_alpha_0(box, open_sides):
    cutout = cut_out(matte_at(box), 1, NO_FADE)
    ends = (cutout.pha[:, :2], cutout.pha[:, -2:], cutout.pha[:2], cutout.pha[-2:])
    assert tuple(side for side in range(4) if ends[side].any()) == open_sides
    corner = cutout.cutout_from_camera @ (-0.5, -0.5, 1)
    far = cutout.cutout_from_camera @ (63.5, 47.5, 1)
    for side, edge in enumerate((corner[0], far[0], corner[1], far[1])):
        if side in open_sides:
            assert cutout.limits[side] == edge


def test_fade_reaches_0_at_the_border_and_leaves_the_rest():
    box = Box(0, 8, 64, 40)
    matte = Matte(
        Frame(np.zeros((48, 64, 3), np.uint8), 0, 0),
        box,
        np.full((40, 64), 255, np.uint8),
        np.zeros((40, 64, 3), np.uint8),
    )
    pha = cut_out(matte, 1, Fade(left_px=10, right_px=10, bottom_px=12)).pha[2:-2, 2:-2].astype(int)
    assert np.all(pha[:28, 10:54] == 255)
    assert np.all(np.diff(pha[0, :11]) > 0) and np.all(np.diff(pha[0, 53:]) < 0)
    assert pha[0, 0] < 5 and pha[-1].max() < 5
    assert np.all(np.diff(pha[:, 32]) <= 0)


def test_reach_tells_the_covered_ends_of_each_row():
    pha = np.zeros((3, 8), np.uint8)
    pha[1, 2:5] = 9
    matte = Matte(
        Frame(np.zeros((48, 64, 3), np.uint8), 0, 0), Box(5, 5, 8, 3), pha, np.zeros((3, 8, 3), np.uint8)
    )
    reach = cut_out(matte, 1, NO_FADE).reach
    assert tuple(reach[3]) == (4, 6)
    assert all(last < first for first, last in reach[[0, 1, 2, 4, 5, 6]])
