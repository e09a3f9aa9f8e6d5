"""Where the page lies in the camera's picture, and its light there as lens and pixels average it."""

from __future__ import annotations

from math import ceil, floor

import cv2
import numpy as np

from pipelines.media import F32, F64, U8, Box, Calibration, SizeWh
from pipelines.plate.photometry import Blocks

BLUR_PX = 0.8  # sigma of a usual lens together with the pixel's own area, for a picture of 720 rows
DISPLAY_GAMMA = 2.2
# What a homography misses near the LCD's frame (lens distortion) must not count as something held.
INSET_PX = 5.0  # for a picture of 720 rows

_LIGHT_OF_CODE: F32 = np.asarray((np.arange(256) / 255) ** DISPLAY_GAMMA, np.float32).reshape(1, 256, 1)
_LIGHT_OF_CODES: F32 = np.ascontiguousarray(_LIGHT_OF_CODE.repeat(3, axis=2))


class PageView:
    """One calibration at one camera's and one page's size.

    box: of the LCD in the camera's picture, empty when the calibration puts it nowhere. inside: u8 (h, w) of
    the box, 255 where the page surely is; inside_rgb, outside_rgb: the same and its opposite, (h, w, 3).
    """

    def __init__(self, calibration: Calibration, camera_wh: SizeWh, page_wh: SizeWh) -> None:
        self.camera_wh, self.page_wh = camera_wh, page_wh
        page_from_camera = calibration.for_sizes(camera_wh, page_wh)
        corners = _corners(page_from_camera, page_wh)
        self.box = _bounds(corners, camera_wh)
        if self.box.is_empty:
            return
        self.blocks = Blocks.of((self.box.h, self.box.w), camera_wh)
        to_box = np.array([[1.0, 0, -self.box.x], [0, 1.0, -self.box.y], [0, 0, 1.0]])
        self._box_from_page: F64 = to_box @ np.linalg.inv(page_from_camera)
        self._ratio = _shrink_ratio(corners, page_wh)
        self.inside: U8 = np.zeros((self.box.h, self.box.w), np.uint8)
        outline = np.rint(corners - (self.box.x, self.box.y)).astype(np.int32)
        cv2.fillConvexPoly(self.inside, outline, (255,))
        inset = 2 * round(INSET_PX * camera_wh[1] / 720) + 1
        around = np.ones((inset, inset), np.uint8)
        eroded = cv2.erode(self.inside, around, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
        self.inside = np.asarray(eroded, np.uint8)
        self.inside_rgb: U8 = np.dstack([self.inside] * 3)
        self.outside_rgb: U8 = np.asarray(255 - self.inside_rgb, np.uint8)

    def light(self, page_rgb: U8) -> F32:
        """The page's linear light in the camera's pixels of `box`, f32 (box.h, box.w, 3), 0 to 1.

        Filtered for the size it has there: whole steps by area means, the rest with the lens's own blur.
        """
        light = cv2.LUT(page_rgb, _LIGHT_OF_CODES)
        step, ratio = max(1, floor(self._ratio)), self._ratio
        matrix = self._box_from_page
        if step > 1:
            width, height = self.page_wh[0] // step, self.page_wh[1] // step
            whole = light[: height * step, : width * step]
            light = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
            middle = (step - 1) / 2
            matrix = matrix @ np.array([[step, 0, middle], [0, step, middle], [0, 0, 1.0]])
            ratio /= step
        sigma = BLUR_PX * self.camera_wh[1] / 720 * ratio
        reach = 2 * ceil(2 * sigma) + 1
        light = cv2.GaussianBlur(light, (reach, reach), sigma, borderType=cv2.BORDER_REPLICATE)
        size_wh = (self.box.w, self.box.h)
        warped = cv2.warpPerspective(
            light, matrix, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(warped, np.float32)


def _corners(page_from_camera: F64, page_wh: SizeWh) -> F64:
    """The page's four corners in camera pixels, f64 (4, 2); nan where the calibration makes no sense."""
    width, height = page_wh
    page = np.array(
        [[-0.5, -0.5, 1], [width - 0.5, -0.5, 1], [width - 0.5, height - 0.5, 1], [-0.5, height - 0.5, 1]]
    )
    if not np.isfinite(page_from_camera).all() or abs(np.linalg.det(page_from_camera)) < 1e-12:
        return np.full((4, 2), np.nan)
    camera = page @ np.linalg.inv(page_from_camera).T
    depths = camera[:, 2]
    if depths.min() <= 0 <= depths.max():
        return np.full((4, 2), np.nan)
    return np.asarray(camera[:, :2] / depths[:, None])


def _bounds(corners: F64, camera_wh: SizeWh) -> Box:
    """The whole pixels of the camera's picture that hold the corners."""
    if not np.isfinite(corners).all():
        return Box(0, 0, 0, 0)
    low = np.clip(np.floor(corners.min(axis=0)), 0, camera_wh)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, camera_wh)
    x0, y0, x1, y1 = (int(v) for v in (*low, *high))
    return Box(x0, y0, x1 - x0, y1 - y0)


def _shrink_ratio(corners: F64, page_wh: SizeWh) -> float:
    """Page pixels per camera pixel, root of the areas' ratio."""
    area = cv2.contourArea(corners.astype(np.float32))
    return float(np.sqrt(page_wh[0] * page_wh[1] / max(area, 1.0)))
