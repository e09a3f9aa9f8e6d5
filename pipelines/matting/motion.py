"""How the teacher moved from frame to frame, and their alpha moved along.

Where their pixels went is optical flow: DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search",
2016), on the pictures as the network sees them, at half their size. The alpha belongs to the teacher and
moves as the teacher does, not as the page behind: so the flow is taken from inside the teacher, where the two
pictures agree along it, and spread from there over the edge and beyond. Background that comes to light needs
no filling then, and a page turned behind the teacher pulls little along.

From frame to frame motion is small, and flow finds it more surely than in one long step. So the steps are
kept until the network's answer to a frame among them comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.matting.coarse import Coarse
from pipelines.matting.crop import Crop
from pipelines.media import F32, U8, Box, SizeWh

T = TypeVar("T", np.uint8, np.float32)

SHRINK = 2  # of the network's picture: flow is found and spread on pictures that much smaller
NEAR_PX, FAR_PX = 1, 8  # of the small pictures: radii from which flow is taken
FAR_WEIGHT, ALL_WEIGHT = np.float32(0.02), np.float32(1e-4)
_LEAST_WEIGHT = np.float32(1e-12)
LOOSE_CODES = np.float32(6)  # a difference along the flow that halves its say; twice that leaves it nothing
STEPS = 3  # of the inversion
TURNED_SHARE = 0.25  # of the background: more of it without a likeness before, and the page was turned
EDGE_PX = 6  # of the small pictures: flow so near the edge is then the page's as much as the teacher's


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """grey: u8 (h, w), SHRINK times smaller than the network's."""

    pts: int
    crop: Crop
    grey: U8


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """From a picture to a later one. flow: f32 (h, w, 2), of each pixel before. sure: f32 (h, w), 0 to 1."""

    before_pts: int
    now_pts: int
    flow: F32
    sure: F32


_NOBODY, _UNSURE = 0.05, 0.5
_SURE: F32 = np.asarray(1 / (1 + (np.arange(256, dtype=np.float32) / LOOSE_CODES) ** 4), np.float32)
_EDGE: U8 = np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8)


class Trail:
    """The teacher's ways. For one thread, and one answer of the network after the other."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        # What the smoothing of its own costs is better spent on more detail: `spread` smooths as well.
        self._flow.setFinestScale(0)
        self._flow.setVariationalRefinementIterations(0)
        self._last: _Picture | None = None
        self._steps: list[_Step] = []
        self._way: Way | None = None

    def to(self, pts: int, small_rgb: U8, answer: Coarse, pha: F32) -> Way:
        """To a later picture, u8 (h, w, 3) as the network would see it. pha: f32 (h, w), the answer's."""
        now = _Picture(pts, answer.crop, _grey(small_rgb))
        last, self._last = self._last, now
        if last is not None and last.crop == now.crop and answer.frame.pts <= last.pts < pts:
            self._steps = [step for step in self._steps if step.before_pts >= answer.frame.pts]
            self._steps.append(self._step(last, now))
        else:
            self._steps = []
        way = self._way
        if way is None or way.answer is not answer:
            way = Way(answer, pha)
        steps = [step for step in self._steps if step.before_pts >= way.pts]
        if not steps or steps[0].before_pts != way.pts:
            then = _Picture(answer.frame.pts, answer.crop, _grey(answer.small_rgb))
            way, steps = Way(answer, pha), [self._step(then, now)]
        for step in steps:
            way.go(step)
        self._way = way
        return way

    def _step(self, before: _Picture, now: _Picture) -> _Step:
        flow = np.asarray(self._flow.calc(before.grey, now.grey, None), np.float32)  # type: ignore[call-overload]
        there = _sampled(now.grey, _grid(flow.shape) + flow)
        sure = cv2.LUT(cv2.absdiff(before.grey, there), _SURE)
        return _Step(before.pts, now.pts, flow, np.asarray(sure, np.float32))


class Way:
    """From the answer's frame to that of `pts`."""

    def __init__(self, answer: Coarse, pha: F32) -> None:
        self.answer, self.pts = answer, answer.frame.pts
        self._full = pha
        small = cv2.resize(pha, _small_wh(pha.shape), interpolation=cv2.INTER_AREA)
        self._pha_first = self._pha = np.asarray(small, np.float32)
        self._back: F32 = np.zeros((*self._pha.shape, 2), np.float32)  # from where each pixel has come

    def go(self, step: _Step) -> None:
        """One step further."""
        back = inverted(spread(step.flow, self._say(step)))
        grid = _grid(back.shape)
        self._back = back + _sampled(self._back, grid + back)
        self._pha = _sampled(self._pha_first, grid + self._back)
        self.pts = step.now_pts

    def _say(self, step: _Step) -> F32:
        """What weight the flow of each pixel has, f32 (h, w)."""
        weight = self._pha * self._pha * step.sure
        behind = self._pha < _NOBODY
        if not behind.any() or np.mean(step.sure[behind] < _UNSURE) < TURNED_SHARE:
            return weight
        inner = cv2.erode(self._pha, _EDGE) * step.sure
        return np.asarray(inner + np.float32(1e-4) * weight, np.float32)

    def pha(self, part: Box | None = None) -> F32:
        """The alpha after all steps, f32 (h, w). part: of the network's picture, or reaching beyond it."""
        height, width = self._full.shape
        back = cv2.resize(self._back, (width, height), interpolation=cv2.INTER_LINEAR)
        if part is None:
            part = Box(0, 0, width, height)
        else:
            sides = -part.y, part.y + part.h - height, -part.x, part.x + part.w - width
            back = cv2.copyMakeBorder(back, *sides, cv2.BORDER_REPLICATE)
        at = cv2.scaleAdd(back, SHRINK, _grid((part.h, part.w), (part.x, part.y)))
        return _sampled(self._full, np.asarray(at, np.float32))


def spread(flow: F32, weight: F32) -> F32:
    """Means of the flow around each pixel by weight f32 (h, w), from near if there is any, else from further
    away. f32 (h, w, 2).
    """
    planes = np.empty((*weight.shape, 3), np.float32)
    _weigh(flow, weight, planes)
    near, far = (np.asarray(cv2.blur(planes, (2 * r + 1, 2 * r + 1)), np.float32) for r in (NEAR_PX, FAR_PX))
    everywhere = np.asarray(cv2.mean(planes)[:3], np.float32)
    spread_flow = np.empty_like(flow)
    _divide(near, far, everywhere, spread_flow)
    return spread_flow


@compiled(fastmath=True)
def _weigh(flow: F32, weight: F32, planes: F32) -> None:
    for y in range(weight.shape[0]):
        for x in range(weight.shape[1]):
            share, here = weight[y, x], planes[y, x]
            here[0], here[1], here[2] = flow[y, x, 0] * share, flow[y, x, 1] * share, share


@compiled(fastmath=True)
def _divide(near: F32, far: F32, everywhere: F32, flow: F32) -> None:
    for y in range(flow.shape[0]):
        for x in range(flow.shape[1]):
            here, around = near[y, x], far[y, x]
            weight = here[2] + FAR_WEIGHT * around[2] + ALL_WEIGHT * everywhere[2]
            weight = max(weight, _LEAST_WEIGHT)
            for k in range(2):
                flow[y, x, k] = (here[k] + FAR_WEIGHT * around[k] + ALL_WEIGHT * everywhere[k]) / weight


def warm_up_motion() -> None:
    """Compiles the loops over pixels, or loads them from the cache."""
    weight: F32 = np.ones((16, 16), np.float32)
    spread(np.zeros((16, 16, 2), np.float32), weight)


def inverted(motion: F32) -> F32:
    """From where each pixel now has come, relative to it, f32 (h, w, 2): a fixed point."""
    grid, back = _grid(motion.shape), -motion
    for _ in range(STEPS - 1):
        back = -_sampled(motion, grid + back)
    return back


def _sampled(plane: npt.NDArray[T], at_xy: F32) -> npt.NDArray[T]:
    """The values at other places, f32 (h, w, 2). Beyond the border they go on as at the border."""
    sampled = cv2.remap(plane, at_xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(sampled, plane.dtype)


def _grid(size_hw: tuple[int, ...], start_xy: tuple[int, int] = (0, 0)) -> F32:
    """x, y of every pixel, f32 (h, w, 2)."""
    return _grid_of(size_hw[1], size_hw[0], *start_xy)


@lru_cache(maxsize=16)
def _grid_of(width: int, height: int, x0: int, y0: int) -> F32:
    rows, columns = (
        np.arange(start, start + n, dtype=np.float32) for start, n in ((y0, height), (x0, width))
    )
    grid = np.dstack(np.meshgrid(columns, rows))
    grid.setflags(write=False)
    return grid


def _grey(rgb: U8) -> U8:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, _small_wh(grey.shape), interpolation=cv2.INTER_AREA), np.uint8)


def _small_wh(size_hw: tuple[int, ...]) -> SizeWh:
    return size_hw[1] // SHRINK, size_hw[0] // SHRINK
