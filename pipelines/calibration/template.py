"""What the camera should see under a calibration, reduced to the few thousand pixels that tell a shift.

One pixel a cell, the steepest: an edge's place says where the camera looks, paper says nothing. At several
halvings of the picture, so that a large shift is found where it is small.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.alignment import Calibration
from pipelines.media import F32, F64, U8, Box, SizeWh

LEVELS = 4  # full, half, quarter, eighth
_CELL_PX = 8
_MOST_SAMPLES = 4_000
_LEAST_SLOPE = 4.0  # codes a pixel: less drowns in noise
_FILL_SIGMA_PX = 3.0

Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Samples at 1/step of the picture.

    at: f64 (n, 2), flat, in units of `Ground`. code: f32 (n,). slopes: f64 (n, 8), codes for each unknown of
    the homography. group: (n,), 0 on the LCD, 1 around it: their light changes apart.
    """

    step: int
    at: F64
    code: F32
    slopes: F64
    group: Index


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The flat plane in which a moved camera is a homography: pixels from the picture's middle, in halves of
    its longer side, without the lens.
    """

    calibration: Calibration
    camera_wh: SizeWh

    @property
    def half_px(self) -> float:
        return max(self.camera_wh) / 2

    @property
    def middle(self) -> F64:
        return (np.array(self.camera_wh, np.float64) - 1) / 2

    def flat(self, pixels: F64) -> F64:
        """(..., 2) camera pixels to the plane."""
        lens = self.calibration.lens
        flat = pixels if lens is None else lens.flatten(pixels, self.camera_wh)
        return np.asarray((flat - self.middle) / self.half_px)

    def pixels(self, flat: F64) -> F64:
        """The inverse of `flat`."""
        lens, at = self.calibration.lens, flat * self.half_px + self.middle
        return at if lens is None else lens.bend(at, self.camera_wh)

    def in_pixels(self, moved: F64) -> F64:
        """A homography of the plane as one of flat camera pixels, f64 (3, 3)."""
        x, y = self.middle
        scale = np.array([[self.half_px, 0, x], [0, self.half_px, y], [0, 0, 1.0]])
        return np.asarray(scale @ moved @ np.linalg.inv(scale))


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """levels: the finest first. lcd: f64 (n, 2), points of the plane all over the LCD."""

    ground: Ground
    levels: tuple[Level, ...]
    lcd: F64


def make_template(ground: Ground, code: U8, group: U8, box: Box, lcd: F64) -> Template:
    """code: u8 (h, w), green, what `box` of the picture should show. group: u8 (h, w), 1 on the LCD, 2 around
    it, 0 where nothing is known.
    """
    known = group > 0
    # Pixels that are not known take what is around, so that halving the picture does not smear nonsense in.
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), _FILL_SIGMA_PX)
    around = cv2.GaussianBlur(np.where(known, code, 0).astype(np.float32), (0, 0), _FILL_SIGMA_PX)
    filled: F32 = np.where(known, code, around / np.maximum(weight, 1e-3)).astype(np.float32)
    labels = np.where(weight > 0.02, cv2.dilate(group, np.ones((5, 5), np.uint8)), 0).astype(np.uint8)
    levels = []
    for number in range(LEVELS):
        step = 1 << number
        usable = group if number == 0 else labels[::step, ::step]
        levels.append(_level(ground, filled, usable, box, step))
        filled = np.asarray(cv2.pyrDown(filled), np.float32)
    return Template(ground, tuple(levels), lcd)


def _level(ground: Ground, code: F32, group: U8, box: Box, step: int) -> Level:
    slope_x, slope_y = (cv2.Sobel(code, cv2.CV_32F, dx, dy, scale=1 / 8) for dx, dy in ((1, 0), (0, 1)))
    inside = cv2.erode(group, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    steep = np.where(inside > 0, slope_x * slope_x + slope_y * slope_y, np.float32(0))
    y, x = _steepest(np.asarray(steep, np.float32), _CELL_PX if step == 1 else max(_CELL_PX // step, 2))
    pixels = np.asarray(np.column_stack([x, y]) * float(step) + (box.x, box.y), np.float64)
    at = ground.flat(pixels)
    px = ground.half_px / step
    gx, gy = slope_x[y, x].astype(np.float64) * px, slope_y[y, x].astype(np.float64) * px
    u, v = at[:, 0], at[:, 1]
    back = -(gx * u + gy * v)
    slopes = np.column_stack([gx * u, gx * v, gx, gy * u, gy * v, gy, back * u, back * v])
    return Level(step, at, code[y, x].astype(np.float32), slopes, (inside[y, x] == 2).astype(np.intp))


def _steepest(steep: F32, cell_px: int) -> tuple[Index, Index]:
    """Row and column of the steepest pixel of each cell, if it is steep enough."""
    rows, columns = steep.shape[0] // cell_px, steep.shape[1] // cell_px
    blocks = steep[: rows * cell_px, : columns * cell_px].reshape(rows, cell_px, columns, cell_px)
    cells = blocks.transpose(0, 2, 1, 3).reshape(rows * columns, cell_px * cell_px)
    best = cells.argmax(axis=1)
    slope2 = cells[np.arange(len(cells)), best]
    chosen = np.flatnonzero(slope2 > _LEAST_SLOPE**2)
    if len(chosen) > _MOST_SAMPLES:
        # Even over the picture rather than the very steepest: those crowd in one drawing.
        chosen = chosen[:: -(-len(chosen) // _MOST_SAMPLES)]
    y = chosen // columns * cell_px + best[chosen] // cell_px
    x = chosen % columns * cell_px + best[chosen] % cell_px
    return y, x
