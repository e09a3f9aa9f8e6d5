"""Where the page is in the camera's picture: told by the simulated classroom, or by the operator."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.capture.camera import Camera
from pipelines.media import F32, SizeWh
from pipelines.orders import CornerShares
from pipelines.saying import said
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.studio.settings import CalibrationSettings, CalibrationSource

MIN_AREA_PX = 2_500  # less is no screen that anybody could read: shares of the picture, perhaps
MIN_AREA_SHARE = 0.003  # of the camera's picture, about the same at 1280x720


class CalibrationRefused(ValueError):
    """The four corners cannot be the corners of a screen."""


def calibrate(
    settings: CalibrationSettings,
    camera: Camera,
    camera_size_wh: SizeWh,
    stored: Calibration | None = None,
    shares: CornerShares | None = None,
) -> Calibration | None:
    """What was measured wins, then the corners a person gave in the console (shares), then those of the
    settings, then the simulated truth, as `source` allows. Raises CalibrationRefused for corners that are no
    screen's in pictures of this size."""
    if stored is not None and settings.source == "auto":
        return stored
    if shares is not None:
        return from_corners(corners_from_shares(shares, camera_size_wh), camera_size_wh)
    corners = None if settings.source == "simulated" else checked_corners(settings)
    if corners is not None:
        _check_share(cv2.contourArea(corners) / (camera_size_wh[0] * camera_size_wh[1]))
        return from_corners(corners, camera_size_wh)
    if isinstance(camera, SimulatedClassroom) and settings.source != "corners":
        return camera.calibration
    return None


def check_is_used(source: CalibrationSource) -> None:
    """Before anything is measured. Raises CalibrationRefused where nothing that is measured would be used."""
    if source != "auto":
        raise CalibrationRefused(
            said(
                "calibrate_unused",
                'What is measured would not be used, by the setting calibration.source = "{source}": set it '
                'to "auto".',
                source=source,
            )
        )


def checked_corners(settings: CalibrationSettings) -> F32 | None:
    """The operator's corners, f32 (4, 2), clockwise from the top left. Raises CalibrationRefused."""
    if settings.corners is None:
        return None
    return _checked(np.array(settings.corners, np.float32))


def corners_from_shares(shares: CornerShares, camera_size_wh: SizeWh) -> F32:
    """Shares of the camera's picture to its pixels, f32 (4, 2). Raises CalibrationRefused, for one size of
    picture as for every other."""
    _check_share(_area(np.array(shares, np.float32)))
    # A share of 0 is the picture's edge, half a pixel before the first pixel's centre.
    return (np.array(shares) * camera_size_wh - 0.5).astype(np.float32)


def _checked(corners: F32) -> F32:
    """Raises CalibrationRefused."""
    area = _area(corners)
    if area < MIN_AREA_PX:
        raise CalibrationRefused(
            said(
                "corners_too_small",
                "the corners {corners} enclose {area:.0f} square pixels, too few for a screen: give them in "
                "camera pixels, not as shares of the picture",
                corners=str(corners.tolist()),
                area=area,
            )
        )
    return corners


def _area(corners: F32) -> float:
    """Raises CalibrationRefused for corners that go the wrong way round."""
    # Where y grows downwards, OpenCV counts clockwise as positive.
    area = cv2.contourArea(corners, oriented=True)
    if not cv2.isContourConvex(corners) or area <= 0:
        raise CalibrationRefused(
            said(
                "corners_no_screen",
                "the corners {corners} are not the corners of a screen: give the page's top left, top right, "
                "bottom right and bottom left, in this order, in camera pixels",
                corners=str(corners.tolist()),
            )
        )
    return area


def _check_share(share: float) -> None:
    """Raises CalibrationRefused."""
    if share < MIN_AREA_SHARE:
        raise CalibrationRefused(
            said(
                "corners_tiny",
                "the corners enclose {share:.2%} of the camera's picture, too little for a screen: give "
                "those of the LCD's picture",
                share=share,
            )
        )


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
