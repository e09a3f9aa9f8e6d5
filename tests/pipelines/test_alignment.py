import numpy as np
import pytest

from pipelines.alignment import Calibration


def test_calibration_for_other_sizes_keeps_the_pictures_corners() -> None:
    """Picture corners are at -0.5: a plain scaling of the matrix would be half a pixel off."""
    calibration = Calibration(np.eye(3), (1280, 720), (1280, 720), "corners")
    page_from_camera = calibration.for_sizes((1920, 1080), (640, 360))
    for camera_xy, page_xy in [((-0.5, -0.5), (-0.5, -0.5)), ((1919.5, 1079.5), (639.5, 359.5))]:
        x, y, w = page_from_camera @ np.array([*camera_xy, 1.0])
        assert (x / w, y / w) == pytest.approx(page_xy)
