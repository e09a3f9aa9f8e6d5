"""Where the page is in the camera's picture: told by the simulated classroom, or by the operator."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.capture import Camera
from pipelines.media import F32, Calibration, SizeWh
from pipelines.simulated import SimulatedClassroom
from pipelines.studio.settings import CalibrationSettings

MIN_AREA_PX = 2_500  # less is no screen that anybody could read: shares of the picture, perhaps


class CalibrationRefused(ValueError):
    """The four corners cannot be the corners of a screen."""


def calibrate(settings: CalibrationSettings, camera: Camera, camera_size_wh: SizeWh) -> Calibration | None:
    """Corners given by the operator win over the simulated truth; without either there is none."""
    corners = checked_corners(settings)
    if corners is not None:
        return from_corners(corners, camera_size_wh)
    if isinstance(camera, SimulatedClassroom):
        return camera.calibration
    return None


def checked_corners(settings: CalibrationSettings) -> F32 | None:
    """The operator's corners, f32 (4, 2), clockwise from the top left. Raises CalibrationRefused."""
    if settings.corners is None:
        return None
    corners = np.array(settings.corners, np.float32)
    # In pixels, where y grows downwards, OpenCV counts clockwise as positive.
    area = cv2.contourArea(corners, oriented=True)
    if not cv2.isContourConvex(corners) or area <= 0:
        raise CalibrationRefused(
            f"calibration.corners {corners.tolist()} are not the corners of a screen: give the page's "
            "top left, top right, bottom right and bottom left, in this order, in camera pixels"
        )
    if area < MIN_AREA_PX:
        raise CalibrationRefused(
            f"calibration.corners {corners.tolist()} enclose {area:.0f} square pixels, too few for a "
            "screen: give them in camera pixels, not as shares of the picture"
        )
    return corners


def from_corners(corners: F32, camera_size_wh: SizeWh) -> Calibration:
    """The homography that maps four camera points to the page's corners.

    corners: f32 (4, 2), camera pixels of the page's top left, top right, bottom right and bottom
    left, as `checked_corners` gives them. Exact on the screen's plane, without lens distortion.
    """
    # The page's corners lie half a pixel outside the centres of its corner pixels.
    width, height = camera_size_wh
    page = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(corners, page)
    return Calibration(matrix.astype(np.float64), camera_size_wh, camera_size_wh, "corners")
