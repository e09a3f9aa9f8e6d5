from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.media import F64
from pipelines.simulated.optics import LCD_M, PAGE_WH, Optics, lcd_outline, page_from_wall
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import Room

from .conftest import MakePage

CORNERS_PAGE = np.array([[-0.5, -0.5], [1919.5, -0.5], [1919.5, 1079.5], [-0.5, 1079.5]])


def _mapped(points: F64, matrix: F64) -> F64:
    return np.asarray(cv2.perspectiveTransform(points[None], matrix)[0])


def test_the_calibration_maps_the_corners_of_the_lcd_to_the_corners_of_the_page(optics: Optics) -> None:
    calibration, fit = optics.calibration()
    corners = _mapped(optics.project(lcd_outline(1)), calibration.page_from_camera)
    assert calibration.source == "simulated"
    assert calibration.camera_size_wh == optics.size_wh
    assert 0.1 < fit.max_px < 4  # the lens bends, a homography does not
    assert np.abs(corners - CORNERS_PAGE).max() <= fit.max_px + 1e-6


def test_without_distortion_the_calibration_is_exact() -> None:
    optics = Optics(Room(k1=0, k2=0, yaw_deg=14, pitch_deg=-6, roll_deg=2), (1280, 720))
    calibration, fit = optics.calibration()
    assert fit.max_px < 1e-4
    assert np.allclose(
        _mapped(optics.project(lcd_outline(1)), calibration.page_from_camera), CORNERS_PAGE, atol=1e-4
    )


def test_looking_at_the_wall_undoes_the_projection() -> None:
    optics = Optics(Room(k1=-0.2, k2=0.05, distance_m=2.5), (1280, 720))
    rng = np.random.default_rng(0)
    metres = rng.uniform(-0.5, 0.5, (50, 2)) * LCD_M
    camera = optics.project(np.column_stack([metres, np.zeros(50)]))
    assert np.allclose(optics.on_wall(camera), metres, atol=1e-7)


def test_the_lcd_fills_three_quarters_of_the_picture_and_all_of_it_is_in_view(optics: Optics) -> None:
    corners = optics.project(lcd_outline(1))
    share = (corners[:, 0].max() - corners[:, 0].min()) / optics.size_wh[0]
    assert 0.72 < share < 0.8
    assert (corners > 0).all() and (corners < optics.size_wh).all()


def test_a_dot_of_the_page_is_seen_where_the_projection_puts_it(
    renderer: Renderer, page_of: MakePage
) -> None:
    optics = Optics(renderer.room, renderer.size_wh)
    for x, y in [(60, 60), (320, 180), (500, 300)]:
        rgb = np.zeros((360, 640, 3), np.uint8)
        rgb[y - 4 : y + 5, x - 4 : x + 5] = 255
        dark = renderer.render(0, page_of(0), teacher=False, noise=False).astype(np.float64)
        lit = renderer.render(0, page_of(rgb), teacher=False, noise=False) - dark
        weight = lit.sum(-1)
        rows, columns = np.indices(weight.shape)
        seen = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
        metres = (np.array([x, y]) + 0.5) / (640, 360) * LCD_M - np.array(LCD_M) / 2
        assert np.allclose(page_from_wall(metres, (640, 360)), (x, y))
        assert np.abs(optics.project(np.array([[*metres, 0.0]]))[0] - seen).max() < 0.15


def test_an_lcd_that_leaves_the_picture_is_refused_with_the_mend() -> None:
    with pytest.raises(ValueError, match="smaller fill"):
        Optics(replace(Room(), fill=0.9, yaw_deg=-30, distance_m=2), (1280, 720))


def test_the_page_of_the_calibration_is_full_hd() -> None:
    assert PAGE_WH == (1920, 1080)
