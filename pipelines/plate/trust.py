"""How far the plate is to be trusted, tile by tile, measured on the background that is surely in sight.

In every tile the picture is compared with the plate where nobody is near. A shift shows as a part of the
difference that goes with the plate's slopes, a wrong level as a mean difference, everything else (a glare,
another page, a page thrown by a projector) as a rest larger than noise. Least squares over a tile and its
neighbours. A few pixels far off (a pointer that the network did not see) have little say, many do. Lucas and
Kanade, "An Iterative Image Registration Technique" (1981), gives the shift.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import DOUBT_UNITS, F32, F64, TRUST_TILE_PX, U8, freeze

# Full trust up to the first number, none from the second on.
SHIFT_PX = (0.45, 1.0)
LEVEL_SHARE = (0.025, 0.05)
REST = (3.0, 8.0)  # mean square, in what noise, slopes and doubt explain
_LEVEL_CODES = (2.0, 6.0)  # allowed on top of the share, for dark pages
_WRONG_SHARE = 0.5  # of the tiles in sight: more of them wrong, and it is another page
_LEAST_PIXELS = 12.0
_SLOPE_PRIOR = 750.0  # of squared slopes: less says nothing of a shift
_NOISE2, _SLOPE2 = np.float32(1.6**2), np.float32(0.3**2)
_RISE = 0.25  # of what is missing, per frame: trust falls at once
FAR_SHARE = (0.12, 0.3)  # of a tile's pixels, that are further off than _FAR deviations
_FAR2 = np.float32(4.0**2)
_SUMS = 11  # 1, e, e^2, level, gx^2, gx gy, gy^2, e gx, e gy, what is expected of e^2, and pixels far off
_QUARTER = np.float32(1 / DOUBT_UNITS)
_TOLD = 5  # of a pixel: level, difference, slopes across and down, doubt
_HALF, _ONE, _ZERO = np.float32(0.5), np.float32(1), np.float32(0)
_MOST_DOUBT = 40  # quarter codes: beyond, a pixel has no say

Share = npt.NDArray[np.float64]


class Trust:
    """Keeps the trust of the frame before. For one thread. mean: of that frame, 1 before the first."""

    def __init__(self) -> None:
        self._before: F32 | None = None

    @property
    def mean(self) -> float:
        return 1.0 if self._before is None else float(self._before.mean())

    def forget(self) -> None:
        self._before = None

    def measure(self, rgb: U8, plate: U8, doubt: U8, sure: U8) -> U8:
        """Prediction.trust of one frame, frozen.

        rgb, plate: u8 (h, w, 3). doubt: u8 (h, w). sure: u8 (h, w), above 0 where the plate is in sight.
        """
        rows, columns = -(-rgb.shape[0] // TRUST_TILE_PX), -(-rgb.shape[1] // TRUST_TILE_PX)
        sums: F32 = np.zeros((rows, columns, _SUMS), np.float32)
        _tally(_view(rgb), _view(plate), _plain(doubt), _plain(sure), sums)
        wide = cv2.blur(sums, (3, 3), borderType=cv2.BORDER_CONSTANT)
        share = agreement(np.asarray(wide, np.float64) * 9)
        seen = np.asarray(wide[..., 0] * 9 >= _LEAST_PIXELS)
        now = np.zeros((rows, columns), np.float32)
        if seen.any() and float((share[seen] < 0.5).mean()) < _WRONG_SHARE:
            now = _filled(np.asarray(share, np.float32), seen)
        if self._before is not None and self._before.shape == now.shape:
            now = np.minimum(now, self._before + _RISE * np.maximum(now - self._before, 0) + np.float32(0.02))
        self._before = now
        trust = np.asarray(np.rint(now * 255), np.uint8)
        freeze(trust)
        return trust


def agreement(sums: F64) -> Share:
    """Trust 0 to 1 by tile, from the sums of its pixels f64 (rows, columns, _SUMS)."""
    count = np.maximum(sums[..., 0], 1.0)
    mean_off, level = np.abs(sums[..., 1]) / count, sums[..., 3] / count
    xx, xy, yy = (sums[..., k] + _SLOPE_PRIOR * (k != 5) for k in (4, 5, 6))
    # What a constant offset takes of the slopes' share is small: slopes up and down cancel each other.
    det = xx * yy - xy * xy
    dx = (yy * sums[..., 7] - xy * sums[..., 8]) / det
    dy = (xx * sums[..., 8] - xy * sums[..., 7]) / det
    shift = np.hypot(dx, dy)
    rest = sums[..., 2] / np.maximum(sums[..., 9], 1.0)
    far = sums[..., 10] / count
    allowed = [low + share * level for low, share in zip(_LEVEL_CODES, LEVEL_SHARE, strict=True)]
    return np.asarray(
        np.minimum.reduce(
            [
                _falling(shift, *SHIFT_PX),
                _falling(mean_off, *allowed),
                _falling(rest, *REST),
                _falling(far, *FAR_SHARE),
            ]
        ),
        np.float64,
    )


def _falling(value: F64, low: npt.ArrayLike, high: npt.ArrayLike) -> F64:
    """1 up to low, 0 from high on."""
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    return np.asarray(np.clip((high - value) / (high - low), 0, 1), np.float64)


def _filled(share: F32, seen: npt.NDArray[np.bool_]) -> F32:
    """Tiles without background of their own take what is around them, the nearest first."""
    out, known = np.where(seen, share, np.float32(0)), seen.astype(np.float32)
    for sigma in (1.0, 2.0, 4.0, 8.0):
        if known.all():
            break
        weight = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), sigma)
        around = cv2.GaussianBlur(np.where(seen, share, np.float32(0)), (0, 0), sigma)
        fill = (known == 0) & (weight > 0.02)
        out[fill], known[fill] = around[fill] / weight[fill], 1.0
    out[known == 0] = share[seen].mean()
    return np.asarray(out, np.float32)


def _view(array: U8) -> U8:
    """The same array read-only: for that and for writable ones Numba compiles twice."""
    view = array.view()
    freeze(view)
    return view


def _plain(array: U8) -> U8:
    """The same read-only and without gaps between its rows, for which it would compile again."""
    return _view(np.ascontiguousarray(array))


@compiled(fastmath=True)
def _tally(rgb: U8, plate: U8, doubt: U8, sure: U8, sums: F32) -> None:
    """Adds up a quarter of each tile's pixels, of the green channel."""
    height, width = doubt.shape
    told = np.empty((_TOLD, TRUST_TILE_PX**2), np.float32)
    for row in range(sums.shape[0]):
        top, bottom = max(row * TRUST_TILE_PX, 1), min((row + 1) * TRUST_TILE_PX, height - 1)
        for column in range(sums.shape[1]):
            left, right = max(column * TRUST_TILE_PX, 1), min((column + 1) * TRUST_TILE_PX, width - 1)
            count = 0
            for y in range(top, bottom, 2):
                first = left + y // 2 % 2
                count = _collect(rgb[y], plate, doubt[y], sure[y], y, first, right, told, count)
            behind, off, across, down, own = told[0, :count], told[1], told[2], told[3], told[4]
            _add_up(behind, off, across, down, own, sums[row, column])


@compiled(fastmath=True)
def _collect(
    rgb: U8, plate: U8, doubt: U8, sure: U8, y: int, first: int, last: int, told: F32, count: int
) -> int:
    """Every second pixel of a row that has a say: into told, f32 (5, n), from `count` on. Returns how many
    are in it then.
    """
    for x in range(first, last, 2):
        if sure[x] == 0 or doubt[x] > _MOST_DOUBT:
            continue
        behind = np.float32(plate[y, x, 1])
        told[0, count] = behind
        told[1, count] = np.float32(rgb[x, 1]) - behind
        told[2, count] = np.float32(plate[y, x + 1, 1]) - np.float32(plate[y, x - 1, 1])
        told[3, count] = np.float32(plate[y + 1, x, 1]) - np.float32(plate[y - 1, x, 1])
        told[4, count] = np.float32(doubt[x])
        count += 1
    return count


@compiled(fastmath=True)
def _add_up(behind: F32, off: F32, across: F32, down: F32, doubt: F32, here: F32) -> None:
    """In a loop without branches, so that the compiler makes vectors of it."""
    far, e1, e2, level = _ZERO, _ZERO, _ZERO, _ZERO
    xx, xy, yy, ex, ey, expected = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
    for k in range(behind.shape[0]):
        gx, gy, own = across[k] * _HALF, down[k] * _HALF, doubt[k] * _QUARTER
        own2 = _NOISE2 + _SLOPE2 * (gx * gx + gy * gy) + own * own
        most = np.sqrt(_FAR2 * own2)
        far += _ONE if abs(off[k]) > most else _ZERO
        e = min(max(off[k], -most), most)
        e1 += e
        e2 += e * e
        level += behind[k]
        xx += gx * gx
        xy += gx * gy
        yy += gy * gy
        ex += e * gx
        ey += e * gy
        expected += own2
    here[0], here[1], here[2], here[3] = np.float32(behind.shape[0]), e1, e2, level
    here[4], here[5], here[6], here[7], here[8] = xx, xy, yy, ex, ey
    here[9], here[10] = expected, far
