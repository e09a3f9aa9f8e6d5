"""The teacher's body fades where it hides writing; hands and what they hold stay as they are.

All of it is found on a coarse grid of the camera's picture, ninety cells along its shorter side: where the
page behind a pixel bears writing (the page is known), and what of the teacher is a hand. A hand is what lies
far from the torso, pointers and sticks included, or what has the face's colour before it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from pipelines.compositing.hands import find_hands
from pipelines.compositing.placing import Placement
from pipelines.media import F32, PTS_HZ, U8, Matte, SizeWh, length_scale

# What is left of the body where it is faded most: its outline still tells where the teacher stands.
LEAST_SEEN = 0.12
_CELL_PX = 8  # for a picture of 720 rows
_PAGE_ROWS = 45
# A pixel whose surroundings differ by more codes is an edge; share of a cell's pixels that are edges: from
# the first on it bears writing, from the second on certainly.
_EDGE_CODES = 56
_EDGE_SHARE = (0.05, 0.15)
# A film's pages come with every picture: how often they are looked at.
_LOOK_S = 0.2
# Time to cover 63 % of the way, s. A hand that comes is whole at once.
_FADE_TAU_S = 0.45
_RETURN_TAU_S = 0.2
_HAND_TAU_S = 0.6
_FORGET_S = 1.0
_UNSEEN = 1 / 512


class TextFade:
    """For one thread, and one compositor: calm from frame to frame."""

    def __init__(self, programme_wh: SizeWh) -> None:
        self._programme_wh = programme_wh
        self._text: tuple[U8, F32, int] | None = None  # a page, its cells, and when it was looked at
        self._map: tuple[Placement, SizeWh, F32, F32] | None = None
        self._behind: tuple[F32, F32, F32] | None = None  # of which cells and map, and what came of them
        self._fade: F32 | None = None  # share of alpha that is taken away
        self._hand: F32 | None = None
        self._pts = 0
        self._newest: tuple[Matte, float, Matte] | None = None

    def faded(self, page_rgb: U8, matte: Matte, placement: Placement, strength: float) -> Matte:
        """The matte with less alpha where its body hides writing. strength: 0 to 1.

        page_rgb: u8 (H, W, 3), what lies behind it where the placement puts it. A matte that is not empty.
        Once for a matte: asked again, it answers the same.
        """
        if strength <= 0 and self._fade is None:
            return matte
        if self._newest is not None and self._newest[0] is matte and self._newest[1] == strength:
            return self._newest[2]
        cell = max(2, round(_CELL_PX * length_scale(matte.frame.size_wh)))
        text = self._text_behind(page_rgb, matte, placement, cell)
        self._follow(text, find_hands(matte, cell), strength * (1 - LEAST_SEEN), matte.pts)
        fade, result = self._fade, matte
        if fade is not None and fade.max() > _UNSEEN:
            keep = _enlarged(1 - fade, matte, cell)
            result = replace(matte, pha=np.asarray(cv2.multiply(matte.pha, keep, scale=1 / 255), np.uint8))
        elif strength <= 0:
            self._fade = self._hand = None
        self._newest = matte, strength, result
        return result

    def _follow(self, text: F32, hand: F32, most: float, pts: int) -> None:
        """Moves the fade towards what it should be: in without a flicker, out at once for a hand."""
        pause_s = (pts - self._pts) / PTS_HZ
        self._pts = pts
        fade, before = self._fade, self._hand
        if fade is None or before is None or fade.shape != text.shape or not 0 <= pause_s < _FORGET_S:
            fade, before = np.zeros_like(text), hand
        remembered = before * math.exp(-pause_s / _HAND_TAU_S) if pause_s else before
        hand = np.maximum(hand, remembered)
        aim = most * text * (1 - hand)
        step = np.where(
            aim > fade, 1 - math.exp(-pause_s / _FADE_TAU_S), 1 - math.exp(-pause_s / _RETURN_TAU_S)
        )
        moved = fade + step.astype(np.float32) * (aim - fade)
        self._fade = np.minimum(moved, 1 - hand).astype(np.float32)
        self._hand = hand

    def _text_behind(self, page_rgb: U8, matte: Matte, placement: Placement, cell: int) -> F32:
        """How surely each cell of the camera's grid hides writing, f32 (rows, columns), 0 to 1."""
        looked = self._text
        if looked is None or (
            looked[0] is not page_rgb and not 0 <= matte.pts - looked[2] < _LOOK_S * PTS_HZ
        ):
            self._text = looked = (page_rgb, writing_of(page_rgb), matte.pts)
        camera_wh = matte.frame.size_wh
        known = self._map
        if known is None or known[1] != camera_wh or not _same(known[0], placement):
            known = self._map = (placement, camera_wh, *self._aim(placement, camera_wh, cell))
        behind = self._behind
        if behind is None or behind[0] is not looked[1] or behind[1] is not known[2]:
            text = np.asarray(cv2.remap(looked[1], known[2], known[3], cv2.INTER_LINEAR), np.float32)
            self._behind = behind = looked[1], known[2], text
        return behind[2]

    def _aim(self, placement: Placement, camera_wh: SizeWh, cell: int) -> tuple[F32, F32]:
        """Where in the page's cells the middle of each cell of the camera's grid is."""
        columns, rows = grid_wh(camera_wh, cell)
        cells = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1)
        at = np.asarray(cells * float(cell) + (cell - 1) / 2, np.float64)
        if placement.lens is not None:
            at = placement.lens.flatten(at, camera_wh)
        matrix = np.linalg.inv(placement.camera_from_programme)
        moved = at @ matrix[:, :2].T + matrix[:, 2]
        # Behind the camera's horizon there is no page: a place outside of it.
        depth = np.where(np.abs(moved[..., 2:]) < 1e-9, 1e-9, moved[..., 2:])
        page = np.clip(moved[..., :2] / depth, -1e6, 1e6)
        side = _page_cell(self._programme_wh[1])
        spots = ((page + 0.5) / side - 0.5).astype(np.float32)
        return np.ascontiguousarray(spots[..., 0]), np.ascontiguousarray(spots[..., 1])


def grid_wh(camera_wh: SizeWh, cell: int) -> SizeWh:
    """Columns and rows of the grid of cell x cell camera pixels."""
    return -(-camera_wh[0] // cell), -(-camera_wh[1] // cell)


def writing_of(page_rgb: U8) -> F32:
    """How surely each cell of a page bears writing or lines, f32 (rows, columns), 0 to 1.

    By the density of edges, and a little beyond, so that lines of a paragraph make one whole.
    page_rgb: u8 (H, W, 3).
    """
    height, width = page_rgb.shape[:2]
    side = _page_cell(height)
    grey = cv2.cvtColor(page_rgb, cv2.COLOR_RGB2GRAY)
    steep = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    edges = cv2.threshold(steep, _EDGE_CODES, 255, cv2.THRESH_BINARY)[1]
    columns, rows = -(-width // side), -(-height // side)
    whole = cv2.copyMakeBorder(edges, 0, rows * side - height, 0, columns * side - width, cv2.BORDER_CONSTANT)
    share = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    least, sure = _EDGE_SHARE
    ramp = np.clip((share - least) / (sure - least), 0, 1)
    grown = cv2.dilate(ramp, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.blur(grown, (3, 3)), np.float32)


def _page_cell(height: int) -> int:
    return max(2, round(height / _PAGE_ROWS))


def _same(one: Placement, other: Placement) -> bool:
    return one.lens is other.lens and np.array_equal(one.camera_from_programme, other.camera_from_programme)


def _enlarged(keep: F32, matte: Matte, cell: int) -> U8:
    """The grid over the matte's box, u8 (box.h, box.w), 255 = keep all."""
    box = matte.box
    codes = cv2.copyMakeBorder(np.rint(keep * 255).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    # In the padded grid a cell's index is one more: one more on each side mixes its neighbours in.
    left, top = box.x // cell, box.y // cell
    right, bottom = (box.x + box.w - 1) // cell + 3, (box.y + box.h - 1) // cell + 3
    part = codes[top:bottom, left:right]
    large = cv2.resize(part, (part.shape[1] * cell, part.shape[0] * cell), interpolation=cv2.INTER_LINEAR)
    x, y = box.x - (left - 1) * cell, box.y - (top - 1) * cell
    return np.asarray(large[y : y + box.h, x : x + box.w], np.uint8)
