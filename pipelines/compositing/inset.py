"""The remote room's small picture in a corner of the programme, with the room's name under it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from pipelines.compositing.fonts import cjk_font, slate_font
from pipelines.compositing.lettering import clean, has_chinese, width_px
from pipelines.light import CODE_OF_LINEAR, LINEAR_MAX, LINEAR_OF_CODE
from pipelines.media import F32, U8, Box, Corner, SizeWh, freeze
from pipelines.scaling import fit_inside

# Shares of the programme's width and height: the most that the picture takes.
_WIDE, _TALL = 0.22, 0.28
# Shares of the programme's height. The recording light has its place above the top corners' pictures.
_MARGIN = 0.03
_TOP_MARGIN = 0.075
_RADIUS = 0.014
_RIM = 0.003
_LETTERS = 0.026
_STRIP = 1.7  # of the letters' size
_RIM_RGB = (255, 255, 255)
_STRIP_RGB = (16, 21, 30)
_TEXT_RGB = (238, 241, 246)
_LIGHT = LINEAR_OF_CODE.astype(np.float32)
_FINER = 4  # edges are drawn so many times larger


class Inset(NamedTuple):
    """rgb: u8 (H, W, 3), frozen, of any size. name: of the room, "" for none."""

    rgb: U8
    name: str
    corner: Corner


class InsetDrawer:
    """Lays a small picture over programmes of one size. For one thread."""

    def __init__(self, size_wh: SizeWh) -> None:
        self._size_wh = size_wh
        self._frames: tuple[tuple[SizeWh, str], _Frame] | None = None
        self._shrunk: tuple[U8, SizeWh, F32] | None = None
        self._newest: tuple[U8, Inset, U8] | None = None

    def over(self, rgb: U8, inset: Inset) -> U8:
        """The programme with the picture: u8 (H, W, 3), frozen; rgb is not changed. The same for the same.

        The picture is shrunk, and its edges blended, in linear light; other pixels stay as they are.
        """
        before = self._newest
        if before is not None and before[0] is rgb and before[1] is inset:
            return before[2]
        box = inset_box((inset.rgb.shape[1], inset.rgb.shape[0]), inset.corner, self._size_wh)
        frame = self._frame((box.w, box.h), inset.name)
        light = self._light(inset.rgb, (box.w, box.h)) * frame.keep + frame.add
        programme = rgb.copy()
        under = programme[box.slices]
        mixed = light + cv2.LUT(np.ascontiguousarray(under), _LIGHT) * frame.spare
        codes = CODE_OF_LINEAR[np.rint(np.minimum(mixed, LINEAR_MAX)).astype(np.uint16)]
        np.copyto(under, codes, where=frame.spare < 1)
        freeze(programme)
        self._newest = rgb, inset, programme
        return programme

    def _light(self, rgb: U8, size_wh: SizeWh) -> F32:
        """The picture in this size, in linear light, f32 (H, W, 3), 0 to LINEAR_MAX."""
        if self._shrunk is None or self._shrunk[0] is not rgb or self._shrunk[1] != size_wh:
            light = cv2.LUT(rgb, _LIGHT)
            how = cv2.INTER_AREA if size_wh[0] < rgb.shape[1] else cv2.INTER_LINEAR
            small = np.asarray(cv2.resize(light, size_wh, interpolation=how), np.float32)
            self._shrunk = rgb, size_wh, small
        return self._shrunk[2]

    def _frame(self, size_wh: SizeWh, name: str) -> _Frame:
        if self._frames is None or self._frames[0] != (size_wh, name):
            self._frames = (size_wh, name), _draw_frame(size_wh, name, self._size_wh[1])
        return self._frames[1]


class _Frame(NamedTuple):
    """Shares of light: f32 (H, W, 1), 0 to 1. spare: the programme's beneath, keep: the small picture's; add:
    the rim's and the name's own light, f32 (H, W, 3), 0 to LINEAR_MAX."""

    spare: F32
    keep: F32
    add: F32


def inset_box(picture_wh: SizeWh, corner: Corner, size_wh: SizeWh) -> Box:
    """Where a picture of this shape stands in a programme of size_wh."""
    width, height = size_wh
    w, h = fit_inside(picture_wh, (max(1, round(_WIDE * width)), max(1, round(_TALL * height))))
    margin = round(_MARGIN * height)
    is_left = corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)
    is_top = corner in (Corner.TOP_LEFT, Corner.TOP_RIGHT)
    y = round(_TOP_MARGIN * height) if is_top else height - margin - h
    return Box(margin if is_left else width - margin - w, y, w, h)


def _draw_frame(size_wh: SizeWh, name: str, height_px: int) -> _Frame:
    w, h = size_wh
    radius, rim = _RADIUS * height_px, max(1.0, _RIM * height_px)
    cover = _rounded(size_wh, 0.0, radius)
    inner = _rounded(size_wh, rim, max(0.0, radius - rim))
    over = np.zeros((h, w, 3), np.uint8)
    shade = np.zeros((h, w, 1), np.float32)
    letters_px = max(7, round(_LETTERS * height_px))
    text = _fitted(name, letters_px, w - 2 * letters_px)
    if text:
        strip_px = min(h, round(_STRIP * letters_px))
        picture = Image.new("RGB", (w, strip_px), _STRIP_RGB)
        place = (w / 2, strip_px / 2 - rim / 2)
        ImageDraw.Draw(picture).text(place, text, _TEXT_RGB, slate_font(letters_px, bold=False), anchor="mm")
        over[h - strip_px :] = np.asarray(picture, np.uint8)
        shade[h - strip_px :] = 0.9
    light = LINEAR_OF_CODE[over].astype(np.float32)
    # Letters are wholly there, the strip behind them lets a little of the picture through.
    shade = np.maximum(shade, light.max(axis=2, keepdims=True) / LINEAR_MAX * (shade > 0)).astype(np.float32)
    rim_light = LINEAR_OF_CODE[np.array(_RIM_RGB)].astype(np.float32)
    keep = (1 - shade) * inner * cover
    add = (light * shade * inner + rim_light * (1 - inner)) * cover
    return _Frame(1 - cover, np.asarray(keep, np.float32), np.asarray(add, np.float32))


def _fitted(name: str, size_px: int, room_px: float) -> str:
    """One line that fits; "" where no font here has its characters."""
    text = clean(name).replace("\n", " ")
    if cjk_font() is None and has_chinese(text):
        return ""
    if width_px(text, size_px) <= room_px:
        return text
    while text and width_px(text + "…", size_px) > room_px:
        text = text[:-1].rstrip()
    return text + "…" if text else ""


def _rounded(size_wh: SizeWh, inside_px: float, radius_px: float) -> F32:
    """Coverage of a rounded rectangle, inside_px from the picture's border: f32 (H, W, 1), 0 to 1."""
    w, h = size_wh
    large = Image.new("L", (w * _FINER, h * _FINER))
    low = inside_px * _FINER
    reach = (low, low, w * _FINER - 1 - low, h * _FINER - 1 - low)
    if reach[0] < reach[2] and reach[1] < reach[3]:  # else a stranger's sliver is all rim
        ImageDraw.Draw(large).rounded_rectangle(reach, radius_px * _FINER, fill=255)
    return np.asarray(large.resize((w, h), Image.Resampling.BOX), np.float32)[..., None] / np.float32(255)
