"""Whole composites against pictures that a person has looked at."""

from __future__ import annotations

import pytest

from pipelines.compositing.compositor import Compositor
from pipelines.compositing.moving import Step
from pipelines.media import Corner, Layout, Scene

CORNER, BESIDE = Layout.CORNER, Layout.BESIDE
SCENES = {
    "aligned": ("white", Scene()),
    "aligned_half_opaque": ("colour", Scene(opacity=0.5)),
    "corner_bottom_right": ("black", Scene(layout=CORNER)),
    "corner_bottom_left_mirrored": ("white", Scene(layout=CORNER, corner=Corner.BOTTOM_LEFT, mirror=True)),
    "corner_top_right_fading": ("colour", Scene(layout=CORNER, corner=Corner.TOP_RIGHT)),
    "corner_small": ("white", Scene(layout=CORNER, scale=0.3)),
    "corner_faded_over_writing": ("white", Scene(layout=CORNER, scale=1.0, text_fade=1.0)),
    "beside": ("white", Scene(layout=BESIDE)),
    "beside_left_mirrored": ("colour", Scene(layout=BESIDE, corner=Corner.TOP_LEFT, mirror=True)),
    "beside_cut_out": ("black", Scene(layout=BESIDE, cut_out=True, pane_share=0.4)),
    "camera_letterboxed": ("white", Scene(layout=Layout.CAMERA, mirror=True)),
}


@pytest.mark.parametrize("name", SCENES)
def test_composite_looks_as_it_did(name, make_page, make_matte, make_calibration, check_golden):
    kind, scene = SCENES[name]
    camera_wh = (240, 180) if name == "camera_letterboxed" else (320, 180)
    compositor, page, calibration = Compositor((320, 180)), make_page(kind=kind), make_calibration(camera_wh)
    for index in range(50 if scene.text_fade else 0):  # the fade takes its time
        compositor.compose(page, make_matte(camera_wh, pts=index * 3600), scene, calibration)
    rgb = compositor.compose(page, make_matte(camera_wh, pts=50 * 3600), scene, calibration)
    check_golden(name, rgb)


def test_a_4k_camera_in_a_small_programme_keeps_its_hair(
    make_page, make_matte, make_calibration, check_golden
):
    camera_wh = (1280, 720)
    compositor = Compositor((320, 180))
    rgb = compositor.compose(make_page(), make_matte(camera_wh), Scene(), make_calibration(camera_wh))
    check_golden("aligned_shrunk_by_four", rgb)


@pytest.mark.parametrize(
    ("name", "scene"),
    [("midway_to_beside", Scene(layout=BESIDE)), ("midway_to_corner", Scene(layout=CORNER, scale=0.4))],
)
def test_half_way_looks_as_it_did(name, scene, make_page, make_matte, make_calibration, check_golden):
    compositor, page, calibration = Compositor((320, 180)), make_page(), make_calibration()
    compositor.compose(page, make_matte(), Scene(), calibration)
    check_golden(name, compositor.compose(page, make_matte(pts=3600), scene, calibration, Step(1, 0.5)))
