"""A calibration as it is stored after measuring, without the seconds that measuring takes."""

from __future__ import annotations

import numpy as np

from pipelines.alignment import Calibration, Lens
from pipelines.calibration.report import Report
from pipelines.calibration.storing import StoredCalibration

WH = (1280, 720)


def measured() -> StoredCalibration:
    """By the pattern, of pictures of WH: the page stands a little off the camera's middle."""
    page_from_camera = np.array([[1.25, 0.0, -160.0], [0.0, 1.25, -80.0], [0.0, 0.0, 1.0]])
    lens = Lens(1.2, 0.0, 0.0)
    report = Report(
        kind="pattern",
        made_at="2026-01-01T08:00:00+00:00",
        camera_wh=WH,
        page_wh=WH,
        points=110,
        points_of=120,
        rms_px=0.05,
        outline_px=0.08,
        lcd_width_share=0.75,
        lcd_in_picture=True,
        angle_deg=9.0,
        angle_sigma_deg=0.3,
        angle_right_deg=8.0,
        angle_down_deg=-4.0,
        k1=0.0,
        k2=0.0,
    )
    calibration = Calibration(page_from_camera, WH, WH, "pattern", lens, page_from_camera)
    return StoredCalibration.of(calibration, report)
