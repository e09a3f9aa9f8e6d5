"""The blend against a plain floating-point one, and what must hold to the bit."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipelines.compositing.cutout import Fade, cut_out
from pipelines.light import linear_from_srgb, srgb_from_linear
from pipelines.media import Box, Frame, Matte

WIDTH, HEIGHT = 40, 30
EYE = np.eye(3)


def matte_of(pha, fgr, x=5, y=4, camera_wh=(64, 48)):
    frame = Frame(np.zeros((camera_wh[1], camera_wh[0], 3), np.uint8), 0, 0)
    return Matte(frame, Box(x, y, pha.shape[1], pha.shape[0]), pha, fgr)


def blended(page, matte, matrix=EYE, opacity=1.0, taps=1):
    programme = page.copy()
    cut_out(matte, 1, Fade()).blend(programme, matrix, opacity, taps)
    return programme


def reference(page, matte, matrix):
    """The same in floating point, pixel by pixel: (programme 0..255 unrounded, alpha 0..1)."""
    box, alpha, light = matte.box, matte.pha / 255.0, linear_from_srgb(matte.fgr / 255.0)
    out, covered = linear_from_srgb(page / 255.0), np.zeros(page.shape[:2])
    for y, x in np.ndindex(page.shape[:2]):
        u, v, depth = matrix @ (x, y, 1.0)
        if depth < 1e-6:
            continue
        # Coordinates in 1/256 px, counted from one pixel left of and above the box.
        u = np.floor((u / depth - box.x + 1) * 256) / 256 - 1 if abs(u / depth) < 1e6 else -9.0
        v = np.floor((v / depth - box.y + 1) * 256) / 256 - 1 if abs(v / depth) < 1e6 else -9.0
        column, row = int(np.floor(u)), int(np.floor(v))
        total, colour = 0.0, np.zeros(3)
        for at_x, at_y in ((column, row), (column + 1, row), (column, row + 1), (column + 1, row + 1)):
            if 0 <= at_x < box.w and 0 <= at_y < box.h:
                weight = (1 - abs(u - at_x)) * (1 - abs(v - at_y)) * alpha[at_y, at_x]
                total += weight
                colour += weight * light[at_y, at_x]
        out[y, x] = colour + (1 - total) * out[y, x]
        covered[y, x] = total
    return srgb_from_linear(out) * 255, covered


pages = arrays.arrays(np.uint8, (HEIGHT, WIDTH, 3))
number = st.floats(-4, 4, allow_nan=False)


@st.composite
def mattes(draw):
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    alpha = st.sampled_from([0, 0, 255, 255, 1, 128, 254]) | st.integers(0, 255)
    pha = draw(arrays.arrays(np.uint8, (height, width), elements=alpha))
    fgr = draw(arrays.arrays(np.uint8, (height, width, 3)))
    return matte_of(pha, fgr, draw(st.integers(1, 20)), draw(st.integers(1, 20)))


@st.composite
def homographies(draw):
    """Any at all: mirrored, sheared, singular, with the horizon inside the picture."""
    matrix = np.array([[draw(number) for _ in range(3)] for _ in range(3)])
    matrix[:2, 2] *= 20
    matrix[2, :2] /= draw(st.sampled_from([1.0, 30.0, 1e4]))
    return matrix


@given(pages, mattes(), st.floats(0.7, 1.5), st.floats(-12, 12), st.floats(-0.004, 0.004))
@settings(max_examples=40, deadline=None)
def test_blend_agrees_with_floating_point(page, matte, scale, shift, tilt):
    matrix = np.array([[scale, 0.06, shift], [-0.05, scale, shift / 2], [tilt, tilt / 3, 1.0]])
    expected, alpha = reference(page, matte, matrix)
    got = blended(page, matte, matrix)
    # A coordinate may fall on the other side of a step of 1/256 px: what that changes is allowed for.
    slack = 0.51 + 255 * 0.09 * (alpha > 0)[..., None]
    assert np.all(np.abs(got - expected) <= slack)
    exact = np.abs(got - expected) <= 0.55
    assert exact.mean() > 0.98


@given(pages, mattes(), homographies(), st.floats(0, 1), st.sampled_from([1, 2]))
@settings(max_examples=150, deadline=None)
def test_pixels_without_alpha_are_untouched_under_any_homography(page, matte, matrix, opacity, taps):
    empty = matte_of(np.zeros_like(matte.pha), matte.fgr, matte.box.x, matte.box.y)
    assert np.array_equal(blended(page, empty, matrix, opacity, taps), page)
    got = blended(page, matte, matrix, opacity, taps)
    changed = np.argwhere((got != page).any(axis=2))
    box = matte.box
    for y, x in changed:  # only what sees the box, a tap's reach and a bilinear pixel around it
        seen = [matrix @ (x + dx, y + dy, 1.0) for dx in (-0.26, 0, 0.26) for dy in (-0.26, 0, 0.26)]
        if min(at[2] for at in seen) <= 0:
            continue  # beside the horizon a pixel's taps see all the camera's plane
        across = [at[0] / at[2] for at in seen]
        down = [at[1] / at[2] for at in seen]
        assert min(across) < box.x + box.w and max(across) > box.x - 1
        assert min(down) < box.y + box.h and max(down) > box.y - 1


@given(pages, arrays.arrays(np.uint8, (9, 11, 3)))
@settings(max_examples=30, deadline=None)
def test_full_alpha_gives_the_very_colour_and_the_rest_stays(page, fgr):
    expected = page.copy()
    expected[4:13, 5:16] = fgr
    assert np.array_equal(blended(page, matte_of(np.full((9, 11), 255, np.uint8), fgr)), expected)


@given(st.integers(0, 255), st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_more_alpha_never_means_less_teacher(ground, colour):
    page = np.full((4, 300, 3), ground, np.uint8)
    pha = np.tile(np.arange(256, dtype=np.uint8), (2, 1))
    fgr = np.full((2, 256, 3), colour, np.uint8)
    row = blended(page, matte_of(pha, fgr, 1, 1, (300, 8)))[1, 1:257, 0].astype(int)
    steps = np.diff(row) * np.sign(colour - ground)
    assert np.all(steps >= 0) and (row[0], row[-1]) == (ground, colour)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_mixture_is_the_nearest_code(ground, colour, alpha):
    page = np.full((3, 3, 3), ground, np.uint8)
    matte = matte_of(np.full((1, 1), alpha, np.uint8), np.full((1, 1, 3), colour, np.uint8), 1, 1)
    light = linear_from_srgb(np.array([colour, ground]) / 255) @ (alpha / 255, 1 - alpha / 255)
    expected = float(srgb_from_linear(np.array(light))) * 255
    assert abs(int(blended(page, matte)[1, 1, 0]) - expected) <= 0.54


@given(st.integers(0, 255), st.floats(0, 1), st.sampled_from([1, 2]))
@settings(max_examples=60, deadline=None)
def test_a_teacher_of_the_pages_colour_is_invisible(code, opacity, taps):
    page = np.full((HEIGHT, WIDTH, 3), code, np.uint8)
    pha = np.arange(120, dtype=np.uint8).reshape(10, 12) * 2
    matte = matte_of(pha, np.full((10, 12, 3), code, np.uint8))
    matrix = np.array([[1.3, 0.1, 0.37], [0.0, 1.3, -0.4], [0.001, 0.0, 1.0]])
    assert np.array_equal(blended(page, matte, matrix, opacity, taps), page)


def test_colour_under_alpha_0_does_not_bleed():
    pha = np.zeros((6, 6), np.uint8)
    pha[2:4, 2:4] = 255
    clean = np.zeros((6, 6, 3), np.uint8)
    dirty = clean.copy()
    dirty[pha == 0] = (0, 255, 0)
    page = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    matrix = np.array([[0.43, 0.0, 0.2], [0.0, 0.43, 0.3], [0.0, 0.0, 1.0]])
    assert np.array_equal(
        blended(page, matte_of(pha, clean), matrix), blended(page, matte_of(pha, dirty), matrix)
    )


@given(homographies())
@settings(max_examples=60, deadline=None)
def test_nothing_behind_the_horizon_is_shown(matrix):
    page = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    matte = matte_of(np.full((48, 64), 255, np.uint8), np.full((48, 64, 3), 255, np.uint8), 0, 0)
    depth = matrix[2, 0] * np.arange(WIDTH) + (matrix[2, 1] * np.arange(HEIGHT))[:, None] + matrix[2, 2]
    assume((depth <= 0).any())
    assert not blended(page, matte, matrix)[depth <= 0].any()


def test_two_laid_over_each_other_cover_together():
    """The fourth channel is the alpha of all that was laid there, and the colours go with it."""
    red, blue = np.full((6, 6, 3), (200, 0, 0), np.uint8), np.full((6, 6, 3), (0, 0, 200), np.uint8)
    half = np.full((6, 6), 128, np.uint8)
    alone = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    for colour in (red, blue):
        alone = blended(alone, matte_of(half, colour))
    assert alone[7, 8, 3] == 192  # 1 - (127 / 255)^2
    page = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    whole = blended(blended(page, matte_of(half, red)), matte_of(half, blue))
    light = linear_from_srgb(alone[7, 8, :3] / 255.0) + (1 - 192 / 255) * linear_from_srgb(page[7, 8] / 255.0)
    assert np.abs(srgb_from_linear(light) * 255 - whole[7, 8]).max() < 2
