"""Which way up people are, told by the matting network's answers to a picture in its four turns.

The network was trained on people who stand: it is surest of them upright. That alone hardly tells upright
from upside down, so the silhouette has a say: bodies are cut by the picture's lower border, not by the
others, and a head is narrower than what is under it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import cv2
import numpy as np

from pipelines.media import F32, U8

LOOK_PX: Final = 80_000  # of a picture that is shown to the network
_MULTIPLE_PX = 16
_LEAST_AREA = 0.015  # of the picture: less is nobody
# Measured on ten clips, four pictures each: the right turn leads by 0.57 to 1.7.
_LEAD, _LEAST = 0.35, 0.2
_DOUBT_COUNTS, _BORDER_COUNTS, _SHAPE_COUNTS, _AREA_COUNTS = -3.0, 2.0, 0.5, 2.0
_MOST_BORDER = 0.25
_END_SHARE = 6  # a sixth of the body's height at its upper and lower end

_ROTATIONS: Final = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)


class _Signs(NamedTuple):
    """doubt: share of alpha that is neither 0 nor 1. border: share of the picture's lower border that the
    body covers, more than of any other. shape: how much wider its lower end is. area: share of sure pixels.
    """

    doubt: float
    border: float
    shape: float
    area: float

    @property
    def score(self) -> float:
        border = float(np.clip(self.border, -_MOST_BORDER, _MOST_BORDER))
        return (
            _DOUBT_COUNTS * self.doubt
            + _BORDER_COUNTS * border
            + _SHAPE_COUNTS * self.shape
            + _AREA_COUNTS * self.area
        )


def upright_by_people(look: Callable[[U8], F32], pictures: Iterable[U8]) -> int | None:
    """Quarter turns clockwise, 0 to 3, that make people stand; None where nobody tells.

    look: alpha f32 (H, W) of a picture u8 (H, W, 3), sides multiples of 16. pictures: u8 (H, W, 3), some
    tenths of a second apart; four are enough.
    """
    scores = np.zeros(4)
    seen = 0
    for rgb in pictures:
        signs = [_signs(look(_small(rgb, quarters))) for quarters in range(4)]
        told = [sign for sign in signs if sign is not None]
        if told:
            seen += 1
            # Nobody in a turn where others see somebody: that turn is as bad as the worst.
            worst = min(sign.score for sign in told)
            scores += [worst if sign is None else sign.score for sign in signs]
    if not seen:
        return None
    scores /= seen
    order = np.argsort(scores)
    best, second = int(order[-1]), int(order[-2])
    if scores[best] < _LEAST or scores[best] - scores[second] < _LEAD:
        return None
    return best


def _small(rgb: U8, quarters: int) -> U8:
    """The picture, turned, at the size for the network."""
    height, width = rgb.shape[:2]
    scale = min(1.0, (LOOK_PX / (width * height)) ** 0.5)
    size = [max(_MULTIPLE_PX, int(side * scale) // _MULTIPLE_PX * _MULTIPLE_PX) for side in (width, height)]
    small = cv2.resize(rgb, (size[0], size[1]), interpolation=cv2.INTER_AREA)
    rotation = _ROTATIONS[quarters]
    return np.ascontiguousarray(small if rotation is None else cv2.rotate(small, rotation), np.uint8)


def _signs(alpha: F32) -> _Signs | None:
    """None where nobody is."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(alpha > 0.5, np.uint8))
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    if stats[largest, cv2.CC_STAT_AREA] < _LEAST_AREA * alpha.size:
        return None
    body = labels == largest
    top, tall = int(stats[largest, cv2.CC_STAT_TOP]), int(stats[largest, cv2.CC_STAT_HEIGHT])
    widths = body.sum(axis=1) / max(int(body.sum(axis=1).max()), 1)
    end = max(1, tall // _END_SHARE)
    others = max(body[0].mean(), body[:, 0].mean(), body[:, -1].mean())
    return _Signs(
        float(np.minimum(alpha, 1 - alpha).sum() / alpha.sum()),
        float(body[-1].mean() - others),
        float(widths[top + tall - end : top + tall].mean() - widths[top : top + end].mean()),
        float((alpha > 0.9).mean()),
    )
