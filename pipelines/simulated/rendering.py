"""The camera's picture of the room: deterministic, without a clock. Tests and benches call it directly."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.media import F32, I16, U8, Page, SizeWh, freeze
from pipelines.simulated.clip import CLIP_HZ, STICK_RAISED_FRAME, clip_frame
from pipelines.simulated.cutout import Cutout
from pipelines.simulated.exposure import CELL_PX, expose, light_page, place_teacher
from pipelines.simulated.light import (
    COLOUR_MIX,
    lcd_table,
    noise_bank,
    noise_table,
    teacher_table,
    tone_table,
)
from pipelines.simulated.marks import Point
from pipelines.simulated.optics import Optics
from pipelines.simulated.room import Room
from pipelines.simulated.stage import Stage
from pipelines.simulated.teacher import Teacher

_BANK_SLACK_PX = 256
_GLOW_SHARE = 0.10  # of the screen's light around, seen on the teacher's outline
_GLOW_SOFT_CELLS = 5.0
_BLACK: U8 = np.zeros((16, 16, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What really stands in one picture. pha u8 (H, W); fgr u8 (H, W, 3): the teacher's own colour as this
    camera codes it, straight, 0 where pha is 0. Points are camera pixels; None when outside the picture or
    not raised. clip_frame is None on an empty stage.
    """

    index: int
    clip_frame: int | None
    pha: U8
    fgr: U8
    pointer_tip_xy: Point | None
    finger_tip_xy: Point | None


class Renderer:
    """Pictures of a room by index. Index k is what the camera takes k / rate_hz after the session's zero.

    Equal rooms, sizes, indices and pages give equal pictures, bit for bit. Safe between threads.
    """

    def __init__(self, optics: Optics, rate_hz: float) -> None:
        self.room, self.size_wh, self.rate_hz = optics.room, optics.size_wh, rate_hz
        self.teacher = Teacher(optics)
        rng = np.random.default_rng(self.room.seed)
        self._stage = Stage(optics, rng)
        width, height = optics.size_wh
        self._bank = noise_bank(height + _BANK_SLACK_PX, width + _BANK_SLACK_PX, rng)
        self._panel_table, self._lamps = lcd_table(self.room), teacher_table(self.room)
        self._tone, self._sigmas = tone_table(), noise_table(self.room)
        self._silent = np.zeros_like(self._sigmas)
        self._light = self._stage.still.copy()
        self._code: I16 = self._tone[self._light]
        self._sigma: U8 = self._sigmas[self._code >> 7]
        self._maps: dict[SizeWh, F32] = {}
        self._glow: F32 = np.zeros((*self._grid_hw(), 3), np.float32)
        self._lit_rgb: U8 | None = None
        self._is_lit = False
        self._lock = threading.Lock()

    def render(self, index: int, page: Page | None, *, teacher: bool = True, noise: bool = True) -> U8:
        """The picture u8 (H, W, 3), frozen, with this page on the LCD (None: the panel shows black).

        teacher=False leaves the teacher and their shadow out, noise=False the noise.
        """
        rgb: U8 = np.empty((self.size_wh[1], self.size_wh[0], 3), np.uint8)
        cutout = self._cutout(index) if teacher else None
        with self._lock:
            self._light_lcd(page)
            top, left = self._noise_at(index)
            sigma = self._sigma if noise else np.zeros_like(self._sigma)
            expose(self._code, sigma, self._bank, top, left, rgb)
            if cutout is not None:
                self._place(cutout, (top, left), rgb, sigmas=self._sigmas if noise else self._silent)
        freeze(rgb)
        return rgb

    def truth(self, index: int, page: Page | None = None) -> Truth:
        """The truth of picture `index`; the page tells how its glow colours the teacher's outline."""
        width, height = self.size_wh
        pha: U8 = np.zeros((height, width), np.uint8)
        fgr: U8 = np.zeros((height, width, 3), np.uint8)
        cutout = self._cutout(index)
        if cutout is None:
            return Truth(index, None, pha, fgr, None, None)
        for (y, first, past), start in zip(cutout.rows, cutout.starts, strict=True):
            pha[y, first:past] = cutout.pha[start : start + past - first]
        with self._lock:
            self._light_lcd(page)
            self._place(cutout, (0, 0), fgr, sigmas=self._silent, solid=True)
        fgr[pha == 0] = 0
        for array in (pha, fgr):
            freeze(array)
        frame = clip_frame(index, self.rate_hz)
        return Truth(index, frame, pha, fgr, cutout.tip_xy, cutout.finger_xy)

    def _cutout(self, index: int) -> Cutout | None:
        """Who stands there at this index; None on an empty stage."""
        stretch = self.room.absent_s
        absent = stretch is not None and stretch[0] <= index / self.rate_hz < stretch[1]
        if absent or not self.room.teacher:
            return None
        return self.teacher.cutout(clip_frame(index, self.rate_hz))

    def _light_lcd(self, page: Page | None) -> None:
        """Makes the room's light that of this page; nothing to do when it is lit already."""
        rgb = None if page is None else page.rgb
        if self._is_lit and rgb is self._lit_rgb:
            return
        panel = self._panel(_BLACK if rgb is None else rgb)
        lcd = self._stage.lcd
        light_page(
            panel,
            self._page_map((panel.shape[1], panel.shape[0])),
            COLOUR_MIX,
            self._stage.gain,
            lcd.x,
            lcd.y,
            self._stage.still,
            self._tone,
            self._sigmas,
            self._light,
            self._code,
            self._sigma,
        )
        self._lit_rgb, self._is_lit = rgb, True
        self._light_glow()

    def _panel(self, rgb: U8) -> F32:
        """The page's light, blurred as the camera's lens blurs it, f32 of the page's shape."""
        sigma = self._stage.page_sigma_px((rgb.shape[1], rgb.shape[0]))
        reach = 2 * math.ceil(2.2 * sigma) + 1
        light = cv2.LUT(rgb, self._panel_table)
        blurred = cv2.GaussianBlur(light, (reach, reach), sigma, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(blurred, np.float32)

    def _page_map(self, page_wh: SizeWh) -> F32:
        if page_wh not in self._maps:
            self._maps = {page_wh: self._stage.page_map(page_wh)}
        return self._maps[page_wh]

    def _light_glow(self) -> None:
        """The screen's light as it falls on what stands close to it, by grid cell."""
        grid_h, grid_w = self._grid_hw()
        small = cv2.resize(self._light, (grid_w, grid_h), interpolation=cv2.INTER_AREA).astype(np.float32)
        self._glow = np.asarray(cv2.GaussianBlur(small, (0, 0), _GLOW_SOFT_CELLS) * _GLOW_SHARE, np.float32)

    def _place(
        self, cutout: Cutout, noise_at: tuple[int, int], rgb: U8, *, sigmas: U8, solid: bool = False
    ) -> None:
        shade = cutout.shade.astype(np.float32)[..., None] * np.float32(1 / 255)
        glow = self._glow * (cutout.rim.astype(np.float32) * np.float32(1 / 255))[..., None]
        place_teacher(
            cutout.rows,
            cutout.starts,
            cutout.fgr,
            cutout.pha,
            shade,
            glow,
            cutout.window,
            self._lamps,
            self._stage.falloff,
            self._stage.still,
            self._light,
            self._tone,
            sigmas,
            self._bank,
            *noise_at,
            solid,
            rgb,
        )

    def _noise_at(self, index: int) -> tuple[int, int]:
        """Where in the bank the noise of a picture begins."""
        top, left = np.random.default_rng((self.room.seed, index)).integers(0, _BANK_SLACK_PX, 2)
        return int(top), int(left)

    def _grid_hw(self) -> tuple[int, int]:
        width, height = self.size_wh
        return -(-height // CELL_PX), -(-width // CELL_PX)


def render_clip(size_wh: SizeWh, page: Page | None, count: int, *, room: Room | None = None) -> list[U8]:
    """`count` pictures of a room at 25 Hz, u8 (H, W, 3) each, from the raising of the stick on."""
    renderer = Renderer(Optics(room or Room(), size_wh), CLIP_HZ)
    return [renderer.render(STICK_RAISED_FRAME + k, page) for k in range(count)]


def warm_up_simulated() -> None:
    """Compiles the loops over pixels, or loads them from the cache."""
    page = np.zeros((64, 128, 3), np.uint8)
    render_clip((128, 72), Page(page, 0, 0), 1)
