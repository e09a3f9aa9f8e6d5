"""What never moves: wall, frame of the LCD, lamps, vignetting, and where camera pixels look on the page."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pipelines.media import F32, F64, SizeWh
from pipelines.simulated.light import LIGHT_UNITS, U16
from pipelines.simulated.optics import LCD_M, Optics, page_from_wall

_FRAME_M = 0.018
_LOWER_FRAME_M = 0.045
_PAINT_LINE_M = 0.36  # school walls: pale above, green oil paint below
_WALL = np.array([0.47, 0.45, 0.40])
_PAINT = np.array([0.20, 0.31, 0.24])
_BEZEL = np.array([0.016, 0.016, 0.018])
_VEIL_TINT = np.array([1.05, 1.0, 0.9])


class Stage:
    """Still light of one room at one picture size.

    still u16 (H, W, 3): light with a panel that is off, all of it from the lamps. falloff f32 (H, W):
    vignetting. lcd: the box that the panel can light; gain f32 (lcd.h, lcd.w): share of the pixel that is
    panel, times falloff.
    """

    def __init__(self, optics: Optics, rng: np.random.Generator) -> None:
        self._optics = optics
        width, height = optics.size_wh
        self._sigma_px = optics.room.blur_px * height / 720
        self._px_per_m = optics.px_per_m(np.zeros(3))
        x, y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
        metres = optics.on_wall(np.stack([x, y], -1))
        r2 = ((x - (width - 1) / 2) ** 2 + (y - (height - 1) / 2) ** 2) / (width / 2) ** 2
        self.falloff: F32 = np.asarray(1 - optics.room.vignetting * r2 / (1 + r2) * 2, np.float32)
        panel = self._inside(metres, 0, 0)
        still = self._wall(metres, panel, rng) + self._veil(metres) * panel[..., None]
        light = still * self.falloff[..., None] * LIGHT_UNITS
        self.still: U16 = np.asarray(np.clip(np.rint(light), 0, 65535), np.uint16)
        self.lcd = optics.lcd_box(margin_px=math.ceil(3 * self._sigma_px) + 1)
        self.gain: F32 = np.ascontiguousarray((panel * self.falloff)[self.lcd.slices], np.float32)
        self._lcd_metres = metres[self.lcd.slices]

    def page_map(self, page_wh: SizeWh) -> tuple[cv2.typing.MatLike, cv2.typing.MatLike]:
        """Where each pixel of the LCD's box looks on a page of this size, as cv2.remap wants it."""
        page = page_from_wall(self._lcd_metres, page_wh).astype(np.float32)
        return cv2.convertMaps(page[..., 0].copy(), page[..., 1].copy(), cv2.CV_16SC2)

    def page_sigma_px(self, page_wh: SizeWh) -> float:
        """The camera's blur in pixels of a page of this size."""
        return self._sigma_px * page_wh[0] / (self._px_per_m * LCD_M[0])

    def _inside(self, metres: F64, grow_m: float, grow_down_m: float) -> F64:
        """Share of each pixel inside the LCD grown by a margin, seen through the lens's blur, 0..1 (H, W)."""
        across = _edge((LCD_M[0] / 2 + grow_m - np.abs(metres[..., 0])) * self._px_per_m / self._sigma_px)
        above = _edge((LCD_M[1] / 2 + grow_m + metres[..., 1]) * self._px_per_m / self._sigma_px)
        below = _edge(
            (LCD_M[1] / 2 + grow_m + grow_down_m - metres[..., 1]) * self._px_per_m / self._sigma_px
        )
        return across * above * below

    def _wall(self, metres: F64, panel: F64, rng: np.random.Generator) -> F64:
        """Wall and bezel around the panel, linear light (H, W, 3)."""
        x, y = metres[..., 0], metres[..., 1]
        size_hw = x.shape
        cell = max(size_hw[0] // 12, 2)
        texture = (
            1 + 0.025 * _cloud(size_hw, cell, rng) + 0.012 * _cloud(size_hw, max(size_hw[0] // 240, 1), rng)
        )
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

    def _veil(self, metres: F64) -> F64:
        """Room light that the glass throws back: a slope, and the pale ghost of a window at the left."""
        x, y = metres[..., 0], metres[..., 1]
        slope = 1 + 0.35 * x - 0.4 * y
        window = 0.9 * np.exp(-(((x + 0.6) / 0.22) ** 2 + ((y + 0.2) / 0.3) ** 2))
        room = self._optics.room
        return np.asarray((slope + window)[..., None] * _VEIL_TINT * room.veil * room.light)


def _edge(z: F64) -> F64:
    """The integral of a Gaussian blur over an edge at z sigmas, 0..1; a logistic, within 0.01 of it."""
    return np.asarray(1 / (1 + np.exp(-1.702 * np.clip(z, -20, 20))))


def _outside_m(x: F64, y: F64) -> F64:
    """Distance to the LCD's rectangle, 0 inside, metres."""
    dx, dy = np.abs(x) - LCD_M[0] / 2 - _FRAME_M, np.abs(y) - LCD_M[1] / 2 - _FRAME_M
    return np.asarray(np.hypot(np.clip(dx, 0, None), np.clip(dy, 0, None)))


def _cloud(size_hw: tuple[int, int], cell_px: int, rng: np.random.Generator) -> F64:
    """Smooth noise with features of cell_px, sigma about 1."""
    coarse = rng.standard_normal((size_hw[0] // cell_px + 3, size_hw[1] // cell_px + 3), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, size_hw[::-1], interpolation=cv2.INTER_CUBIC), np.float64)
