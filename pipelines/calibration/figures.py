"""How the camera renders the LCD's light, in numbers: residual of the photometric fit, noise, blur."""

from __future__ import annotations

from math import erf
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.calibration.pattern import Pattern
from pipelines.media import F32, F64, U8
from pipelines.plate.geometry import PageView
from pipelines.plate.photometry import fit, seen_light
from pipelines.plate.tone import find_tone

NOISE_LEVELS = (16, 48, 80, 112, 144, 176, 208, 240)  # middles of bins 32 codes wide
CLIPPED_CODES = 254.0
STILL_BRIGHT_CODES = 200.0
_STILL = 0.4  # of the usual change
_OTHER_CODES = 10.0  # off the fit: somebody stands there
_SMOOTH_CODES = 8.0  # between neighbouring pixels of the prediction
_FEW_PIXELS = 400
_SIGMAS_PX = np.arange(0.4, 6.05, 0.1)
_LIGHT = ((np.arange(256) / 255) ** 2.2).astype(np.float32)


class Photometric(NamedTuple):
    """residual_codes: picture minus prediction, of 255, where the LCD is in sight and smooth: rms without
    what lies beyond four deviations, so that people do not count; nan when no LCD is like what was seen.
    in_sight: share of the LCD that was used. tone: see alignment.Calibration."""

    residual_codes: float
    in_sight: float
    tone: F32 | None = None


def photometric(calibration: Calibration, page_rgb: U8, seen: F32, changes: F32 | None = None) -> Photometric:
    """Fits the plate's model to one page. seen: f32 (H, W, 3), mean of camera pictures, codes.

    changes: f32 (H, W), codes by which the picture changed when all of the LCD did: where it did not,
    somebody stands before it.
    """
    height, width = seen.shape[:2]
    page_wh = page_rgb.shape[1], page_rgb.shape[0]
    view = PageView(calibration, (width, height), page_wh)
    if view.box.is_empty:
        return Photometric(float("nan"), 0.0)
    light = view.light(page_rgb)
    codes: U8 = np.asarray(np.clip(np.rint(seen[view.box.slices]), 0, 255), np.uint8)
    blocks = view.blocks.fine
    page, target = blocks.means(light), blocks.means(seen_light(codes))
    sure = np.asarray(blocks.means(view.inside) == 255, np.uint8)
    if changes is not None:
        changed = blocks.means(np.ascontiguousarray(changes[view.box.slices]))
        still = np.asarray(changed < _STILL * np.median(changed[sure > 0]), np.uint8)
        sure &= 1 - np.asarray(cv2.dilate(still, np.ones((3, 3), np.uint8)), np.uint8)
    model = fit(page, target, sure, blocks, None)
    if model is None:
        return Photometric(float("nan"), 0.0)
    # Once more without what does not fit: people before the LCD.
    other = np.asarray(model.off_codes(page, target, blocks) > _OTHER_CODES, np.uint8)
    other = np.asarray(cv2.dilate(other, np.ones((5, 5), np.uint8)), np.uint8)
    free: U8 = np.asarray(sure & (1 - other), np.uint8)
    model = fit(page, target, free, blocks, model) or model
    plate = model.plate(light)
    ones = np.ones((3, 3), np.uint8)
    smooth = cv2.subtract(cv2.dilate(plate, ones), cv2.erode(plate, ones)).max(axis=2) < _SMOOTH_CODES
    chosen = smooth & (blocks.spread(free * np.uint8(255)) > 250) & (view.inside == 255)
    if np.count_nonzero(chosen) < _FEW_PIXELS:
        return Photometric(float("nan"), 0.0)
    missed = (seen[view.box.slices] - plate)[chosen]
    in_sight = float(np.count_nonzero(free) / free.size)
    usual = 1.4826 * float(np.median(np.abs(missed))) + 1
    residual_codes = float(np.sqrt((missed[np.abs(missed) < 4 * usual] ** 2).mean()))
    return Photometric(residual_codes, in_sight, find_tone(page, target, free, blocks))


def lcd_changes(board: F32, inverse: F32) -> F32:
    """Codes by which the picture changed between the pattern and its inverse, f32 (H, W)."""
    return np.asarray(np.abs(board - inverse).max(axis=2), np.float32)


def noise_by_level(mean: F32, sigma: F32) -> list[tuple[int, float]]:
    """(level, deviation over time), codes, for levels that are in sight. mean, sigma: f32 (H, W, 3)."""
    found = []
    for level in NOISE_LEVELS:
        values = sigma[np.abs(mean - level) < 16]
        if len(values) >= _FEW_PIXELS:
            # The median of variances, so that people moving do not count; it lies a little below the mean.
            found.append((level, float(np.sqrt(np.median(values**2)))))
    return found


class Glare(NamedTuple):
    """Shares of the LCD. clipped: even the pattern's grey paper is at the top of the camera's range. washed:
    bright whatever is shown there."""

    clipped: float
    washed: float


def glare(calibration: Calibration, board: F32, inverse: F32) -> Glare:
    """board, inverse: f32 (H, W, 3), means of pictures of the pattern and of its inverse, codes."""
    height, width = board.shape[:2]
    view = PageView(calibration, (width, height), calibration.page_size_wh)
    inside = view.inside == 255
    if not inside.any():
        return Glare(0.0, 0.0)
    bright = np.maximum(board, inverse)[view.box.slices].min(axis=2)[inside]
    dark = np.minimum(board, inverse)[view.box.slices].min(axis=2)[inside]
    return Glare(float((bright >= CLIPPED_CODES).mean()), float((dark > STILL_BRIGHT_CODES).mean()))


def blur_px(calibration: Calibration, pattern: Pattern, board: F32) -> float:
    """Standard deviation of the blur, camera pixels: error functions fitted across the squares' edges.

    The median over edges; nan where none is in sight.
    """
    height, width = board.shape[:2]
    light = cv2.LUT(np.asarray(np.clip(np.rint(board), 0, 255), np.uint8), _LIGHT)[..., 1]
    square = pattern.square_px
    columns = np.arange(pattern.count) % (pattern.columns - 1)
    corners = pattern.page_xy(np.arange(pattern.count))[columns < pattern.columns - 2]
    along_x = corners + np.array([square / 2, 0.0])  # middles of the edges to the right of the corners
    reach = square * (1 - 0.75) / 2  # farther off lie the markers
    offsets = np.linspace(-reach, reach, 25)
    page = along_x[:, None, :] + np.stack([np.zeros_like(offsets), offsets], axis=1)
    at = calibration.to_camera(page, (width, height), pattern.page_wh)
    profiles = cv2.remap(
        light, at[..., 0].astype(np.float32), at[..., 1].astype(np.float32), cv2.INTER_LINEAR
    )
    distance = np.hypot(*(at - at[:, len(offsets) // 2, None]).transpose(2, 0, 1)) * np.sign(offsets)
    contrast = np.abs(profiles[:, -3:].mean(1) - profiles[:, :3].mean(1))
    lit = contrast > 0.3 * contrast.max() if len(contrast) else np.zeros(0, bool)
    widths = [_edge_sigma(d, p) for d, p in zip(distance[lit], profiles[lit].astype(np.float64), strict=True)]
    return float(np.median(widths)) if widths else float("nan")


def _edge_sigma(distance: F64, profile: F64) -> float:
    """The blur whose error function fits a profile best."""
    best, best_cost = float("nan"), np.inf
    for sigma in _SIGMAS_PX:
        design = np.stack([np.ones_like(distance), _error_function(distance / sigma)], axis=1)
        cost = float(np.linalg.lstsq(design, profile, rcond=None)[1].sum())
        if cost < best_cost:
            best, best_cost = float(sigma), cost
    return best


_ERF_AT = np.linspace(-4, 4, 801)
_ERF = np.array([erf(x / np.sqrt(2)) for x in _ERF_AT])


def _error_function(z: F64) -> F64:
    return np.asarray(np.interp(z, _ERF_AT, _ERF))
