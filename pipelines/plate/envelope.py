"""How far a picture of the LCD may be off its prediction and still show nobody."""

from __future__ import annotations

from math import ceil

import cv2
import numpy as np

from pipelines.media import F32, F64, U8, Envelope, freeze
from pipelines.plate.geometry import PageView
from pipelines.plate.photometry import Photometry

RADIUS_PX = 3  # of registration errors, for a picture of 720 rows
_CONTRAST_SHARE = 6  # one part of the local contrast may be missing, or too much
_USUAL = 0.98  # quantile of what is left: noise, and no objects
_NOISE_FACTOR = 1.5
_CLEARLY = 6.0  # codes beyond the usual
_LEAST_TOLERANCE, _MOST_TOLERANCE = 8, 18
_SAMPLE_STEP = 4
_DOUBT_FACTOR = 2.0  # of a standard deviation


def make_envelope(
    photometry: Photometry, light: F32, doubt: F64, view: PageView, rgb: U8, sure: U8
) -> Envelope:
    """The least and the most within RADIUS_PX of the predicted plates, and the noise measured in this frame.

    light: f32 (h, w, 3), the page's. doubt: f64 (bh, bw), codes, of the photometry by block. rgb: u8
    (h, w, 3), the camera's pixels of the LCD's box. sure: u8 (bh, bw), blocks where the LCD is seen.
    """
    plate, shaded = photometry.plates(light)
    lit, dim = (cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb) for picture in (plate, shaded))
    size = 2 * ceil(RADIUS_PX * view.camera_wh[1] / 720) + 1
    around = np.ones((size, size), np.uint8)
    low, high = cv2.erode(cv2.min(lit, dim), around), cv2.dilate(cv2.max(lit, dim), around)
    contrast = cv2.convertScaleAbs(cv2.subtract(high, low), alpha=1 / _CONTRAST_SHARE)
    low, high = cv2.subtract(low, contrast), cv2.add(high, contrast)
    tolerance = _tolerance(
        np.asarray(low, np.uint8), np.asarray(high, np.uint8), rgb, view.blocks.spread(sure)
    )
    doubted = cv2.dilate(doubt.astype(np.float32), np.ones((3, 3), np.uint8))
    by_block = np.clip(np.rint(_DOUBT_FACTOR * doubted[..., None] + tolerance), 0, 255).astype(np.uint8)
    wide = view.blocks.spread(by_block)
    low, high = cv2.subtract(low, wide), cv2.add(high, wide)
    low, high = cv2.bitwise_and(low, view.inside_rgb), cv2.bitwise_or(high, view.outside_rgb)
    envelope = Envelope(view.box, plate, np.asarray(low, np.uint8), np.asarray(high, np.uint8))
    for array in (envelope.plate, envelope.low, envelope.high):
        freeze(array)
    return envelope


def _tolerance(low: U8, high: U8, rgb: U8, sure: U8) -> F64:
    """What noise adds, in codes of Y, Cr and Cb, f64 (3,). sure: u8 (h, w)."""
    step = slice(_SAMPLE_STEP // 2, None, _SAMPLE_STEP)
    seen = cv2.cvtColor(np.ascontiguousarray(rgb[step, step]), cv2.COLOR_RGB2YCrCb)
    beyond = cv2.max(cv2.subtract(low[step, step], seen), cv2.subtract(seen, high[step, step]))
    chosen = beyond[sure[step, step] > 0]
    usual = np.quantile(chosen, _USUAL, axis=0) if len(chosen) else np.zeros(3)
    return np.asarray(
        np.clip(_NOISE_FACTOR * usual + _CLEARLY, _LEAST_TOLERANCE, _MOST_TOLERANCE), np.float64
    )
