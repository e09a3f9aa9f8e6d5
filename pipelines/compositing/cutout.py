"""A matte made ready for the blend: prefiltered for its size in the programme, padded, faded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.alignment import Lens
from pipelines.compositing.bending import Limits, bend_of
from pipelines.compositing.kernels import I32, blend_warped, shrink
from pipelines.light import CODE_OF_LINEAR, LINEAR_OF_CODE
from pipelines.media import F64, U8, Matte, SizeWh

# Bilinear samples this far apart, in camera pixels, still see all of the hair.
_ONE_TAP_RATIO = 1.2
# A matte shrunk by a whole step too far would be blurred: at most this much.
_LEAST_RATIO = 0.8
_MAX_STEP = 64
# Pixels added all round: a sample clamped to the picture's end must still mix alpha 0 with alpha 0.
_PAD = 2


class Fade(NamedTuple):
    """Camera pixels over which alpha fades out towards the camera's borders; 0 = a hard border."""

    left_px: float = 0.0
    right_px: float = 0.0
    bottom_px: float = 0.0


class Filter(NamedTuple):
    """How a matte is minified: means of step x step pixels first, then taps x taps samples a pixel."""

    step: int
    taps: int


def filter_for(ratio: float) -> Filter:
    """The filter for `ratio` camera pixels per programme pixel: neither aliasing nor needless blur.

    Up to 1.2 plain bilinear; otherwise the whole step that leaves 0.8 to 1.2, or, where there is none
    (1.2 to 1.6), four samples a pixel.
    """
    if ratio <= _ONE_TAP_RATIO:
        return Filter(1, 1)
    step = min(int(ratio / _LEAST_RATIO), _MAX_STEP)
    return Filter(1, 2) if step <= 1 else Filter(step, 1)


@dataclass(frozen=True, slots=True)
class Cutout:
    """pha: u8 (h, w) and fgr: u8 (h, w, 3), straight, two pixels of border all round.

    camera_wh: of its frame. cutout_from_camera: f64 (3, 3). limits: x0, x1, y0, y1, the part that may be
    seen. reach: i32 (h, 2), first and last column of each row with alpha above 0.
    Where the matte ends at the camera's own border, that border is sharp: at half a pixel beyond the
    last pixel's centre. Elsewhere the border is alpha 0.
    """

    pha: U8
    fgr: U8
    cutout_from_camera: F64
    limits: Limits
    reach: I32
    camera_wh: SizeWh

    def blend(
        self, programme: U8, camera_from_programme: F64, opacity: float, taps: int, lens: Lens | None = None
    ) -> None:
        """Lays the cutout over the programme, u8 (H, W, 3), in place. opacity: 0 to 1.

        lens: bends what the matrix, f64 (3, 3), gives, flat pixels, into those of the camera.
        """
        matrix = self.cutout_from_camera @ camera_from_programme
        bend = bend_of(lens, self.camera_wh, self.cutout_from_camera)
        blend_warped(
            programme, self.pha, self.fgr, matrix, bend, self.limits, self.reach, round(opacity * 256), taps,
            LINEAR_OF_CODE, CODE_OF_LINEAR,
        )  # fmt: skip


def cut_out(matte: Matte, step: int, fade: Fade) -> Cutout:
    """Prepares a matte that is not empty. step: 1, or how many camera pixels become one.

    Blocks of pixels are counted from the camera's corner, so that hair does not shimmer when the
    matte's box jitters.
    """
    box, (camera_w, camera_h) = matte.box, matte.frame.size_wh
    left, top = box.x // step, box.y // step
    right, bottom = -(-(box.x + box.w) // step), -(-(box.y + box.h) // step)
    pha = np.zeros((bottom - top + 2 * _PAD, right - left + 2 * _PAD), np.uint8)
    fgr = np.zeros((*pha.shape, 3), np.uint8)
    inner = (slice(_PAD, -_PAD), slice(_PAD, -_PAD))
    if step == 1:
        pha[inner] = matte.pha
        fgr[inner] = matte.fgr
    else:
        inside = np.array([-box.x, camera_w - box.x, -box.y, camera_h - box.y], np.float64)
        origin_xy = (left * step - box.x, top * step - box.y)
        shrink(
            _read_only(matte.pha), _read_only(matte.fgr), origin_xy, step, inside,
            LINEAR_OF_CODE, CODE_OF_LINEAR, pha[inner], fgr[inner],
        )  # fmt: skip
    _fade_out(pha, fade, (left - _PAD, top - _PAD), step, (camera_w, camera_h))
    limits = _open_borders(matte, pha, fgr, step)
    scale = 1 / step
    x, y = 0.5 * scale - 0.5 + _PAD - left, 0.5 * scale - 0.5 + _PAD - top
    matrix = np.array([[scale, 0.0, x], [0.0, scale, y], [0.0, 0.0, 1.0]])
    return Cutout(pha, fgr, matrix, limits, _reach(pha), matte.frame.size_wh)


def _open_borders(matte: Matte, pha: U8, fgr: U8, step: int) -> Limits:
    """What of a padded cutout may be seen. At the camera's own borders its last pixels are repeated."""
    box, (camera_w, camera_h) = matte.box, matte.frame.size_wh
    sides = (
        (box.x <= 0, _PAD - 0.5, 0.0),
        (box.x + box.w >= camera_w, camera_w / step - box.x // step + _PAD - 0.5, pha.shape[1] - 1.0),
        (box.y <= 0, _PAD - 0.5, 0.0),
        (box.y + box.h >= camera_h, camera_h / step - box.y // step + _PAD - 0.5, pha.shape[0] - 1.0),
    )
    for side, (is_open, _, _) in enumerate(sides):
        if is_open:
            _repeat_border(pha, side)
            _repeat_border(fgr, side)
    x0, x1, y0, y1 = (at_border if is_open else end for is_open, at_border, end in sides)
    return x0, x1, y0, y1


def _reach(pha: U8) -> I32:
    """First and last column of each row with alpha above 0, i32 (h, 2); rows without: last < first."""
    covered = pha != 0
    width = pha.shape[1]
    first = np.where(covered.any(axis=1), covered.argmax(axis=1), width)
    last = width - 1 - covered[:, ::-1].argmax(axis=1)
    last[first == width] = -1
    return np.column_stack((first, last)).astype(np.int32)


def _read_only(array: U8) -> U8:
    """The array as Numba knows it: contiguous and read-only, one machine code for all callers."""
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view


def _repeat_border(array: npt.NDArray[np.uint8], side: int) -> None:
    """Copies the outermost pixels into the padding. side: 0 left, 1 right, 2 top, 3 bottom."""
    lines = array.swapaxes(0, 1) if side < 2 else array
    if side % 2 == 0:
        lines[:_PAD] = lines[_PAD]
    else:
        lines[-_PAD:] = lines[-_PAD - 1]


def _fade_out(pha: U8, fade: Fade, origin_xy: tuple[int, int], step: int, camera_wh: tuple[int, int]) -> None:
    """Multiplies alpha, in place, by a smooth ramp towards the camera's borders."""
    camera_w, camera_h = camera_wh
    x_px = (np.arange(pha.shape[1]) + origin_xy[0] + 0.5) * step  # distance from the camera's left border
    y_px = (np.arange(pha.shape[0]) + origin_xy[1] + 0.5) * step
    for width_px, distance_px, lines in (
        (fade.left_px, x_px, pha.T),
        (fade.right_px, camera_w - x_px, pha.T),
        (fade.bottom_px, camera_h - y_px, pha),
    ):
        if width_px <= 0:
            continue
        share = np.clip(distance_px / width_px, 0.0, 1.0)
        fading = np.flatnonzero(share < 1.0)
        if fading.size:
            ramp = share[fading] ** 2 * (3 - 2 * share[fading])
            lines[fading] = np.rint(lines[fading] * ramp[:, None]).astype(np.uint8)
