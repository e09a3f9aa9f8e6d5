"""The remote room's small picture: where it stands, what it touches, and how it is shrunk."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.compositing.inset import Inset, InsetDrawer, inset_box
from pipelines.media import U8, Corner, SizeWh, freeze

SIZES = [(320, 180), (1280, 720), (1920, 1080)]


def filled(size_wh: SizeWh, colour: tuple[int, int, int]) -> U8:
    rgb = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
    rgb[:] = colour
    freeze(rgb)
    return rgb


@pytest.mark.parametrize("size_wh", SIZES)
@pytest.mark.parametrize("corner", Corner)
def test_it_stands_in_its_corner_and_touches_nothing_else(size_wh: SizeWh, corner: Corner) -> None:
    page = filled(size_wh, (250, 250, 248))
    shown = InsetDrawer(size_wh).over(page, Inset(filled((640, 360), (200, 30, 30)), "Room 5", corner))
    assert not shown.flags.writeable and shown is not page
    box = inset_box((640, 360), corner, size_wh)
    changed = np.argwhere((shown != page).any(-1))
    (top, left), (bottom, right) = changed.min(0), changed.max(0)
    assert box.x <= left and right < box.x + box.w and box.y <= top and bottom < box.y + box.h
    assert box.w * box.h < 0.06 * size_wh[0] * size_wh[1], "it is small"
    assert (left < size_wh[0] / 2) == ("left" in corner) and (top < size_wh[1] / 2) == ("top" in corner)
    middle = shown[box.y + box.h // 3, box.x + box.w // 2]
    assert tuple(middle) == (200, 30, 30), "one colour stays what it is"
    assert tuple(shown[box.y, box.x]) == (250, 250, 248), "its corners are round"


def test_the_recording_light_is_not_hidden() -> None:
    box = inset_box((640, 360), Corner.TOP_RIGHT, (1280, 720))
    assert box.y > 0.062 * 720, "the light ends there: see RecordingLight"


def test_an_upright_picture_keeps_its_shape() -> None:
    box = inset_box((360, 640), Corner.BOTTOM_LEFT, (1280, 720))
    assert box.w / box.h == pytest.approx(360 / 640, abs=0.02) and box.h < 0.3 * 720


@pytest.mark.parametrize("size_wh", SIZES)
@pytest.mark.parametrize(
    "picture_wh", [(1, 1), (16, 16), (640, 2), (2, 360), (640, 20), (20, 360), (3000, 3000)]
)
def test_whatever_a_strangers_camera_sends_is_borne(size_wh: SizeWh, picture_wh: SizeWh) -> None:
    page, drawer = filled(size_wh, (250, 250, 248)), InsetDrawer(size_wh)
    for corner in Corner:
        shown = drawer.over(page, Inset(filled(picture_wh, (200, 30, 30)), "Room 5", corner))
        assert (shown != page).any() and shown.shape == page.shape


def test_it_is_shrunk_in_light() -> None:
    """Black and white in turn give off half the light of white: code 188, not 128."""
    fine = np.zeros((360, 640, 3), np.uint8)
    fine[:, ::2] = 255
    box = inset_box((640, 360), Corner.TOP_LEFT, (1280, 720))
    shown = InsetDrawer((1280, 720)).over(filled((1280, 720), (0, 0, 0)), Inset(fine, "", Corner.TOP_LEFT))
    inside = shown[box.y + 20 : box.y + box.h - 20, box.x + 20 : box.x + box.w - 20]
    assert inside.mean() == pytest.approx(188, abs=3)


def test_the_name_is_under_it_and_a_long_one_fits() -> None:
    page, picture = filled((1280, 720), (128, 128, 128)), filled((640, 360), (90, 90, 90))
    drawer = InsetDrawer((1280, 720))
    box = inset_box((640, 360), Corner.BOTTOM_RIGHT, (1280, 720))

    def strip(name: str) -> U8:
        shown = drawer.over(page, Inset(picture, name, Corner.BOTTOM_RIGHT))
        return shown[box.y + box.h - 26 : box.y + box.h - 6, box.x + 8 : box.x + box.w - 8]

    assert strip("").max() == 90 and strip("").min() == 90
    named, long = strip("Room 5"), strip("A room with a very long name indeed, " * 3)
    assert named.max() > 200 and named.min() < 60, "pale letters on a dark strip"
    assert (named[:, :60].max(), named[:, -60:].max()) < (90, 90), "in the middle"
    assert long.max() > 200 and (long[:, :4].max(), long[:, -4:].max()) < (90, 90), "cut off within the strip"
    assert strip("\u202e\x00") is not None, "any name is taken"


def test_what_stands_still_is_one_picture() -> None:
    page, drawer = filled((320, 180), (9, 9, 9)), InsetDrawer((320, 180))
    inset = Inset(filled((64, 36), (50, 60, 70)), "Room 5", Corner.TOP_LEFT)
    assert drawer.over(page, inset) is drawer.over(page, inset)
    assert drawer.over(page, inset._replace(name="Room 6")) is not drawer.over(page, inset)
    assert page.max() == 9
