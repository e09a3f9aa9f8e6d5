"""Where the page lies in the camera's picture, and its light there as lens and pixels average it."""

from __future__ import annotations

from math import ceil, floor

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.media import F32, F64, U8, Box, SizeWh, length_scale
from pipelines.plate.photometry import Blocks

BLUR_PX = 0.8  # sigma of a usual lens together with the pixel's own area, for a picture of 720 rows
DISPLAY_GAMMA = 2.2
_SKIP = 2  # of a page's pixels, every second one is enough for means over blocks
INSET_PX = 3.0  # for a picture of 720 rows: where the lens mixes the page with the LCD's frame

_LIGHT_OF_CODE: F32 = np.asarray((np.arange(256) / 255) ** DISPLAY_GAMMA, np.float32).reshape(1, 256, 1)
_LIGHT_OF_CODES: F32 = np.ascontiguousarray(_LIGHT_OF_CODE.repeat(3, axis=2))


class PageView:
    """One calibration at one camera's and one page's size.

    box: of the LCD in the camera's picture, empty when the calibration puts it nowhere, or hardly anywhere.
    inside, lcd: u8 (h, w) of the box, 255 where the page surely is, and where the LCD is, its rim included.
    """

    def __init__(self, calibration: Calibration, camera_wh: SizeWh, page_wh: SizeWh) -> None:
        self.calibration, self.camera_wh, self.page_wh = calibration, camera_wh, page_wh
        corners = _corners(calibration.for_sizes(camera_wh, page_wh), page_wh)
        if np.isfinite(corners).all():
            corners = calibration.to_camera(_outline(page_wh), camera_wh, page_wh)
        self.box = _bounds(corners, camera_wh)
        if self.box.is_empty:
            return
        self.blocks = Blocks.of((self.box.h, self.box.w), camera_wh)
        if 0 in self.blocks.hw:  # not a whole block of it is in the picture: there is nothing to learn from
            self.box = Box(0, 0, 0, 0)
            return
        self._page_at: F32 = _page_map(calibration, self.box, camera_wh, page_wh)
        self._ratio = _shrink_ratio(corners, page_wh)
        self.lcd: U8 = np.zeros((self.box.h, self.box.w), np.uint8)
        outline = np.rint(corners - (self.box.x, self.box.y)).astype(np.int32)
        cv2.fillPoly(self.lcd, [outline], (255,))
        inset = 2 * round(INSET_PX * length_scale(camera_wh)) + 1
        around = np.ones((inset, inset), np.uint8)
        eroded = cv2.erode(self.lcd, around, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
        self.inside: U8 = np.asarray(eroded, np.uint8)

    def light(self, page_rgb: U8) -> F32:
        """The page's linear light in the camera's pixels of `box`, f32 (box.h, box.w, 3), 0 to 1.

        Filtered for the size it has there: whole steps by area means, the rest with the lens's own blur.
        """
        light = cv2.LUT(page_rgb, _LIGHT_OF_CODES)
        step, ratio = min(max(1, floor(self._ratio)), *self.page_wh), self._ratio
        at = self._page_at
        if step > 1:
            width, height = self.page_wh[0] // step, self.page_wh[1] // step
            whole = light[: height * step, : width * step]
            light = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
            at = (at - np.float32((step - 1) / 2)) / np.float32(step)
            ratio /= step
        sigma = BLUR_PX * length_scale(self.camera_wh) * ratio
        reach = 2 * ceil(2 * sigma) + 1
        light = cv2.GaussianBlur(light, (reach, reach), sigma, borderType=cv2.BORDER_REPLICATE)
        warped = cv2.remap(light, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.float32)

    def block_light(self, page_rgb: U8) -> F32:
        """Nearly the blocks' means of `light`, f32 (bh, bw, 3), at a small part of its cost."""
        rows, columns = self.blocks.hw
        half_px = self.blocks.block_px / 2
        light = cv2.LUT(np.ascontiguousarray(page_rgb[::_SKIP, ::_SKIP]), _LIGHT_OF_CODES)
        step = min(max(1, round(half_px * self._ratio / _SKIP)), *light.shape[:2])
        height, width = light.shape[0] // step, light.shape[1] // step
        small = cv2.resize(
            light[: height * step, : width * step], (width, height), interpolation=cv2.INTER_AREA
        )
        box = Box(0, 0, columns * self.blocks.block_px, rows * self.blocks.block_px)
        at = [
            cv2.resize(plane[box.slices], (2 * columns, 2 * rows), interpolation=cv2.INTER_AREA)
            for plane in self._page_at
        ]
        cell_px = np.float32(_SKIP * step)
        x, y = (np.asarray((plane - (cell_px - _SKIP) / 2) / cell_px, np.float32) for plane in at)
        fine = cv2.remap(small, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _page_map(calibration: Calibration, box: Box, camera_wh: SizeWh, page_wh: SizeWh) -> F32:
    """Where each camera pixel of the box looks on the page: x and y, f32 (2, box.h, box.w).

    Found for every eighth pixel and interpolated: lens and perspective are so smooth that this is right
    within 0.001 px.
    """
    step = 8
    columns, rows = (
        np.arange(-1, size // step + 2) * step + (step - 1) / 2 + start
        for start, size in ((box.x, box.w), (box.y, box.h))
    )
    coarse = calibration.to_page(np.stack(np.meshgrid(columns, rows), -1), camera_wh, page_wh)
    fine = cv2.resize(coarse, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
    inside = fine[step : step + box.h, step : step + box.w]
    return np.ascontiguousarray(inside.transpose(2, 0, 1), np.float32)


def _outline(page_wh: SizeWh, steps: int = 16) -> F64:
    """Points along the page's border, clockwise from its top left corner, f64 (4 * steps, 2)."""
    width, height = page_wh
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height], [0, 0]]) - 0.5
    share = np.arange(steps)[:, None] / steps
    return np.concatenate([corners[k] + share * (corners[k + 1] - corners[k]) for k in range(4)])


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
