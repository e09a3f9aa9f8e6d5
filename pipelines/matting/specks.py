"""Which parts of the network's alpha are a teacher, and which are slide text that it mistook for one.

Measured with Robust Video Matting on people-free slides: text leaves specks of alpha 0.1 to 0.45, never
more, however large; a person has a body of alpha near 1. So a part counts when it has a body large enough
for a person, or when it lies near one and is solid (a hand, a stick's end, a held book).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.media import F32, U8, Box

FAINT = 0.06  # alpha from which pixels hang together
SOLID = 0.6  # no speck of text was ever seen above 0.45
APPEAR_SHARE = 0.004  # solid pixels as a share of the camera's picture: enough for a person
VANISH_SHARE = 0.0015  # a teacher once found is kept down to this
NEAR_SHARE = 0.2  # of the body's longer side: how far a hand or stick may be torn off
HEM_PX = 2  # faint hair around what is kept


@dataclass(frozen=True, slots=True)
class Teacher:
    """The parts that count. pha: f32 (h, w), 0 elsewhere. box: of pixels above FAINT, in the same pixels."""

    pha: F32
    box: Box


def keep_teacher(pha: F32, frame_px: float, *, was_there: bool) -> Teacher | None:
    """Removes what is no teacher; None when there is none.

    pha: f32 (h, w), 0 to 1. frame_px: how many pixels of this scale the camera's whole picture has.
    was_there: a teacher in the frame before, so that one at the edge of being seen does not flicker.
    """
    parts = _parts(pha, (VANISH_SHARE if was_there else APPEAR_SHARE) * frame_px)
    if parts is None:
        return None
    kept = parts.is_body | ((parts.solid_px > 0) & _is_near(parts.stats, parts.is_body))
    mask = cv2.dilate(kept.astype(np.uint8)[parts.labels], _HEM)
    return Teacher(pha * mask, _bounds(parts.stats[kept]))


def find_bodies(pha: F32) -> list[Box]:
    """Each person in an alpha of the camera's whole picture, f32 (h, w), in its pixels."""
    parts = _parts(pha, APPEAR_SHARE * pha.size)
    if parts is None:
        return []
    return [_bounds(parts.stats[i : i + 1]) for i in np.flatnonzero(parts.is_body)]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What hangs together, part 0 being the background. stats: as OpenCV's, int (n, 5)."""

    labels: npt.NDArray[np.uint16]
    stats: npt.NDArray[np.int32]
    solid_px: npt.NDArray[np.float64]
    is_body: npt.NDArray[np.bool_]


def _parts(pha: F32, body_px: float) -> _Parts | None:
    """The parts of an alpha; None when none of them is a body."""
    solid = (pha > SOLID).view(np.uint8)
    if cv2.countNonZero(solid) < body_px:
        return None
    count, labels, stats, _ = cv2.connectedComponentsWithStats((pha > FAINT).view(np.uint8), ltype=cv2.CV_16U)
    solid_px = np.asarray(np.bincount(labels.ravel(), solid.ravel(), count), np.float64)
    solid_px[0] = 0
    is_body = solid_px >= body_px
    if not is_body.any():
        return None
    return _Parts(np.asarray(labels, np.uint16), np.asarray(stats, np.int32), solid_px, is_body)


_HEM: U8 = np.ones((2 * HEM_PX + 1, 2 * HEM_PX + 1), np.uint8)


def _is_near(stats: npt.NDArray[np.int32], is_body: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which parts' boxes lie within reach of the bodies' box. Result: bool (n,)."""
    body = _bounds(stats[is_body])
    reach = NEAR_SHARE * max(body.w, body.h)
    x, y, w, h = stats[:, 0], stats[:, 1], stats[:, 2], stats[:, 3]
    gap_x = np.maximum(np.maximum(body.x - (x + w), x - (body.x + body.w)), 0)
    gap_y = np.maximum(np.maximum(body.y - (y + h), y - (body.y + body.h)), 0)
    return np.asarray(np.hypot(gap_x, gap_y) <= reach)


def _bounds(stats: npt.NDArray[np.int32]) -> Box:
    x0, y0 = stats[:, 0].min(), stats[:, 1].min()
    x1, y1 = (stats[:, 0] + stats[:, 2]).max(), (stats[:, 1] + stats[:, 3]).max()
    return Box(int(x0), int(y0), int(x1 - x0), int(y1 - y0))
