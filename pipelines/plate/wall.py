"""The wall around the LCD, learnt from what is surely in sight: the part of the plate that no page predicts.

A pixel becomes known after it has looked the same for seconds beside the teacher, or for a few pictures of an
empty room. What looks otherwise takes away from what is known as slowly as it was learnt: a pointer that the
network did not see, held still for a moment, is never taken for wall. A change of all the light (lamps,
exposure) is one factor a channel, followed at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import F32, PTS_HZ, U8, Box, freeze

LEARN_EVERY_S = 0.2
EVIDENCE_EMPTY, EVIDENCE_OCCUPIED = 8, 1  # of one picture
KNOWN_EVIDENCE, MOST_EVIDENCE = 24, 120
SAME_CODES = 14.0
WALL_DOUBT = 8  # quarter codes
# More known pixels are worth drawing the wall again; while it is being learnt, not with every picture.
WORTH_SHARE, MUCH_SHARE, TELL_EVERY_S = 0.01, 0.2, 1.0
SETTLED_SHARE = 0.97  # known, of what is in sight: from there on only every LEARN_EVERY_S
_SCALE = 64  # of the means, which are whole numbers
_GAIN_STEP_PX = 8
_LEAST_CODES = 24.0  # darker pixels tell no factor
_LEAST_SAMPLES = 200
_AGREE, _AGREE_SHARE = 0.04, 0.6
_LEAST_GAIN = 0.012  # less is left to the means

I16 = npt.NDArray[np.int16]
_SAME = np.int32(SAME_CODES * _SCALE)


class Wall:
    """Learns what surrounds the LCD. For one thread, one camera.

    around: u8 (H, W), above 0 where it is to be learnt; may be replaced. version: grows when the picture has
    changed so much that it is worth taking again.
    """

    def __init__(self, around: U8) -> None:
        self.version = 0
        self.around = around
        self._mean: I16 = np.zeros((*around.shape, 3), np.int16)
        self._evidence: U8 = np.zeros(around.shape, np.uint8)
        self._learnt_pts: int | None = None
        self._settled = False
        self._known = 0
        self._told_pts: int | None = None

    def learn(self, rgb: U8, sure: U8, pts: int, *, is_empty: bool) -> None:
        """One picture u8 (H, W, 3). sure: u8 (H, W), above 0 where nobody is near. is_empty: of the room."""
        if self._settled and self._learnt_pts is not None:
            if 0 <= pts - self._learnt_pts < LEARN_EVERY_S * PTS_HZ:
                return
            self._follow_light(rgb, sure)
        evidence = EVIDENCE_EMPTY if is_empty else EVIDENCE_OCCUPIED
        seen, known, of_all = _learn(rgb, sure, self.around, self._mean, self._evidence, evidence)
        self._settled = known >= SETTLED_SHARE * seen
        self._learnt_pts = pts
        grown = abs(of_all - self._known)
        is_soon = self._told_pts is not None and 0 <= pts - self._told_pts < TELL_EVERY_S * PTS_HZ
        if grown > (MUCH_SHARE if is_soon else WORTH_SHARE) * of_all:
            self._known, self._told_pts = of_all, pts
            self.version += 1

    def draw(self, box: Box, rgb: U8, doubt: U8) -> None:
        """Writes what is known of the wall inside a box: codes into rgb u8 (h, w, 3), doubt u8 (h, w) too."""
        part = box.slices
        _draw(self._mean[part], self._evidence[part], self.around[part], rgb, doubt)

    def _follow_light(self, rgb: U8, sure: U8) -> None:
        """Lamps or exposure have changed: all the wall by the same factor."""
        step = (slice(_GAIN_STEP_PX // 2, None, _GAIN_STEP_PX),) * 2
        mean = self._mean[step].astype(np.float32) / np.float32(_SCALE)
        told = (self._evidence[step] >= KNOWN_EVIDENCE) & (sure[step] > 0) & (mean.min(axis=2) > _LEAST_CODES)
        if np.count_nonzero(told) < _LEAST_SAMPLES:
            return
        ratios: F32 = np.asarray(rgb[step][told] / mean[told], np.float32)
        gains = np.median(ratios, axis=0)
        agree = float((np.abs(ratios / gains - 1).max(axis=1) < _AGREE).mean())
        if agree < _AGREE_SHARE or float(np.abs(gains - 1).max()) < _LEAST_GAIN:
            return
        scaled = self._mean * gains.astype(np.float32)
        np.copyto(self._mean, np.clip(scaled, 0, 255 * _SCALE), casting="unsafe")
        self.version += 1


def warm_up_wall() -> None:
    """Compiles the loops over pixels, or loads them from the cache."""
    flat: U8 = np.zeros((8, 16), np.uint8)
    rgb: U8 = np.zeros((8, 16, 3), np.uint8)
    freeze(rgb)  # as the camera's pictures are
    wall = Wall(flat)
    wall.learn(rgb, flat, 0, is_empty=True)
    wall.draw(Box(0, 0, 8, 8), np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8))


@compiled()
def _learn(rgb: U8, sure: U8, around: U8, mean: I16, count: U8, evidence: int) -> tuple[int, int, int]:
    """Returns how many pixels were in sight, how many of these are known, and how many are known at all."""
    height, width = around.shape
    seen, known, of_all = 0, 0, 0
    for y in range(height):
        for x in range(width):
            if around[y, x] == 0:
                continue
            have = int(count[y, x])
            if sure[y, x] == 0:
                of_all += have >= KNOWN_EVIDENCE
                continue
            seen += 1
            most = 0
            for c in range(3):
                most = max(most, abs(int(rgb[y, x, c]) * _SCALE - int(mean[y, x, c])))
            if have == 0:
                for c in range(3):
                    mean[y, x, c] = int(rgb[y, x, c]) * _SCALE
                have = evidence
            elif most <= _SAME:
                share = max(have // evidence, 1) + 1
                share = min(share, 24)
                for c in range(3):
                    mean[y, x, c] += (int(rgb[y, x, c]) * _SCALE - int(mean[y, x, c])) // share
                have = min(have + evidence, MOST_EVIDENCE)
            else:
                have = max(have - evidence, 0)
            count[y, x] = have
            known += have >= KNOWN_EVIDENCE
            of_all += have >= KNOWN_EVIDENCE
    return seen, known, of_all


@compiled()
def _draw(mean: I16, count: U8, around: U8, rgb: U8, doubt: U8) -> None:
    height, width = count.shape
    for y in range(height):
        for x in range(width):
            if around[y, x] == 0 or count[y, x] < KNOWN_EVIDENCE:
                continue
            for c in range(3):
                rgb[y, x, c] = (mean[y, x, c] + _SCALE // 2) // _SCALE
            doubt[y, x] = WALL_DOUBT
