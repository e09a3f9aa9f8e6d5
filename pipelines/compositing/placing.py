"""Where the teacher goes in the programme: homographies, and the lens that they leave to be bent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.alignment import Calibration, Lens
from pipelines.compositing.cutout import Fade
from pipelines.compositing.steadying import Body
from pipelines.media import F64, Box, Corner, Scene, SizeWh

# Shares of the teacher's height in the programme.
_SIDE_MARGIN = 0.30
# Shares of the programme's height.
_TOP_MARGIN = 0.03
# Share of the camera's width, and of the body's height, over which a cut is faded.
_SIDE_FADE = 0.04
_BOTTOM_FADE = 0.25
# A speck is not blown up to a giant: at most this many programme pixels per camera pixel, for
# pictures of equal height.
_MAX_ENLARGEMENT = 4.0
# Condition of a calibration in units of the two pictures; real ones lie under 100.
_MAX_CONDITION = 1e6


class DegenerateCalibration(Exception):
    """The calibration puts the page nowhere that a camera could see. `reason` tells how to mend it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Placement(NamedTuple):
    """camera_from_programme: f64 (3, 3), depth positive wherever the camera sees the programme's pixel.

    With a lens it leads to the flat pixels that `lens.bend` takes.
    """

    camera_from_programme: F64
    fade: Fade
    lens: Lens | None = None


def place_aligned(calibration: Calibration, camera_wh: SizeWh, programme_wh: SizeWh) -> Placement:
    """The teacher where they stand before the page, so that the finger points at what it pointed at.

    Raises DegenerateCalibration.
    """
    mend = "calibrate again, corners in the order top left, top right, bottom right, bottom left"
    exact = calibration.page_from_flat
    given = calibration.page_from_camera if exact is None else exact
    if given.shape != (3, 3) or not np.isfinite(given).all():
        raise DegenerateCalibration(f"the calibration is not a finite 3x3 matrix: {mend}")
    matrix = calibration.flat_for_sizes(camera_wh, programme_wh)
    unit = _to_unit(programme_wh) @ matrix @ np.linalg.inv(_to_unit(camera_wh))
    if not np.linalg.cond(unit) <= _MAX_CONDITION:  # NaN, of a matrix of zeros, fails as well
        raise DegenerateCalibration(f"the calibration squeezes the page into a line or a point: {mend}")
    inverse = np.linalg.inv(matrix)
    depths = inverse[2] @ _corners_and_centre(programme_wh)
    if depths.min() <= 0 <= depths.max():
        raise DegenerateCalibration(f"the calibration folds the page over: {mend}")
    return Placement(inverse / depths[-1], Fade(), calibration.lens)


def place_corner(body: Body, scene: Scene, camera_wh: SizeWh, programme_wh: SizeWh) -> Placement:
    """The teacher, as tall as scene.scale of the programme, at scene.corner.

    At the bottom the body's lowest row (the feet, or where the camera cuts the body) lies on the
    programme's edge. At the top the head is just under the edge, and a cut body fades out downwards.
    What the camera cuts at its sides (an arm, a pointer) fades out too. With scene.place_xy their lowest row
    stands there instead, and fades out where the camera cuts the body and the programme does not.
    """
    (width, height), (camera_w, camera_h) = programme_wh, camera_wh
    tall_px = min(max(0.1, scene.scale), 1.0) * height
    scale = min(tall_px / max(body.height, 1.0), _MAX_ENLARGEMENT * height / camera_h)
    tall_px = scale * body.height
    is_top = scene.corner in (Corner.TOP_LEFT, Corner.TOP_RIGHT)
    is_left = scene.corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)
    from_side = min(_SIDE_MARGIN * tall_px, width / 2)
    x = from_side - 0.5 if is_left else width - 0.5 - from_side
    flip = -1.0 if scene.mirror else 1.0
    step = 1 / scale
    if scene.place_xy is not None:
        x = scene.place_xy[0] * width - 0.5
        y_camera = body.bottom - (scene.place_xy[1] * height - 0.5) * step
    elif is_top:
        y_camera = body.top - (_TOP_MARGIN * height - 0.5) * step
    else:
        y_camera = body.bottom - (height - 0.5) * step
    hangs = is_top if scene.place_xy is None else scene.place_xy[1] < 1
    matrix = np.array(
        [[flip * step, 0.0, body.centre_x - flip * step * x], [0.0, step, y_camera], [0.0, 0.0, 1.0]]
    )
    side_px = _SIDE_FADE * camera_w
    bottom_px = _BOTTOM_FADE * body.height if hangs and body.is_cut else 0.0
    return Placement(matrix, Fade(side_px, side_px, bottom_px))


def shrink_ratio(camera_from_programme: F64, box: Box, programme_wh: SizeWh) -> float:
    """Camera pixels per programme pixel at the middle of the teacher's box: root of the area's ratio."""
    middle = np.array([box.x + (box.w - 1) / 2, box.y + (box.h - 1) / 2, 1.0])
    x, y, depth = np.linalg.inv(camera_from_programme) @ middle
    width, height = programme_wh
    if depth > 0:
        at = np.array([np.clip(x / depth, 0, width - 1), np.clip(y / depth, 0, height - 1), 1.0])
    else:
        at = np.array([(width - 1) / 2, (height - 1) / 2, 1.0])
    # Determinant of a homography's Jacobian: det(M) / depth^3.
    area = abs(np.linalg.det(camera_from_programme)) / abs(camera_from_programme[2] @ at) ** 3
    return float(np.sqrt(area))


def _to_unit(size_wh: SizeWh) -> F64:
    return np.diag([1 / size_wh[0], 1 / size_wh[1], 1.0])


def _corners_and_centre(size_wh: SizeWh) -> F64:
    """Homogeneous pixel coordinates, f64 (3, 5); the centre last."""
    right, bottom = size_wh[0] - 0.5, size_wh[1] - 0.5
    x = [-0.5, right, right, -0.5, (right - 0.5) / 2]
    y = [-0.5, -0.5, bottom, bottom, (bottom - 0.5) / 2]
    return np.array([x, y, [1.0] * 5])
