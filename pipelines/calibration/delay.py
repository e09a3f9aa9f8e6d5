"""The delay from a page's `shown_ns` to its light in the camera, from page flips.

A picture taken while the LCD changes shows a mixture of both pages. Its share of the new page, against the
picture's age since the flip, rises from 0 to 1 around the delay; how steeply depends on exposure, rolling
shutter and the panel. Both are found by weighing all delays and rises (a posterior on a grid), so the error
is told even when no picture caught the change and only bounds are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pipelines.media import F32, F64, U8, Delay

MOST_MS = 1_000.0
STEP_MS = 0.25
RISES_MS = np.array([0.5, 4, 8, 12, 16, 20, 25, 30, 40, 60])
SHARE_SPREAD = 0.04  # of a share: noise, people moving
_FEW_PIXELS = 200
_OLD, _NEW = 0.1, 0.9  # shares


@dataclass(slots=True)
class Flips:
    """What pictures around flips showed. ages_ms: since shown_ns; shares: of the new page, 0 to 1."""

    ages_ms: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def add(self, age_ms: float, share: float) -> None:
        self.ages_ms.append(age_ms)
        self.shares.append(share)

    def bounds_ms(self) -> tuple[float, float]:
        """The delay lies between: the oldest picture without the new page, the youngest with all of it."""
        ages, shares = np.array(self.ages_ms), np.array(self.shares)
        is_old, is_new = shares < _OLD, shares > _NEW
        low = max(float(ages[is_old].max()), 0.0) if is_old.any() else 0.0
        high = float(ages[is_new].min()) if is_new.any() else MOST_MS
        return min(low, high), max(low, high)

    def delay(self) -> Delay | None:
        """None when no flip was seen from before to after."""
        ages, shares = np.array(self.ages_ms), np.array(self.shares)
        if not (shares < _OLD).any() or not (shares > _NEW).any():
            return None
        low, high = self.bounds_ms()
        reach = RISES_MS.max()
        delays = np.arange(max(low - reach, 0), high + reach, STEP_MS)
        return mean_of(delays, logs_of(delays, ages, shares, np.full(len(ages), SHARE_SPREAD)))


def logs_of(delays_ms: F64, ages_ms: F64, shares: F64, spreads: F64, weights: F64 | None = None) -> F64:
    """Logarithm of how likely pictures are, for each delay and each of RISES_MS, f64 (delays, rises).

    Of each picture: its age since the flip, its share of the new page, the share's standard deviation, and
    its weight. A picture that fits nothing has a limited say.
    """
    expected = np.clip((ages_ms - delays_ms[:, None, None]) / RISES_MS[:, None] + 0.5, 0, 1)
    missed = np.minimum(np.abs(expected - shares) / spreads, 4) ** 2  # (delays, rises, pictures)
    return np.asarray(-0.5 * (missed.sum(axis=2) if weights is None else missed @ weights), np.float64)


def mean_of(delays_ms: F64, logs: F64) -> Delay:
    """Mean and deviation of evenly stepped delays, by `logs_of`."""
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    by_delay, by_rise = weight.sum(axis=1), weight.sum(axis=0)
    ms, step_ms = float(by_delay @ delays_ms), float(delays_ms[1] - delays_ms[0])
    sigma = float(np.sqrt(by_delay @ (delays_ms - ms) ** 2 + step_ms**2 / 12))
    return Delay(ms, sigma, float(by_rise @ RISES_MS))


def share_of_new(light: F32, old: F32, new: F32) -> float | None:
    """The new page's share in a picture, 0 to 1; None where too little differs between the pages.

    light, old, new: f32 (h, w), linear light of the picture and of the two pages as the camera sees them.
    The median over all pixels that differ, so that people before the LCD do not count.
    """
    step = new - old
    differs = np.abs(step) > 0.35 * np.abs(step).max()
    if np.count_nonzero(differs) < _FEW_PIXELS or np.abs(step).max() < 0.02:
        return None
    share = np.median((light[differs] - old[differs]) / step[differs])
    return float(np.clip(share, 0, 1))


def grey_light(rgb: U8, shrink: int) -> F32:
    """Linear light of a camera picture, shrunk, f32 (H / shrink, W / shrink): good enough for shares."""
    small = rgb[shrink // 2 :: shrink, shrink // 2 :: shrink, 1]
    return np.asarray((small.astype(np.float32) / np.float32(255)) ** np.float32(2.2))


def next_flip_ns(now_ns: int, last_capture_ns: int, period_ns: int, bounds_ms: tuple[float, float]) -> int:
    """When to turn the page so that a picture falls into the middle of what is not known yet.

    Each flip halves the bounds, wherever the camera's clock stands.
    """
    middle_ns = round((bounds_ms[0] + bounds_ms[1]) / 2 * 1e6)
    pictures = -(-(now_ns + middle_ns - last_capture_ns) // period_ns)
    return last_capture_ns + pictures * period_ns - middle_ns


def periods_ns(captured_ns: list[int]) -> int:
    """The camera's period from the stamps of successive pictures: the median step."""
    steps: F64 = np.diff(np.array(captured_ns, np.float64))
    return max(1, int(np.median(steps[steps > 0]))) if len(steps) else 40_000_000
