"""Whole composites against pictures that a person has looked at."""

from __future__ import annotations

import pytest

from pipelines.compositing import Compositor
from pipelines.media import Corner, Layout, Scene

CORNER = Layout.CORNER
SCENES = {
    "aligned": ("white", Scene()),
    "aligned_half_opaque": ("colour", Scene(opacity=0.5)),
    "corner_bottom_right": ("black", Scene(layout=CORNER)),
    "corner_bottom_left_mirrored": ("white", Scene(layout=CORNER, corner=Corner.BOTTOM_LEFT, mirror=True)),
    "corner_top_right_fading": ("colour", Scene(layout=CORNER, corner=Corner.TOP_RIGHT)),
    "corner_small": ("white", Scene(layout=CORNER, scale=0.3)),
    "camera_letterboxed": ("white", Scene(layout=Layout.CAMERA, mirror=True)),
}


@pytest.mark.parametrize("name", SCENES)
def test_composite_looks_as_it_did(name, make_page, make_matte, make_calibration, check_golden):
    kind, scene = SCENES[name]
    camera_wh = (240, 180) if name == "camera_letterboxed" else (320, 180)
    matte = make_matte(camera_wh)
    rgb = Compositor((320, 180)).compose(make_page(kind=kind), matte, scene, make_calibration(camera_wh))
    check_golden(name, rgb)


def test_a_4k_camera_in_a_small_programme_keeps_its_hair(
    make_page, make_matte, make_calibration, check_golden
):
    camera_wh = (1280, 720)
    compositor = Compositor((320, 180))
    rgb = compositor.compose(make_page(), make_matte(camera_wh), Scene(), make_calibration(camera_wh))
    check_golden("aligned_shrunk_by_four", rgb)
