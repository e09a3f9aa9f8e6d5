"""Which parts of the network's alpha are a teacher, and which are slide text that it mistook for one.

Measured with Robust Video Matting on people-free slides: text leaves specks of alpha 0.1 to 0.45, never
more, however large; a person has a body of alpha near 1. So a part counts when it has a body large enough
for a person, or when it lies near one and is solid (a hand, a stick's end, a held book).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

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
    solid = (pha > SOLID).view(np.uint8)
    body_px = (VANISH_SHARE if was_there else APPEAR_SHARE) * frame_px
    if cv2.countNonZero(solid) < body_px:
        return None
    count, labels, stats, _ = cv2.connectedComponentsWithStats((pha > FAINT).view(np.uint8), ltype=cv2.CV_16U)
    solid_px = np.bincount(labels.ravel(), weights=solid.ravel(), minlength=count)
    solid_px[0] = 0  # the background
    is_body = solid_px >= body_px
    if not is_body.any():
        return None
    kept = is_body | ((solid_px > 0) & _is_near(stats, is_body))
    mask = cv2.dilate(kept.astype(np.uint8)[labels], _HEM)
    return Teacher(pha * mask, _bounds(stats[kept]))


_HEM: U8 = np.ones((2 * HEM_PX + 1, 2 * HEM_PX + 1), np.uint8)


def _is_near(stats: np.ndarray, is_body: np.ndarray) -> np.ndarray:
    """Which parts' boxes lie within reach of the bodies' box. stats: as OpenCV's, int (n, 5). bool (n,)."""
    body = _bounds(stats[is_body])
    reach = NEAR_SHARE * max(body.w, body.h)
    x, y, w, h = stats[:, 0], stats[:, 1], stats[:, 2], stats[:, 3]
    gap_x = np.maximum(np.maximum(body.x - (x + w), x - (body.x + body.w)), 0)
    gap_y = np.maximum(np.maximum(body.y - (y + h), y - (body.y + body.h)), 0)
    return np.asarray(np.hypot(gap_x, gap_y) <= reach)


def _bounds(stats: np.ndarray) -> Box:
    x0, y0 = stats[:, 0].min(), stats[:, 1].min()
    x1, y1 = (stats[:, 0] + stats[:, 2]).max(), (stats[:, 1] + stats[:, 3]).max()
    return Box(int(x0), int(y0), int(x1 - x0), int(y1 - y0))
