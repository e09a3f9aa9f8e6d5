"""A pointer stick: found as a long, thin, straight line of evidence that leaves the teacher; drawn whole.

Evidence has gaps where the page looks like the stick, and it is ragged at text. A line through all of it,
with one width, is neither broken nor jagged.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import F32, F64, U8

# Lengths in pixels of a picture of 720 rows.
SHORTEST_PX = 40.0  # that is no finger
KEPT_PX = 24.0  # of a stick seen in the frame before
THICKEST_PX = 14.0
REACH_PX = 70.0  # from the first evidence back to the teacher
KNOWN_PX = 110.0  # of a stick that the network may know
GAP_PX = 40.0  # without evidence, as over a drawing of the stick's own colour
SIDE_PX = 9.0  # from a stick: there its holder is, where it is held
STRIP_PX = 10.0  # to either side of the line
LINES = 3  # that are looked at
SEEDS = 28
APART_CELLS = 5.0
ON_LINE_CELLS = 1.2
BESIDE = 1.8  # times as many cells around a line as on it: no stick
MOST_CELLS = 1_500  # of evidence: more is not one stick
TURN_COS = 0.94  # between frames
SOFT_PX = 1.6  # over which an edge goes from 0 to 1

_LOST_STEPS = 8  # of half a cell without teacher: there they end
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Stick:
    """A slightly bent line.

    foot: f64 (2,), x, y where it leaves the teacher. along: f64 (2,), unit vector to the tip. bend: f64 (3,),
    offset sideways by the way along it, as np.polyval takes it. width_px: f64 (2,), the same for its width.
    way_px: from the foot to the tip. colours: f32 (n, 3), for each pixel of way.
    """

    foot: F64
    along: F64
    bend: F64
    width_px: F64
    way_px: float
    colours: F32

    @property
    def tip_xy(self) -> F64:
        across = np.array([-self.along[1], self.along[0]])
        return self.foot + self.way_px * self.along + float(np.polyval(self.bend, self.way_px)) * across


def find_stick(
    beyond: U8, rgb: U8, plate: U8, cells: U8, body: U8, cell_px: int, scale: float, before: Stick | None
) -> Stick | None:
    """The longest stick that starts at the teacher, or None.

    beyond: u8 (h, w), above 0 outside the envelope. rgb, plate: u8
    (h, w, 3). cells: u8 (gh, gw), 1 where a square of cell_px holds evidence; body: 1 where it is teacher.
    scale: of lengths, 1 for a picture of 720 rows. before: the stick of the frame before.
    """
    near_body = cv2.dilate(body, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((cells > 0) & (near_body == 0))
    if len(rows) > MOST_CELLS:
        return None
    points = np.stack([columns, rows], axis=1).astype(np.float64)
    for _ in range(LINES):
        if len(points) * cell_px < KEPT_PX * scale:
            return None
        on_line = _best_line(points, GAP_PX * scale / cell_px)
        line = _line_of(points[on_line], points, cell_px, scale)
        start = None if line is None else _leave_teacher(*line, body, cell_px, scale)
        stick = None if start is None else _measure(*start, beyond, rgb, plate, scale, before)
        if stick is not None:
            return stick
        points = points[~on_line]
    return None


def _best_line(points: F64, gap: float) -> npt.NDArray[np.bool_]:
    """Which of the points f64 (n, 2) lie on the line through most of them, without a long gap; bool (n,)."""
    seeds = points[:: max(1, len(points) // SEEDS)]
    on_line = np.zeros(len(points), np.bool_)
    x, y, dx, dy = _vote(points, seeds, on_line)
    chosen = np.flatnonzero(on_line)
    ways = (points[chosen] - (x, y)) @ np.array([dx, dy])
    order = np.argsort(ways)
    runs = np.split(chosen[order], np.flatnonzero(np.diff(ways[order]) > gap) + 1)
    on_line[:] = False
    on_line[max(runs, key=len)] = True
    return on_line


@compiled()
def _vote(points: F64, seeds: F64, on_line: npt.NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Tries the line through each two seeds. Cells count as on it up to a cell and a bit away."""
    most, x0, y0, dx, dy = 0, 0.0, 0.0, 1.0, 0.0
    for i in range(len(seeds)):
        for j in range(i):
            ex, ey = seeds[j, 0] - seeds[i, 0], seeds[j, 1] - seeds[i, 1]
            length = np.sqrt(ex * ex + ey * ey)
            if length < APART_CELLS:
                continue
            ex, ey = ex / length, ey / length
            count = 0
            for k in range(len(points)):
                off = (points[k, 1] - seeds[i, 1]) * ex - (points[k, 0] - seeds[i, 0]) * ey
                count += abs(off) <= ON_LINE_CELLS
            if count > most:
                most, x0, y0, dx, dy = count, seeds[i, 0], seeds[i, 1], ex, ey
    for k in range(len(points)):
        on_line[k] = abs((points[k, 1] - y0) * dx - (points[k, 0] - x0) * dy) <= ON_LINE_CELLS
    return x0, y0, dx, dy


def _line_of(on_line: F64, points: F64, cell_px: int, scale: float) -> tuple[F64, F64, float] | None:
    """Middle, direction and half length in pixels of the cells on a line; None when it is short or thick."""
    if len(on_line) < 4:
        return None
    middle = on_line.mean(axis=0)
    (xx, xy), (_, yy) = (on_line - middle).T @ (on_line - middle)
    angle = np.arctan2(2 * xy, xx - yy) / 2
    along = np.array([np.cos(angle), np.sin(angle)])
    ways = (on_line - middle) @ along
    first, last = float(ways.min()), float(ways.max())
    # Of something thick, a book, most lies beside any line through it.
    ways, offsets = (points - middle) @ along, np.abs((points - middle) @ np.array([-along[1], along[0]]))
    beside = np.count_nonzero((offsets <= 3 * ON_LINE_CELLS) & (ways >= first) & (ways <= last))
    if (last - first) * cell_px < KEPT_PX * scale or beside > BESIDE * len(on_line):
        return None
    return (
        (middle + (first + last) / 2 * along) * cell_px + (cell_px - 1) / 2,
        along,
        (last - first) / 2 * cell_px,
    )


def _leave_teacher(
    middle: F64, along: F64, half_px: float, body: U8, cell_px: int, scale: float
) -> tuple[F64, F64] | None:
    """Where the line leaves the teacher, and its direction from there; None when it does not."""
    steps = np.arange(max(half_px - 2 * cell_px, 0.0), half_px + REACH_PX * scale, cell_px / 2)
    met: list[tuple[float, F64, F64]] = []
    for way in (along, -along):
        points = middle + steps[:, None] * way
        columns, rows = (np.rint((points[:, k] - (cell_px - 1) / 2) / cell_px).astype(int) for k in (0, 1))
        inside = (columns >= 0) & (rows >= 0) & (columns < body.shape[1]) & (rows < body.shape[0])
        hits = np.flatnonzero(inside)[body[rows[inside], columns[inside]] > 0]
        if hits.size:
            met.append((float(steps[hits[0]]), points[hits[0]], -way))
    if not met:
        return None
    _, foot, away = min(met, key=lambda end: end[0])
    return foot - _inside_teacher(foot, away, body, cell_px, scale) * away, away


def _inside_teacher(foot: F64, away: F64, body: U8, cell_px: int, scale: float) -> float:
    """How far back teacher goes on, until it is on both sides: the network may know a stick's first part."""
    steps = np.arange(0.0, KNOWN_PX * scale, cell_px / 2)
    side = np.array([-away[1], away[0]]) * SIDE_PX * scale
    on_line, left, right = (
        _is_body(foot + shift - steps[:, None] * away, body, cell_px) for shift in (0 * side, side, -side)
    )
    lost = np.convolve(~on_line, np.ones(_LOST_STEPS), "full")[_LOST_STEPS - 1 :] >= _LOST_STEPS
    ends = np.flatnonzero((left & right) | lost)
    return float(steps[ends[0]]) if ends.size else float(steps[-1])


def _is_body(points: F64, body: U8, cell_px: int) -> npt.NDArray[np.bool_]:
    """Whether points f64 (n, 2), pixels, are teacher; bool (n,). Beyond the grid: as at its border."""
    columns, rows = np.rint((points - (cell_px - 1) / 2) / cell_px).astype(np.intp).T
    return np.asarray(body[rows.clip(0, body.shape[0] - 1), columns.clip(0, body.shape[1] - 1)] > 0)


def _measure(
    foot: F64, along: F64, beyond: U8, rgb: U8, plate: U8, scale: float, before: Stick | None
) -> Stick | None:
    """Follows the evidence along a line from its foot on, and measures bend, way, width and colour."""
    was_there = before is not None and float(along @ before.along) > TURN_COS
    reach, gap = round(STRIP_PX * scale), GAP_PX * scale
    bend = np.zeros(3)
    length = int(np.hypot(*beyond.shape))
    offsets, counts = np.empty(length), np.empty(length, np.int32)
    way = 0
    for degree, strip in ((1, reach), (2, max(3, reach // 2))):
        _follow(beyond, foot, along, bend, strip, offsets, counts)
        known = before.way_px if was_there and before is not None else 0.0
        way = _way(counts, gap, known)
        seen = np.flatnonzero(counts[: way + 1] > 0)
        if len(seen) < 8:
            return None
        bend = _bend(seen, offsets[seen], degree)
    shortest = KEPT_PX if was_there else SHORTEST_PX
    if way < shortest * scale or len(seen) < 0.4 * way:
        return None
    profile = np.empty((way + 1, 4), np.float32)
    _profile(rgb, plate, foot, along, bend, reach, profile)
    width = _width(profile[:, 3], counts[: way + 1], scale)
    if width is None:
        return None
    colours = np.ascontiguousarray(cv2.blur(cv2.medianBlur(profile[:, None, :3].copy(), 5), (1, 9))[:, 0])
    return Stick(foot, along, bend, width, float(way), np.asarray(colours, np.float32))


def _bend(ways: npt.NDArray[np.intp], offsets: F64, degree: int) -> F64:
    """The polynomial through the offsets, least squares, f64 (3,)."""
    far = float(ways[-1]) or 1.0
    powers = (ways / far)[:, None] ** np.arange(degree, -1, -1)
    found = np.linalg.solve(powers.T @ powers + 1e-9 * np.eye(degree + 1), powers.T @ offsets)
    bend = np.zeros(3)
    bend[2 - degree :] = found / far ** np.arange(degree, -1, -1)
    return bend


def _way(counts: I32, gap_px: float, known_px: float) -> int:
    """How far evidence goes on without a gap that is too long. Up to known_px, gaps may be twice as long."""
    seen = np.flatnonzero(counts > 0)
    if not len(seen):
        return 0
    allowed = np.where(seen <= known_px + gap_px / 4, 2 * gap_px, gap_px)
    broken = np.flatnonzero(np.diff(seen, prepend=0) > allowed)
    if not len(broken):
        return int(seen[-1])
    return int(seen[broken[0] - 1]) if broken[0] else 0


def _width(widths: F32, counts: I32, scale: float) -> F64 | None:
    """Width along the way, f64 (2,) for np.polyval, by medians over stretches; None when it is no stick's."""
    at = np.flatnonzero(counts >= 2)
    if len(at) < 8:
        return None
    stretches = min(8, len(at) // 4)
    by_stretch = at[: len(at) // stretches * stretches].reshape(stretches, -1)
    middles, medians = by_stretch.mean(axis=1), np.median(widths[by_stretch], axis=1)
    usual = float(np.median(medians))
    if not 1.0 <= usual <= THICKEST_PX * scale:
        return None
    if stretches < 3:
        return np.array([0.0, usual])
    slope = float(np.median(np.diff(medians) / np.diff(middles)))
    slope = float(np.clip(slope, -usual / 2 / len(widths), usual / 2 / len(widths)))
    return np.array([slope, float(np.median(medians - slope * middles))])


@compiled()
def _follow(beyond: U8, foot: F64, along: F64, bend: F64, reach: int, offsets: F64, counts: I32) -> None:
    """For each pixel of way: how many pixels across hold evidence, and their weighted mean offset."""
    height, width = beyond.shape
    for u in range(len(counts)):
        middle = (bend[0] * u + bend[1]) * u + bend[2]
        total, count = 0.0, 0
        for k in range(-reach, reach + 1):
            v = middle + k
            x = int(np.floor(foot[0] + u * along[0] - v * along[1] + 0.5))
            y = int(np.floor(foot[1] + u * along[1] + v * along[0] + 0.5))
            if 0 <= x < width and 0 <= y < height and beyond[y, x]:
                total += v
                count += 1
        counts[u] = count
        offsets[u] = total / max(count, 1)


@compiled()
def _profile(rgb: U8, plate: U8, foot: F64, along: F64, bend: F64, reach: int, profile: F32) -> None:
    """For each pixel of way: the colour of the line's middle, and the coverage summed across it."""
    height, width = rgb.shape[:2]
    own, part = np.empty(3), np.empty(3)
    for u in range(len(profile)):
        middle = (bend[0] * u + bend[1]) * u + bend[2]
        x0, y0 = foot[0] + u * along[0] - middle * along[1], foot[1] + u * along[1] + middle * along[0]
        own[:] = 0
        for k in range(-1, 2):
            x = min(max(int(np.floor(x0 - 0.7 * k * along[1] + 0.5)), 0), width - 1)
            y = min(max(int(np.floor(y0 + 0.7 * k * along[0] + 0.5)), 0), height - 1)
            for c in range(3):
                own[c] += rgb[y, x, c] / 3
        cover = 0.0
        for k in range(-reach, reach + 1):
            x = int(np.floor(x0 - k * along[1] + 0.5))
            y = int(np.floor(y0 + k * along[0] + 0.5))
            if 0 <= x < width and 0 <= y < height:
                square, product = 0.0, 0.0
                for c in range(3):
                    part[c] = own[c] - plate[y, x, c]
                    square += part[c] * part[c]
                    product += part[c] * (np.float64(rgb[y, x, c]) - plate[y, x, c])
                share = product / (square + 100.0)
                if share > 0.15:
                    cover += min(share, 1.0)
        for c in range(3):
            profile[u, c] = own[c]
        profile[u, 3] = cover


def draw_stick(stick: Stick, rgb: U8, x0: int, y0: int, pha: U8, fgr: U8, scale: float) -> None:
    """Raises pha u8 (h, w) to the stick's coverage, with its colour in fgr u8 (h, w, 3), in place.

    rgb: u8 (H, W, 3), of the box that the stick was found in; pha and fgr begin at x0, y0 of it.
    """
    _draw(
        rgb, stick.foot, stick.along, stick.bend, stick.width_px, stick.way_px, stick.colours,
        SOFT_PX * scale, x0, y0, pha, fgr,
    )  # fmt: skip


@compiled()
def _draw(
    rgb: U8, foot: F64, along: F64, bend: F64, width_px: F64, way: float, colours: F32, soft: float,
    left_px: int, top_px: int, pha: U8, fgr: U8,
) -> None:  # fmt: skip
    height, width = rgb.shape[:2]
    hem = max(width_px[1], width_px[0] * way + width_px[1]) / 2 + 3 * soft + abs(bend[0]) * way * way / 4
    x0, x1 = foot[0], foot[0] + way * along[0]
    y0, y1 = foot[1], foot[1] + way * along[1]
    v1 = (bend[0] * way + bend[1]) * way + bend[2]
    hem += max(abs(bend[2]), abs(v1))
    left, right = max(int(min(x0, x1) - hem), 0), min(int(max(x0, x1) + hem) + 2, width)
    top, bottom = max(int(min(y0, y1) - hem), 0), min(int(max(y0, y1) + hem) + 2, height)
    for y in range(top, bottom):
        for x in range(left, right):
            u = (x - foot[0]) * along[0] + (y - foot[1]) * along[1]
            v = (y - foot[1]) * along[0] - (x - foot[0]) * along[1]
            if u < 0 or u > way + 2 * soft or abs(v) > hem:
                continue
            off = abs(v - ((bend[0] * u + bend[1]) * u + bend[2]))
            half = (width_px[0] * u + width_px[1]) / 2
            across = min(max(0.5 + (half - off) / soft, 0.0), 1.0)
            ends = min(max(0.5 + (way + 0.5 - u) / soft, 0.0), 1.0)
            if off > half + 3 * soft:
                continue
            cover = int(255 * across * ends + 0.5)
            row, column = y - top_px, x - left_px
            if cover < pha[row, column]:
                continue
            pha[row, column] = cover
            # The camera's own pixels inside; towards the edge, where they mix with the page, the middle's.
            own = min(max((half - off) / soft, 0.0), 1.0)
            at = min(int(u + 0.5), len(colours) - 1)
            for c in range(3):
                fgr[row, column, c] = int(own * rgb[y, x, c] + (1 - own) * colours[at, c] + 0.5)
