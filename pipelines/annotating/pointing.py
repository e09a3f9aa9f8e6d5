"""The laser's dot and the spotlight."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.annotating.rendering import Wash, light_of
from pipelines.ink import INK_COLOURS, Pointer
from pipelines.light import CODE_OF_LINEAR, LINEAR_OF_CODE
from pipelines.media import F32, U8, Box, SizeWh

# Shares of the page's height.
_DOT = 0.011
_RIM = 0.016
_EDGE = 0.02  # over which the spotlight's rim is soft

_DIM = 0.22  # of the light that stays outside the spotlight
_DIMMED: U8 = CODE_OF_LINEAR[(LINEAR_OF_CODE * _DIM).astype(np.uint16)]


def laser(pointer: Pointer, size_wh: SizeWh) -> Wash:
    """A vermillion dot with a white rim: seen on every page."""
    height = size_wh[1]
    box, distance = _distances(pointer, size_wh, _RIM * height + 2)
    rim, dot = (np.clip(radius * height - distance + 0.5, 0, 1) for radius in (_RIM, _DOT))
    light = (rim - dot)[..., None] * light_of((255, 255, 255)) + dot[..., None] * light_of(
        INK_COLOURS["vermillion"]
    )
    rows, columns = np.nonzero(rim)
    index = (rows + box.y) * size_wh[0] + columns + box.x
    return Wash(index.astype(np.int64), 1 - rim[rows, columns], light[rows, columns])


def lit(rgb: U8, pointer: Pointer) -> U8:
    """The page, dimmed but for the spotlight's disc: a new u8 (H, W, 3)."""
    size_wh = rgb.shape[1], rgb.shape[0]
    out = np.asarray(cv2.LUT(rgb, _DIMMED), np.uint8)
    radius_px, soft_px = pointer.radius * size_wh[1], max(1.0, _EDGE * size_wh[1])
    box, distance = _distances(pointer, size_wh, radius_px + soft_px)
    if box.is_empty:
        return out
    share = np.clip((radius_px + soft_px / 2 - distance) / soft_px, 0, 1)[..., None]
    # Mixed in linear light; inside, where the share is 1, the page's own codes come back bit for bit.
    light = LINEAR_OF_CODE[rgb[box.slices]] * (_DIM + (1 - _DIM) * share)
    out[box.slices] = CODE_OF_LINEAR[(light + 0.5).astype(np.uint16)]
    return out


def _distances(pointer: Pointer, size_wh: SizeWh, reach_px: float) -> tuple[Box, F32]:
    """The box within reach of the pointer, and each of its pixels' distance in pixels: f32 (box.h, box.w)."""
    width, height = size_wh
    x, y = pointer.x * width - 0.5, pointer.y * height - 0.5
    left, top = max(0, int(x - reach_px)), max(0, int(y - reach_px))
    right, bottom = min(width, int(x + reach_px) + 2), min(height, int(y + reach_px) + 2)
    box = Box(left, top, max(0, right - left), max(0, bottom - top))
    across = np.arange(box.x, box.x + box.w, dtype=np.float32) - np.float32(x)
    down = np.arange(box.y, box.y + box.h, dtype=np.float32) - np.float32(y)
    return box, np.hypot(across[None, :], down[:, None]).astype(np.float32)
