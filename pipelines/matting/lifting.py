"""Parts of the teacher, and what they hold, that the network saw too faintly: alpha from the known page.

Close to the body, where the picture lies outside the envelope: alpha is how far the pixel has gone from the
plate's colour to the teacher's nearby. Farther away, what hangs together with the body, is compact and not a
stick is something held: a book.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import F32, U8, Box

NEAR_CELLS = 1  # of two by two, from the body whose colour is asked
LEAST_CELLS = 80  # of something held: 36 x 36 pixels of a picture of 720 rows
THICK_CELLS = 5  # what is thinner is hair, a stick, the hem of a sleeve
MOST_SHARE = 0.08  # of the LCD, that something held may cover
ROOM_CELLS = 4  # around something held, to draw it in
CLEARLY = 45  # codes between something held and the plate: guessed plates err less
FILLED = 0.6  # of its own box turned to its axes
ALIKE_COS = 0.8  # between the ways from the plate to the pixel and to the teacher's colour
_APART = 40.0**2  # squared codes between plate and teacher that make alpha worth asking for
_NOISE = 200.0
_LEAST_WEIGHT = np.float32(0.02)


def teacher_colours(small_rgb: U8, shares: U8) -> F32:
    """The teacher's colour around each two by two cells, and how near the body is, 0 to 1.

    Returns f32 (gh // 2, gw // 2, 4). small_rgb: u8 (gh, gw, 3), shares: u8 (gh, gw), the camera's colour
    and the network's alpha by cell.
    """
    rows, columns = shares.shape[0] // 2, shares.shape[1] // 2
    whole, size_wh = (slice(2 * rows), slice(2 * columns)), (columns, rows)
    rgb = cv2.resize(small_rgb[whole], size_wh, interpolation=cv2.INTER_AREA)
    share = cv2.resize(shares[whole], size_wh, interpolation=cv2.INTER_AREA)
    weighted = np.empty((rows, columns, 4), np.float32)
    _weigh(np.asarray(rgb, np.uint8), np.asarray(share, np.uint8), weighted)
    size = 2 * NEAR_CELLS + 1
    sums = np.asarray(cv2.blur(weighted, (size, size)), np.float32)
    _divide(sums)
    return sums


@compiled(fastmath=True)
def _weigh(rgb: U8, share: U8, weighted: F32) -> None:
    """Colours times alpha to the fourth: what is half sure hardly counts."""
    for y in range(share.shape[0]):
        for x in range(share.shape[1]):
            weight = np.float32(share[y, x]) * np.float32(1 / 255)
            weight *= weight
            weight *= weight
            for c in range(3):
                weighted[y, x, c] = rgb[y, x, c] * weight
            weighted[y, x, 3] = weight


@compiled(fastmath=True)
def _divide(sums: F32) -> None:
    """Mean colours where there is enough weight."""
    for y in range(sums.shape[0]):
        for x in range(sums.shape[1]):
            known = min(max(sums[y, x, 3] / _LEAST_WEIGHT - np.float32(1), np.float32(0)), np.float32(1))
            for c in range(3):
                sums[y, x, c] /= max(sums[y, x, 3], _LEAST_WEIGHT)
            sums[y, x, 3] = known


def find_held(cells: U8, body: U8, rgb: U8, plate: U8, cell_px: int) -> npt.NDArray[np.bool_]:
    """Cells of compact things that touch the body, bool (gh, gw).

    cells, body: u8 (gh, gw), 1 where all of a cell is evidence, and where it is the teacher. rgb, plate:
    u8 (h, w, 3), the picture and what is expected.
    """
    free = cells & (cv2.dilate(body, np.ones((3, 3), np.uint8)) == 0)
    around = np.ones((THICK_CELLS, THICK_CELLS), np.uint8)
    thick = cv2.morphologyEx(np.asarray(free, np.uint8), cv2.MORPH_OPEN, around)
    held = np.zeros(cells.shape, np.bool_)
    if cv2.countNonZero(thick) < LEAST_CELLS:
        return held
    near_body = cv2.dilate(body, np.ones((7, 7), np.uint8)) > 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(thick)
    for label in range(1, count):
        area = int(stats[label, cv2.CC_STAT_AREA])
        if not LEAST_CELLS <= area <= MOST_SHARE * cells.size:
            continue
        part = labels == label
        rows, columns = np.nonzero(part)
        _, (w, h), _ = cv2.minAreaRect(np.stack([columns, rows], axis=1).astype(np.float32))
        if area >= FILLED * (w + 1) * (h + 1) and (part & near_body).any():
            y, x = rows * cell_px + cell_px // 2, columns * cell_px + cell_px // 2
            if np.abs(rgb[y, x].astype(np.int16) - plate[y, x]).max(axis=1).mean() < CLEARLY:
                continue
            held |= part
    return held


@compiled(fastmath=True, inline=True)
def _near(colours: F32, y: int, x: int, step: np.float32, near: F32) -> None:
    """The teacher's colour and nearness at a pixel, into near f32 (4,): bilinear, so that no cell shows.

    Colours count by their nearness: where nobody is near there is none.
    """
    rows, columns = colours.shape[:2]
    v = min(max((y + np.float32(0.5)) * step - np.float32(0.5), np.float32(0)), np.float32(rows - 1))
    u = min(max((x + np.float32(0.5)) * step - np.float32(0.5), np.float32(0)), np.float32(columns - 1))
    top, left = min(int(v), rows - 2), min(int(u), columns - 2)
    near[:] = np.float32(0)
    for i in range(2):
        for j in range(2):
            share = (v - top if i else top + 1 - v) * (u - left if j else left + 1 - u)
            share *= colours[top + i, left + j, 3]
            near[3] += share
            for c in range(3):
                near[c] += share * colours[top + i, left + j, c]
    for c in range(3):
        near[c] /= max(near[3], np.float32(1e-6))


@compiled(fastmath=True, inline=True)
def _alpha(rgb: U8, plate: U8, y: int, x: int, near: F32) -> np.float32:
    """How far a pixel has gone from the plate's colour to the teacher's, 0 to 1; 0 where unclear."""
    square, moved, product = np.float32(0), np.float32(0), np.float32(0)
    for c in range(3):
        behind = np.float32(plate[y, x, c])
        way, gone = near[c] - behind, np.float32(rgb[y, x, c]) - behind
        square += way * way
        moved += gone * gone
        product += way * gone
    if square < _APART or product < ALIKE_COS * np.sqrt(square * moved):
        return np.float32(0)
    return min(product / (square + np.float32(_NOISE)), np.float32(1))


@compiled(fastmath=True)
def lift(
    rgb: U8,
    beyond: U8,
    plate: U8,
    evidence: U8,
    colours: F32,
    cell_px: int,
    x0: int,
    y0: int,
    pha: U8,
    fgr: U8,
) -> None:
    """Raises pha u8 (h, w) close to the body, and sets fgr u8 (h, w, 3) there, in place.

    rgb, plate: u8 (H, W, 3), beyond: u8 (H, W), of the LCD's box; pha and fgr begin at x0, y0 of it.
    evidence: u8 (gh, gw), means of beyond over cells.
    """
    step = np.float32(0.5 / cell_px)
    near = np.empty(4, np.float32)
    for row in range(min(evidence.shape[0], 2 * colours.shape[0])):
        top, bottom = max(row * cell_px, y0), min((row + 1) * cell_px, y0 + pha.shape[0])
        for column in range(min(evidence.shape[1], 2 * colours.shape[1])):
            if evidence[row, column] == 0 or colours[row // 2, column // 2, 3] == 0:
                continue
            left, right = max(column * cell_px, x0), min((column + 1) * cell_px, x0 + pha.shape[1])
            for y in range(top, bottom):
                for x in range(left, right):
                    if beyond[y, x] == 0 or pha[y - y0, x - x0] > 250:
                        continue
                    _near(colours, y, x, step, near)
                    alpha = _alpha(rgb, plate, y, x, near)
                    cover = int(255 * alpha * near[3] + np.float32(0.5))
                    if cover <= pha[y - y0, x - x0]:
                        continue
                    pha[y - y0, x - x0] = cover
                    for c in range(3):
                        behind = np.float32(plate[y, x, c])
                        colour = behind + (np.float32(rgb[y, x, c]) - behind) / max(alpha, np.float32(0.1))
                        fgr[y - y0, x - x0, c] = min(max(int(colour + np.float32(0.5)), 0), 255)


def draw_held(
    held: npt.NDArray[np.bool_], rgb: U8, beyond: U8, cell_px: int, x0: int, y0: int, pha: U8, fgr: U8
) -> None:
    """Adds held things in the camera's own colour. Arrays as for `lift`, held: bool (gh, gw) cells."""
    rows, columns = np.nonzero(held)
    top, left = max(int(rows.min()) - ROOM_CELLS, 0), max(int(columns.min()) - ROOM_CELLS, 0)
    bottom, right = (
        min(int(axis.max()) + 1 + ROOM_CELLS, n) for axis, n in zip((rows, columns), held.shape, strict=True)
    )
    grown = cv2.dilate(held[top:bottom, left:right].astype(np.uint8), np.ones((3, 3), np.uint8))
    size_wh = (right - left) * cell_px, (bottom - top) * cell_px
    area = np.asarray(cv2.resize(grown, size_wh, interpolation=cv2.INTER_NEAREST), np.uint8)
    part = Box(left * cell_px, top * cell_px, *size_wh)
    whole = cv2.morphologyEx(beyond[part.slices] * area, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    # The outermost pixels are mixed with the page: the edge goes down inside them.
    cover = cv2.addWeighted(cv2.blur(whole, (3, 3)), 2.0, whole, 0.0, -255.0)
    place = part._replace(x=part.x - x0, y=part.y - y0).slices
    more = cover > pha[place]
    pha[place][more] = cover[more]
    spread = more | ((area > 0) & (pha[place] == 0))
    fgr[place][spread] = rgb[part.slices][spread]
