"""Where things of the room land in the camera's picture: pinhole, pose, radial distortion.

Room coordinates are metres from the middle of the LCD: x right, y down, z into the wall; the camera is at
negative z. Distortion: Brown, "Close-range camera calibration" (1971), radial terms k1 and k2.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.alignment import Calibration, Lens
from pipelines.media import F64, Box, SizeWh
from pipelines.simulated.light import light_of_codes
from pipelines.simulated.room import Room

LCD_M = (1.9, 1.07)  # 86 inches across
PAGE_WH = (1920, 1080)
_LCD_MIDDLE = (
    0.455,
    0.435,
)  # place of its middle, as a share of the picture; the teacher needs the rest


class Fit(NamedTuple):
    """What a homography, which knows no distortion, misses of the true lens; pixels of a 1920x1080 page."""

    rms_px: float
    max_px: float


class Optics:
    """The camera of a room at one picture size. Raises ValueError when the LCD does not fit into it."""

    def __init__(self, room: Room, size_wh: SizeWh) -> None:
        self.room, self.size_wh = room, size_wh
        width, height = size_wh
        angles = np.deg2rad([room.pitch_deg, room.yaw_deg, room.roll_deg])
        rx, ry, rz = (cv2.Rodrigues(axis * angle)[0] for axis, angle in zip(np.eye(3), angles, strict=True))
        self._turn: F64 = np.asarray(rz @ ry @ rx, np.float64)
        self._focal_px = room.fill * width * room.distance_m / LCD_M[0]
        self._centre = np.array([(width - 1) / 2, (height - 1) / 2])
        wanted = np.array(_LCD_MIDDLE) * (width, height) - 0.5
        aim = self._undistort((wanted - self._centre) / self._focal_px)
        self._shift = np.array([*aim * room.distance_m, room.distance_m])
        corners = self.project(lcd_outline(1))
        if (corners < 0).any() or (corners > (width - 1, height - 1)).any():
            raise ValueError(
                f"simulated: the LCD's corners leave the {width}x{height} picture with fill={room.fill:g}, "
                f"yaw={room.yaw_deg:g}, pitch={room.pitch_deg:g}, roll={room.roll_deg:g}: "
                "take a smaller fill or angle"
            )

    def project(self, points_m: F64) -> F64:
        """(N, 3) metres to (N, 2) camera pixels."""
        seen = points_m @ self._turn.T + self._shift
        flat = seen[:, :2] / seen[:, 2:]
        r2 = (flat**2).sum(1, keepdims=True)
        bent = flat * (1 + self.room.k1 * r2 + self.room.k2 * r2 * r2)
        return np.asarray(bent * self._focal_px + self._centre)

    def px_per_m(self, point_m: F64) -> float:
        """Scale of something small that faces the camera at a point (3,)."""
        depth = float((self._turn @ point_m + self._shift)[2])
        return self._focal_px / depth

    def on_wall(self, pixels: F64) -> F64:
        """(..., 2) camera pixels to (..., 2) metres on the plane of the LCD."""
        flat = self._undistort((pixels - self._centre) / self._focal_px)
        wall_from_ray = np.linalg.inv(np.column_stack([self._turn[:, :2], self._shift]))
        ray = np.concatenate([flat, np.ones((*flat.shape[:-1], 1))], axis=-1) @ wall_from_ray.T
        return np.asarray(ray[..., :2] / ray[..., 2:])

    def lcd_box(self, margin_px: int) -> Box:
        """The whole pixels that the LCD can light."""
        outline = self.project(lcd_outline(33))
        low = np.maximum(np.floor(outline.min(0)).astype(int) - margin_px, 0)
        high = np.minimum(np.ceil(outline.max(0)).astype(int) + margin_px + 1, self.size_wh)
        return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))

    def calibration(self) -> tuple[Calibration, Fit]:
        """The truth: lens and page, with the homography that fits best, and what that one misses."""
        x, y = np.meshgrid(np.linspace(-0.5, 0.5, 33) * LCD_M[0], np.linspace(-0.5, 0.5, 19) * LCD_M[1])
        metres = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])
        camera = self.project(metres)
        page = page_from_wall(metres[:, :2], PAGE_WH)
        found, _ = cv2.findHomography(camera, page, 0)
        matrix = np.asarray(found, np.float64)
        missed = np.hypot(*(cv2.perspectiveTransform(camera[None], matrix)[0] - page).T)
        fit = Fit(float(np.sqrt((missed**2).mean())), float(missed.max()))
        tone = light_of_codes()
        return Calibration(matrix, self.size_wh, PAGE_WH, "simulated", *self._lens(), tone), fit

    def _lens(self) -> tuple[Lens, F64]:
        """The lens, and page_from_flat f64 (3, 3)."""
        width, _ = self.size_wh
        lens = Lens(self._focal_px / width, self.room.k1, self.room.k2)
        ray_from_pixel = np.array(
            [
                [1 / self._focal_px, 0, -self._centre[0] / self._focal_px],
                [0, 1 / self._focal_px, -self._centre[1] / self._focal_px],
                [0, 0, 1],
            ]
        )
        wall_from_ray = np.linalg.inv(np.column_stack([self._turn[:, :2], self._shift]))
        (lcd_w, lcd_h), (page_w, page_h) = LCD_M, PAGE_WH
        page_from_wall = np.array(
            [[page_w / lcd_w, 0, page_w / 2 - 0.5], [0, page_h / lcd_h, page_h / 2 - 0.5], [0, 0, 1]]
        )
        return lens, np.asarray(page_from_wall @ wall_from_ray @ ray_from_pixel, np.float64)

    def _undistort(self, bent: F64) -> F64:
        """Fixed-point iteration; 1e-9 after ten rounds for the distortions that Room allows."""
        flat = bent
        for _ in range(10):
            r2 = (flat**2).sum(-1, keepdims=True)
            flat = bent / (1 + self.room.k1 * r2 + self.room.k2 * r2 * r2)
        return np.asarray(flat)


def page_from_wall(metres: F64, page_wh: SizeWh) -> F64:
    """(..., 2) metres on the LCD to page pixels: the page's pixels cover the LCD exactly."""
    return np.asarray((metres / LCD_M + 0.5) * page_wh - 0.5)


def lcd_outline(steps: int) -> F64:
    """Points along the LCD's four sides from its top left corner, clockwise: (4 * steps, 3) metres."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2 * LCD_M
    share = np.arange(steps)[:, None] / steps
    sides = [corners[k] + share * (corners[k + 1] - corners[k]) for k in range(4)]
    flat = np.concatenate(sides)
    return np.column_stack([flat, np.zeros(len(flat))])
