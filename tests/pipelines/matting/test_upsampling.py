"""Alpha follows the camera's edges, and colour is the teacher's own."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.matting.upsampling import upsample
from pipelines.media import U8, Box

TEACHER, WALL = (190, 60, 50), (60, 120, 200)
SCALE = 4


def picture() -> tuple[U8, U8]:
    """Two fingers 5 pixels wide and a round head over a wall: rgb u8 (320, 480, 3) and its alpha."""
    pha = np.zeros((320, 480), np.uint8)
    cv2.circle(pha, (160, 150), 80, 255, -1, cv2.LINE_AA)
    cv2.line(pha, (200, 100), (400, 60), 255, 5, cv2.LINE_AA)
    cv2.line(pha, (200, 180), (400, 240), 255, 5, cv2.LINE_AA)
    share = (pha / 255.0)[..., None]
    return np.rint(share * TEACHER + (1 - share) * WALL).astype(np.uint8), np.asarray(pha)


def run(part: Box) -> tuple[U8, U8]:
    rgb, truth = picture()
    small_wh = (480 // SCALE, 320 // SCALE)
    small_rgb = np.asarray(cv2.resize(rgb, small_wh, interpolation=cv2.INTER_AREA), np.uint8)
    small_pha = cv2.resize(truth, small_wh, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    return upsample(rgb, small_rgb, small_pha, part)


WHOLE = Box(0, 0, 480, 320)


def test_alpha_is_sharper_than_what_the_network_saw() -> None:
    rgb, truth = picture()
    pha, _ = run(WHOLE)
    small = cv2.resize(truth, (120, 80), interpolation=cv2.INTER_AREA)
    plain = cv2.resize(small, (480, 320))
    error = np.abs(pha.astype(int) - truth).mean()
    assert error < 0.4 * np.abs(plain.astype(int) - truth).mean()
    assert rgb.shape[:2] == pha.shape


def test_colour_is_the_teachers_at_the_edge_and_beyond() -> None:
    _, truth = picture()
    _, fgr = run(WHOLE)
    edge = cv2.dilate(truth, np.ones((9, 9), np.uint8)) > 0
    off = np.abs(fgr.astype(int) - TEACHER).max(axis=2)
    assert np.quantile(off[edge], 0.99) < 40
    assert off[truth == 255].max() <= 3


def test_over_another_page_nothing_of_the_wall_is_left() -> None:
    _, truth = picture()
    pha, fgr = run(WHOLE)
    page = np.array([250.0, 250.0, 240.0])
    share, true_share = (pha / 255.0)[..., None], (truth / 255.0)[..., None]
    shown = share * fgr + (1 - share) * page
    wanted = true_share * TEACHER + (1 - true_share) * page
    blended_camera = share * picture()[0] + (1 - share) * page
    assert np.abs(shown - wanted).mean() < 0.6 * np.abs(blended_camera - wanted).mean()


def test_a_part_equals_the_same_part_of_the_whole() -> None:
    part = Box(130, 37, 301, 222)
    pha, fgr = run(WHOLE)
    part_pha, part_fgr = run(part)
    inner = (slice(8, -8), slice(8, -8))
    np.testing.assert_allclose(part_pha[inner].astype(int), pha[part.slices][inner], atol=1)
    np.testing.assert_allclose(part_fgr[inner].astype(int), fgr[part.slices][inner], atol=1)


def test_nothing_stays_nothing() -> None:
    rgb, _ = picture()
    small = np.asarray(cv2.resize(rgb, (120, 80), interpolation=cv2.INTER_AREA), np.uint8)
    pha, _ = upsample(rgb, small, np.zeros((80, 120), np.float32), WHOLE)
    assert pha.max() == 0
