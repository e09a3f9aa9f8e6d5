"""Strokes become coverage and light. Everything here is in linear light, premultiplied."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.ink import INK_COLOURS, MARKER_ALPHA, Stroke, Tool
from pipelines.light import CODE_OF_LINEAR, LINEAR_OF_CODE, U16
from pipelines.media import EMPTY_BOX, F32, F64, U8, Box, SizeWh


class Wash(NamedTuple):
    """Colour over some of the page's pixels. at: i64 (n,), row-major pixel numbers; keep: f32 (n,), the
    share of the page's own light that stays; light: f32 (n, 3), premultiplied linear light that is added, in
    units of LINEAR_MAX."""

    at: npt.NDArray[np.int64]
    keep: F32
    light: F32


def light_of(rgb: tuple[int, int, int]) -> F32:
    """sRGB codes to linear light in units of LINEAR_MAX, f32 (3,)."""
    return LINEAR_OF_CODE[list(rgb)].astype(np.float32)


def coverage(stroke: Stroke, size_wh: SizeWh) -> tuple[Box, F32]:
    """Where the stroke is, and what share of each pixel in that box it covers: f32 (box.h, box.w).

    By each pixel's distance from the line: joints and ends are round, as in the exported SVG.
    """
    width, height = size_wh
    radius = max(0.5, stroke.width * height / 2)
    # A share of 0 is the picture's left edge, half a pixel before the first pixel's centre.
    xy = np.array(stroke.points, np.float64) * (width, height) - 0.5
    left, top = np.floor(xy.min(axis=0) - radius - 1).astype(int)
    right, bottom = np.ceil(xy.max(axis=0) + radius + 1).astype(int) + 1
    x, y = max(0, left), max(0, top)
    box = Box(x, y, max(0, min(width, right) - x), max(0, min(height, bottom) - y))
    share = np.zeros((box.h, box.w), np.float32)
    if not box.is_empty:
        _cover(xy - (box.x, box.y), radius, share)
    return box, share


@compiled()
def _cover(xy: F64, radius: float, share: F32) -> None:
    """The largest share of all segments: a line that crosses itself is no darker there. xy: f64 (n, 2)."""
    height, width = share.shape
    for end in range(min(1, len(xy) - 1), len(xy)):
        ax, ay = xy[max(0, end - 1)]
        dx, dy = xy[end, 0] - ax, xy[end, 1] - ay
        length2 = dx * dx + dy * dy
        reach = radius + 1.0
        first_row, last_row = int(min(ay, ay + dy) - reach), int(max(ay, ay + dy) + reach) + 1
        first, last = int(min(ax, ax + dx) - reach), int(max(ax, ax + dx) + reach) + 1
        for y in range(max(0, first_row), min(height, last_row)):
            for x in range(max(0, first), min(width, last)):
                along = 0.0
                if length2 > 0.0:
                    along = min(1.0, max(0.0, ((x - ax) * dx + (y - ay) * dy) / length2))
                off_x, off_y = x - ax - along * dx, y - ay - along * dy
                covered = radius + 0.5 - math.sqrt(off_x * off_x + off_y * off_y)
                if covered > share[y, x]:
                    share[y, x] = min(1.0, covered)


class Canvas:
    """The ink of one page, stroke over stroke. For one thread.

    What lies below the last stroke is kept, because that is the one that grows while it is drawn.
    """

    def __init__(self, size_wh: SizeWh) -> None:
        self._size_wh = size_wh
        self._whole: F32 = np.zeros((size_wh[1], size_wh[0], 4), np.float32)  # premultiplied light, and alpha
        self._last = ""
        self._below: tuple[Box, F32] = (EMPTY_BOX, self._whole[:0, :0])

    def draw(self, stroke: Stroke) -> None:
        """A new stroke; one of the last stroke's id takes its place."""
        if stroke.stroke_id == self._last:
            before, patch = self._below
            self._whole[before.slices] = patch
        box, share = coverage(stroke, self._size_wh)
        self._last, self._below = stroke.stroke_id, (box, self._whole[box.slices].copy())
        _lay(self._whole[box.slices], stroke, share)

    def wash(self) -> Wash:
        """What the canvas does to the page."""
        flat = self._whole.reshape(-1, 4)
        at = np.flatnonzero(flat[:, 3] > 0)
        return Wash(at, 1 - flat[at, 3], flat[at, :3])


def washed(rgb: U8, wash: Wash) -> U8:
    """The page under the ink: a new u8 (H, W, 3)."""
    out = rgb.copy()
    lay_wash(out, wash)
    return out


def lay_wash(rgb: U8, wash: Wash) -> None:
    """Draws onto u8 (H, W, 3), in place."""
    _lay_wash(rgb.reshape(-1, 3), wash.at, wash.keep, wash.light, LINEAR_OF_CODE, CODE_OF_LINEAR)


@compiled()
def _lay_wash(
    flat: U8, at: npt.NDArray[np.int64], keep: F32, light: F32, linear_of_code: U16, code_of_linear: U8
) -> None:
    for n in range(len(at)):
        for channel in range(3):
            mixed = linear_of_code[flat[at[n], channel]] * keep[n] + light[n, channel]
            flat[at[n], channel] = code_of_linear[int(min(mixed + 0.5, 65535.0))]


def _lay(under: F32, stroke: Stroke, share: F32) -> None:
    """Stroke over canvas: Porter and Duff, "Compositing digital images" (1984)."""
    alpha = share[..., None]
    if stroke.tool == Tool.MARKER:
        alpha = alpha * np.float32(MARKER_ALPHA)
    under *= 1 - alpha
    under[..., :3] += alpha * light_of(INK_COLOURS[stroke.colour])
    under[..., 3:] += alpha


def warm_up_ink() -> None:
    """Compiles the loops over pixels, or loads them from the cache."""
    canvas = Canvas((4, 4))
    canvas.draw(Stroke("", Tool.PEN, "black", 0.5, ((0.5, 0.5), (0.6, 0.5))))
    washed(np.zeros((4, 4, 3), np.uint8), canvas.wash())
