"""How good a matte is, said without the truth: what the plate and the matte leave unexplained.

Put back over the plate, a right matte explains the camera's picture. Two ways of being wrong show: the
picture is off the plate close to the teacher and nobody is said to be there (a lost hand, a frayed edge), or
it is the plate's own drawing and somebody is said to be there (a pictured person, a hole filled in). Both are
counted in cells, as shares of the teacher's outline: errors lie along it, and a large body has no more of it
to be right about. Over the labelled clips that share goes with the true MAD better than a share of the body
or any mixture with softness, flicker or the plate's trust that was tried.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from pipelines.media import F32, PTS_HZ, U8

CHANGED, SAME = 3.0, 1.5  # mean squared deviations of a cell from the plate
_SOMEBODY, _NOBODY = 192, 64
_FAINT = 5
_NEAR_CELLS = 4  # from the teacher: what differs further off is not theirs
BARE_CODES = 10  # contrast of the plate in a cell: bare paper behind bare cloth says nothing
_WORST = 2.0  # cells unexplained for each cell of outline, where the score is 0
_LEAST_OUTLINE = 30  # cells: less of it, and a few specks would be all
_MINUTE_S = 60.0


def quality(off: F32, least: U8, most: U8, contrast: U8) -> float | None:
    """1 where everything is explained, 0 at _WORST; None where nobody is, or no plate is known around them.

    off f32, least, most u8 (rows, columns): of `evidence.survey`, with the finished alpha. contrast: u8, of
    the plate by cell, codes.
    """
    reach = np.ones((2 * _NEAR_CELLS + 1,) * 2, np.uint8)
    near = cv2.dilate(np.asarray(most > _FAINT, np.uint8), reach) > 0
    known = (off >= 0) & near
    somebody = most >= _SOMEBODY
    if not (somebody & known).any():
        return None
    missed = known & (off > CHANGED) & (most < _NOBODY)
    claimed = known & (off < SAME) & (least >= _SOMEBODY) & (contrast > BARE_CODES)
    outline = np.count_nonzero(somebody & (least < _NOBODY)) + _LEAST_OUTLINE
    share = (np.count_nonzero(missed) + np.count_nonzero(claimed)) / outline
    return max(0.0, 1.0 - float(share) / _WORST)


class MinuteMean:
    """The mean of what was noted in the last minute of a stream."""

    def __init__(self) -> None:
        self._noted: deque[tuple[int, float]] = deque()

    def note(self, pts: int, value: float | None) -> None:
        """None is not counted. A pts from before the newest one starts anew."""
        if self._noted and pts < self._noted[-1][0]:
            self._noted.clear()
        if value is not None:
            self._noted.append((pts, value))
        while self._noted and pts - self._noted[0][0] > _MINUTE_S * PTS_HZ:
            self._noted.popleft()

    @property
    def value(self) -> float | None:
        noted = list(self._noted)  # another thread may ask while a frame is noted
        return sum(value for _, value in noted) / len(noted) if noted else None
