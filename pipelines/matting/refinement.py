"""What the box makes of the network's answer, by knowing the LCD: in full, or at half size.

Where processors are short, a matte that takes twice as long is one that is shown twice as late, and every
second one is not made at all. So an answer of a network that was shown less (`pace.py`) is refined at half
the camera's size: a quarter of the pixels, in tiles that see as far again; `doubling.py` brings it back.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import cv2
import numpy as np

from pipelines.matting.coarse import Coarse, in_camera
from pipelines.matting.crop import grown
from pipelines.matting.doubling import doubled, twice
from pipelines.matting.quality import MinuteMean
from pipelines.matting.refining import Net, Refiner
from pipelines.matting.upsampling import COLOUR_RADIUS_PX, enlarge
from pipelines.media import U8, Box, Frame, Matte, Prediction, freeze

LEAST_ROWS = 540  # of the camera's shorter side: a smaller picture costs little, and its half holds no finger

Predict = Callable[[Matte], Prediction | None]


class Refinement:
    """Satisfies carrying.Refine. For one thread, one camera. predict: see Refiner.

    trust, tiles, quality: the newest matte's, see Refiner. of_minute: the mean quality of the last minute.
    """

    def __init__(self, net: Net, predict: Predict) -> None:
        minute = MinuteMean()
        self._whole = Refiner(net, predict, minute)
        self._half = _AtHalf(net, predict, minute)
        self._newest, self._minute = self._whole, minute

    def __call__(self, coarse: Coarse) -> Matte:
        """The matte of this answer's frame."""
        width, height = coarse.frame.size_wh
        if coarse.is_thrifty and min(width, height) >= LEAST_ROWS and width % 2 == height % 2 == 0:
            self._newest = self._half.refiner
            return self._half(coarse)
        self._newest = self._whole
        return self._whole(coarse.matte())

    @property
    def trust(self) -> float:
        return self._newest.trust

    @property
    def tiles(self) -> int:
        return self._newest.tiles

    @property
    def quality(self) -> float | None:
        return self._newest.quality

    @property
    def of_minute(self) -> float | None:
        return self._minute.value


class _AtHalf:
    def __init__(self, net: Net, predict: Predict, minute: MinuteMean) -> None:
        self.refiner = Refiner(net, lambda _: self._known, minute)
        self._predict = predict
        self._known: Prediction | None = None
        self._of: Prediction | None = None  # what `_known` was made from

    def __call__(self, coarse: Coarse) -> Matte:
        frame = _half_frame(coarse.frame)
        small = _at_half(coarse, frame)
        known = self._predict(_as_large(small, coarse.frame))
        self._known = self._halved(known)
        refined = self.refiner(small)
        return coarse.matte() if known is None or refined is small else doubled(refined, coarse.frame, known)

    def _halved(self, known: Prediction | None) -> Prediction | None:
        """The same arrays come again while those of the whole picture do."""
        before, half, self._of = self._of, self._known, known
        if known is None:
            return None
        trust = _of_four(known.trust, np.minimum)
        freeze(trust)
        if half is not None and before is not None and _is_same(before, known):
            return Prediction(half.box, half.rgb, half.doubt, trust, half.room, known.tone)
        x, y = ceil(known.box.x / 2), ceil(known.box.y / 2)
        box = Box(x, y, (known.box.x + known.box.w) // 2 - x, (known.box.y + known.box.h) // 2 - y)
        part = Box(2 * x - known.box.x, 2 * y - known.box.y, 2 * box.w, 2 * box.h).slices
        arrays = (
            _half_size(known.rgb[part]),
            _of_four(known.doubt[part], np.maximum),  # what is not known of one pixel is not known of four
            _half_size(known.room[part]),
        )
        for array in arrays:
            freeze(array)
        return Prediction(box, arrays[0], arrays[1], trust, arrays[2], known.tone)


def _is_same(one: Prediction, other: Prediction) -> bool:
    """But for the trust."""
    return one.rgb is other.rgb and one.doubt is other.doubt and one.room is other.room


def _of_four(plane: U8, which: np.ufunc) -> U8:
    """One value of each two by two, u8; the last row and column stand twice where their number is odd."""
    even = np.pad(plane, [(0, n % 2) for n in plane.shape], mode="edge")
    return np.asarray(which.reduce([even[y::2, x::2] for y in (0, 1) for x in (0, 1)]), np.uint8)


def _half_size(picture: U8) -> U8:
    """By means, u8 (h / 2, w / 2) or (h / 2, w / 2, 3)."""
    height, width = picture.shape[:2]
    half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.uint8)


def _half_frame(frame: Frame) -> Frame:
    rgb = _half_size(frame.rgb)
    freeze(rgb)
    return Frame(rgb, frame.pts, frame.captured_ns)


def _at_half(coarse: Coarse, frame: Frame) -> Matte:
    """What `Coarse.matte` says, at the resolution of this frame, half of its own."""
    if coarse.teacher is None:
        return Matte.empty(frame)
    crop = coarse.crop
    spread = in_camera(grown(coarse.teacher.box, COLOUR_RADIUS_PX), crop)
    x, y = spread.x // 2, spread.y // 2
    box = Box(x, y, ceil((spread.x + spread.w) / 2) - x, ceil((spread.y + spread.h) / 2) - y)
    start_xy = box.x - crop.box.x / 2, box.y - crop.box.y / 2
    steps = 2 * crop.net_wh[0] / crop.box.w, 2 * crop.net_wh[1] / crop.box.h
    own = enlarge(frame.rgb[box.slices], start_xy, steps, coarse.small_rgb, coarse.teacher.pha)
    for array in own:
        freeze(array)
    return Matte(frame, box, *own, coarse.carried_pts)


def _as_large(small: Matte, frame: Frame) -> Matte:
    """Where the teacher is, for the plate, which looks no closer."""
    if small.box.is_empty:
        return Matte.empty(frame)
    box = twice(small.box)
    pha = np.asarray(cv2.resize(small.pha, (box.w, box.h), interpolation=cv2.INTER_NEAREST), np.uint8)
    freeze(pha)
    return Matte(frame, box, pha, frame.rgb[box.slices], small.carried_pts)
