"""A lens that bends straight lines, for the blend: its homography ends in flat pixels, and these lead on.

Radial distortion as in `alignment.Lens`, in the pixels of a matte. Closed in the direction that the blend
goes, so that it costs a few multiplications a pixel and needs no table.
"""

from __future__ import annotations

import numpy as np

from pipelines.alignment import Lens
from pipelines.compiling import compiled
from pipelines.media import F64, SizeWh

# x and y of the distortion's centre, 1 / focal length squared, k1, k2; in the matte's pixels.
Bend = tuple[float, float, float, float, float]
Limits = tuple[float, float, float, float]

STRAIGHT: Bend = (0.0, 0.0, 0.0, 0.0, 0.0)
_ROUNDS = 10  # of the fixed point, as in Lens.flatten
_OUTLINE = 32  # points a side
_SLACK_PX = 0.5  # what the outline may miss between its points
_ROW_POINTS = 8
_ROW_SLACK_PX = 2.0


def bend_of(lens: Lens | None, camera_wh: SizeWh, matte_from_camera: F64) -> Bend:
    """The lens in the pixels of a matte. matte_from_camera: f64 (3, 3), a scale and a shift."""
    if lens is None or (lens.k1 == 0 and lens.k2 == 0):
        return STRAIGHT
    scale = float(matte_from_camera[0, 0])
    width, height = camera_wh
    centre = np.array(
        [(width - 1) / 2 + lens.centre_xy[0] * width, (height - 1) / 2 + lens.centre_xy[1] * width, 1.0]
    )
    x, y = (float(v) for v in (matte_from_camera @ centre)[:2])
    return x, y, 1 / (lens.focal * width * scale) ** 2, lens.k1, lens.k2


@compiled()
def flattened(x: float, y: float, bend: Bend) -> tuple[float, float]:
    """A bent pixel to the flat one."""
    dx, dy = x - bend[0], y - bend[1]
    flat_x, flat_y = dx, dy
    for _ in range(_ROUNDS):
        r2 = (flat_x * flat_x + flat_y * flat_y) * bend[2]
        by = 1 / (1 + r2 * (bend[3] + r2 * bend[4]))
        flat_x, flat_y = dx * by, dy * by
    return flat_x + bend[0], flat_y + bend[1]


@compiled()
def outer_limits(limits: Limits, bend: Bend) -> Limits:
    """What in flat pixels holds everything inside the limits (x0, x1, y0, y1) of the bent picture."""
    if bend[2] == 0.0:
        return limits
    x0, x1, y0, y1 = 1e30, -1e30, 1e30, -1e30
    for at in range(_OUTLINE + 1):
        share = at / _OUTLINE
        along_x = limits[0] + share * (limits[1] - limits[0])
        along_y = limits[2] + share * (limits[3] - limits[2])
        for side in range(4):
            x = along_x if side < 2 else limits[side - 2]
            y = limits[2 + side] if side < 2 else along_y
            x, y = flattened(x, y, bend)
            x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
    return x0 - _SLACK_PX, x1 + _SLACK_PX, y0 - _SLACK_PX, y1 + _SLACK_PX


@compiled()
def bent_rows(matrix: F64, y: int, start: int, end: int, bend: Bend) -> tuple[float, float]:
    """First and last row of the bent picture that columns start..end of row y look at."""
    low, high = 1e30, -1e30
    for at in range(2 * _ROW_POINTS + 2):
        x = start - 0.25 + (at >> 1) / _ROW_POINTS * (end - start - 0.5)
        row = y - 0.25 if at % 2 == 0 else y + 0.25
        depth = matrix[2, 0] * x + matrix[2, 1] * row + matrix[2, 2]
        dx = (matrix[0, 0] * x + matrix[0, 1] * row + matrix[0, 2]) / depth - bend[0]
        dy = (matrix[1, 0] * x + matrix[1, 1] * row + matrix[1, 2]) / depth - bend[1]
        r2 = (dx * dx + dy * dy) * bend[2]
        bent = dy * (1 + r2 * (bend[3] + r2 * bend[4])) + bend[1]
        low, high = min(low, bent), max(high, bent)
    return low - _ROW_SLACK_PX, high + _ROW_SLACK_PX


@compiled()
def flat_columns(first: float, last: float, low: float, high: float, bend: Bend) -> tuple[float, float]:
    """What in flat pixels holds columns first..last of the bent picture between two of its rows."""
    x0, x1 = 1e30, -1e30
    for at in range(3):
        y = low + 0.5 * at * (high - low)
        x0 = min(x0, flattened(first, y, bend)[0])
        x1 = max(x1, flattened(last, y, bend)[0])
    return x0 - _SLACK_PX, x1 + _SLACK_PX
