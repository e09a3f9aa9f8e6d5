"""Side by side: the page, smaller, and the teacher in a pane of their own. Neither covers the other."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.compositing.cutout import Fade, cut_out, filter_for
from pipelines.compositing.slate import backdrop
from pipelines.compositing.steadying import Body
from pipelines.media import F64, U8, Box, Corner, Frame, Matte, Scene, SizeWh, freeze

# Neither dark hair nor a white shirt is lost before it.
_TOP, _BOTTOM = (104, 118, 138), (70, 81, 98)
# Share of the programme's height left free around the page.
_MARGIN = 0.02
# Of the pane's height: what is free above a head, and the tallest body.
_HEADROOM = 0.07
_TALLEST = 0.92
# Height of a body that fills the pane's width with its arms at its sides.
_SLIM = 1 / 0.62
# Of the camera's picture: a body that is small in it is not blown up beyond this.
_LEAST_CROP = 0.45
# Share of the pane's width over which an arm that reaches out of it fades.
_EDGE = 0.06
_SIDE_FADE = 0.04
# Camera pixels around what is seen, so that the pane's border is not the cutout's.
_AROUND_PX = 4


class Sides(NamedTuple):
    """Where page and teacher are in the programme. Boxes that do not meet."""

    page: Box
    pane: Box


class Edges(NamedTuple):
    """Camera pixels: beyond half_px from centre_x the teacher fades out, strength 0 (not at all) to 1."""

    centre_x: float
    half_px: float
    strength: float = 1.0


def sides_of(scene: Scene, size_wh: SizeWh) -> Sides:
    """The pane takes scene.pane_share of the width, on the side of scene.corner; the page fits beside it."""
    width, height = size_wh
    pane_w = round(min(max(0.2, scene.pane_share), 0.5) * width)
    margin = round(_MARGIN * height)
    room_w = width - pane_w
    shrink = min((room_w - 2 * margin) / width, (height - 2 * margin) / height)
    page_w, page_h = round(width * shrink), round(height * shrink)
    is_left = scene.corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)
    left = (pane_w if is_left else 0) + (room_w - page_w) // 2
    pane = Box(0 if is_left else width - pane_w, 0, pane_w, height)
    return Sides(Box(left, (height - page_h) // 2, page_w, page_h), pane)


def draw_beside(page_rgb: U8, sides: Sides) -> U8:
    """The page in its box before a calm ground: u8 (H, W, 3), frozen. page_rgb: u8 (H, W, 3).

    Shrunk in codes, not in light: means of light make thin dark writing on white pale.
    """
    sheet = _page_in(page_rgb, sides.page, cv2.INTER_AREA)
    freeze(sheet)
    return sheet


def draw_midway(page_rgb: U8, box: Box) -> U8:
    """As `draw_beside`, anywhere on its way: not frozen; in a fraction of the time, sharp enough to move."""
    return _page_in(page_rgb, box, cv2.INTER_LINEAR)


def _page_in(page_rgb: U8, box: Box, how: int) -> U8:
    height, width = page_rgb.shape[:2]
    sheet = _ground((width, height)).copy()
    sheet[box.slices] = cv2.resize(page_rgb, (box.w, box.h), interpolation=how)
    return sheet


@lru_cache(maxsize=1)
def _ground(size_wh: SizeWh) -> U8:
    ground = backdrop(size_wh, _TOP, _BOTTOM)
    freeze(ground)
    return ground


def lay_picture(
    programme: U8, box: Box, frame: Frame, body: Body | None, *, mirror: bool, opacity: float
) -> None:
    """Fills a box of the programme, u8 (H, W, 3 or 4), in place, with the camera's picture around a body."""
    pane, pane_wh = np.ascontiguousarray(programme[box.slices]), (box.w, box.h)
    step, taps = filter_for(shrink_of_picture(frame, body, pane_wh))
    matte, matrix = frame_picture(frame, body, pane_wh, mirror=mirror, step=step)
    cut_out(matte, step, Fade()).blend(pane, matrix, opacity, taps)
    programme[box.slices] = pane


def frame_picture(
    frame: Frame, body: Body | None, pane_wh: SizeWh, *, mirror: bool, step: int
) -> tuple[Matte, F64]:
    """The camera's picture around a body, or around its middle, as a matte that hides all, and where it goes:
    camera_from_pane, f64 (3, 3). Never beyond the picture's borders. step: as for `cut_out`."""
    (camera_w, camera_h), (pane_w, pane_h) = frame.size_wh, pane_wh
    most = min(float(camera_h), camera_w * pane_h / pane_w)
    if body is None:
        tall, centre, top = most, (camera_w - 1) / 2, -0.5
    else:
        tall = min(max(body.height * (1 + 2 * _HEADROOM), _LEAST_CROP * most), most)
        centre, top = body.centre_x, body.top - _HEADROOM * tall
    wide = tall * pane_w / pane_h
    x0 = min(max(centre + 0.5 - wide / 2, 0.0), camera_w - wide)
    y0 = min(max(top + 0.5, 0.0), camera_h - tall)
    scale = tall / pane_h
    flip, left = (-scale, x0 + wide - 0.5 - scale / 2) if mirror else (scale, x0 - 0.5 + scale / 2)
    matrix = np.array([[flip, 0.0, left], [0.0, scale, y0 - 0.5 + scale / 2], [0.0, 0.0, 1.0]])
    around = _AROUND_PX * step
    x, y = max(0, int(x0) - around), max(0, int(y0) - around)
    box = Box(x, y, min(camera_w, int(x0 + wide) + around) - x, min(camera_h, int(y0 + tall) + around) - y)
    return Matte(frame, box, np.full((box.h, box.w), 255, np.uint8), frame.rgb[box.slices]), matrix


def shrink_of_picture(frame: Frame, body: Body | None, pane_wh: SizeWh) -> float:
    """Camera pixels per pane pixel of `frame_picture`."""
    _, matrix = frame_picture(frame, body, pane_wh, mirror=False, step=1)
    return float(matrix[1, 1])


def edges_of_pane(camera_from_pane: F64, pane_wh: SizeWh) -> Edges:
    """The pane's sides, as what is seen through f64 (3, 3) has them."""
    step, pane_w = float(camera_from_pane[0, 0]), pane_wh[0]
    return Edges(float(camera_from_pane[0, 2]) + step * (pane_w - 1) / 2, abs(step) * pane_w / 2)


def stand_in_pane(body: Body, camera_w: int, pane_wh: SizeWh, *, mirror: bool) -> tuple[F64, Fade]:
    """The teacher cut out, on the pane's lower edge: camera_from_pane f64 (3, 3), and how they fade at the
    camera's borders. At the pane's own sides, arms that reach beyond fade by `fade_at`."""
    pane_w, pane_h = pane_wh
    tall = min(_TALLEST * pane_h, _SLIM * pane_w)
    step = max(body.height, 1.0) / tall
    flip = -step if mirror else step
    matrix = np.array(
        [
            [flip, 0.0, body.centre_x - flip * (pane_w - 1) / 2],
            [0.0, step, body.bottom - (pane_h - 0.5) * step],
            [0.0, 0.0, 1.0],
        ]
    )
    side_px = _SIDE_FADE * camera_w
    return matrix, Fade(side_px, side_px)


def fade_at(matte: Matte, edges: Edges) -> Matte:
    """The matte with what lies beyond the edges gone, as far as they are strong."""
    box = matte.box
    inside = edges.half_px - np.abs(np.arange(box.x, box.x + box.w) - edges.centre_x)
    share = np.clip(inside / (2 * _EDGE * edges.half_px), 0.0, 1.0)
    kept = 1 - edges.strength + edges.strength * (share**2 * (3 - 2 * share))
    ramp = np.rint(256 * kept).astype(np.uint16)
    pha = ((matte.pha * ramp + 128) >> 8).astype(np.uint8)
    return replace(matte, pha=pha)
