"""From the network's small alpha to the camera's pixels: alpha along edges, and the teacher's own colour.

Alpha: fast guided filter (He and Sun, "Fast Guided Filter", 2015) with a colour guide: alpha is locally
a . rgb + b; a and b are found on the small picture and applied to the camera's pixels, so that edges,
fingers and strands come back that the network's picture could not hold. (A grey guide costs half a
millisecond less and is blind between a red sleeve and a blue slide of the same lightness: MAD 5 % worse.)

Colour: fast foreground estimation by blurring (Forte, "Approximate Fast Foreground Colour Estimation",
2021). F and B are means of the surely-teacher and surely-background pixels around; what alpha * F +
(1 - alpha) * B leaves unexplained of the camera's pixel goes to F, by as much as alpha says. Nothing of
the network's own colours is needed. Where alpha is 0, F stays: the colour is spread beyond the edge.
"""

from __future__ import annotations

from math import ceil, floor

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import F32, U8, Box, SizeWh

GUIDE_RADIUS_PX = 1  # of the small picture: wider ones wash out fingers (measured)
GUIDE_EPSILON = 1e-4  # variance of the guide that counts as noise, full scale being 1
COLOUR_RADIUS_PX = 4  # of the small picture; also how far colour is spread beyond the edge
COLOUR_FLOOR = np.float32(1e-3)  # weight of the picture itself, where no sure pixel is near

PLANES = 10
FULL, ONE, HALF, ZERO = np.float32(255), np.float32(1), np.float32(0.5), np.float32(0)
EPSILON = np.float32(GUIDE_EPSILON * 255**2)

I32 = npt.NDArray[np.int32]


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


def warm_up_matting() -> None:
    """Compiles the loops over pixels, or loads them from the cache: call it before the first frame is due."""
    crop_rgb = np.zeros((32, 32, 3), np.uint8)
    upsample(crop_rgb, crop_rgb[::2, ::2].copy(), np.full((16, 16), 0.5, np.float32), Box(4, 4, 24, 24))


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
    """What is interpolated, f32 (h, w, 10): guided filter a (3, per level) and b, in 0..255; F (3); B (3)."""
    products = np.empty((6, *pha.shape, 4), np.float32)
    _multiply(rgb, pha, products)
    means = np.empty_like(products)
    for k in range(6):
        size = 2 * (GUIDE_RADIUS_PX if k < 4 else COLOUR_RADIUS_PX) + 1
        cv2.blur(products[k], (size, size), means[k], borderType=cv2.BORDER_REFLECT)
    planes = np.empty((*pha.shape, PLANES), np.float32)
    _solve(rgb, means, planes)
    return planes


@compiled(fastmath=True)
def _multiply(rgb: U8, pha: F32, products: F32) -> None:
    """The guide's and alpha's first and second moments, and colours weighted by how sure F and B are."""
    height, width = pha.shape
    for y in range(height):
        for x in range(width):
            r, g, b = np.float32(rgb[y, x, 0]), np.float32(rgb[y, x, 1]), np.float32(rgb[y, x, 2])
            alpha = pha[y, x]
            first, square = products[0, y, x], products[1, y, x]
            mixed, last = products[2, y, x], products[3, y, x]
            first[0], first[1], first[2], first[3] = r, g, b, alpha
            square[0], square[1], square[2], square[3] = r * r, g * g, b * b, r * g
            mixed[0], mixed[1], mixed[2], mixed[3] = r * b, g * b, r * alpha, g * alpha
            last[0], last[1], last[2], last[3] = b * alpha, ZERO, ZERO, ZERO
            for layer in range(2):
                sure = ONE - alpha if layer else alpha
                weight = sure * sure * sure * sure  # half-sure pixels hardly count
                weighted = products[4 + layer, y, x]
                weighted[0], weighted[1], weighted[2], weighted[3] = (
                    r * weight,
                    g * weight,
                    b * weight,
                    weight,
                )


@compiled(fastmath=True)
def _solve(rgb: U8, means: F32, planes: F32) -> None:
    """a = (covariance of the guide + epsilon)^-1 covariance with alpha, by the adjugate; then b, F and B."""
    height, width, _ = planes.shape
    for y in range(height):
        for x in range(width):
            first, square, mixed = means[0, y, x], means[1, y, x], means[2, y, x]
            r, g, b, alpha = first[0], first[1], first[2], first[3]
            rr, gg, bb = square[0] - r * r + EPSILON, square[1] - g * g + EPSILON, square[2] - b * b + EPSILON
            rg, rb, gb = square[3] - r * g, mixed[0] - r * b, mixed[1] - g * b
            ra, ga, ba = mixed[2] - r * alpha, mixed[3] - g * alpha, means[3, y, x, 0] - b * alpha
            i, j, k = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
            scale = FULL / (rr * i + rg * j + rb * k)
            here = planes[y, x]
            here[0] = scale * (i * ra + j * ga + k * ba)
            here[1] = scale * (j * ra + (rr * bb - rb * rb) * ga + (rb * rg - rr * gb) * ba)
            here[2] = scale * (k * ra + (rb * rg - rr * gb) * ga + (rr * gg - rg * rg) * ba)
            here[3] = FULL * alpha - here[0] * r - here[1] * g - here[2] * b
            for layer in range(2):
                sums = means[4 + layer, y, x]
                share = ONE / (sums[3] + COLOUR_FLOOR)
                for channel in range(3):
                    colour = sums[channel] + COLOUR_FLOOR * np.float32(rgb[y, x, channel])
                    here[4 + 3 * layer + channel] = colour * share


@compiled(fastmath=True)
def _render(
    rgb: U8, planes: F32, left: I32, left_weight: F32, top: I32, top_weight: F32, pha: U8, fgr: U8
) -> None:
    """Interpolates the planes to each camera pixel and evaluates alpha and colour there, row by row."""
    height, width = pha.shape
    row = np.empty((planes.shape[1], PLANES), np.float32)
    first, end = left[0], left[width - 1] + 2
    for y in range(height):
        above, below, low = planes[top[y]], planes[top[y] + 1], top_weight[y]
        for i in range(first, end):
            for k in range(PLANES):
                row[i, k] = above[i, k] + low * (below[i, k] - above[i, k])
        for x in range(width):
            here, after, w = row[left[x]], row[left[x] + 1], left_weight[x]
            alpha = here[3] + w * (after[3] - here[3])
            for k in range(3):
                alpha += (here[k] + w * (after[k] - here[k])) * np.float32(rgb[y, x, k])
            alpha = min(max(alpha, ZERO), FULL)
            pha[y, x] = int(alpha + HALF)
            if alpha > FULL - HALF:
                fgr[y, x, 0], fgr[y, x, 1], fgr[y, x, 2] = rgb[y, x, 0], rgb[y, x, 1], rgb[y, x, 2]
                continue
            alpha /= FULL
            for k in range(3):
                f = here[4 + k] + w * (after[4 + k] - here[4 + k])
                b = here[7 + k] + w * (after[7 + k] - here[7 + k])
                colour = f + alpha * (np.float32(rgb[y, x, k]) - b - alpha * (f - b))
                fgr[y, x, k] = int(min(max(colour, ZERO), FULL) + HALF)
