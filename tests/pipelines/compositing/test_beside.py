"""Side by side: neither page nor teacher covers the other, and the teacher stays in sight."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.compositing.beside import frame_picture, sides_of
from pipelines.compositing.compositor import Compositor
from pipelines.compositing.steadying import Body
from pipelines.media import Corner, Frame, Layout, Matte, Scene

SIZE = (320, 180)
BESIDE = Scene(layout=Layout.BESIDE)


@given(
    st.floats(0.0, 1.0), st.sampled_from(list(Corner)), st.sampled_from([(320, 180), (1280, 720), (640, 480)])
)
def test_page_and_pane_never_meet_and_lie_inside(share, corner, size_wh):
    page, pane = sides_of(Scene(pane_share=share, corner=corner), size_wh)
    assert page.x + page.w <= pane.x or pane.x + pane.w <= page.x
    for box in (page, pane):
        assert box.x >= 0 and box.y >= 0 and box.x + box.w <= size_wh[0] and box.y + box.h <= size_wh[1]
    assert page.w / page.h == pytest.approx(size_wh[0] / size_wh[1], rel=0.02), "the page keeps its shape"
    assert (pane.x == 0) == (corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT))


@pytest.mark.parametrize("cut_out", [False, True])
def test_the_whole_page_is_seen_whatever_the_teacher_does(cut_out, make_page, make_matte):
    page = make_page(SIZE)
    scene = dataclasses.replace(BESIDE, cut_out=cut_out)
    rgb = Compositor(SIZE).compose(page, make_matte(SIZE, arm=True), scene, None)
    box, pane = sides_of(scene, SIZE)
    shrunk = cv2.resize(page.rgb, (box.w, box.h), interpolation=cv2.INTER_AREA)
    assert np.array_equal(rgb[box.slices], shrunk)
    alone = Compositor(SIZE).compose(page, None, scene, None)
    assert (rgb[pane.slices] != alone[pane.slices]).any()


def test_the_picture_is_the_cameras_around_the_teacher(make_page, make_matte):
    matte = make_matte(SIZE, dx=60.0)
    rgb = Compositor(SIZE).compose(make_page(SIZE), matte, BESIDE, None)
    pane = sides_of(BESIDE, SIZE).pane
    # The drawn camera's red grows to the right: the pane shows the columns around the teacher.
    reds = rgb[pane.slices][10, :, 0].astype(int)
    middle = 255 * (160 + 60) / 320
    assert reds[0] < middle < reds[-1]
    mirrored = Compositor(SIZE).compose(
        make_page(SIZE), matte, dataclasses.replace(BESIDE, mirror=True), None
    )[pane.slices]
    assert np.abs(cv2.flip(rgb[pane.slices], 1).astype(int) - mirrored).mean() < 1


def test_with_nobody_there_the_picture_stays_and_a_cut_out_goes(make_page, make_matte):
    page, matte = make_page(SIZE), make_matte(SIZE)
    nobody = Matte.empty(Frame(matte.frame.rgb, 3600, 0))
    picture, alone = Compositor(SIZE), Compositor(SIZE)
    seen = picture.compose(page, matte, BESIDE, None)
    assert np.array_equal(picture.compose(page, nobody, BESIDE, None), seen)
    cut_out = dataclasses.replace(BESIDE, cut_out=True)
    alone.compose(page, matte, cut_out, None)
    assert np.array_equal(alone.compose(page, nobody, cut_out, None), alone.sheet(page, cut_out))


def test_a_page_that_stands_is_shrunk_once(make_page):
    compositor, page = Compositor(SIZE), make_page(SIZE)
    assert compositor.sheet(page, BESIDE) is compositor.sheet(page, BESIDE)


@given(st.floats(-200, 1500), st.floats(-50, 700), st.floats(1, 720), st.booleans())
def test_the_crop_never_leaves_the_cameras_picture(centre, top, height, mirror):
    frame = Frame(np.zeros((720, 1280, 3), np.uint8), 0, 0)
    body = Body(centre, top, top + height, False)
    matte, matrix = frame_picture(frame, body, (358, 720), mirror=mirror, step=1)
    for x, y in ((-0.5, -0.5), (357.5, 719.5)):
        at = matrix @ (x, y, 1.0)
        assert -0.5 - 1e-6 <= at[0] <= 1279.5 + 1e-6 and -0.5 - 1e-6 <= at[1] <= 719.5 + 1e-6
    assert matte.box.x >= 0 and matte.box.x + matte.box.w <= 1280
