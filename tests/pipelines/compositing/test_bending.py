"""Through a lens that bends straight lines the finger points where it pointed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.alignment import Lens
from pipelines.compositing.bending import STRAIGHT, bend_of, flattened, outer_limits
from pipelines.compositing.compositor import Compositor
from pipelines.media import Box, Frame, Matte, Page, Scene, SizeWh
from pipelines.simulated.optics import Optics
from pipelines.simulated.room import room_from_url

PROGRAMME = (1280, 720)
ROOMS = ["k1=-0.06&k2=0.01", "k1=-0.3&k2=0.1&yaw=12&pitch=-6", "k1=0.25&k2=-0.1&yaw=-8&roll=2"]


def dots(camera_xy: np.ndarray, camera_wh: SizeWh) -> Matte:
    """A white disc about each of these camera pixels, antialiased."""
    fine = 16  # steps of a pixel
    pha = np.zeros((camera_wh[1], camera_wh[0]), np.uint8)
    for x, y in camera_xy:
        left, top = int(x) - 6, int(y) - 6
        disc = np.zeros((12 * fine, 12 * fine), np.uint8)
        # Pixel i of the picture covers fine pixels i * fine to i * fine + fine - 1.
        middle = (round((x - left + 0.5) * fine - 0.5), round((y - top + 0.5) * fine - 0.5))
        cv2.circle(disc, middle, 4 * fine, 255, -1)
        pha[top : top + 12, left : left + 12] = cv2.resize(disc, (12, 12), interpolation=cv2.INTER_AREA)
    rgb = np.full((*pha.shape, 3), 255, np.uint8)
    return Matte(Frame(rgb, 0, 0), Box(0, 0, *camera_wh), pha, rgb)


@pytest.mark.parametrize("camera_wh", [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("room", ROOMS)
def test_what_is_on_the_screens_plane_lands_where_it_is(room: str, camera_wh: SizeWh) -> None:
    calibration, _ = Optics(room_from_url(f"simulated:?{room}"), camera_wh).calibration()
    x, y = np.meshgrid(np.linspace(40, 1240, 7), np.linspace(40, 680, 5))
    page_xy = np.column_stack([x.ravel(), y.ravel()])
    camera_xy = calibration.to_camera(page_xy, camera_wh, PROGRAMME)
    page = Page(np.zeros((720, 1280, 3), np.uint8), 0, 0)
    rgb = Compositor(PROGRAMME).compose(page, dots(camera_xy, camera_wh), Scene(), calibration)
    light = (rgb[..., 1] / 255.0) ** 2.2
    count, _, boxes, _ = cv2.connectedComponentsWithStats(np.asarray(rgb[..., 1] > 0, np.uint8))
    assert count == len(page_xy) + 1
    missed = []
    for left, top, width, height, _ in boxes[1:]:
        part = light[top : top + height, left : left + width]
        row, column = np.mgrid[top : top + height, left : left + width]
        at = np.array([(column * part).sum(), (row * part).sum()]) / part.sum()
        missed.append(np.hypot(*(page_xy - at).T).min())
    assert max(missed) < 0.2


def test_nothing_of_the_teacher_is_cut_by_the_narrowed_rows() -> None:
    """Every programme pixel that the camera sees is visited: a matte of alpha 255 leaves no hole."""
    camera_wh = (1280, 720)
    calibration, _ = Optics(room_from_url("simulated:?k1=-0.3&k2=0.1&yaw=10"), camera_wh).calibration()
    white = np.full((720, 1280, 3), 255, np.uint8)
    page = Page(np.zeros((720, 1280, 3), np.uint8), 0, 0)
    for box in (Box(0, 0, 1280, 720), Box(300, 100, 500, 400)):
        pha, fgr = np.full((box.h, box.w), 255, np.uint8), white[: box.h, : box.w]
        rgb = Compositor(PROGRAMME).compose(
            page, Matte(Frame(white, 0, 0), box, pha, fgr), Scene(), calibration
        )
        x, y = np.meshgrid(np.arange(1280.0), np.arange(720.0))
        seen = calibration.to_camera(np.stack([x, y], -1), camera_wh, PROGRAMME)
        low, high = (box.x + 0.6, box.y + 0.6), (box.x + box.w - 1.6, box.y + box.h - 1.6)
        inside = ((seen > low) & (seen < high)).all(axis=2)
        assert (rgb[inside] == 255).all()
        outside = ((seen < np.subtract(low, 2.2)) | (seen > np.add(high, 2.2))).any(axis=2)
        assert (rgb[outside] == 0).all()


def test_bending_is_the_calibrations_own() -> None:
    lens, camera_wh = Lens(1.4, -0.2, 0.05, (0.01, -0.02)), (1280, 720)
    half = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25], [0, 0, 1.0]])
    bend = bend_of(lens, camera_wh, half)
    for x, y in [(3.0, 5.0), (320.0, 180.0), (630.0, 350.0)]:
        own = lens.flatten(np.array([2 * x + 0.5, 2 * y + 0.5]), camera_wh)
        assert np.allclose(flattened(x, y, bend), (own - 0.5) / 2, atol=1e-6)
    assert bend_of(None, camera_wh, half) == bend_of(Lens(1.4, 0, 0), camera_wh, half) == STRAIGHT
    assert outer_limits((0.0, 9.0, 1.0, 5.0), STRAIGHT) == (0.0, 9.0, 1.0, 5.0)
