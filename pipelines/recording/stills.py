"""Single pictures as files: JPEG for what light drew, PNG for alpha and lines."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from pipelines.media import U8, Matte

_PNG_EFFORT = 3  # of 9: above it takes much longer for a few percent


def coded(picture: U8, suffix: Literal[".jpg", ".png"], jpeg_quality: int = 90) -> bytes:
    """picture: u8 (H, W, 3) RGB, or (H, W) of one channel."""
    pixels = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    flags = (
        [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality]
        if suffix == ".jpg"
        else [cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT]
    )
    is_done, data = cv2.imencode(suffix, pixels, flags)
    if not is_done:
        raise AssertionError(f"OpenCV could not code a picture of {picture.shape} as {suffix}")
    return data.tobytes()


def whole_alpha(matte: Matte) -> U8:
    """The alpha of the camera's whole picture, u8 (H, W)."""
    width, height = matte.frame.size_wh
    whole = np.zeros((height, width), np.uint8)
    whole[matte.box.slices] = matte.pha
    return whole
