"""A body and a dark stick before a page, what the network says of them, and the plate behind."""

from __future__ import annotations

import numpy as np

from pipelines.media import F32, TRUST_TILE_PX, U8, Box, Frame, Matte, Prediction

WIDTH, HEIGHT = 640, 480
LCD = Box(32, 16, 576, 448)
BODY = (slice(160, 480), slice(260, 380))
STICK = (slice(200, 206), slice(120, 262))


class Recorder:
    """A network that claims nothing, or the same everywhere. Satisfies refining.Net."""

    def __init__(self, alpha: float = 0.0) -> None:
        self.alpha, self.calls = alpha, 0
        self.features: list[F32] = []

    def answer(self, features: F32) -> F32:
        self.calls += 1
        self.features.append(features.copy())
        return np.full((len(features), 4, *features.shape[2:]), self.alpha, np.float32)


def plate() -> U8:
    """A page with soft colours and some lines."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    rgb = np.dstack([150 + x // 12, 210 - y // 8, 190 + 0 * x]).astype(np.uint8)
    rgb[60::40, 40:600] = 60
    return rgb


def scene(stick: bool = True) -> tuple[Frame, Matte, U8]:
    """A frame with a body and a dark stick; the network's matte knows the body only. And the true alpha."""
    rgb = plate()
    truth: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[BODY] = 255
    rgb[BODY] = (120, 40, 50)
    if stick:
        truth[STICK] = 255
        rgb[STICK] = (70, 45, 20)
    noise = np.random.default_rng(1).normal(0, 1.2, rgb.shape)
    frame = Frame(np.clip(rgb + noise, 0, 255).astype(np.uint8), 3600, 1)
    box = Box(240, 140, 160, 340)
    pha: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    pha[BODY] = 255
    part = np.ascontiguousarray(pha[box.slices])
    return frame, Matte(frame, box, part, np.ascontiguousarray(frame.rgb[box.slices])), truth


def prediction(trust: int = 255, rgb: U8 | None = None) -> Prediction:
    tiles = -(-LCD.h // TRUST_TILE_PX), -(-LCD.w // TRUST_TILE_PX)
    behind = plate() if rgb is None else rgb
    return Prediction(
        LCD,
        np.ascontiguousarray(behind[LCD.slices]),
        np.full((LCD.h, LCD.w), 2, np.uint8),
        np.full(tiles, trust, np.uint8),
        np.full((LCD.h, LCD.w), 20, np.uint8),
    )


def full(matte: Matte) -> U8:
    pha: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    pha[matte.box.slices] = matte.pha
    return pha
