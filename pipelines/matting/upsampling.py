"""From the network's small alpha to the camera's pixels: alpha along the camera's edges, and the teacher's own colour.

Alpha: fast guided filter (He and Sun, "Fast Guided Filter", 2015) with a grey guide: alpha is locally
a * grey + b; a and b are found on the small picture and applied to the camera's pixels, so that edges,
fingers and strands come back that the network's picture could not hold.

Colour: fast foreground estimation by blurring (Forte, "Approximate Fast Foreground Colour Estimation",
2021). F and B are means of the surely-teacher and surely-background pixels around; what alpha * F +
(1 - alpha) * B leaves unexplained of the camera's pixel goes to F, by as much as alpha says. Nothing of
the network's own colours is needed. Where alpha is 0, F stays: the colour is spread beyond the edge.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.media import F32, U8, Box, SizeWh

GUIDE_RADIUS_PX = 1  # of the small picture: wider ones wash out fingers (measured)
GUIDE_EPSILON = 1e-4  # variance of the guide that counts as noise, full scale being 1
COLOUR_RADIUS_PX = 4  # of the small picture; also how far colour is spread beyond the edge
COLOUR_FLOOR = np.float32(1e-3)  # weight of the picture itself, where no sure pixel is near

FULL, HALF = np.float32(255), np.float32(0.5)
EPSILON = np.float32(GUIDE_EPSILON * 255**2)
RED, GREEN, BLUE = np.float32(0.299), np.float32(0.587), np.float32(0.114)  # as cv2.COLOR_RGB2GRAY

I32 = npt.NDArray[np.int32]

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """njit without the GIL, cached on disk where a folder can be written (NUMBA_CACHE_DIR names another)."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": True}
    try:
        return njit(cache=True, **options)(function)  # type: ignore[no-any-return]
    except RuntimeError:  # no folder for the cache: compiled at each start instead
        return njit(**options)(function)  # type: ignore[no-any-return]


def upsample(crop_rgb: U8, small_rgb: U8, small_pha: F32, part: Box) -> tuple[U8, U8]:
    """Alpha and colour of one part of the crop, at the camera's resolution.

    crop_rgb: u8 (H, W, 3), the camera's pixels. small_rgb: u8 (h, w, 3), the same as the network saw it.
    small_pha: f32 (h, w), 0 to 1. part: in crop pixels. Returns pha u8 (part.h, part.w) and straight
    fgr u8 (part.h, part.w, 3).
    """
    (crop_h, crop_w), (small_h, small_w) = crop_rgb.shape[:2], small_pha.shape
    steps = (small_w / crop_w, small_h / crop_h)
    needed = _needed(part, steps, (small_w, small_h))
    planes = _planes(np.ascontiguousarray(small_rgb[needed.slices]), small_pha[needed.slices])
    pha = np.empty((part.h, part.w), np.uint8)
    fgr = np.empty((part.h, part.w, 3), np.uint8)
    left, left_weight = _taps(part.x, part.w, steps[0], needed.x, needed.w)
    top, top_weight = _taps(part.y, part.h, steps[1], needed.y, needed.h)
    _render(crop_rgb[part.slices], planes, left, left_weight, top, top_weight, pha, fgr)
    return pha, fgr


def _needed(part: Box, steps: tuple[float, float], small_wh: SizeWh) -> Box:
    """The small pixels that the part's interpolation and blurs reach."""
    x0, y0 = floor(part.x * steps[0]) - COLOUR_RADIUS_PX - 1, floor(part.y * steps[1]) - COLOUR_RADIUS_PX - 1
    x1 = ceil((part.x + part.w) * steps[0]) + COLOUR_RADIUS_PX + 1
    y1 = ceil((part.y + part.h) * steps[1]) + COLOUR_RADIUS_PX + 1
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, small_wh[0]), min(y1, small_wh[1])
    return Box(x0, y0, x1 - x0, y1 - y0)


def _taps(start: int, length: int, step: float, small_start: int, small_length: int) -> tuple[I32, F32]:
    """Bilinear interpolation along one axis: first small pixel, and the weight of the one after it."""
    at = (np.arange(start, start + length) + 0.5) * step - 0.5 - small_start
    at = np.clip(at, 0, small_length - 1)
    first = np.minimum(at.astype(np.int32), max(small_length - 2, 0))
    return first, (at - first).astype(np.float32)


def _planes(rgb: U8, pha: F32) -> F32:
    """What is interpolated, f32 (h, w, 8): guided filter a (per level) and b, in 0..255; F (3); B (3)."""
    products = np.empty((3, *pha.shape, 4), np.float32)
    _multiply(rgb, pha, products)
    means = np.empty_like(products)
    for source, target, radius_px in zip(
        products, means, (GUIDE_RADIUS_PX, COLOUR_RADIUS_PX, COLOUR_RADIUS_PX), strict=True
    ):
        size = 2 * radius_px + 1
        cv2.blur(source, (size, size), target, borderType=cv2.BORDER_REFLECT)
    planes = np.empty((*pha.shape, 8), np.float32)
    _divide(rgb, means, planes)
    return planes


@compiled
def _multiply(rgb: U8, pha: F32, products: F32) -> None:
    """Guide moments (grey, pha, grey pha, grey grey), and colours weighted by how sure F and B are."""
    height, width = pha.shape
    for y in range(height):
        for x in range(width):
            red, green, blue = np.float32(rgb[y, x, 0]), np.float32(rgb[y, x, 1]), np.float32(rgb[y, x, 2])
            grey = RED * red + GREEN * green + BLUE * blue
            alpha = pha[y, x]
            moments = products[0, y, x]
            moments[0], moments[1], moments[2], moments[3] = grey, alpha, grey * alpha, grey * grey
            for layer in range(1, 3):
                sure = alpha if layer == 1 else np.float32(1) - alpha
                weight = sure * sure * sure * sure  # half-sure pixels hardly count
                weighted = products[layer, y, x]
                weighted[0], weighted[1], weighted[2], weighted[3] = (
                    red * weight,
                    green * weight,
                    blue * weight,
                    weight,
                )


@compiled
def _divide(rgb: U8, means: F32, planes: F32) -> None:
    height, width, _ = planes.shape
    for y in range(height):
        for x in range(width):
            grey, alpha, product, square = means[0, y, x]
            slope = (product - grey * alpha) / (square - grey * grey + EPSILON)
            planes[y, x, 0] = slope * FULL
            planes[y, x, 1] = (alpha - slope * grey) * FULL
            for layer in range(1, 3):
                share = np.float32(1) / (means[layer, y, x, 3] + COLOUR_FLOOR)
                for k in range(3):
                    colour = means[layer, y, x, k] + COLOUR_FLOOR * np.float32(rgb[y, x, k])
                    planes[y, x, 3 * layer - 1 + k] = colour * share


@compiled
def _render(
    rgb: U8, planes: F32, left: I32, left_weight: F32, top: I32, top_weight: F32, pha: U8, fgr: U8
) -> None:
    """Interpolates the planes to each camera pixel and evaluates alpha and colour there, row by row."""
    height, width = pha.shape
    row = np.empty((planes.shape[1], 8), np.float32)
    first, end = left[0], left[width - 1] + 2
    for y in range(height):
        above, below, low = planes[top[y]], planes[top[y] + 1], top_weight[y]
        for i in range(first, end):
            for k in range(8):
                row[i, k] = above[i, k] + low * (below[i, k] - above[i, k])
        for x in range(width):
            here, after, w = row[left[x]], row[left[x] + 1], left_weight[x]
            red, green, blue = np.float32(rgb[y, x, 0]), np.float32(rgb[y, x, 1]), np.float32(rgb[y, x, 2])
            grey = RED * red + GREEN * green + BLUE * blue
            slope = here[0] + w * (after[0] - here[0])
            alpha = slope * grey + here[1] + w * (after[1] - here[1])
            alpha = min(max(alpha, np.float32(0)), FULL)
            pha[y, x] = int(alpha + HALF)
            if alpha > FULL - HALF:
                fgr[y, x, 0], fgr[y, x, 1], fgr[y, x, 2] = rgb[y, x, 0], rgb[y, x, 1], rgb[y, x, 2]
                continue
            alpha /= FULL
            for k in range(3):
                f = here[2 + k] + w * (after[2 + k] - here[2 + k])
                b = here[5 + k] + w * (after[5 + k] - here[5 + k])
                colour = f + alpha * (np.float32(rgb[y, x, k]) - b - alpha * (f - b))
                fgr[y, x, k] = int(min(max(colour, np.float32(0)), FULL) + HALF)
