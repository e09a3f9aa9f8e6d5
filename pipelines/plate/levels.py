"""The camera's curve, learnt from pixels: what block means of thin strokes cannot tell.

The photometry is fitted on means over blocks. White writing on a dark page never fills a block, so its level
is never seen by the fit, and a camera that bends its highlights leaves every stroke a dozen codes off. Pixels
inside the strokes tell: where the plate is even around a pixel, blur and a small shift do not matter. What
they tell is added to the rendered plate alone: the fit, which follows changes of light, knows nothing of it.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from pipelines.media import DOUBT_UNITS, F32, F64, U8
from pipelines.plate.photometry import CENTRES, LEVELS, Index, Photometry

EVEN_CODES = 6  # between the neighbours of a pixel that may tell
ENOUGH = 40  # pixels of a level
UNSEEN_DOUBT = 8.0  # codes, of a level that no pixel tells
_PRIOR = 20.0  # pixels
_MOST_CODES = 24.0  # further off, and something is held before the page
_NOISE = 1.6


def with_levels(photometry: Photometry, light: F32, rgb: U8, sure: U8) -> tuple[Photometry, U8]:
    """The photometry with its strokes, and what is left in doubt by code, quarter codes u8 (256,).

    light: the page's, f32 (h, w, 3). rgb: what is seen, u8 (h, w, 3). sure: u8 (h, w), above 0 where nobody
    is near. What was learnt of strokes before is forgotten: the fit has changed under it.
    """
    strokes: F64 = np.zeros((3, LEVELS))
    plate = replace(photometry, strokes=strokes).plate(light)
    even = _even(plate) & (sure[::2, ::2] > 0)
    expected, seen = plate[::2, ::2][even].astype(np.float64), rgb[::2, ::2][even].astype(np.float64)
    left: F64 = np.full(LEVELS, UNSEEN_DOUBT)
    for c in range(3):
        off, bends = seen[:, c] - expected[:, c], photometry.bends[c]
        near = np.abs(off) < _MOST_CODES
        # The curve bends the codes of a pure power: it is by these that levels go.
        pure = expected[near, c] - np.interp(expected[near, c], CENTRES + bends, bends)
        level = np.clip(pure * (LEVELS / 256), 0, LEVELS - 1).astype(np.intp)
        strokes[c], unsure = _by_level(level, off[near])
        if c == 1:
            left = unsure
    doubt = np.interp(np.arange(256), CENTRES, left) * DOUBT_UNITS
    return replace(photometry, strokes=strokes), np.asarray(np.rint(doubt), np.uint8)


def _even(plate: U8) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Every second pixel both ways: is the plate even around it?"""
    green = np.ascontiguousarray(plate[..., 1])
    around = np.ones((3, 3), np.uint8)
    spread = cv2.subtract(cv2.dilate(green, around), cv2.erode(green, around))
    return np.asarray(spread[::2, ::2] <= EVEN_CODES)


def _by_level(level: Index, off: F64) -> tuple[F64, F64]:
    """What pixels of a level are off, and what is left in doubt then; codes f64 (LEVELS,) both."""
    strokes: F64 = np.zeros(LEVELS)
    left: F64 = np.full(LEVELS, UNSEEN_DOUBT)
    order = np.argsort(level, kind="stable")
    parts = np.split(off[order], np.searchsorted(level[order], np.arange(1, LEVELS)))
    for number, part in enumerate(parts):
        if len(part) < ENOUGH:
            continue
        middle = float(np.median(part))
        strokes[number] = middle * len(part) / (len(part) + _PRIOR)
        spread = 1.48 * float(np.median(np.abs(part - middle)))
        left[number] = np.sqrt(max(spread**2 - _NOISE**2, 0.0))
    return strokes, left
