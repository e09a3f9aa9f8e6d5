from __future__ import annotations

import numpy as np
import pytest

from pipelines.compositing.steadying import Body, SteadyBody, find_body
from pipelines.media import PTS_HZ, Box, Frame, Matte

FRAME = PTS_HZ // 25
STANDING = Body(600.0, 120.5, 719.5, True)


def follow(steady, bodies, start=0):
    return [steady.follow(body, (start + index) * FRAME) for index, body in enumerate(bodies)]


def test_a_raised_arm_and_a_pointer_are_no_part_of_the_body(make_matte):
    size_wh = (1280, 720)
    with_arm, without = find_body(make_matte(size_wh)), find_body(make_matte(size_wh, arm=False))
    assert abs(with_arm.centre_x - without.centre_x) < 0.02 * 720
    assert abs(with_arm.top - without.top) < 0.03 * 720
    assert abs(with_arm.centre_x - 640) < 10


def test_a_body_that_leaves_the_picture_is_cut_at_its_very_border(make_matte):
    body = find_body(make_matte((1280, 720)))
    assert body.is_cut and body.bottom == 719.5


def test_feet_inside_the_picture_are_the_bottom():
    frame = Frame(np.zeros((720, 1280, 3), np.uint8), 0, 0)
    pha = np.zeros((600, 300), np.uint8)
    pha[20:520, 100:200] = 255
    body = find_body(Matte(frame, Box(400, 50, 300, 600), pha, np.zeros((600, 300, 3), np.uint8)))
    assert not body.is_cut
    assert body.top == pytest.approx(69.5, abs=6) and body.bottom == pytest.approx(569.5, abs=6)
    assert body.centre_x == pytest.approx(549.5, abs=6)


@pytest.mark.parametrize("alpha", [0, 30])
def test_a_faint_matte_still_has_a_place(alpha):
    frame = Frame(np.zeros((720, 1280, 3), np.uint8), 0, 0)
    matte = Matte(frame, Box(7, 9, 1, 2), np.full((2, 1), alpha, np.uint8), np.zeros((2, 1, 3), np.uint8))
    body = find_body(matte)
    assert body.height > 0 and body.centre_x == 7


def test_a_jittering_box_does_not_move_the_teacher():
    rng = np.random.default_rng(4)
    jitter = rng.uniform(-0.04, 0.04, (100, 2)) * STANDING.height
    bodies = [STANDING, *(STANDING._replace(centre_x=600 + x, top=120.5 + y) for x, y in jitter)]
    assert set(follow(SteadyBody(), bodies)) == {STANDING}


def test_a_walking_teacher_is_followed_smoothly_and_reached():
    steady = SteadyBody()
    walk = [STANDING._replace(centre_x=600.0 + 8 * index) for index in range(50)]
    wanted = [*walk, *[walk[-1]] * 50]
    shown = [body.centre_x for body in follow(steady, wanted)]
    steps = np.diff(shown)
    assert np.all(steps >= 0) and steps.max() < 25
    behind = [want.centre_x - got for want, got in zip(wanted, shown, strict=True)]
    assert max(behind) < 0.1 * STANDING.height
    assert abs(shown[-1] - walk[-1].centre_x) < 0.07 * STANDING.height


def test_the_same_frame_twice_changes_nothing():
    steady = SteadyBody()
    follow(steady, [STANDING, STANDING._replace(centre_x=700.0)])
    again = [steady.follow(STANDING._replace(centre_x=700.0), FRAME) for _ in range(5)]
    assert len(set(again)) == 1 and again[0].centre_x < 700


@pytest.mark.parametrize("pts", [5 * PTS_HZ, -FRAME])
def test_after_a_pause_or_a_clip_that_starts_over_the_place_is_new(pts):
    steady = SteadyBody()
    steady.follow(STANDING, 0)
    moved = STANDING._replace(centre_x=700.0)
    assert steady.follow(moved, pts) == moved


def test_a_cut_of_the_camera_is_followed_at_once():
    steady = SteadyBody()
    other = Body(1200.0, 400.5, 719.5, True)
    assert follow(steady, [STANDING, other])[-1] == other


def test_a_cut_body_never_floats():
    steady = SteadyBody()
    feet = Body(600.0, 120.5, 690.0, False)
    shown = follow(steady, [feet, feet, STANDING])
    assert shown[-1].bottom == 719.5 and shown[-1].is_cut
