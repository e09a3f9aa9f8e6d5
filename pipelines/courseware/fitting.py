"""Puts a picture of any size onto a page of the programme's size: whole, undistorted, in the middle."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.media import U8, SizeWh

SURROUND_RGB = (24, 24, 24)  # neutral and dark: it neither tints the page nor dazzles beside it


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
