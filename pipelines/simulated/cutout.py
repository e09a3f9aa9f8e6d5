"""One frame of the teacher's clip, warped to its place before the LCD and packed with its shadow."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.media import F32, F64, U8, SizeWh
from pipelines.simulated.clip import CLIP_PX_PER_M, CLIP_WH
from pipelines.simulated.exposure import CELL_PX, pack_spans, premultiply
from pipelines.simulated.light import I32
from pipelines.simulated.marks import Mark, Point
from pipelines.simulated.optics import Optics
from pipelines.simulated.stick import PAD_PX

_BEFORE_LCD_M = 0.25
_END_M = 0.71  # right of the LCD's middle: from here the stick reaches over most of the page
_HEAD_TOP_M = -0.25  # a head 0.25 m above the LCD's middle: 1.66 m tall, LCD's lower edge at 0.88 m
_HEAD_TOP_CLIP_Y = 117.0
_WALK_SHARE = 0.2  # of the clip's walk, so that it stays before the LCD; the feet are not in view
_SHADOW_M = np.array([0.07, 0.05])  # lamps stand left, above, and before the teacher
_SHADOW_SOFT_M = 0.07
_SHADOW_DEPTH = 0.42
_RIM_SOFT_M = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """One clip frame in the camera's geometry. Spans and window as in `exposure.place_teacher`.

    shade and rim u8 (gh, gw): depth of the shadow, nearness to the outline; 255 is all of it.
    """

    rows: I32
    starts: I32
    fgr: U8
    pha: U8
    shade: U8
    rim: U8
    window: I32
    tip_xy: Point | None
    finger_xy: Point | None

    @property
    def nbytes(self) -> int:
        return sum(a.nbytes for a in (self.rows, self.starts, self.fgr, self.pha, self.shade, self.rim))


class Cutter:
    """Makes cutouts for one camera. The clip frames come with `stick.draw_stick_on` done."""

    def __init__(self, optics: Optics, marks: list[Mark]) -> None:
        self._optics, self._marks = optics, marks
        self._codes = np.asarray(np.rint((np.arange(4096) / 4095) ** (1 / 2.2) * 255), np.uint8)
        self._linear = np.asarray((np.arange(256) / 255) ** 2.2, np.float32)

    def cut(self, frame: int, colour: U8, cover: U8) -> Cutout:
        """The cutout of a clip frame whose stick is drawn on."""
        mark = self._marks[frame]
        camera_from_clip = self._camera_from_clip(mark)
        padded = camera_from_clip @ np.array([[1, 0, -PAD_PX], [0, 1, 0], [0, 0, 1.0]])
        light, x0, y0 = self._warp(colour, cover, padded)
        height = len(light)
        rows, starts = np.empty((height, 3), np.int32), np.empty(height, np.int32)
        pixels = light.size // 4
        fgr, alpha = np.empty((pixels, 3), np.uint8), np.empty(pixels, np.uint8)
        n = pack_spans(light, y0, x0, rows, starts, fgr, alpha, self._codes)
        shade, rim = self._soft_fields(cover, padded)
        window = self._window((x0, y0, x0 + light.shape[1], y0 + height), shade)
        points = (_moved(camera_from_clip, p, self._optics.size_wh) for p in (mark.tip_xy, mark.finger_xy))
        return Cutout(rows, starts, fgr[:n].copy(), alpha[:n].copy(), shade, rim, window, *points)

    def _camera_from_clip(self, mark: Mark) -> F64:
        """Shift and scale of a clip frame: the top of the head at its place in the room, f64 (3, 3)."""
        end_x = self._marks[-1].body_x
        x_m = _END_M + _WALK_SHARE * (mark.body_x - end_x) / CLIP_PX_PER_M
        head_m = np.array([x_m, _HEAD_TOP_M, -_BEFORE_LCD_M])
        scale = self._optics.px_per_m(head_m) / CLIP_PX_PER_M
        x, y = self._optics.project(head_m[None])[0] - scale * np.array([mark.body_x, _HEAD_TOP_CLIP_Y])
        return np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]])

    def _warp(self, colour: U8, cover: U8, camera_from_padded: F64) -> tuple[F32, int, int]:
        """Premultiplied linear colour and alpha, f32 (h, w, 4), of the teacher's box; its top left x, y."""
        scale = float(camera_from_padded[0, 0])
        sigma = self._blur_left(scale)
        margin = 2 + int(3 * sigma / scale)
        x, y, w, h = cv2.boundingRect(np.asarray(cover > 2, np.uint8))
        left, top = max(x - margin, 0), max(y - margin, 0)
        box = slice(top, y + h + margin), slice(left, x + w + margin)
        both: F32 = np.empty((*cover[box].shape, 4), np.float32)
        premultiply(colour[box], cover[box], self._linear, both)
        low = camera_from_padded[:2, :2] @ (left, top) + camera_from_padded[:2, 2]
        high_xy = low + scale * np.array([both.shape[1], both.shape[0]])
        x0, y0 = (max(int(v), 0) for v in np.floor(low))
        x1, y1 = (min(int(v) + 1, size) for v, size in zip(high_xy, self._optics.size_wh, strict=True))
        if x1 <= x0 or y1 <= y0:
            return np.zeros((1, 1, 4), np.float32), 0, 0
        to_box = np.array([[scale, 0, low[0] - x0], [0, scale, low[1] - y0]])
        warped = cv2.warpAffine(both, to_box, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        if sigma > 0.3:
            warped = cv2.GaussianBlur(warped, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.float32), x0, y0

    def _blur_left(self, scale: float) -> float:
        """What the lens still has to blur, px: the renderer's filter and the enlargement did some of it."""
        wanted = self._optics.room.blur_px * self._optics.size_wh[1] / CLIP_WH[1]
        return float(np.sqrt(max(wanted**2 - (0.5 * scale) ** 2, 0)))

    def _soft_fields(self, cover: U8, camera_from_padded: F64) -> tuple[U8, U8]:
        """Shadow (0..255 = none..all ambient light gone) and nearness to the outline, u8 (gh, gw)."""
        width, height = self._optics.size_wh
        grid_wh = -(-width // CELL_PX), -(-height // CELL_PX)
        small = cv2.resize(cover, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA).astype(np.float32)
        cell_from_camera = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, CELL_PX]]) / CELL_PX
        cell_from_camera[:2, 2] -= 0.5
        padded_from_small = np.array([[4, 0, 1.5], [0, 4, 1.5], [0, 0, 1]])
        matrix = (cell_from_camera @ camera_from_padded @ padded_from_small)[:2]
        cells_per_m = camera_from_padded[0, 0] * CLIP_PX_PER_M / CELL_PX
        near = cv2.warpAffine(small, matrix, grid_wh, flags=cv2.INTER_LINEAR)
        cast = matrix.copy()
        cast[:, 2] += _SHADOW_M * cells_per_m
        shadow = cv2.warpAffine(small, cast, grid_wh, flags=cv2.INTER_LINEAR)
        edge = cv2.BORDER_REPLICATE
        shadow = cv2.GaussianBlur(shadow, (0, 0), _SHADOW_SOFT_M * cells_per_m, borderType=edge)
        rim = 255 - cv2.GaussianBlur(near, (0, 0), _RIM_SOFT_M * cells_per_m, borderType=edge)
        return np.asarray(shadow * _SHADOW_DEPTH, np.uint8), np.asarray(np.clip(rim, 0, 255), np.uint8)

    def _window(self, box: tuple[int, int, int, int], shade: U8) -> I32:
        """What the cutout and its shadow can change: x0, y0, x1, y1."""
        x, y, w, h = cv2.boundingRect(np.asarray(shade > 0, np.uint8))
        soft = ((x - 1) * CELL_PX, (y - 1) * CELL_PX, (x + w + 1) * CELL_PX, (y + h + 1) * CELL_PX)
        low = np.maximum(np.minimum(box[:2], soft[:2]), 0)
        high = np.minimum(np.maximum(box[2:], soft[2:]), self._optics.size_wh)
        return np.asarray([*low, *high], np.int32)


def _moved(matrix: F64, point: Point | None, size_wh: SizeWh) -> Point | None:
    """A clip point in the camera's picture, None when it lies outside."""
    if point is None:
        return None
    x, y = matrix[:2, :2] @ point + matrix[:2, 2]
    inside = 0 <= x <= size_wh[0] - 1 and 0 <= y <= size_wh[1] - 1
    return (float(x), float(y)) if inside else None
