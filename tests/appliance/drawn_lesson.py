"""A small lesson whose every pixel is known: pages of writing-like noise, and a teacher who stands still."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.compositing.compositor import Compositor
from pipelines.media import U8, Box, Frame, Layout, Matte, Page, Scene, SizeWh, freeze


def page(index: int, size_wh: SizeWh, revision: int) -> Page:
    """Dark coloured marks of one pixel on light paper: nothing is harder to send, nothing easier to spoil."""
    width, height = size_wh
    random = np.random.default_rng(index)
    rgb = np.full((height, width, 3), (250, 248, 244 - index), np.uint8)
    marks = (random.random((height, width)) < 0.4) & (np.arange(height) % 16 < 8)[:, None]
    rgb[marks] = random.integers(0, 120, (int(marks.sum()), 3), np.uint8)
    freeze(rgb)
    return Page(rgb, revision, 0, index)


def inked(before: Page, revision: int) -> Page:
    """The same page with a stroke over it."""
    rgb = before.rgb.copy()
    cv2.line(rgb, (70, 70), (118, 96), (200, 20, 60), 3)
    freeze(rgb)
    return Page(rgb, revision, 0, before.index, is_flip=False)


def teacher(size_wh: SizeWh) -> Matte:
    """A figure with a soft outline in the middle of the camera's picture."""
    width, height = size_wh
    pha = np.zeros((height, width), np.uint8)
    cv2.ellipse(pha, (width // 2, height // 2), (width // 12, height // 4), 0, 0, 360, 255, -1)
    pha = cv2.GaussianBlur(pha, (0, 0), 3)
    fgr = np.empty((height, width, 3), np.uint8)
    fgr[:] = (40, 60, 150)
    fgr[: height // 2] = (190, 130, 90)
    box = Box(*cv2.boundingRect(pha))
    inside = pha[box.slices].copy(), fgr[box.slices].copy()
    for array in (fgr, *inside):
        freeze(array)
    return Matte(Frame(fgr, 0, 0), box, *inside)


def composed(shown: Page, scene: Scene) -> tuple[U8, U8]:
    """The programme as the box would compose it, u8 (H, W, 3), and the teacher's alpha in it, u8 (H, W)."""
    compositor = Compositor(shown.size_wh)
    matte = teacher(shown.size_wh)
    alone = compositor.teacher(None, matte, scene, None)
    height, width = shown.rgb.shape[:2]
    alpha = np.zeros((height, width), np.uint8) if alone is None else alone[..., 3]
    return compositor.compose(shown, matte, scene, None), alpha


SCENES = (
    Scene(layout=Layout.ALIGNED),
    Scene(layout=Layout.CORNER, scale=0.4),
    Scene(layout=Layout.COURSEWARE),
    Scene(layout=Layout.SLATE, slate_text="Break\nWe go on at ten"),
)
