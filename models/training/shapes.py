"""What the people do not have enough of: strands, sticks, hands with gaps, books, cloth. All procedural.

Each maker gives premultiplied linear light and alpha, f32 (h, w, 4). Shapes are drawn threefold and averaged.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from models.training.pages import clouds
from pipelines.media import F32, F64, U8

_FINE = 3  # drawn so many times larger
_SKIN = np.array([0.62, 0.36, 0.27])
Rng = np.random.Generator


def add_shape(kind: str, person: F32, plate: F32, rng: Rng) -> F32:
    """The person with one more thing in front of or beside them. plate: linear light f32 (h, w, 3)."""
    anchor = _Anchors(person, rng)
    layer = _MAKERS[kind](anchor, plate, rng)
    return np.asarray(layer + person * (1 - layer[..., 3:]), np.float32)


class _Anchors:
    """Points where things begin: mostly at the outline of who is there."""

    def __init__(self, person: F32, rng: Rng) -> None:
        alpha = person[..., 3]
        self.size_hw = (alpha.shape[0], alpha.shape[1])
        solid = np.asarray(alpha > 0.5, np.uint8)
        edge = cv2.dilate(solid, np.ones((3, 3), np.uint8)) - solid
        self._rows, self._columns = np.nonzero(edge)
        self._rng = rng

    def __call__(self) -> F64:
        if len(self._rows) and self._rng.random() < 0.88:
            k = int(self._rng.integers(len(self._rows)))
            return np.array([self._columns[k], self._rows[k]], np.float64)
        return self._rng.uniform((0, 0), self.size_hw[::-1])


class _Canvas:
    """A mask to draw on in scene pixels."""

    def __init__(self, size_hw: tuple[int, int]) -> None:
        self.size_hw = size_hw
        self.mask: U8 = np.zeros((size_hw[0] * _FINE, size_hw[1] * _FINE), np.uint8)

    def line(self, start: F64, end: F64, width_px: float, value: int = 255) -> None:
        a, b = ([int(v * _FINE) for v in point] for point in (start, end))
        cv2.line(self.mask, a, b, (value,), max(1, round(width_px * _FINE)))

    def path(self, points: F64, width_px: float, value: int = 255) -> None:
        fine = (points * _FINE).astype(np.int32)
        cv2.polylines(self.mask, [fine], False, (value,), max(1, round(width_px * _FINE)))

    def polygon(self, points: F64) -> None:
        cv2.fillPoly(self.mask, [(points * _FINE).astype(np.int32)], (255,))

    def layer(self, colour: F32) -> F32:
        height, width = self.size_hw
        alpha = cv2.resize(self.mask, (width, height), interpolation=cv2.INTER_AREA)[..., None] / 255.0
        return np.asarray(np.dstack([colour * alpha, alpha]), np.float32)


def _strands(anchor: _Anchors, plate: F32, rng: Rng) -> F32:
    canvas = _Canvas(anchor.size_hw)
    root, heading, spread = anchor(), rng.uniform(0, 2 * np.pi), rng.uniform(5, 60)
    for _ in range(int(rng.uniform(8, 90))):
        start = root + rng.normal(0, spread, 2) if rng.random() < 0.6 else anchor()
        bends = (
            heading + rng.uniform(-0.9, 0.9) + np.cumsum(rng.uniform(-0.08, 0.08) + rng.normal(0, 0.05, 14))
        )
        steps = rng.uniform(10, 90) / 14 * np.stack([np.cos(bends), np.sin(bends)], axis=1)
        width = float(rng.choice([1, 1, 2, 2, 3, 4, 6])) / _FINE
        canvas.path(np.vstack([start, start + np.cumsum(steps, axis=0)]), width, int(rng.uniform(90, 255)))
    return canvas.layer(_coloured(plate, rng))


def _stick(anchor: _Anchors, plate: F32, rng: Rng) -> F32:
    canvas = _Canvas(anchor.size_hw)
    start, angle, length = anchor(), rng.uniform(0, 2 * np.pi), rng.uniform(80, 460)
    end = start + length * np.array([np.cos(angle), np.sin(angle)])
    thick, thin = rng.uniform(1.5, 9), rng.uniform(1.2, 5)
    for k in range(60):
        a, b = start + (end - start) * k / 60, start + (end - start) * (k + 1.3) / 60
        canvas.line(a, b, float(thick + (thin - thick) * k / 60))
    return canvas.layer(_coloured(plate, rng))


def _hand(anchor: _Anchors, plate: F32, rng: Rng) -> F32:
    """Forearm, palm and two to five fingers with gaps between them, and often a thumb."""
    canvas = _Canvas(anchor.size_hw)
    palm, angle, size = anchor(), rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 1.5)
    ahead = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-ahead[1], ahead[0]])
    canvas.line(palm - ahead * rng.uniform(60, 240) * size, palm, rng.uniform(36, 76) * size)
    canvas.line(palm - ahead * 5, palm + ahead * 25 * size, 52 * size)
    fingers, spread = int(rng.integers(1, 6)), rng.uniform(0.04, 0.28)
    for k in range(fingers):
        side = k - fingers / 2 + 0.5
        knuckle = palm + ahead * 34 * size + across * side * 14 * size
        for width, turn in ((13, side * spread), (11, side * spread + rng.normal(0, 0.25))):
            tip = knuckle + rng.uniform(14, 38) * size * np.array(
                [np.cos(angle + turn), np.sin(angle + turn)]
            )
            canvas.line(knuckle, tip, width * size)
            knuckle = tip
    if rng.random() < 0.8:
        turn = angle + float(rng.choice([-1, 1])) * rng.uniform(0.6, 1.3)
        canvas.line(palm, palm + 62 * size * np.array([np.cos(turn), np.sin(turn)]), 15 * size)
    if rng.random() < 0.45:
        return canvas.layer(_coloured(plate, rng))
    return canvas.layer(
        _textured(plate.shape[:2], _SKIN * rng.uniform(0.3, 1.3) * rng.uniform(0.9, 1.1, 3), rng)
    )


def _book(anchor: _Anchors, plate: F32, rng: Rng) -> F32:
    canvas = _Canvas(anchor.size_hw)
    middle, angle = anchor(), rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(25, 130)
    across = np.array([-np.sin(angle), np.cos(angle)]) * rng.uniform(12, 90)
    canvas.polygon(
        np.stack(
            [
                middle - along - across,
                middle + along - across,
                middle + along + across,
                middle - along + across,
            ]
        )
    )
    return canvas.layer(_coloured(plate, rng))


def _cloth(anchor: _Anchors, plate: F32, rng: Rng) -> F32:
    """A shape with a soft, wavy outline: a sleeve, a skirt in motion."""
    height, width = anchor.size_hw
    size = int(rng.uniform(30, 160))
    field = clouds(rng, (height, width), size) + 0.25 * clouds(rng, (height, width), max(4, size // 5))
    y, x = np.mgrid[0:height, 0:width]
    at = anchor()
    near = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * rng.uniform(40, 160) ** 2))[..., None]
    alpha = np.clip((field + 2.5 * near - rng.uniform(1.6, 2.4)) * size / rng.uniform(1.2, 12) + 0.5, 0, 1)
    return np.asarray(np.dstack([_coloured(plate, rng) * alpha, alpha]), np.float32)


_MAKERS: dict[str, Callable[[_Anchors, F32, Rng], F32]] = {
    "strands": _strands,
    "stick": _stick,
    "hand": _hand,
    "book": _book,
    "cloth": _cloth,
}


def _coloured(plate: F32, rng: Rng) -> F32:
    """A textured colour; one in four is close to what is behind it, where the plate tells least."""
    choice = rng.random()
    if choice < 0.25:
        row, column = int(rng.integers(plate.shape[0])), int(rng.integers(plate.shape[1]))
        base = plate[row, column] * rng.uniform(0.7, 1.35, 3) + rng.uniform(0, 0.02)
    elif choice < 0.45:
        base = _SKIN * rng.uniform(0.25, 1.2) * rng.uniform(0.9, 1.1, 3)
    elif choice < 0.62:
        base = np.array([0.42, 0.24, 0.10]) * rng.uniform(0.3, 1.6) * rng.uniform(0.8, 1.2, 3)  # wood
    elif choice < 0.76:
        base = rng.uniform(0.003, 0.06, 3) * rng.uniform(0.2, 1) + 0.002
    elif choice < 0.88:
        base = rng.uniform(0.5, 0.95) * rng.uniform(0.9, 1.05, 3)
    else:
        base = rng.uniform(0.01, 0.9, 3)
    return _textured(plate.shape[:2], base, rng)


def _textured(size_hw: tuple[int, ...], base: F64, rng: Rng) -> F32:
    height, width = size_hw
    texture = 1 + rng.uniform(0, 0.3) * clouds(rng, (height, width), int(rng.uniform(20, 90)))
    texture = texture + rng.uniform(0, 0.1) * clouds(rng, (height, width), 3)
    if rng.random() < 0.2:
        y, x = np.mgrid[0:height, 0:width]
        stripes = np.sign(np.sin(x * rng.uniform(-0.5, 0.5) + y * rng.uniform(-0.5, 0.5)))
        texture = texture * (1 + rng.uniform(0.1, 0.5) * stripes[..., None])
    return np.asarray(np.clip(base * np.clip(texture, 0.1, 2.2), 0, 1.4), np.float32)
