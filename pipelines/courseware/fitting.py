"""Puts a picture of any size onto a page of the programme's size: whole, undistorted, in the middle."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.media import U8, SizeWh

SURROUND_RGB = (24, 24, 24)  # neutral and dark: it neither tints the page nor dazzles beside it


def fit_inside(inner_wh: tuple[float, float], outer_wh: SizeWh) -> SizeWh:
    """The largest size with the shape of inner_wh that fits outer_wh; at least 1 pixel each way."""
    scale = min(outer_wh[0] / inner_wh[0], outer_wh[1] / inner_wh[1])
    w, h = (max(1, min(outer, round(inner * scale))) for inner, outer in zip(inner_wh, outer_wh, strict=True))
    return w, h


def resized(rgb: U8, size_wh: SizeWh) -> U8:
    """rgb u8 (H, W, C) at another size: area average when smaller, cubic when larger, as it is when equal."""
    h, w = rgb.shape[:2]
    if (w, h) == size_wh:
        return rgb
    smaller = size_wh[0] * size_wh[1] < w * h
    result = cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.asarray(result, np.uint8)


def centred(rgb: U8, size_wh: SizeWh) -> U8:
    """rgb u8 (h, w, 3), no larger than size_wh, in the middle of a page u8 (H, W, 3) of its own memory."""
    h, w = rgb.shape[:2]
    page = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
    if (w, h) != size_wh:
        page[:] = SURROUND_RGB
    x, y = (size_wh[0] - w) // 2, (size_wh[1] - h) // 2
    page[y : y + h, x : x + w] = rgb
    return page
