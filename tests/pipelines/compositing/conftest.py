"""A drawn teacher, pages with text-like detail, and the comparison with golden pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.alignment import Calibration
from pipelines.light import linear_from_srgb, srgb_from_linear
from pipelines.media import U8, Box, Frame, Matte, Page, SizeWh, freeze

REPO = Path(__file__).parents[3]
GOLDEN = REPO / "tests" / "golden" / "compositing"
FAILED = REPO / "out" / "golden" / "compositing"

PageMaker = Callable[..., Page]
MatteMaker = Callable[..., Matte]
CalibrationMaker = Callable[..., Calibration]
GoldenCheck = Callable[[str, U8], None]
PartsCheck = Callable[[U8, U8, U8], None]


@pytest.fixture
def make_page() -> PageMaker:
    """page(size_wh, kind): "white" with dark lines of writing, "black" with pale ones, "colour"."""

    def make(size_wh: SizeWh = (320, 180), kind: str = "white", revision: int = 0) -> Page:
        ground, ink = {
            "white": ((250, 250, 248), (25, 30, 60)),
            "black": ((6, 6, 8), (210, 215, 220)),
            "colour": ((30, 110, 190), (250, 240, 90)),
        }[kind]
        width, height = size_wh
        rgb = np.empty((height, width, 3), np.uint8)
        rgb[:] = ground
        marks = np.random.default_rng(1).random((height, width)) < 0.5
        marks &= (np.arange(height) % 12 < 5)[:, None]
        rgb[marks] = ink
        freeze(rgb)
        return Page(rgb, revision, 0)

    return make


@pytest.fixture
def make_matte() -> MatteMaker:
    """matte(size_wh, arm, dx, scale, pts): a figure with loose hair, a raised arm and a pointer."""

    def make(
        size_wh: SizeWh = (320, 180), arm: bool = True, dx: float = 0.0, size: float = 1.0, pts: int = 0
    ) -> Matte:
        width, height = size_wh
        fine = 4  # drawn this much larger, then averaged: true coverage
        unit = height * size * fine

        def at(x: float, y: float) -> tuple[int, int]:
            return round(width * fine / 2 + dx * fine + x * unit), round(height * fine - (1 - y) * unit)

        alpha = np.zeros((height * fine, width * fine), np.uint8)
        rgb = np.zeros((height, width, 3), np.uint8)
        cv2.ellipse(alpha, at(0, 0.3), (round(0.08 * unit), round(0.11 * unit)), 0, 0, 360, 255, -1)
        cv2.rectangle(alpha, at(-0.13, 0.4), at(0.13, 1.1), 255, -1)
        for strand in range(24):
            start = at(-0.08 + strand * 0.16 / 23, 0.27)
            cv2.line(alpha, start, at(-0.2 + strand * 0.4 / 23, 0.5), 255, max(1, round(0.004 * unit)))
        if arm:
            cv2.line(alpha, at(-0.1, 0.45), at(-0.35, 0.2), 255, round(0.06 * unit))
            cv2.line(alpha, at(-0.35, 0.2), at(-0.6, 0.08), 255, max(1, round(0.012 * unit)))
        pha = cv2.resize(alpha, size_wh, interpolation=cv2.INTER_AREA)
        rows = np.linspace(0, 1, height)[:, None]
        rgb[..., 0] = np.where(rows < 1 - 0.62 * size, 40, 200)
        rgb[..., 1] = np.where(rows < 1 - 0.62 * size, 30, 70)
        rgb[..., 2] = np.where(rows < 1 - 0.62 * size, 28, 80)
        box = Box(*cv2.boundingRect(pha))
        seen = np.full(rgb.shape, 150, np.uint8)
        seen[..., 0] = np.linspace(0, 255, width)
        seen[pha > 127] = rgb[pha > 127]
        frame = Frame(seen, pts, pts * 11_111)
        inside_pha, inside_fgr = pha[box.slices].copy(), rgb[box.slices].copy()
        for array in (frame.rgb, inside_pha, inside_fgr):
            freeze(array)
        return Matte(frame, box, inside_pha, inside_fgr)

    return make


@pytest.fixture
def make_calibration() -> CalibrationMaker:
    """The page seen a little from the side, filling 84 % of the camera's picture."""

    def make(camera_wh: SizeWh = (320, 180), page_wh: SizeWh = (320, 180)) -> Calibration:
        (width, height), (page_w, page_h) = camera_wh, page_wh
        seen = np.array([[0.08, 0.07], [0.93, 0.1], [0.92, 0.93], [0.09, 0.9]]) * [width, height]
        page = np.array(
            [[-0.5, -0.5], [page_w - 0.5, -0.5], [page_w - 0.5, page_h - 0.5], [-0.5, page_h - 0.5]]
        )
        matrix = cv2.getPerspectiveTransform(seen.astype(np.float32), page.astype(np.float32))
        return Calibration(matrix.astype(np.float64), camera_wh, page_wh, "corners")

    return make


@pytest.fixture
def check_golden() -> GoldenCheck:
    """Compares with tests/golden/compositing/NAME.png; CLASSROOM_GOLDEN=write makes the pictures anew.

    On failure out/golden/compositing/NAME.png shows: golden, now, difference times 16.
    """

    def check(name: str, rgb: U8) -> None:
        path = GOLDEN / f"{name}.png"
        if os.environ.get("CLASSROOM_GOLDEN") == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), rgb[..., ::-1])
            return
        golden_bgr = cv2.imread(str(path))
        assert golden_bgr is not None, f"{path} is missing: CLASSROOM_GOLDEN=write makes it"
        golden = golden_bgr[..., ::-1].astype(np.int16)
        difference = np.abs(golden - rgb) if golden.shape == rgb.shape else np.full(rgb.shape, 255)
        # Another machine may round a coordinate the other way, by 1/256 px.
        if difference.max() > 4 or difference.mean() > 0.02:
            FAILED.mkdir(parents=True, exist_ok=True)
            # Grown, so that a single pixel can be seen.
            shown = cv2.dilate(np.clip(difference * 16, 0, 255).astype(np.uint8), np.ones((5, 5), np.uint8))
            panels = [golden, rgb, shown] if golden.shape == rgb.shape else [rgb, shown]
            cv2.imwrite(str(FAILED / f"{name}.png"), np.hstack(panels)[..., ::-1].astype(np.uint8))
            pytest.fail(f"{name} differs by up to {difference.max()}: see out/golden/compositing/{name}.png")

    return check


@pytest.fixture
def put_together() -> PartsCheck:
    """Holds sheet and teacher, put together as a viewer's browser does, against the composed picture."""

    def check(sheet: U8, alone: U8, whole: U8) -> None:
        alpha = alone[..., 3:] / 255
        light = linear_from_srgb(alone[..., :3] / 255) + (1 - alpha) * linear_from_srgb(sheet / 255)
        together = srgb_from_linear(np.minimum(light, 1)) * 255
        assert np.abs(together - whole)[alone[..., 3] > 0].mean() < 1.0
        nobody = alone[..., 3] == 0  # or less than half a code of them
        assert np.abs(sheet[nobody].astype(int) - whole[nobody]).max() <= 2
        assert np.abs(together - whole).max() < 10  # near black one code of alpha is worth many of the page

    return check
