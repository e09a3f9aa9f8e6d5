"""What of a teacher points: arms away from the torso, what they hold, and hands before it.

On a coarse grid of the camera's picture. Lengths are in radii of the torso, the largest disc that fits into
the silhouette, so that near and far, whole and half bodies are alike.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.media import F32, U8, Matte

_SOLID = 127
# Arms are thinner than this disc, head and torso are not.
_ARM_RADIUS = 0.45
# A second person, not a book in a hand.
_PERSON = 0.75
# From the torso's outline: an arm begins to count, and counts fully.
_ARM_REACH = (0.45, 1.0)
_HEAD_HEIGHT = 1.6
# Cr and Cb of skin: Chai and Ngan, "Face segmentation using skin-color map" (1999).
_SKIN_CR, _SKIN_CB = (133, 173), (77, 127)
_LIKE_FACE = 11
_DARK = 50  # hardly any colour: it may be anything
_LIKE_LIGHT = (0.6, 1.5)  # of the face's
_LEAST_FACE = 0.08  # of the head's cells
# More of the torso in the colour of skin is cloth.
_MOST_SKIN = 0.2
_LEAST_RADIUS = 1.5  # cells


def find_hands(matte: Matte, cell: int) -> F32:
    """How surely each cell is a hand's, or what it holds, f32 (rows, columns), 0 to 1; 1 far from all bodies.

    cell: camera pixels a side. Without a body in the matte all is 1: nothing is known.
    """
    camera_w, camera_h = matte.frame.size_wh
    shape = -(-camera_h // cell), -(-camera_w // cell)
    pha, fgr = _sampled(matte, cell, shape)
    solid = np.asarray(pha > _SOLID, np.uint8)
    depth = np.asarray(cv2.distanceTransform(solid, cv2.DIST_L2, 5), np.float32)
    radius = float(depth.max())
    if radius < _LEAST_RADIUS or solid.all():
        return np.ones(shape, np.float32)
    body = _bodies(depth, radius)
    # What lies under a torso is its legs.
    under = np.logical_or.accumulate(body, axis=0)
    away = cv2.distanceTransform(np.asarray(~under, np.uint8), cv2.DIST_L2, 5) / radius - _ARM_RADIUS
    begins, counts = _ARM_REACH
    arms = np.clip((away - begins) / (counts - begins), 0, 1)
    before = _skin_before(fgr, solid, body, radius)
    return np.asarray(np.maximum(arms, before), np.float32)


def _sampled(matte: Matte, cell: int, shape: tuple[int, int]) -> tuple[U8, U8]:
    """Alpha and colour at the middle of each cell, u8 (rows, columns) and u8 (rows, columns, 3)."""
    box, middle = matte.box, cell // 2
    top, left = -(-(box.y - middle) // cell), -(-(box.x - middle) // cell)
    top, left = max(top, 0), max(left, 0)
    y, x = top * cell + middle - box.y, left * cell + middle - box.x
    pha, fgr = np.zeros(shape, np.uint8), np.zeros((*shape, 3), np.uint8)
    small = matte.pha[y::cell, x::cell]
    part = slice(top, top + small.shape[0]), slice(left, left + small.shape[1])
    pha[part], fgr[part] = small, matte.fgr[y::cell, x::cell]
    return pha, fgr


def _bodies(depth: F32, radius: float) -> np.typing.NDArray[np.bool_]:
    """Cells where the arm's disc fits into a torso or a head, bool (rows, columns)."""
    thick = np.asarray(depth > _ARM_RADIUS * radius, np.uint8)
    count, labels, stats, middles = cv2.connectedComponentsWithStats(thick, connectivity=8)
    deepest = [float(depth[labels == label].max()) for label in range(1, count)]
    large = [label for label, deep in enumerate(deepest, 1) if deep >= _PERSON * radius]
    spans = [(stats[label, cv2.CC_STAT_LEFT], stats[label, cv2.CC_STAT_WIDTH]) for label in large]
    kept = [
        label
        for label in range(1, count)
        if label in large or any(left <= middles[label][0] <= left + width for left, width in spans)
    ]
    return np.isin(labels, kept)


def _skin_before(fgr: U8, solid: U8, body: np.typing.NDArray[np.bool_], radius: float) -> F32:
    """Hands before the torso: the face's colour, under the head. f32 (rows, columns), 0 to 1."""
    rows = np.flatnonzero(body.any(axis=1))
    head_ends = int(rows[0] - _ARM_RADIUS * radius + _HEAD_HEIGHT * radius)
    colours = cv2.cvtColor(fgr, cv2.COLOR_RGB2YCrCb).astype(np.int16)
    luma, cr, cb = colours[..., 0], colours[..., 1], colours[..., 2]
    is_body = solid > 0
    skin = is_body & (luma > _DARK) & (cr >= _SKIN_CR[0]) & (cr <= _SKIN_CR[1])
    skin &= (cb >= _SKIN_CB[0]) & (cb <= _SKIN_CB[1])
    is_head = is_body.copy()
    is_head[max(head_ends, 0) :] = False
    face = skin & is_head
    if np.count_nonzero(face) > _LEAST_FACE * np.count_nonzero(is_head):
        skin &= np.abs(cr - np.median(cr[face])) < _LIKE_FACE
        skin &= np.abs(cb - np.median(cb[face])) < _LIKE_FACE
        light = np.median(luma[face])
        skin &= (luma > _LIKE_LIGHT[0] * light) & (luma < _LIKE_LIGHT[1] * light)
    skin[: max(head_ends, 0)] = False
    if np.count_nonzero(skin) > _MOST_SKIN * np.count_nonzero(is_body):
        return np.zeros(solid.shape, np.float32)
    whole = cv2.medianBlur(np.asarray(skin, np.uint8) * 255, 3)
    grown = cv2.dilate(whole, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.blur(grown, (3, 3)), np.float32) / np.float32(255)
