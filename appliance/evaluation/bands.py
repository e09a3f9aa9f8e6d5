"""Where it matters, found from the truth alone: hair, hands, pointers."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.media import U8, Box

Mask = npt.NDArray[np.bool_]

_SHOULDER = 1.75  # times as wide as the head: here the shoulders begin
_LONG_HAIR = 2.2  # heads down from the top of the head
_SKIN_OFF = 16.0  # in a* and b* of CIELAB
_LEAST_FACE_PX = 60
_LEAST_HAND, _MOST_HAND = 0.04, 0.9  # of the head's area
_THIN_SHARE = 0.022  # of the picture's height: thicker is no pointer
_LEAST_LENGTH = 0.1  # of the picture's height
_LEAST_ELONGATION = 6.0
_LEAST_THICK_PX = 2.5
_LEAST_AWAY = 0.15  # of its length: so far the tip is from the body


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Masks bool (H, W), None where there is no such thing. pointer_axis: base and tip, x and y."""

    hair: Mask | None
    hand: Mask | None
    pointer: Mask | None
    pointer_axis: tuple[tuple[float, float], tuple[float, float]] | None


def find_bands(pha: U8, fgr: U8) -> Bands:
    """pha u8 (H, W), fgr u8 (H, W, 3): the truth."""
    solid = np.asarray(pha > 127, np.uint8)
    pointer, axis = _pointer(solid)
    body = solid if pointer is None else np.where(pointer, np.uint8(0), solid)
    head = find_head(body)
    if head is None:
        return Bands(None, None, pointer, axis)
    hair = _hair(pha, head)
    hand = _hands(pha, fgr, head)
    return Bands(_some(hair, 150), _some(hand, 150), pointer, axis)


def find_head(solid: U8) -> Box | None:
    """From the top of the body to where the shoulders widen it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    if count < 2:
        return None
    label = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, y, w, h = (int(v) for v in stats[label, :4])
    widths = (labels[y : y + h, x : x + w] == label).sum(axis=1)
    start = max(4, h // 40)
    bottom = h
    for row in range(start, h):
        if row > 0.08 * h and widths[row] > _SHOULDER * np.median(widths[start // 2 : row]):
            bottom = row
            break
    bottom = min(bottom, round(0.55 * h))
    columns = np.flatnonzero((labels[y : y + max(bottom // 2, 2), x : x + w] == label).any(axis=0))
    if not len(columns):
        return None
    return Box(x + int(columns[0]), y, int(columns[-1] - columns[0]) + 1, bottom)


def _hair(pha: U8, head: Box) -> Mask:
    """Soft alpha around the head, and down along long hair."""
    soft = cv2.dilate(np.asarray((pha > 5) & (pha < 250), np.uint8), np.ones((5, 5), np.uint8)) > 0
    around = np.zeros(pha.shape, np.bool_)
    side = head.w // 2
    around[
        max(head.y - head.h // 3, 0) : head.y + round(_LONG_HAIR * head.h),
        max(head.x - side, 0) : head.x + head.w + side,
    ] = True
    return np.asarray(soft & around)


def _hands(pha: U8, fgr: U8, head: Box) -> Mask:
    """Things of skin that do not hang together with the face, with what is close around them."""
    lab = cv2.cvtColor(fgr, cv2.COLOR_RGB2LAB).astype(np.float32)
    looks = np.asarray(_looks_like_skin(fgr) & (pha > 200), np.uint8)
    face = looks[head.slices] > 0
    if np.count_nonzero(face) < _LEAST_FACE_PX:
        return np.zeros(pha.shape, np.bool_)
    skin = np.median(lab[head.slices][face], axis=0)
    off = np.hypot(lab[..., 1] - skin[1], lab[..., 2] - skin[2])
    like = np.asarray((looks > 0) & (off < _SKIN_OFF) & (np.abs(lab[..., 0] - skin[0]) < 90), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        cv2.morphologyEx(like, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    )
    found = np.zeros(pha.shape, np.uint8)
    for label in range(1, count):
        share = stats[label, cv2.CC_STAT_AREA] / max(head.w * head.h, 1)
        own = labels == label
        if _LEAST_HAND < share < _MOST_HAND and not own[head.slices].any():
            found[own] = 1
    size = 2 * max(3, head.w // 8) + 1
    near = cv2.dilate(found, np.ones((size, size), np.uint8))
    touched = cv2.dilate(np.asarray(pha > 2, np.uint8), np.ones((9, 9), np.uint8))
    return np.asarray((near > 0) & (touched > 0))


def _looks_like_skin(rgb: U8) -> Mask:
    """Of any tone: an explicit cluster in Cb and Cr, after Chai and Ngan, "Face Segmentation Using Skin-Color
    Map in Videophone Applications" (1999), less the reds of cloth.
    """
    _, cr, cb = cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb))
    return np.asarray((cr > 136) & (cr < 172) & (cb > 77) & (cb < 127))


def _pointer(
    solid: U8,
) -> tuple[Mask | None, tuple[tuple[float, float], tuple[float, float]] | None]:
    """The longest thin, straight part."""
    height = solid.shape[0]
    thin = max(5, round(_THIN_SHARE * height)) | 1
    opened = cv2.morphologyEx(
        solid, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thin, thin))
    )
    rest = cv2.subtract(solid, opened)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest)
    best, longest = 0, _LEAST_LENGTH * height
    axis = None
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < 40:
            continue
        rows, columns = np.nonzero(labels == label)
        points = np.stack([columns, rows], axis=1).astype(np.float64)
        middle = points.mean(axis=0)
        _, spread, turn = np.linalg.svd(points - middle, full_matrices=False)
        along = (points - middle) @ turn[0]
        length = float(along.max() - along.min())
        if len(points) < _LEAST_THICK_PX * length:
            continue  # a sliver that rounding left along the body
        if length > longest and spread[0] > _LEAST_ELONGATION * max(spread[1], 1e-6):
            ends = [middle + turn[0] * along.min(), middle + turn[0] * along.max()]
            outwards, away = _outwards(ends, np.asarray(opened, np.uint8))
            if away > _LEAST_AWAY * length:  # or it is a strand along the body
                best, longest, axis = label, length, outwards
    if not best:
        return None, None
    mask = cv2.dilate(np.asarray(labels == best, np.uint8), np.ones((7, 7), np.uint8)) > 0
    return np.asarray(mask), axis


def _outwards(
    ends: list[npt.NDArray[np.float64]], body: U8
) -> tuple[tuple[tuple[float, float], tuple[float, float]], float]:
    """The ends, the one nearer to the body first; and how far from the body the other one is, in pixels."""
    rows, columns = np.nonzero(body)
    step = max(1, len(rows) // 4000)
    near = [
        float(np.hypot(columns[::step] - x, rows[::step] - y).min()) if len(rows) else 0.0 for x, y in ends
    ]
    base, tip = ends if near[0] <= near[1] else ends[::-1]
    return ((float(base[0]), float(base[1])), (float(tip[0]), float(tip[1]))), max(near)


def _some(mask: Mask, least: int) -> Mask | None:
    return mask if np.count_nonzero(mask) >= least else None
