"""Has the camera's picture changed as a whole, so that what the network remembers is of another scene?

A page turn changes most of the picture too, but not the teacher standing before it. So a cut is called
only when the background and the teacher's own pixels change together. With nobody there, a page turn
looks like a cut; then nothing is lost by forgetting.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.matting.coarse import Coarse
from pipelines.media import PTS_HZ, U8

THUMBNAIL_WH = (64, 36)
CHANGED_LEVELS = 24  # of 255, in any channel: beyond noise and exposure drift
CUT_SHARE = 0.5  # of the background, and of the teacher
TEACHER_ALPHA = 0.8  # in the thumbnail: inside the body
GAP_S = 1.0  # a longer pause than this leaves nothing worth remembering
GAPS = 3.0  # but a slow network is asked as seldom as that: then it takes a pause so many times as long
MOST_GAP_S = 10.0  # and this long a pause is one in any case


class CutDetector:
    """Compares each frame's thumbnail with the one before."""

    def __init__(self) -> None:
        self._thumbnail: U8 | None = None
        self._teacher = np.zeros(THUMBNAIL_WH[::-1], np.bool_)
        self._pts = 0
        self._gap = 0  # from the last frame to the one before

    def is_cut(self, rgb: U8, pts: int) -> bool:
        """True when this frame shows another scene than the last. rgb: u8 (H, W, 3). The first is no cut."""
        before, self._thumbnail = self._thumbnail, thumbnail(rgb)
        gap, self._pts = pts - self._pts, pts
        if before is None:
            return False
        most, self._gap = self._most_gap(), gap
        if not 0 <= gap <= most:
            return True
        changed = cv2.absdiff(before, self._thumbnail).max(axis=2) > CHANGED_LEVELS
        background = changed[~self._teacher]
        if background.size and background.mean() < CUT_SHARE:
            return False
        return not self._teacher.any() or bool(changed[self._teacher].mean() >= CUT_SHARE)

    def _most_gap(self) -> float:
        return min(max(GAP_S * PTS_HZ, GAPS * self._gap), MOST_GAP_S * PTS_HZ)

    def remember(self, coarse: Coarse) -> None:
        """Takes where the teacher was in the frame just judged."""
        self._teacher[:] = False
        if coarse.teacher is None:
            return
        box, (camera_w, camera_h) = coarse.crop.box, coarse.frame.size_wh
        x0, x1 = (round(v * THUMBNAIL_WH[0] / camera_w) for v in (box.x, box.x + box.w))
        y0, y1 = (round(v * THUMBNAIL_WH[1] / camera_h) for v in (box.y, box.y + box.h))
        small = cv2.resize(coarse.teacher.pha, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
        self._teacher[y0:y1, x0:x1] = small > TEACHER_ALPHA


def thumbnail(rgb: U8) -> U8:
    """u8 (36, 64, 3): every fourth pixel, then area means."""
    height, width = rgb.shape[:2]
    coarse = cv2.resize(rgb, (max(width // 4, 64), max(height // 4, 36)), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.resize(coarse, THUMBNAIL_WH, interpolation=cv2.INTER_AREA), np.uint8)
