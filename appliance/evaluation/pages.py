"""The evaluation's own courseware, besides what the set brings."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.media import F32, U8, SizeWh

_WORDS = (
    "Lesson 7",
    "sin^2 x + cos^2 x = 1",
    "F = m a",
    "E = h f",
    "the angle of refraction",
    "n1 sin a = n2 sin b",
)


def draw_page(kind: str, size_wh: SizeWh, given: list[U8], seed: int, frame: int = 0) -> U8:
    """One page u8 (h, w, 3). kind: white, dark, photo, video (moves with `frame`), or given: of the set."""
    if kind == "given":
        return given[seed % len(given)] if given else _text(size_wh, (250, 246, 235), (40, 30, 30), seed)
    if kind == "dark":
        return _text(size_wh, (18, 24, 40), (235, 235, 215), seed)
    if kind == "photo":
        return _photo(size_wh, seed)
    if kind == "video":
        width, height = size_wh
        wide = _photo((width + 400, height), seed)
        return np.ascontiguousarray(wide[:, (6 * frame) % 400 :][:, :width])
    return _text(size_wh, (252, 252, 250), (25, 28, 35), seed)


def _text(size_wh: SizeWh, paper: tuple[int, int, int], ink: tuple[int, int, int], seed: int) -> U8:
    width, height = size_wh
    rng = np.random.default_rng(seed)
    rgb: U8 = np.full((height, width, 3), paper, np.uint8)
    scale = height / 720
    font = cv2.FONT_HERSHEY_DUPLEX
    for line in range(10):
        word, number = _WORDS[int(rng.integers(len(_WORDS)))], int(rng.integers(1000))
        text = f"{line + 1}. {word}   {number} / {rng.integers(99)}"
        at = int(rng.uniform(40, 360) * scale), int((70 + 64 * line) * scale)
        cv2.putText(rgb, text, at, font, float(rng.uniform(0.7, 1.3)) * scale, ink, max(1, round(2 * scale)))
    for _ in range(4):
        corner = rng.uniform((0.5 * width, 0.1 * height), (0.9 * width, 0.7 * height)).astype(int)
        size = (rng.uniform(0.05, 0.2, 2) * (width, height)).astype(int)
        colour = [int(v) for v in rng.integers(0, 255, 3)]
        cv2.rectangle(rgb, corner.tolist(), (corner + size).tolist(), colour, -1 if rng.random() < 0.5 else 3)
    return rgb


def _photo(size_wh: SizeWh, seed: int) -> U8:
    """Soft fields of colour at five scales, with a horizon: like a landscape out of focus, with texture."""
    width, height = size_wh
    rng = np.random.default_rng(seed)
    field: F32 = np.zeros((height, width, 3), np.float32)
    for cell, strength in ((400, 0.16), (150, 0.1), (60, 0.07), (20, 0.04), (5, 0.03)):
        coarse = rng.standard_normal((height // cell + 3, width // cell + 3, 3), dtype=np.float32)
        field += np.float32(strength) * cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC)
    sky = np.linspace(0.75, 0.3, height, dtype=np.float32)[:, None, None] * np.array(
        [0.8, 0.95, 1.1], np.float32
    )
    return np.asarray(np.clip(sky + field, 0, 1) * 255, np.uint8)
