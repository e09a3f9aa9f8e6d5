"""Who stands before the LCD in training: the generated people and the clip's teacher, recoloured and moved.

People are split by person: those held out are for testing and are never trained on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipelines.media import F32, U8
from pipelines.simulated.clip import clip_pictures

HELD_OUT_FROM = 36  # persons of this number and above are for testing
CLIP_STEP = 5
_DARK_LIGHT, _PALE_LIGHT = 0.08, 0.5  # linear
_BLURRED, _ENLARGED = 0.25, 0.3
_FOREIGN = 0.4  # how often an edge keeps colour of where its person was photographed, or of the light behind


class DataMissing(Exception):
    """The pictures to train on are not there. The message says where they were looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """Straight colour u8 (h, w, 3), its alpha u8 (h, w), cropped to what is there."""

    rgb: U8
    pha: U8


def load_people(folder: Path, *, held_out: bool = False) -> list[Cutout]:
    """NNN_K.png of `folder`, straight RGBA: those to train on, or those held out. Raises DataMissing."""
    files = sorted(folder.glob("[0-9][0-9][0-9]_[0-9].png"))
    chosen = [path for path in files if (int(path.name[:3]) >= HELD_OUT_FROM) == held_out]
    if not chosen:
        raise DataMissing(
            f"No people NNN_K.png in {folder}: give the folder of RGBA cut-outs to train on with --people."
        )
    return [_read(path) for path in chosen]


def load_teacher() -> list[Cutout]:
    """Every CLIP_STEP-th picture of the simulated classroom's own teacher."""
    return [cropped(rgb, pha) for index, (rgb, pha) in enumerate(clip_pictures()) if index % CLIP_STEP == 0]


def cropped(rgb: U8, pha: U8) -> Cutout:
    x, y, w, h = cv2.boundingRect(np.asarray(pha > 2, np.uint8))
    return Cutout(
        np.ascontiguousarray(rgb[y : y + h, x : x + w]), np.ascontiguousarray(pha[y : y + h, x : x + w])
    )


def recoloured(light: F32, behind: float, rng: np.random.Generator) -> F32:
    """Linear light f32 (h, w, 3) in other clothes and light: often as it is, else darker, paler, tinted.

    behind: mean light of what is behind. Dark before dark and pale before pale is where the plate tells
    least, so that is where most is to be learnt.
    """
    dark = 0.5 if behind < _DARK_LIGHT else 0.2
    pale = 0.35 if behind > _PALE_LIGHT else 0.12
    choice = rng.random()
    if choice < dark:
        return np.asarray(light ** np.float32(rng.uniform(1.1, 1.8)) * np.float32(rng.uniform(0.1, 0.7)))
    if choice < dark + pale:
        return np.asarray(1 - (1 - light) * np.float32(rng.uniform(0.2, 0.75)), np.float32)
    if choice < dark + pale + 0.2:
        return np.asarray(light * rng.uniform(0.35, 1.4, 3).astype(np.float32))
    return light


def placed(cutout: Cutout, size_hw: tuple[int, int], behind: float, rng: np.random.Generator) -> F32:
    """Premultiplied linear light and alpha, f32 (h, w, 4): somewhere in a scene of this size.

    Half of the scenes show head and shoulders or more; the others a closer part of the outline.
    """
    height, width = size_hw
    rgb, pha = cutout.rgb, cutout.pha
    if rng.random() < 0.5:
        rgb, pha = rgb[:, ::-1], pha[:, ::-1]
    scale = float(rng.uniform(380, 1150)) / pha.shape[0]
    alpha = pha.astype(np.float32) / 255
    light = recoloured(np.asarray((rgb / np.float32(255)) ** np.float32(2.2), np.float32), behind, rng)
    if rng.random() < _FOREIGN:
        light = _kept_foreign(light, np.asarray(alpha, np.float32), rng)
    picture = np.dstack([np.clip(light, 0, 1.2) * alpha[..., None], alpha])
    if rng.random() < 0.65:
        at = (pha.shape[1] / 2, 0.0)
        to = (width * float(rng.uniform(0.3, 0.7)), height * float(rng.uniform(0.03, 0.25)))
    else:
        at = _outline_point(pha, rng)
        to = (width * float(rng.uniform(0.25, 0.75)), height * float(rng.uniform(0.25, 0.75)))
    angle = np.deg2rad(rng.uniform(-7, 7))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn[:, 0] *= rng.uniform(0.9, 1.1)
    matrix = np.column_stack([turn, np.array(to) - turn @ np.array(at)])
    if scale < 0.75:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.35 / scale))
    moved = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR)
    choice = rng.random()
    if choice < _BLURRED:  # out of focus
        moved = cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(0.7, 2.6)))
    elif choice < _BLURRED + _ENLARGED:
        moved = _enlarged(np.asarray(moved, np.float32), rng)
    return np.asarray(np.clip(moved, 0, 1.2), np.float32)


def _enlarged(picture: F32, rng: np.random.Generator) -> F32:
    """As a small picture made large: a camera's digital zoom, or one that scales up to its nominal size."""
    height, width = picture.shape[:2]
    times = float(rng.uniform(1.5, 5))
    small_wh = max(round(width / times), 8), max(round(height / times), 8)
    small = cv2.resize(picture, small_wh, interpolation=cv2.INTER_AREA)
    how = cv2.INTER_LINEAR if rng.random() < 0.6 else cv2.INTER_CUBIC
    return np.asarray(np.clip(cv2.resize(small, (width, height), interpolation=how), 0, 1.2), np.float32)


def _kept_foreign(light: F32, alpha: F32, rng: np.random.Generator) -> F32:
    """The soft edge with another backdrop's colour in it, as a glow, or a cut made elsewhere, leaves it.

    Then thin hair may come near the page's own colour: not colour alone, but the coarse alpha has to tell.
    """
    foreign = rng.uniform(0, 0.9, 3) ** 2 if rng.random() < 0.5 else np.full(3, rng.uniform(0, 0.9))
    if rng.random() < 0.5:  # never unmixed at all: the picture as it was taken
        share = np.clip((1 - alpha) * rng.uniform(0.8, 1), 0, 0.97)[..., None]
    else:
        soft = 1 - np.asarray(cv2.GaussianBlur(alpha, (0, 0), float(rng.uniform(0.8, 3))))
        share = np.clip(soft * rng.uniform(0.3, 1.3), 0, 0.9)[..., None]
    return np.asarray(light * (1 - share) + foreign * share, np.float32)


def _outline_point(pha: U8, rng: np.random.Generator) -> tuple[float, float]:
    edge = cv2.morphologyEx(np.asarray(pha > 128, np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero(edge)
    k = int(rng.integers(len(rows)))
    return float(columns[k]), float(rows[k])


def _read(path: Path) -> Cutout:
    bgra = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if bgra is None or bgra.ndim != 3 or bgra.shape[2] != 4:
        raise DataMissing(f"{path} is no RGBA picture: remove it, or fetch it again.")
    rgba = cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA)
    return cropped(np.asarray(rgba[..., :3], np.uint8), np.asarray(rgba[..., 3], np.uint8))


def joined(*groups: Iterable[Cutout]) -> list[Cutout]:
    return [cutout for group in groups for cutout in group]
