"""The place of the LCD, the lens and the camera's angle, against the simulated classroom's truth."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.alignment import Calibration, Lens
from pipelines.calibration.solving import Unsolvable, solve

WH = (1280, 720)
ROOMS = [
    "simulated:",
    "simulated:?yaw=22&pitch=-8&roll=3&k1=-0.2&k2=0.05&fill=0.7",
    "simulated:?yaw=0&pitch=0&roll=0&k1=0.1&k2=0&distance=8",
    "simulated:?yaw=-30&k1=0&k2=0&fill=0.6&noise=3&blur=1.2",
    "simulated:?yaw=15&pitch=10&distance=2.5&k1=-0.3&fill=0.6&bright=1.3&veil=0.1",
]


def solved(room, pattern, teacher):
    corners = pattern.find(room.mean(pattern.board, teacher=teacher))
    return solve(pattern.page_xy(corners.ids), corners.camera_xy, WH, WH, "pattern")


@pytest.mark.parametrize("teacher", [False, True], ids=["empty", "teacher"])
@pytest.mark.parametrize("url", ROOMS)
def test_the_lcd_is_found_within_a_tenth_of_a_pixel(url, teacher, room, pattern):
    made = room(url)
    solution = solved(made, pattern, teacher)
    assert made.error_px(solution.calibration) < 0.1
    assert solution.rms_px < 0.15
    off = abs(solution.pose.off_deg - made.angle_deg())
    assert off < max(0.5, 3 * solution.pose.sigma_deg)


def test_the_angle_says_on_which_side_the_camera_stands(room, pattern):
    pose = solved(room("simulated:?yaw=20&pitch=0&roll=0"), pattern, False).pose
    assert pose.right_deg > 15 and abs(pose.down_deg) < 5
    pose = solved(room("simulated:?yaw=-20&pitch=12&roll=0"), pattern, False).pose
    assert pose.right_deg < -15 and pose.down_deg < -5


def seen_points(lens: Lens):
    """Points on a page as a made-up camera sees them."""
    x, y = np.meshgrid(np.linspace(40, 1240, 16), np.linspace(40, 680, 9))
    page = np.stack([x.ravel(), y.ravel()], axis=1)
    flat_from_page = np.array([[0.7, 0.02, 150], [-0.03, 0.72, 90], [2e-5, 3e-5, 1]])
    truth = Calibration(np.eye(3), WH, WH, "truth", lens, np.linalg.inv(flat_from_page))
    return page, truth.to_camera(page, WH, WH), truth


@pytest.mark.parametrize(
    "lens", [Lens(1.0, -0.2, 0.06), Lens(0.8, 0.15, 0.0), Lens(1.0, -0.3, 0.1, (0.006, -0.004))]
)
def test_the_lens_is_recovered_also_with_its_middle_off_the_pictures(lens):
    page, camera, truth = seen_points(lens)
    solution = solve(page, camera, WH, WH, "pattern")
    off = solution.calibration.to_camera(page, WH, WH) - truth.to_camera(page, WH, WH)
    assert np.abs(off).max() < 0.05


def test_points_that_lie_are_left_out():
    page, camera, truth = seen_points(Lens(1.0, -0.2, 0.06))
    rng = np.random.default_rng(3)
    camera = camera + rng.normal(0, 0.05, camera.shape)
    wrong = rng.choice(len(page), 30, replace=False)
    camera[wrong] += rng.uniform(3, 60, (30, 2))
    solution = solve(page, camera, WH, WH, "pattern")
    assert not solution.kept[wrong].any() and solution.kept.sum() > 100
    off = solution.calibration.to_camera(page, WH, WH) - truth.to_camera(page, WH, WH)
    assert np.sqrt((off**2).mean()) < 0.05


def test_the_expected_error_of_the_border_is_honest():
    """Points in one corner say little about the opposite one, and the solution knows."""
    page, camera, truth = seen_points(Lens(1.0, -0.1, 0.0))
    near = (page < (600, 360)).all(axis=1)
    camera = camera + np.random.default_rng(1).normal(0, 0.1, camera.shape)
    everywhere, corner = (solve(page[k], camera[k], WH, WH, "pattern") for k in (slice(None), near))
    assert corner.outline_px > 5 * everywhere.outline_px
    border = np.array([[1279.5, 719.5], [1279.5, -0.5], [-0.5, 719.5]])
    off = corner.calibration.to_camera(border, WH, WH) - truth.to_camera(border, WH, WH)
    assert np.hypot(*off.T).max() < 4 * corner.outline_px


def test_points_that_tell_nothing_are_refused():
    page, camera, _ = seen_points(Lens(1.0, 0, 0))
    with pytest.raises(Unsolvable, match="5 points"):
        solve(page[:5], camera[:5], WH, WH, "pattern")
    with pytest.raises(Unsolvable):
        solve(page, np.random.default_rng(2).uniform(0, 700, camera.shape), WH, WH, "pattern")
    with pytest.raises(Unsolvable):
        solve(np.repeat(page[:1], 40, axis=0), np.repeat(camera[:1], 40, axis=0), WH, WH, "pattern")
