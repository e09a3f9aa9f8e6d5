"""What never moves: wall, frame of the LCD, lamps, vignetting, and where camera pixels look on the page."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pipelines.media import F32, SizeWh, length_scale
from pipelines.simulated.light import LIGHT_UNITS, U16
from pipelines.simulated.optics import LCD_M, Optics, page_from_wall

_FRAME_M = 0.018
_LOWER_FRAME_M = 0.045
_PAINT_LINE_M = 0.36  # school walls: pale above, green oil paint below
_WALL = np.array([0.47, 0.45, 0.40], np.float32)
_PAINT = np.array([0.20, 0.31, 0.24], np.float32)
_BEZEL = np.array([0.016, 0.016, 0.018], np.float32)
_VEIL_TINT = np.array([1.05, 1.0, 0.9], np.float32)


class Stage:
    """Still light of one room at one picture size.

    still u16 (H, W, 3): light with a panel that is off, all of it from the lamps. falloff f32 (H, W):
    vignetting. lcd: the box that the panel can light; gain f32 (lcd.h, lcd.w): share of the pixel that is
    panel, times falloff.
    """

    def __init__(self, optics: Optics, rng: np.random.Generator) -> None:
        self._optics = optics
        width, height = optics.size_wh
        self._sigma_px = optics.room.blur_px * length_scale(optics.size_wh)
        self._px_per_m = optics.px_per_m(np.zeros(3))
        metres = _metres(optics)
        x = (np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)) / np.float32(width / 2)
        y = (np.arange(height, dtype=np.float32) - np.float32((height - 1) / 2)) / np.float32(width / 2)
        r2 = x[None, :] ** 2 + y[:, None] ** 2
        self.falloff: F32 = 1 - np.float32(2 * optics.room.vignetting) * r2 / (1 + r2)
        panel = self._inside(metres, 0, 0)
        still = self._wall(metres, panel, rng) + self._veil(metres) * panel[..., None]
        light = still * self.falloff[..., None] * LIGHT_UNITS
        self.still: U16 = np.asarray(np.clip(np.rint(light), 0, 65535), np.uint16)
        self.lcd = optics.lcd_box(margin_px=math.ceil(3 * self._sigma_px) + 1)
        self.gain: F32 = np.ascontiguousarray((panel * self.falloff)[self.lcd.slices], np.float32)
        self._lcd_metres = metres[self.lcd.slices]

    def page_map(self, page_wh: SizeWh) -> F32:
        """Where each pixel of the LCD's box looks on a page of this size: x, y, f32 (lcd.h, lcd.w, 2)."""
        return np.asarray(page_from_wall(self._lcd_metres.astype(np.float64), page_wh), np.float32)

    def page_sigma_px(self, page_wh: SizeWh) -> float:
        """The camera's blur in pixels of a page of this size."""
        return self._sigma_px * page_wh[0] / (self._px_per_m * LCD_M[0])

    def _inside(self, metres: F32, grow_m: float, grow_down_m: float) -> F32:
        """Share of each pixel inside the LCD grown by a margin, seen through the lens's blur, 0..1 (H, W)."""
        per_m = np.float32(self._px_per_m / self._sigma_px)
        half_w, half_h = np.float32(LCD_M[0] / 2 + grow_m), np.float32(LCD_M[1] / 2 + grow_m)
        across = _edge((half_w - np.abs(metres[..., 0])) * per_m)
        above = _edge((half_h + metres[..., 1]) * per_m)
        below = _edge((half_h + np.float32(grow_down_m) - metres[..., 1]) * per_m)
        return across * above * below

    def _wall(self, metres: F32, panel: F32, rng: np.random.Generator) -> F32:
        """Wall and bezel around the panel, linear light (H, W, 3)."""
        x, y = metres[..., 0], metres[..., 1]
        size_hw = x.shape
        stains = _cloud(size_hw, max(size_hw[0] // 12, 2), rng)
        grain = _cloud(size_hw, max(size_hw[0] // 240, 1), rng)
        texture = 1 + 0.025 * stains + 0.012 * grain
        painted = _edge((y - _PAINT_LINE_M) * self._px_per_m / self._sigma_px)[..., None]
        colour = _WALL * (1 - painted) + _PAINT * painted
        lamp = np.clip(1.02 - 0.16 * (y + 0.2) - 0.06 * (x - 0.3) ** 2, 0.3, None)
        wall = colour * (texture * lamp)[..., None] * self._optics.room.light
        # The set stands off the wall: it darkens what lies just below and beside it.
        halo = np.exp(-(_outside_m(x, y - 0.03) / 0.05))
        wall *= (1 - 0.35 * halo)[..., None]
        frame = self._inside(metres, _FRAME_M, _LOWER_FRAME_M - _FRAME_M)
        sheen = (1 + 0.8 * np.clip(-y, 0, None))[..., None]
        bezel = _BEZEL * sheen * self._optics.room.light
        return np.asarray(wall * (1 - frame)[..., None] + bezel * (frame - panel)[..., None])

    def _veil(self, metres: F32) -> F32:
        """Room light that the glass throws back: a slope, and the pale ghost of a window at the left."""
        x, y = metres[..., 0], metres[..., 1]
        slope = 1 + 0.35 * x - 0.4 * y
        window = 0.9 * np.exp(-(((x + 0.6) / 0.22) ** 2 + ((y + 0.2) / 0.3) ** 2))
        room = self._optics.room
        return np.asarray((slope + window)[..., None] * _VEIL_TINT * room.veil * room.light)


def _metres(optics: Optics) -> F32:
    """Where each camera pixel looks on the plane of the LCD, f32 (H, W, 2) metres.

    Found for every eighth pixel and interpolated: lens and perspective are so smooth that this is right
    within 0.001 px.
    """
    width, height = optics.size_wh
    step = 8
    columns, rows = (np.arange(-1, size // step + 2) * step + (step - 1) / 2 for size in (width, height))
    coarse = optics.on_wall(np.stack(np.meshgrid(columns, rows), -1))
    fine = cv2.resize(coarse, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(fine[step : step + height, step : step + width], np.float32)


def _edge(z: F32) -> F32:
    """The integral of a Gaussian blur over an edge at z sigmas, 0..1; a logistic, within 0.01 of it."""
    return np.asarray(1 / (1 + np.exp(-1.702 * np.clip(z, -20, 20))), np.float32)


def _outside_m(x: F32, y: F32) -> F32:
    """Distance to the LCD's rectangle, 0 inside, metres."""
    dx, dy = np.abs(x) - LCD_M[0] / 2 - _FRAME_M, np.abs(y) - LCD_M[1] / 2 - _FRAME_M
    return np.asarray(np.hypot(np.clip(dx, 0, None), np.clip(dy, 0, None)))


def _cloud(size_hw: tuple[int, int], cell_px: int, rng: np.random.Generator) -> F32:
    """Smooth noise with features of cell_px, sigma about 1."""
    coarse = rng.standard_normal((size_hw[0] // cell_px + 3, size_hw[1] // cell_px + 3), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, size_hw[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
