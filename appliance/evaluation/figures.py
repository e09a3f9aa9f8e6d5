"""The clip's teacher at their place in the camera's picture, with what they hold."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from appliance.evaluation.scenarios import Held
from pipelines.media import F32, U8, SizeWh

_TALL_SHARE = 0.74  # of the picture's height
_MOST_SCALE = 4.0
_WOOD = (0.42, 0.24, 0.10)  # linear light
_ROOM_LIGHT = (0.80, 0.78, 0.74)


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """light: straight linear light f32 (H, W, 3), spread beyond the edge. pha: u8 (H, W)."""

    light: F32
    pha: U8
    tip_xy: tuple[float, float] | None


def placed_figure(colour: U8, cover: U8, size_wh: SizeWh, held: Held, seed: int, away: float) -> Figure:
    """away: 0 at their place, 1 out of the picture at the right. The clip's lower edge is the picture's."""
    width, height = size_wh
    top = cv2.boundingRect(np.asarray(cover > 20, np.uint8))[1]
    scale = float(np.clip(_TALL_SHARE * height / max(cover.shape[0] - top, 1), 0.3, _MOST_SCALE))
    middle = (0.56 + 0.12 * ((seed * 37) % 10) / 10) * width + away * 0.75 * width
    shift_x, shift_y = middle - scale * cover.shape[1] / 2, height - scale * cover.shape[0]
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]])
    alpha = cover.astype(np.float32) / 255
    lamps = np.array(_ROOM_LIGHT, np.float32)
    light: F32 = np.asarray((colour.astype(np.float32) / 255) ** np.float32(2.2) * lamps, np.float32)
    if held == "pale":
        light = np.asarray((1 - (1 - light) * np.float32(0.35)) * lamps, np.float32)
    if held == "sleeve":
        light = _with_sleeve(light, cover)
    both = np.dstack([light * alpha[..., None], alpha])
    if scale < 0.8:
        both = np.asarray(cv2.GaussianBlur(both, (0, 0), 0.35 / scale))
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    moved = np.clip(cv2.warpAffine(both, matrix, (width, height), flags=how), 0, 1)
    tip = None
    if held in ("stick", "book") and away == 0:
        moved, tip = _holding(np.asarray(moved, np.float32), held, seed)
    moved = cv2.GaussianBlur(moved, (0, 0), 0.7)
    straight = _spread(np.asarray(moved, np.float32))
    pha = np.asarray(np.clip(moved[..., 3] * 255 + 0.5, 0, 255), np.uint8)
    return Figure(straight, pha, tip)


def _with_sleeve(light: F32, cover: U8) -> F32:
    """White cloth around the leftmost point of the person's middle third: folds keep a little shade."""
    rows, columns = np.nonzero(cover > 127)
    if not len(rows):
        return light
    tall = rows.max() - rows.min()
    middle = (rows > rows.min() + 0.4 * tall) & (rows < rows.min() + 0.75 * tall)
    if not middle.any():
        return light
    column = int(columns[middle].min())
    row = int(np.median(rows[middle & (columns == column)]))
    there = np.zeros(cover.shape, np.uint8)
    cv2.ellipse(
        there, (column, row), (round(0.16 * tall), round(0.13 * tall)), 0, 0, 360, (255,), -1, cv2.LINE_AA
    )
    share = (there.astype(np.float32) / 255)[..., None]
    folds = light.mean(axis=2, keepdims=True)
    white = (np.float32(0.78) + np.float32(0.2) * folds) * np.array(_ROOM_LIGHT, np.float32)
    return np.asarray(light + share * (white - light), np.float32)


def _holding(person: F32, held: Held, seed: int) -> tuple[F32, tuple[float, float] | None]:
    """A stick or a book before the person, from the leftmost point of their middle third outwards."""
    height, width = person.shape[:2]
    solid = person[..., 3] > 0.5
    rows = np.flatnonzero(solid.any(axis=1))
    if not len(rows):
        return person, None
    row = int(rows[0] + 0.55 * (rows[-1] - rows[0]))
    start = np.array([float(np.flatnonzero(solid[row])[0]) + 12, float(row)])
    fine = 4
    mask = np.zeros((height * fine, width * fine), np.uint8)
    tip = None
    if held == "stick":
        angle = np.deg2rad(195 + (seed * 13) % 30)
        end = start + 0.34 * height * np.array([np.cos(angle), np.sin(angle)])
        thick = max(2, round(0.008 * height * fine))
        cv2.line(mask, (start * fine).astype(int).tolist(), (end * fine).astype(int).tolist(), (255,), thick)
        tip = float(end[0]), float(end[1])
        colour = np.array(_WOOD, np.float32)
    else:
        size = np.array([0.07 * width, 0.1 * height])
        corner = start - size * (0.8, 0.5)
        cv2.rectangle(
            mask,
            (corner * fine).astype(int).tolist(),
            ((corner + size) * fine).astype(int).tolist(),
            (255,),
            -1,
        )
        colour = np.array([0.10, 0.16, 0.30] if seed % 2 else [0.7, 0.68, 0.62], np.float32)
    alpha = (
        cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    )
    return np.asarray(np.dstack([colour * alpha, alpha]) + person * (1 - alpha), np.float32), tip


def _spread(premultiplied: F32) -> F32:
    """Straight colour, carried beyond where alpha is too small to tell it."""
    alpha = premultiplied[..., 3:]
    straight = premultiplied[..., :3] / np.maximum(alpha, 0.02)
    soft = cv2.GaussianBlur(premultiplied, (0, 0), 4)
    around = soft[..., :3] / np.maximum(soft[..., 3:], 1e-3)
    sure = np.clip(alpha * 4 - 0.2, 0, 1)
    return np.asarray(straight * sure + around * (1 - sure), np.float32)
