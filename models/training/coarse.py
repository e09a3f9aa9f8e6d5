"""Coarse alpha to train with: the real network's, and imitations of the faults it is known for."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.matting_net import MattingNet
from models.training.pages import clouds
from pipelines.matting.upsampling import upsample
from pipelines.media import F32, U8, Box

_MULTIPLE_PX = 16
Rng = np.random.Generator


def real_coarse(net: MattingNet, rgb: U8, rng: Rng) -> U8:
    """What the keyer would have before refinement, u8 (h, w): two pictures to settle, at a size by chance."""
    height, width = rgb.shape[:2]
    budget = float(rng.uniform(70_000, 150_000))
    ratio = min(float(np.sqrt(budget / (height * width))), 1.0)
    small_wh = tuple(max(round(side * ratio / _MULTIPLE_PX), 2) * _MULTIPLE_PX for side in (width, height))
    net.reset()
    drift = rng.normal(0, 2.5, 2)
    pha: F32 = np.zeros((1, 1), np.float32)
    small = rgb
    for step in (1, 0):
        moved = rgb
        if step:
            shift = np.column_stack([np.eye(2), drift])
            moved = np.asarray(cv2.warpAffine(rgb, shift, (width, height), borderMode=cv2.BORDER_REPLICATE))
        small = np.asarray(cv2.resize(moved, small_wh, interpolation=cv2.INTER_AREA), np.uint8)
        pha = net.matte(small)[1]
    return upsample(rgb, small, np.ascontiguousarray(pha), Box(0, 0, width, height))[0]


def imitated_coarse(pha: U8, plate: U8, rng: Rng) -> U8:
    """The truth with a network's faults: lost sticks and chunks, closed gaps, false blobs, softness."""
    height, width = pha.shape
    alpha: npt.NDArray[Any] = pha.astype(np.float32) / 255
    if rng.random() < 0.6:
        size = int(rng.uniform(3, 18))
        opened = cv2.morphologyEx(alpha, cv2.MORPH_OPEN, cv2.getStructuringElement(2, (size, size)))
        kept = rng.uniform(0, 0.5)
        alpha = kept * alpha + (1 - kept) * opened
    if rng.random() < 0.35:
        size = int(rng.uniform(3, 12))
        alpha = cv2.morphologyEx(alpha, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    if rng.random() < 0.4:
        lost = clouds(rng, (height, width), int(rng.uniform(30, 120)))[..., 0]
        alpha = alpha * np.clip(lost * rng.uniform(1.5, 6) + rng.uniform(0.6, 3), 0, 1)
    if rng.random() < 0.25:
        false = clouds(rng, (height, width), int(rng.uniform(15, 90)))[..., 0]
        alpha = np.maximum(alpha, np.clip(false * 3 - rng.uniform(3.5, 6), 0, 1) * rng.uniform(0.3, 1))
    if rng.random() < 0.15:
        grey = cv2.cvtColor(plate, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
        print_through = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 4)) * rng.uniform(0.5, 3) - 0.1
        where = np.clip(clouds(rng, (height, width), 50)[..., 0], 0, 1)
        alpha = np.maximum(alpha, np.clip(print_through, 0, 1) * where)
    alpha = _softened(np.asarray(alpha, np.float32), rng)
    return np.asarray(np.clip(alpha, 0, 1) * 255 + 0.5, np.uint8)


def earlier(pha: U8, coarse: U8, rng: Rng) -> U8:
    """The alpha a frame before, as the refiner may have left it: moved, and wrong here and there."""
    if rng.random() < 0.15:
        return coarse
    height, width = pha.shape
    fault = np.clip(
        clouds(rng, (height, width), int(rng.uniform(20, 100)))[..., 0] - rng.uniform(-0.3, 2), 0, 1
    )
    alpha = pha * (1 - fault) + coarse * fault
    pace = 8.0 if rng.random() < 0.2 else 1.2
    move = np.column_stack([np.eye(2), rng.normal(0, pace, 2)])
    return np.asarray(
        cv2.warpAffine(np.asarray(alpha, np.float32), move, (width, height), borderMode=cv2.BORDER_REPLICATE)
        + 0.5,
        np.uint8,
    )


def _softened(alpha: F32, rng: Rng) -> F32:
    """Moved a little, and brought back from the network's few pixels."""
    height, width = alpha.shape
    shift = np.column_stack([np.eye(2), rng.normal(0, 1.2, 2)])
    moved = cv2.warpAffine(alpha, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
    times = rng.uniform(2, 6)
    small_wh = max(int(width / times), 8), max(int(height / times), 8)
    small = cv2.GaussianBlur(
        cv2.resize(moved, small_wh, interpolation=cv2.INTER_AREA), (0, 0), float(rng.uniform(0.3, 1))
    )
    grown = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    crisp = (grown - 0.5) * rng.uniform(1, 1.8) + 0.5 + rng.uniform(-0.05, 0.05)
    return np.asarray(np.clip(crisp, 0, 1) * (grown > 0.01), np.float32)
