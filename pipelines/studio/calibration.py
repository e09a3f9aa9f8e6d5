"""Where the page is in the camera's picture: told by the simulated classroom, or by the operator."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.capture import Camera
from pipelines.media import F32, Calibration, SizeWh
from pipelines.simulated import SimulatedClassroom
from pipelines.studio.settings import CalibrationSettings

MIN_AREA_SHARE = 0.01


class CalibrationRefused(ValueError):
    """The four corners cannot be the corners of a screen."""


def calibrate(settings: CalibrationSettings, camera: Camera, camera_size_wh: SizeWh) -> Calibration | None:
    """Corners given by the operator win over the simulated truth; without either there is none."""
    if settings.corners is not None:
        return from_corners(np.array(settings.corners, np.float32), camera_size_wh)
    if isinstance(camera, SimulatedClassroom):
        return camera.calibration
    return None


def from_corners(corners: F32, camera_size_wh: SizeWh) -> Calibration:
    """The homography that maps four camera points to the page's corners.

    corners: f32 (4, 2), camera pixels of the page's top left, top right, bottom right and bottom
    left. Exact on the screen's plane, without lens distortion. Raises CalibrationRefused.
    """
    # In pixels, where y grows downwards, OpenCV counts clockwise as positive.
    area = cv2.contourArea(corners, oriented=True)
    if not cv2.isContourConvex(corners) or area <= 0:
        raise CalibrationRefused(
            f"calibration.corners {corners.tolist()} are not the corners of a screen: give the page's "
            "top left, top right, bottom right and bottom left, in this order, in camera pixels"
        )
    if area < MIN_AREA_SHARE * camera_size_wh[0] * camera_size_wh[1]:
        raise CalibrationRefused(
            f"calibration.corners {corners.tolist()} enclose less than {MIN_AREA_SHARE:.0%} of the camera's "
            f"{camera_size_wh[0]}x{camera_size_wh[1]} picture: give them in camera pixels, not as shares"
        )
    # The page's corners lie half a pixel outside the centres of its corner pixels.
    width, height = camera_size_wh
    page = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(corners, page)
    return Calibration(matrix.astype(np.float64), camera_size_wh, camera_size_wh, "corners")
