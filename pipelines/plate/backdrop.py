"""The plate of the whole picture: the LCD as the page predicts it, the wall around it as it was learnt."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.media import F32, F64, TRUST_TILE_PX, U8, UNKNOWN, Box, Matte, Prediction, freeze, length_scale
from pipelines.plate.beside import Around, Movement, far_from_teacher
from pipelines.plate.geometry import PageView
from pipelines.plate.held import without_held
from pipelines.plate.plate import RIM_DOUBT, Plate
from pipelines.plate.trust import Trust
from pipelines.plate.wall import Wall

MOVED_PX = 1.0  # of the LCD's corners: less is the calibration getting better, not the camera moving
RIM_PX = 3  # for a picture of 720 rows: so far the page's light reaches over the LCD's edge


class Backdrop:
    """Predicts the frames of one camera, LCD and wall. For one thread."""

    def __init__(self, plate: Plate) -> None:
        self.plate = plate
        self._view: PageView | None = None
        self._scenery: _Scenery | None = None
        self._wall: Wall | None = None
        self._corners: F64 | None = None
        self._movement = Movement()

    def predict(self, matte: Matte) -> Prediction | None:
        """What this matte's camera would see with nobody there. None while the LCD's place is not known.

        Where neither the page nor the wall is known, doubt says so; where they do not fit the picture, trust
        does. The same arrays come again while nothing has changed. Ask with empty mattes too.
        """
        around = Around(far_from_teacher(matte), self._movement.since(matte))
        known, view = self.plate.predict(matte, around), self.plate.view
        if view is None or view.box.is_empty:
            return known
        if self._scenery is None or view is not self._view:
            self._view, self._scenery = view, _Scenery(view, self._wall_for(view))
        return self._scenery.predict(matte, known, around, self.plate.calibration.tone)

    def _wall_for(self, view: PageView) -> Wall:
        """The wall learnt so far, unless the camera has moved: then what it shows is elsewhere."""
        width, height = view.page_wh
        page: F64 = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        corners = self.plate.calibration.to_camera(page, view.camera_wh, view.page_wh)
        before, self._corners = self._corners, corners
        around: U8 = np.full(view.camera_wh[::-1], 255, np.uint8)
        around[view.box.slices][view.lcd > 0] = 0
        moved = before is None or float(np.abs(corners - before).max()) > MOVED_PX
        if self._wall is None or moved or self._wall.around.shape != around.shape:
            self._wall = Wall(around)
        self._wall.around = around
        return self._wall


class _Scenery:
    """What is drawn together for one place of the LCD in the picture."""

    def __init__(self, view: PageView, wall: Wall) -> None:
        (width, height), lcd = view.camera_wh, view.box
        # The tiles of trust are those of the LCD's box, carried on.
        x, y = lcd.x % TRUST_TILE_PX, lcd.y % TRUST_TILE_PX
        self._box = Box(x, y, width - x, height - y)
        self._lcd_box = Box(lcd.x - x, lcd.y - y, lcd.w, lcd.h)
        self._lcd = view.lcd > 0
        whole: U8 = np.zeros((self._box.h, self._box.w), np.uint8)
        whole[self._lcd_box.slices] = view.lcd
        reach = 2 * round(RIM_PX * length_scale(view.camera_wh)) + 1
        around = np.asarray(cv2.dilate(whole, np.ones((reach, reach), np.uint8)), np.uint8)
        self._rim = (around > 0) & (whole == 0)
        self._near_lcd = around > 0
        self._tile_is_lcd = _share_by_tile(whole) > 127
        self._wall = wall
        self._trust = Trust()
        self._drawn: tuple[int, U8 | None, U8 | None] | None = None  # wall's version, LCD's rgb and doubt
        self._rgb: U8 = np.zeros((self._box.h, self._box.w, 3), np.uint8)
        self._doubt: U8 = np.full((self._box.h, self._box.w), UNKNOWN, np.uint8)
        self._room: U8 = np.zeros_like(self._doubt)
        self._wall_doubt = self._doubt

    def predict(self, matte: Matte, known: Prediction | None, around: Around, tone: F32 | None) -> Prediction:
        """tone: see Calibration."""
        self._wall.learn(matte.frame.rgb, around.far, matte.pts, is_empty=matte.box.is_empty)
        if self._is_new(known):
            self._draw(known)
        rgb, part = matte.frame.rgb[self._box.slices], around.part(self._box)
        sure = without_held(rgb, self._rgb, self._wall_doubt, part, matte.frame.size_wh)
        trust = self._joined(self._trust.measure(rgb, self._rgb, self._wall_doubt, sure), known)
        return Prediction(self._box, self._rgb, self._doubt, trust, self._room, tone)

    def _is_new(self, known: Prediction | None) -> bool:
        """Has the wall or the page changed since it was drawn?"""
        rgb, doubt = (None, None) if known is None else (known.rgb, known.doubt)
        before, self._drawn = self._drawn, (self._wall.version, rgb, doubt)
        return before is None or before[0] != self._drawn[0] or before[1] is not rgb or before[2] is not doubt

    def _draw(self, known: Prediction | None) -> None:
        rgb: U8 = np.zeros_like(self._rgb)
        doubt: U8 = np.full_like(self._doubt, UNKNOWN)
        room: U8 = np.full_like(self._doubt, 255)
        self._wall.draw(self._box, rgb, doubt)
        self._wall_doubt = np.where(self._near_lcd, np.uint8(UNKNOWN), doubt)
        doubt[self._rim & (doubt < RIM_DOUBT)] = RIM_DOUBT
        if known is not None:
            inner = self._lcd_box.slices
            np.copyto(rgb[inner], known.rgb, where=self._lcd[..., None])
            np.copyto(doubt[inner], known.doubt, where=self._lcd)
            np.copyto(room[inner], known.room, where=self._lcd)
        for array in (rgb, doubt, room):
            freeze(array)
        self._rgb, self._doubt, self._room = rgb, doubt, room

    def _joined(self, around: U8, known: Prediction | None) -> U8:
        """Trust of the wall, and of the LCD where it is most of a tile."""
        trust = np.array(around)
        trust[self._tile_is_lcd] = 0
        if known is not None:
            row, column = self._lcd_box.y // TRUST_TILE_PX, self._lcd_box.x // TRUST_TILE_PX
            part = np.s_[row : row + known.trust.shape[0], column : column + known.trust.shape[1]]
            np.copyto(trust[part], known.trust, where=self._tile_is_lcd[part])
        freeze(trust)
        return trust


def _share_by_tile(mask: U8) -> U8:
    """Means of a mask over the tiles of trust, u8 (rows, columns)."""
    height, width = mask.shape
    rows, columns = -(-height // TRUST_TILE_PX), -(-width // TRUST_TILE_PX)
    padded = cv2.copyMakeBorder(
        mask, 0, rows * TRUST_TILE_PX - height, 0, columns * TRUST_TILE_PX - width, cv2.BORDER_CONSTANT
    )
    return np.asarray(cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
