"""A teacher without grain, who leaves no trail."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.matting.denoising import GAP_S, Denoiser
from pipelines.media import PTS_HZ, U8, Box, Frame, Matte

THERE = Box(20, 10, 100, 90)
RNG = np.random.default_rng(1)
STILL: U8 = cv2.GaussianBlur(RNG.integers(30, 220, (120, 160, 3)).astype(np.uint8), (0, 0), 6)


def a_matte(rgb: U8, number: int, box: Box = THERE) -> Matte:
    pha: U8 = np.full((box.h, box.w), 255, np.uint8)
    return Matte(Frame(rgb, number * 3600, 0), box, pha, rgb[box.slices])


def grainy(rgb: U8) -> U8:
    return np.asarray(np.clip(rgb + RNG.normal(0, 2, rgb.shape) + 0.5, 0, 255), np.uint8)


def off(matte: Matte, truth: U8) -> float:
    return float((matte.fgr.astype(float) - truth[matte.box.slices]).std())


def test_a_still_teacher_loses_most_of_the_grain() -> None:
    denoise = Denoiser()
    for number in range(12):
        seen = a_matte(grainy(STILL), number)
        shown = denoise(seen)
    assert off(shown, STILL) < 0.65 * off(seen, STILL)
    assert shown.pha is seen.pha and shown.frame is seen.frame
    assert np.array_equal(seen.fgr, seen.frame.rgb[seen.box.slices]), "what the camera saw is left alone"


def test_who_moves_leaves_no_trail() -> None:
    """An arm across a jacket of another colour; where it was, the jacket is back at once."""
    denoise = Denoiser()
    for number in range(10):
        picture = STILL.copy()
        picture[30:80, 20 + 10 * number : 40 + 10 * number] = (230, 180, 150)
        shown = denoise(a_matte(picture, number))
        apart = np.abs(shown.fgr.astype(int) - picture[shown.box.slices])
        assert apart.max() <= 4, "of any pixel"


def test_nothing_is_kept_of_long_ago_or_of_another_place() -> None:
    denoise = Denoiser()
    denoise(a_matte(STILL, 0))
    near = np.asarray(STILL + 3, np.uint8)
    late = a_matte(near, round((GAP_S + 0.1) * PTS_HZ / 3600))
    assert np.array_equal(denoise(late).fgr, late.fgr)
    beside = a_matte(np.asarray(STILL + 5, np.uint8), late.pts // 3600 + 1, Box(100, 20, 50, 60))
    shown = denoise(beside)
    assert not np.array_equal(shown.fgr[:, :20], beside.fgr[:, :20]), "this part was seen before"
    assert np.array_equal(shown.fgr[:, 20:], beside.fgr[:, 20:]), "and this was not"


def test_a_camera_of_another_size_begins_anew() -> None:
    denoise = Denoiser()
    denoise(a_matte(STILL, 0))
    small = np.ascontiguousarray(STILL[:100, :130])
    matte = a_matte(small, 1)
    assert np.array_equal(denoise(matte).fgr, matte.fgr)
