from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.alignment import Calibration
from pipelines.compositing.placing import DegenerateCalibration, place_aligned, place_corner, shrink_ratio
from pipelines.compositing.steadying import Body
from pipelines.media import Box, Corner, Layout, Scene

CAMERA, PROGRAMME = (1280, 720), (1920, 1080)
CUT = Body(600.0, 120.5, 719.5, True)
WHOLE = Body(600.0, 100.5, 640.5, False)


def programme_at(placement, x, y):
    at = np.linalg.inv(placement.camera_from_programme) @ (x, y, 1.0)
    return at[:2] / at[2]


def test_aligned_puts_a_camera_pixel_on_the_page_pixel_it_shows(make_calibration):
    calibration = make_calibration(CAMERA, PROGRAMME)
    placement = place_aligned(calibration, CAMERA, PROGRAMME)
    for x, y in ((640, 360), (200, 100), (1100, 650)):
        at = calibration.page_from_camera @ (x, y, 1.0)
        assert np.allclose(programme_at(placement, x, y), at[:2] / at[2])


def test_aligned_follows_other_sizes_of_the_same_pictures(make_calibration):
    calibration = make_calibration(CAMERA, PROGRAMME)
    full = place_aligned(calibration, CAMERA, PROGRAMME)
    double = place_aligned(calibration, (2560, 1440), (960, 540))
    x, y = programme_at(full, 300, 200)
    assert np.allclose(programme_at(double, 300 * 2 + 0.5, 200 * 2 + 0.5), ((x - 0.5) / 2, (y - 0.5) / 2))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_visible_side_has_positive_depth_whatever_the_sign(make_calibration, sign):
    calibration = make_calibration(CAMERA, PROGRAMME)
    calibration = dataclasses.replace(calibration, page_from_camera=sign * calibration.page_from_camera)
    matrix = place_aligned(calibration, CAMERA, PROGRAMME).camera_from_programme
    assert all(matrix[2] @ (x, y, 1.0) > 0 for x in (0, 1919) for y in (0, 1079))


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((3, 3)),
        np.ones((3, 3)),
        np.diag([1.0, 1.0, 0.0]),
        np.diag([1.0, 1e-12, 1.0]),
        np.full((3, 3), np.nan),
        np.diag([np.inf, 1.0, 1.0]),
        np.eye(2),
        np.array([[1.0, 0, 0], [0, 1, 0], [1 / 640, 0, 1]]),  # the horizon runs through the page
    ],
)
def test_a_calibration_that_makes_no_sense_is_refused_with_a_mend(matrix):
    calibration = Calibration(matrix, CAMERA, CAMERA, "corners")
    with pytest.raises(DegenerateCalibration, match="calibrate again, corners in the order top left"):
        place_aligned(calibration, CAMERA, CAMERA)


def test_corners_given_crosswise_are_refused():
    seen = np.float32([[100, 100], [1100, 600], [1100, 100], [100, 600]])
    page = np.float32([[-0.5, -0.5], [1279.5, -0.5], [1279.5, 719.5], [-0.5, 719.5]])
    matrix = cv2.getPerspectiveTransform(seen, page).astype(np.float64)
    with pytest.raises(DegenerateCalibration, match="folds the page over"):
        place_aligned(Calibration(matrix, CAMERA, CAMERA, "corners"), CAMERA, CAMERA)


def corner_scene(corner, **changes):
    return Scene(layout=Layout.CORNER, corner=corner, **changes)


@pytest.mark.parametrize("body", [CUT, WHOLE])
@pytest.mark.parametrize("corner", [Corner.BOTTOM_LEFT, Corner.BOTTOM_RIGHT])
def test_bottom_corners_stand_on_the_programmes_edge(corner, body):
    placement = place_corner(body, corner_scene(corner, scale=0.5), CAMERA, PROGRAMME)
    assert np.isclose(programme_at(placement, body.centre_x, body.bottom)[1], 1079.5)
    assert np.isclose(programme_at(placement, body.centre_x, body.top)[1], 1079.5 - 540)
    assert placement.fade.bottom_px == 0


@pytest.mark.parametrize("body", [CUT, WHOLE])
@pytest.mark.parametrize("corner", [Corner.TOP_LEFT, Corner.TOP_RIGHT])
def test_top_corners_keep_the_head_inside_and_never_cut_hard(corner, body):
    placement = place_corner(body, corner_scene(corner, scale=0.5), CAMERA, PROGRAMME)
    assert 0 < programme_at(placement, body.centre_x, body.top)[1] < 60
    assert (placement.fade.bottom_px > 0) == body.is_cut


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("corner", list(Corner))
def test_the_body_stays_on_its_side_and_a_mirror_swaps_its_hands(corner, mirror):
    placement = place_corner(CUT, corner_scene(corner, mirror=mirror), CAMERA, PROGRAMME)
    middle = programme_at(placement, CUT.centre_x, 400)[0]
    right_hand = programme_at(placement, CUT.centre_x + 100, 400)[0]
    assert (middle < 960) == (corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT))
    assert (right_hand > middle) != mirror


@given(st.floats(-1e6, 1e6) | st.just(float("nan")), st.floats(0.0, 700.0), st.sampled_from(list(Corner)))
def test_any_scale_and_any_body_give_a_usable_placement(scale, height, corner):
    body = Body(10.0, 719.5 - height, 719.5, True)
    placement = place_corner(body, corner_scene(corner, scale=scale), CAMERA, PROGRAMME)
    assert np.isfinite(placement.camera_from_programme).all()
    assert np.linalg.det(placement.camera_from_programme) > 0


def test_shrink_ratio_is_camera_pixels_per_programme_pixel():
    half = np.diag([2.0, 2.0, 1.0])
    assert np.isclose(shrink_ratio(half, Box(100, 100, 50, 50), PROGRAMME), 2.0)
    tilted = np.array([[1.0, 0, 0], [0, 1, 0], [0.001, 0, 1]])
    at_left = shrink_ratio(tilted, Box(0, 0, 1, 1), PROGRAMME)
    at_right = shrink_ratio(tilted, Box(600, 0, 1, 1), PROGRAMME)
    assert at_left > 0.99 > at_right


@pytest.mark.parametrize("body", [CUT, WHOLE])
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("place", [(0.0, 1.0), (0.3, 0.7), (1.0, 1.4)])
def test_a_place_is_where_the_feet_stand(body, mirror, place):
    scene = corner_scene(Corner.TOP_LEFT, scale=0.5, mirror=mirror, place_xy=place)
    placement = place_corner(body, scene, CAMERA, PROGRAMME)
    at = programme_at(placement, body.centre_x, body.bottom)
    assert np.allclose(at, (place[0] * 1920 - 0.5, place[1] * 1080 - 0.5))
    head = programme_at(placement, body.centre_x, body.top)
    assert at[1] - head[1] == pytest.approx(0.5 * 1080)
    assert (placement.fade.bottom_px > 0) == (body.is_cut and place[1] < 1), "a cut must not hang in the air"


def test_the_bottom_corners_are_places_too():
    for corner, x in (
        (Corner.BOTTOM_LEFT, 0.30 * 0.6 * 1080 / 1920),
        (Corner.BOTTOM_RIGHT, 1 - 0.30 * 0.6 * 1080 / 1920),
    ):
        by_corner = place_corner(CUT, corner_scene(corner), CAMERA, PROGRAMME)
        by_place = place_corner(CUT, corner_scene(corner, place_xy=(x, 1.0)), CAMERA, PROGRAMME)
        assert np.allclose(by_corner.camera_from_programme, by_place.camera_from_programme)
