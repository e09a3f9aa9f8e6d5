"""Which page an exposure shows, measured in the picture itself.

The LCD lags behind the page by a delay that is known roughly, or not at all; a film turns pages all the
time; and an exposure that straddles a turn sees light of both pages, row by row in another mixture, because
shutters roll. Light adds up. So of all pairs of pages that follow each other the one is taken whose mixture
explains the LCD best where it is surely in sight, and its shares are least squares. The delay decides where
the picture cannot tell. A new page whose colours the camera has not shown yet looks like a mixture, too: a
share counts for no more than the photometry is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.compiling import compiled
from pipelines.media import DOUBT_UNITS, F32, F64, U8, Delay

PURE = 0.01  # of the light: less of the other page is not worth a plate of its own
_ERR = 90.0  # squared codes: what blocks are off, times how many neighbours are off together
_FAR = 18.0  # codes: a block further off belongs to something else
_ROUNDS = 3
_COARSE = 2  # blocks: every second one both ways is enough to choose a pair
_ROW_FREEDOM = 0.3  # how far rows may differ from each other in their share
_SMOOTH_ROWS = 3.0
_DELAY_MS = 8.0  # at least, by which the instants of pages and pictures are off
_MOST_ODDS = 6.0
_NEWER = 0.02  # odds for the newer page, where nothing tells
_LEAST_LIGHT = 0.003
_LEAST_DOUBT, _DOUBTFUL = 1.5, 4.0  # codes: of the best known colours; of those that count half
_OTHERWISE = 0.1  # of the photometry's errors that have the other sign elsewhere
_GAIN = 0.03  # of light: a page in new colours may come out as much brighter
_SURE = 2.5  # deviations from a pure page
_HALF = 0.5


class Seen(NamedTuple):
    """What a picture shows between page `first` and the one after it. shares: of the latter, f32 (rows,), by
    row of blocks, 0 to 1; all 0 or all 1 where it is one page. sigmas: standard deviations, f32 (rows,).
    share, sigma: of the LCD's middle row, as measured.
    """

    first: int
    shares: F32
    sigmas: F32
    share: float
    sigma: float


class Candidate(NamedTuple):
    """A page that may be seen. light: f64 (bh, bw, 3), as the camera sees its blocks. doubt: f64 (bh, bw), by
    how many codes that may be wrong.
    """

    shown_ns: int
    light: F64
    doubt: F64


def find(target: F64, weight: F64, pages: Sequence[Candidate], age: Delay | None, taken_ns: int) -> Seen:
    """Which of several pages, oldest first, the picture shows.

    target: f64 (bh, bw, 3), light of blocks in this picture. weight: f64 (bh, bw), codes per light where the
    LCD is surely in sight, else 0. age: what is known of the delay. taken_ns: of the picture.
    """
    first = _best_pair(target, weight, pages, age, taken_ns)
    old, new = pages[first], pages[first + 1]
    off, step = target - old.light, new.light - old.light
    share, say = _solve(off, step, weight)
    guess, spread = _guess(new.shown_ns, age, taken_ns)
    held = _ERR / spread**2
    lit = (old.light + share * step).mean(axis=2) * weight
    doubt = np.maximum(old.doubt + share * (new.doubt - old.doubt), _LEAST_DOUBT + _GAIN * lit)
    say = (say / (1 + (doubt / _DOUBTFUL) ** 2))[..., None]
    codes = step * weight[..., None]
    info = (say * codes**2).sum()
    # The photometry is wrong alike everywhere: that does not average out, but where pages differ both ways.
    one_way, both_ways = ((say * part * doubt[..., None]).sum() for part in (codes, np.abs(codes)))
    bias = float(np.hypot(one_way, _OTHERWISE * both_ways) / (info + held))
    whole = float(
        np.clip(((say * codes * off * weight[..., None]).sum() + guess * held) / (info + held), 0, 1)
    )
    rows = len(target)
    squares = say * weight[..., None] ** 2
    num, den = (
        _smooth(np.asarray((squares * step * other).sum(axis=(1, 2)), np.float64)) for other in (off, step)
    )
    tie = _ERR / _ROW_FREEDOM**2 + held / rows
    shares = (num + tie * whole) / (den + tie)
    sigmas = np.minimum(np.sqrt(_ERR / (den + tie) + bias**2), 1)
    middle = float(np.clip(shares[rows // 2], 0, 1)), float(sigmas[rows // 2])
    # One page, wherever it may be one.
    least = np.minimum(np.maximum(PURE, _SURE * sigmas), _HALF)
    pure = np.abs(shares - _HALF) >= _HALF - least
    shares, sigmas = np.where(pure, shares > _HALF, shares), np.where(pure, 0, sigmas)
    return Seen(first, np.asarray(shares, np.float32), np.asarray(sigmas, np.float32), *middle)


def _best_pair(target: F64, weight: F64, pages: Sequence[Candidate], age: Delay | None, taken_ns: int) -> int:
    coarse = np.s_[::_COARSE, ::_COARSE]
    small, heavy, shown_ns = target[coarse], weight[coarse], [page.shown_ns for page in pages]
    best, least = 0, np.inf
    for first in range(len(pages) - 1):
        old = pages[first].light[coarse]
        off, step = small - old, pages[first + 1].light[coarse] - old
        share, _ = _solve(off, step, heavy)
        rest = (((off - share * step) * heavy[..., None]) ** 2).sum(axis=2)
        cost = _COARSE**2 * float((rest / (1 + rest / _FAR**2)).sum()) / _ERR
        cost += _odds(share, shown_ns[first : first + 3], age, taken_ns) - _NEWER * (first + share)
        if cost < least:
            best, least = first, cost
    return best


def _smooth(rows: F64) -> F64:
    """Sums over neighbouring rows."""
    soft = cv2.GaussianBlur(rows[:, None], (1, 0), 0.1, sigmaY=_SMOOTH_ROWS, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft[:, 0] * (2 * _SMOOTH_ROWS), np.float64)


def _solve(off: F64, step: F64, weight: F64) -> tuple[float, F64]:
    """The share 0 to 1 by least squares that outliers lose, and the say of each block, f64 (bh, bw)."""
    squares = (weight**2)[..., None]
    say, share = np.ones(weight.shape), 0.5
    for _ in range(_ROUNDS):
        info = (say[..., None] * squares * step * step).sum()
        share = float(np.clip((say[..., None] * squares * step * off).sum() / max(info, 1e-9), 0, 1))
        rest = (squares * (off - share * step) ** 2).sum(axis=2)
        say = 1 / (1 + rest / _FAR**2) ** 2  # Geman and McClure's
    return share, say * (weight > 0)


def _guess(shown_ns: int, age: Delay | None, taken_ns: int) -> tuple[float, float]:
    """The newer page's share by the clock alone, and how sure that is."""
    if age is None:
        return 1.0, 30.0
    late_ms = (taken_ns - shown_ns) / 1e6 - age.ms
    rise_ms, off_ms = max(age.rise_ms, 1.0), float(np.hypot(age.sigma_ms, _DELAY_MS))
    return float(np.clip(late_ms / rise_ms + 0.5, 0, 1)), max(off_ms / rise_ms, 0.1)


def _odds(share: float, shown_ns: Sequence[int], age: Delay | None, taken_ns: int) -> float:
    """What the clock has against it that a picture shows this share of the second page, and the first for the
    rest: squared deviations, limited. shown_ns: of both, and of the page after them, if there is one.
    """
    if age is None:
        return 0.0
    lit_ms, half_ms = taken_ns / 1e6 - age.ms, age.rise_ms / 2
    turn_ms = shown_ns[1] / 1e6 + (share - 0.5) * age.rise_ms
    low = high = turn_ms
    if share <= PURE:
        low = min(shown_ns[0] / 1e6 + half_ms, turn_ms)
    if share >= 1 - PURE:
        high = max(shown_ns[2] / 1e6 - half_ms, turn_ms) if len(shown_ns) > 2 else np.inf
    off_ms = max(low - lit_ms, lit_ms - high, 0.0)
    return float(min(off_ms**2 / (age.sigma_ms**2 + _DELAY_MS**2), _MOST_ODDS))


def by_pixel_row(by_block_row: F32, height: int, block_px: int) -> F32:
    """Values by row of blocks, interpolated to rows of pixels, f32 (height,)."""
    middles = (np.arange(len(by_block_row)) + 0.5) * block_px - 0.5
    return np.asarray(np.interp(np.arange(height), middles, by_block_row), np.float32)


@compiled(fastmath=True)
def mix(old: F32, new: F32, shares: F32, light: F32) -> None:
    """light = old + share (new - old), row by row; f32 (h, w, 3), shares f32 (h,)."""
    height, width = light.shape[:2]
    for y in range(height):
        share = shares[y]
        for x in range(width):
            for c in range(3):
                light[y, x, c] = old[y, x, c] + share * (new[y, x, c] - old[y, x, c])


@compiled(fastmath=True)
def widen(doubt: U8, plate: U8, old: F32, new: F32, sigmas: F32, steep: F32, most: int) -> None:
    """Adds to the doubt u8 (h, w) what shares that are off by their deviation f32 (h,) change of the plate.

    steep: f32 (256,), codes per light by code. most: what is known for nothing stays above it.
    """
    height, width = doubt.shape
    units = np.float32(DOUBT_UNITS)
    for y in range(height):
        for x in range(width):
            if doubt[y, x] > most:
                continue
            step = np.float32(0)
            for c in range(3):
                step = max(step, abs(new[y, x, c] - old[y, x, c]))
            off = units * sigmas[y] * step * steep[plate[y, x, 1]]
            own = np.float32(doubt[y, x])
            doubt[y, x] = np.uint8(min(np.sqrt(own * own + off * off), np.float32(most)))


STEEP: F32 = np.asarray(
    255 / 2.2 * np.maximum((np.arange(256) / 255) ** 2.2, _LEAST_LIGHT) ** (1 / 2.2 - 1), np.float32
)
