"""Where the teacher's body is, and a calm version of it for a virtual camera to follow.

A matte's box follows every wave of an arm. The corner layout must not: it holds on to the torso, lets
it sway inside a dead zone, and glides after it when it leaves.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pipelines.media import PTS_HZ, Matte

# Rows of the coarse alpha that is looked at: enough to find a head within 1 %.
_COARSE_ROWS = 100
_SOLID = 127
# Shares of the body's height.
_CENTRE_ZONE = 0.06
_SIZE_ZONE = 0.06
# A fast walker is held on a leash of this length, or they would leave the programme.
_LEASH = 0.09
_JUMP = 0.8
# Time to cover 63 % of the way back, s. Size changes are seen sooner than shifts, so they are slower.
_CENTRE_TAU_S = 0.35
_SIZE_TAU_S = 1.2
# The eye forgets where someone stood.
_FORGET_S = 1.0


class Body(NamedTuple):
    """Camera pixels: the torso's middle, the head's top and the lowest row, as edges of pixels.

    is_cut: the body leaves the camera's picture at the bottom.
    """

    centre_x: float
    top: float
    bottom: float
    is_cut: bool

    @property
    def height(self) -> float:
        return self.bottom - self.top


def find_body(matte: Matte) -> Body:
    """The body in a matte that is not empty; raised arms, hands and pointers are no part of it."""
    box, camera_h = matte.box, matte.frame.size_wh[1]
    step = max(1, box.h // _COARSE_ROWS)
    solid = matte.pha[::step, ::step] > _SOLID
    counts = solid.sum(axis=0)
    if not counts.any():
        solid = np.ones_like(solid)
        counts = solid.sum(axis=0)
    torso = counts >= counts.max() / 2
    columns = np.flatnonzero(torso)
    centre = float(np.average(columns, weights=counts[columns]))
    rows = np.flatnonzero(solid[:, torso].any(axis=1))
    top = box.y + float(rows[0]) * step - 0.5
    bottom = box.y + min(float(rows[-1] + 1) * step, box.h) - 0.5
    is_cut = bottom > camera_h - 0.5 - max(2, step)
    if is_cut:
        bottom = camera_h - 0.5
    return Body(box.x + centre * step, top, bottom, is_cut)


class SteadyBody:
    """Follows a Body calmly. One lives as long as one placement on the programme."""

    def __init__(self) -> None:
        self._shown: Body | None = None
        self._aim: Body | None = None
        self._pts = 0

    @property
    def newest(self) -> Body | None:
        """The body that was shown last; None before the first."""
        return self._shown

    def follow(self, body: Body, pts: int) -> Body:
        """The body to frame the picture by. pts: of its frame, 1/90000 s; the same one changes nothing."""
        pause_s = (pts - self._pts) / PTS_HZ
        if self._shown is not None and self._aim is not None and pause_s == 0:
            return self._shown
        self._pts = pts
        if (
            self._shown is None
            or self._aim is None
            or not 0 < pause_s < _FORGET_S
            or self._is_elsewhere(body)
        ):
            self._shown = self._aim = body
            return body
        self._aim = aim = _aim(self._aim, body)
        near = 1 - math.exp(-pause_s / _CENTRE_TAU_S)
        slow = 1 - math.exp(-pause_s / _SIZE_TAU_S)
        shown = self._shown
        leash_px = _LEASH * aim.height
        centre_x = shown.centre_x + near * (aim.centre_x - shown.centre_x)
        self._shown = Body(
            min(max(centre_x, body.centre_x - leash_px), body.centre_x + leash_px),
            shown.top + slow * (aim.top - shown.top),
            # A cut must stay on the programme's edge: it never glides.
            aim.bottom if aim.is_cut else shown.bottom + slow * (aim.bottom - shown.bottom),
            aim.is_cut,
        )
        return self._shown

    def _is_elsewhere(self, body: Body) -> bool:
        """The camera was cut or moved: nobody walks that far between two frames."""
        return self._aim is not None and abs(body.centre_x - self._aim.centre_x) > _JUMP * self._aim.height


def _aim(aim: Body, body: Body) -> Body:
    """The aim, moved onto the body in what has left its dead zone."""
    centre_x = (
        body.centre_x if abs(body.centre_x - aim.centre_x) > _CENTRE_ZONE * aim.height else aim.centre_x
    )
    top = body.top if abs(body.top - aim.top) > _SIZE_ZONE * aim.height else aim.top
    moved = abs(body.bottom - aim.bottom) > _SIZE_ZONE * aim.height
    bottom = body.bottom if moved or body.is_cut != aim.is_cut else aim.bottom
    return Body(centre_x, top, bottom, body.is_cut)
