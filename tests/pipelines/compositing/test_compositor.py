from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.alignment import Calibration
from pipelines.compositing.compositor import Compositor, EffectiveLayout, _texts, warm_up
from pipelines.compositing.slate import camera_lost, courseware_lost, draw_slate, paused
from pipelines.media import EMPTY_BOX, Box, Corner, Frame, Layout, Matte, Page, Scene

SIZE = (320, 180)
CORNER = Scene(layout=Layout.CORNER)
fixtures_kept = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def compositor():
    return Compositor(SIZE)


@pytest.fixture
def page(make_page):
    return make_page(SIZE)


@pytest.fixture
def matte(make_matte):
    return make_matte(SIZE)


@pytest.fixture
def calibration(make_calibration):
    return make_calibration(SIZE, SIZE)


@pytest.mark.parametrize("layout", list(Layout))
def test_every_layout_is_a_frozen_picture_of_the_programmes_size(
    layout, compositor, page, matte, calibration
):
    rgb = compositor.compose(page, matte, Scene(layout=layout), calibration)
    assert rgb.shape == (180, 320, 3) and rgb.dtype == np.uint8
    assert not rgb.flags.writeable
    assert compositor.effective_layout == EffectiveLayout(layout, "")


def test_courseware_is_the_pages_very_array(compositor, page, matte):
    rgb = compositor.compose(page, matte, Scene(layout=Layout.COURSEWARE), None)
    assert np.shares_memory(rgb, page.rgb) and np.array_equal(rgb, page.rgb)


@pytest.mark.parametrize("layout", [Layout.ALIGNED, Layout.CORNER])
def test_without_a_teacher_the_page_is_shown_without_a_copy(layout, compositor, page, matte, calibration):
    scene = Scene(layout=layout)
    for nobody in (None, Matte.empty(matte.frame)):
        assert np.shares_memory(compositor.compose(page, nobody, scene, calibration), page.rgb)
    unseen = dataclasses.replace(scene, opacity=0.0)
    assert np.array_equal(compositor.compose(page, matte, unseen, calibration), page.rgb)


def test_aligned_shows_the_finger_where_it_pointed(compositor, page, calibration):
    """A small bright tip in the camera lands on the page pixel that the calibration names."""
    pha = np.zeros((180, 320), np.uint8)
    pha[60:63, 100:103] = 255
    fgr = np.full((180, 320, 3), (255, 0, 0), np.uint8)
    matte = Matte(Frame(fgr, 0, 0), Box(0, 0, 320, 180), pha, fgr)
    changed = (compositor.compose(page, matte, Scene(), calibration) != page.rgb).any(axis=2)
    at = calibration.page_from_camera @ (101, 61, 1)
    middle = np.argwhere(changed).mean(axis=0)[::-1]
    assert np.allclose(middle, at[:2] / at[2], atol=0.5)


@pytest.mark.parametrize(
    "scene", [Scene(), CORNER, dataclasses.replace(CORNER, corner=Corner.TOP_LEFT, scale=0.3)]
)
def test_away_from_the_teacher_the_page_is_untouched(scene, compositor, page, matte, calibration):
    rgb = compositor.compose(page, matte, scene, calibration)
    changed = (rgb != page.rgb).any(axis=2)
    assert 0.005 < changed.mean() < 0.5
    outside = cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    assert np.array_equal(rgb[outside], page.rgb[outside])


def test_aligned_without_calibration_falls_back_to_the_corner_and_says_why(compositor, page, matte):
    rgb = compositor.compose(page, matte, Scene(), None)
    layout, reason = compositor.effective_layout
    assert layout == Layout.CORNER and "four corners" in reason
    assert np.array_equal(rgb, Compositor(SIZE).compose(page, matte, CORNER, None))


def test_a_senseless_calibration_falls_back_too(compositor, page, matte):
    compositor.compose(page, matte, Scene(), Calibration(np.zeros((3, 3)), SIZE, SIZE, "corners"))
    layout, reason = compositor.effective_layout
    assert layout == Layout.CORNER and "calibrate again" in reason


def test_missing_sources_have_their_slates(compositor, page, matte):
    assert np.array_equal(
        compositor.compose(None, None, Scene(layout=Layout.COURSEWARE), None),
        draw_slate(SIZE, *courseware_lost()),
    )
    assert "no courseware" in compositor.effective_layout.reason
    assert np.array_equal(
        compositor.compose(page, None, Scene(layout=Layout.CAMERA), None), draw_slate(SIZE, *camera_lost())
    )
    assert compositor.effective_layout.layout == Layout.SLATE
    teacher_alone = compositor.compose(None, matte, CORNER, None)
    assert (teacher_alone != draw_slate(SIZE, *courseware_lost())).any()
    assert np.array_equal(
        compositor.compose(page, None, Scene(layout=Layout.SLATE), None), draw_slate(SIZE, *paused())
    )


def test_slate_takes_its_first_line_as_the_title():
    assert _texts("午休\n\n两点继续\nback at two") == ("午休", "两点继续\nback at two")
    assert _texts("one line") == ("one line",)
    assert _texts(" \n ") == paused()


def test_nothing_new_gives_the_same_picture_and_anything_new_another(
    compositor, page, matte, make_page, calibration
):
    first = compositor.compose(page, matte, Scene(), calibration)
    assert compositor.compose(page, matte, Scene(), calibration) is first
    other_page = make_page(SIZE, "black", revision=1)
    assert compositor.compose(other_page, matte, Scene(), calibration) is not first
    again = compositor.compose(page, matte, Scene(), calibration)
    assert again is not first and np.array_equal(again, first)


def test_a_picture_handed_out_never_changes(compositor, make_page, make_matte, calibration):
    handed_out, copies = [], []
    for index in range(12):
        kind = ("white", "black", "colour")[index % 3]
        matte = make_matte(SIZE, dx=4.0 * index, pts=index * 3600)
        rgb = compositor.compose(
            make_page(SIZE, kind, index), matte, Scene(layout=list(Layout)[index % len(Layout)]), calibration
        )
        handed_out.append(rgb)
        copies.append(rgb.copy())
    assert all(np.array_equal(rgb, copy) for rgb, copy in zip(handed_out, copies, strict=True))


scenes = st.builds(
    Scene,
    layout=st.sampled_from(list(Layout)),
    corner=st.sampled_from(list(Corner)),
    scale=st.sampled_from([0.1, 0.3, 0.6, 1.0]),
    opacity=st.sampled_from([0.0, 0.4, 1.0]),
    mirror=st.booleans(),
    pane_share=st.sampled_from([0.2, 0.28, 0.5]),
    cut_out=st.booleans(),
)


@given(st.lists(scenes, min_size=1, max_size=5), scenes)
@fixtures_kept
def test_a_new_scene_is_whole_at_once_and_remembers_nothing(
    make_page, make_matte, make_calibration, before, scene
):
    page, calibration = make_page(SIZE), make_calibration(SIZE, SIZE)
    compositor = Compositor(SIZE)
    placing = (scene.layout, scene.corner, scene.scale, scene.mirror, scene.pane_share, scene.cut_out)
    for index, old in enumerate(before):
        if (old.layout, old.corner, old.scale, old.mirror, old.pane_share, old.cut_out) != placing:
            compositor.compose(page, make_matte(SIZE, dx=-3.0 * index, pts=index * 3600), old, calibration)
    newest = make_matte(SIZE, dx=5.0, pts=99_000)
    expected = Compositor(SIZE).compose(page, newest, scene, calibration)
    assert np.array_equal(compositor.compose(page, newest, scene, calibration), expected)


def test_opacity_alone_does_not_move_the_teacher(compositor, page, make_matte):
    compositor.compose(page, make_matte(SIZE), CORNER, None)
    swayed = make_matte(SIZE, dx=3.0, pts=3600)
    full = compositor.compose(page, swayed, CORNER, None)
    fainter = compositor.compose(page, swayed, dataclasses.replace(CORNER, opacity=0.5), None)
    seen, seen_fainter = (full != page.rgb).any(2), (fainter != page.rgb).any(2)
    assert not (seen_fainter & ~seen).any() and seen_fainter.sum() > 0.9 * seen.sum()


@pytest.mark.parametrize("camera_wh", [(320, 180), (640, 360), (160, 90)])
@pytest.mark.parametrize("mirror", [False, True])
def test_camera_is_shown_whole(camera_wh, mirror, compositor, make_matte):
    matte = make_matte(camera_wh)
    expected = cv2.flip(matte.frame.rgb, 1) if mirror else matte.frame.rgb
    rgb = compositor.compose(None, matte, Scene(layout=Layout.CAMERA, mirror=mirror), None)
    assert np.abs(cv2.resize(expected, SIZE).astype(int) - rgb).mean() < 3


def test_a_camera_of_another_shape_gets_bars(compositor, make_matte):
    rgb = compositor.compose(None, make_matte((240, 180)), Scene(layout=Layout.CAMERA), None)
    assert np.all(rgb[:, :40] == 16) and np.all(rgb[:, 280:] == 16) and (rgb[:, 40:280] != 16).any()


def test_a_page_of_another_size_is_an_error_that_names_both(compositor, make_page):
    with pytest.raises(ValueError, match=r"page 7 is \(640, 360\), not the programme's \(320, 180\)"):
        compositor.compose(make_page((640, 360), revision=7), None, Scene(), None)


boxes = st.tuples(st.integers(0, 319), st.integers(0, 179), st.integers(0, 60), st.integers(0, 60)).map(
    lambda box: Box(box[0], box[1], min(box[2], 320 - box[0]), min(box[3], 180 - box[1]))
)


@given(boxes, st.sampled_from([0, 1, 127, 255]), scenes, st.booleans())
@fixtures_kept
def test_any_box_inside_the_picture_composes(make_page, make_calibration, box, alpha, scene, calibrated):
    page = make_page(SIZE)
    frame = Frame(np.zeros((180, 320, 3), np.uint8), 0, 0)
    pha = np.full((box.h, box.w), alpha, np.uint8)
    matte = Matte(frame, box, pha, np.full((box.h, box.w, 3), 99, np.uint8))
    calibration = make_calibration(SIZE, SIZE) if calibrated else None
    rgb = Compositor(SIZE).compose(page, matte, scene, calibration)
    assert rgb.shape == (180, 320, 3)
    if scene.layout in (Layout.ALIGNED, Layout.CORNER) and (alpha == 0 or box.is_empty):
        assert np.array_equal(rgb, page.rgb)


def test_an_empty_box_anywhere_is_nobody(compositor, page):
    frame = Frame(np.zeros((180, 320, 3), np.uint8), 0, 0)
    for box in (EMPTY_BOX, Box(50, 50, 0, 9), Box(50, 50, 9, 0)):
        matte = Matte(frame, box, np.zeros((box.h, box.w), np.uint8), np.zeros((box.h, box.w, 3), np.uint8))
        assert np.array_equal(compositor.compose(page, matte, CORNER, None), page.rgb)


def test_arrays_that_are_views_of_others_compose_alike(compositor, page, matte, calibration):
    """A matte cut out of a larger array is not contiguous."""
    wide = np.zeros((matte.box.h, matte.box.w + 9), np.uint8)
    wide[:, : matte.box.w] = matte.pha
    view = dataclasses.replace(matte, pha=wide[:, : matte.box.w])
    for scene in (Scene(), dataclasses.replace(CORNER, scale=0.2)):
        plain = Compositor(SIZE).compose(page, matte, scene, calibration)
        assert np.array_equal(compositor.compose(page, view, scene, calibration), plain)


def test_warm_up_leaves_nothing_to_compile(page, matte, calibration):
    from pipelines.compositing import kernels

    warm_up()
    compiled = [len(function.signatures) for function in (kernels.blend_warped, kernels.shrink)]
    for scene in (Scene(), CORNER, dataclasses.replace(CORNER, scale=0.2)):
        Compositor(SIZE).compose(Page(page.rgb.copy(), 1, 0), matte, scene, calibration)
    assert (
        [len(function.signatures) for function in (kernels.blend_warped, kernels.shrink)]
        == compiled
        == [1, 1]
    )


@pytest.mark.parametrize(
    "scene",
    [
        Scene(),
        CORNER,
        Scene(opacity=0.4),
        dataclasses.replace(CORNER, scale=0.2, mirror=True),
        Scene(text_fade=1.0),
        Scene(layout=Layout.BESIDE),
        Scene(layout=Layout.BESIDE, cut_out=True, opacity=0.7, corner=Corner.TOP_LEFT),
        Scene(layout=Layout.COURSEWARE),
        Scene(layout=Layout.SLATE),
    ],
)
def test_sheet_and_teacher_together_are_the_programme(
    scene, compositor, page, matte, calibration, put_together
):
    sheet, alone = compositor.sheet(page, scene), compositor.teacher(page, matte, scene, calibration)
    whole = compositor.compose(page, matte, scene, calibration)
    if alone is None:
        assert np.array_equal(sheet, whole)
        return
    put_together(sheet, alone, whole)


def test_a_sheet_is_the_same_array_while_nothing_changes(compositor, page):
    assert compositor.sheet(page, Scene()) is page.rgb
    slate = Scene(layout=Layout.SLATE, slate_text="Break")
    assert compositor.sheet(page, slate) is compositor.sheet(page, slate)


def test_the_cameras_layout_has_no_sheet(compositor, page, matte, calibration):
    camera = Scene(layout=Layout.CAMERA)
    assert compositor.sheet(page, camera) is None
    assert compositor.teacher(page, matte, camera, calibration) is None
