"""The report's picture: the camera's view with the page's grid laid over it, and what each point missed."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.media import F64, U8

MAGNIFIED = 100  # what a point missed, in the picture
_LINES = (16, 9)
_GRID, _BORDER, _KEPT, _LEFT_OUT = (60, 200, 255), (255, 210, 0), (80, 255, 80), (255, 60, 60)
_SHIFT = 4  # cv2's fixed point: sixteenths of a pixel
_JPEG_QUALITY = 88


def draw_report(camera_rgb: U8, calibration: Calibration, seen_xy: F64, missed_px: F64, kept: U8) -> bytes:
    """A JPEG of the camera's picture u8 (H, W, 3) with grid, points and their residuals, magnified.

    seen_xy, missed_px: f64 (n, 2), camera pixels. kept: u8 (n,), 0 for points that were left out.
    """
    rgb: U8 = camera_rgb.copy()
    height, width = rgb.shape[:2]
    page_w, page_h = calibration.page_size_wh
    for axis, (count, size, across) in enumerate(((_LINES[0], page_w, page_h), (_LINES[1], page_h, page_w))):
        for k in range(count + 1):
            along = np.linspace(0, across, 33) - 0.5
            line = np.stack([np.full(33, k * size / count - 0.5), along], axis=1)
            page = line if axis == 0 else line[:, ::-1]
            camera = calibration.to_camera(page, (width, height), calibration.page_size_wh)
            is_border = k in (0, count)
            _polyline(rgb, camera, _BORDER if is_border else _GRID)
    for at, missed, is_kept in zip(seen_xy, missed_px, kept, strict=True):
        colour = _KEPT if is_kept else _LEFT_OUT
        long = missed if is_kept else np.clip(missed, -0.5, 0.5)
        _polyline(rgb, np.stack([at, at + MAGNIFIED * long]), colour)
        cv2.circle(rgb, _fixed(at), 2 << _SHIFT, colour, 1, cv2.LINE_AA, _SHIFT)
    cv2.putText(
        rgb, f"error x {MAGNIFIED}", (12, height - 14), cv2.FONT_HERSHEY_SIMPLEX, 0.6, _KEPT, 1, cv2.LINE_AA
    )
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, coded = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))
    return bytes(coded)


def _polyline(rgb: U8, points: F64, colour: tuple[int, int, int]) -> None:
    if np.isfinite(points).all() and np.abs(points).max() < 2**15:
        fixed = np.rint(points * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(rgb, [fixed], False, colour, 1, cv2.LINE_AA, _SHIFT)


def _fixed(point: F64) -> tuple[int, int]:
    return round(float(point[0]) * (1 << _SHIFT)), round(float(point[1]) * (1 << _SHIFT))
