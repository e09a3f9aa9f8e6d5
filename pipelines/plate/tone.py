"""The camera's tone curve from one picture of flat fields: how much light each of its codes stands for.

The page's light is known, so a response curve can be told from how codes follow it (Debevec and Malik,
"Recovering High Dynamic Range Radiance Maps from Photographs", 1997, had exposure times instead). The model
is that of photometry.py with one curve for all channels: code = p + bend(p), p = 255 light^(1/2.2). All
unknowns are solved for at once, by Gauss-Newton on codes: solved in turns, curve and brightness stay where
they began, for each explains most of what the other should; and solved the other way round, light from codes,
noise flattens the curve. That the LCD itself is a power of 2.2 is taken for granted: what it is not goes into
the curve.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.media import F32, F64, U8
from pipelines.plate.photometry import (
    CODE_GAMMA,
    DEVIATIONS,
    UNKNOWNS,
    Blocks,
    coded,
    design,
    first_guess,
    flatness,
    rarity_of,
    steepness,
    terms_at,
)

MIN_FIELDS = 600  # blocks, of MANY_BLOCKS
ENOUGH_LEVELS = 12  # of the 16 knots up to 255: with fewer, the curve is guessed between them
OFTEN = 80  # blocks and channels, of as many
_STEP = 17.0  # codes of a pure power, from knot to knot
_KNOTS = np.arange(21) * _STEP  # beyond 255: a camera that bends its white sees more light than a power would
_MIDDLE = 128.0  # code at which scale is held: of curve and brightness, one is free
_FLAT = 0.8
_ROUNDS = 8
_NOISE = 2.0  # codes
_LEAST_OUTLIER = 3.0  # codes
_FIRM, _LOOSE = 1e6, 1e-3
Index = npt.NDArray[np.intp]


class _Fields(NamedTuple):
    """What blocks show. designs: f64 (n, 14) each, see photometry.design. codes: f64 (n, 3)."""

    designs: list[F64]
    codes: F64
    weight: F64


def find_tone(page: F32, seen: F32, sure: U8, blocks: Blocks) -> F32 | None:
    """Light by code, see Calibration.tone; None where too few levels are in sight to tell it.

    page, seen, sure: as for `photometry.fit`.
    """
    chosen = np.flatnonzero((sure.ravel() > 0) & (flatness(page).ravel() > _FLAT))
    if len(chosen) < blocks.least(MIN_FIELDS):
        return None
    lit, codes = page.reshape(-1, 3)[chosen].astype(np.float64), coded(seen.reshape(-1, 3)[chosen])
    if _levels(codes, blocks.least(OFTEN)) < ENOUGH_LEVELS:
        return None
    y, x = (axis[chosen] for axis in blocks.centres())
    terms = terms_at(x, y, blocks.size_hw)
    bends = _solve(_Fields([design(terms, lit, c) for c in range(3)], codes, rarity_of(lit)))
    pure = np.linspace(0, _KNOTS[-1], 2_000)
    curve = pure + np.interp(pure, _KNOTS, bends)
    if (np.diff(curve) <= 0).any():
        return None
    light = np.interp(np.arange(256), curve, (pure / 255) ** CODE_GAMMA)
    return np.asarray(light * ((_MIDDLE / 255) ** CODE_GAMMA / light[int(_MIDDLE)]), np.float32)


def _levels(codes: F64, often: int) -> int:
    """How many knots have enough fields near them."""
    near = np.bincount(np.rint(codes.ravel() / _STEP).astype(np.intp))
    return int(np.count_nonzero(near >= often))


def _solve(fields: _Fields) -> F64:
    """What the curve adds to a pure power at each knot, codes f64 (21,)."""
    bends, weights, trust = np.zeros(len(_KNOTS)), first_guess(), np.ones(len(fields.codes))
    for _ in range(_ROUNDS):
        normal, right, off = _normal(fields, bends, weights, trust)
        step = np.linalg.solve(normal, right)
        bends = bends + step[: len(_KNOTS)]
        weights = weights + step[len(_KNOTS) :].reshape(3, UNKNOWNS)
        usual = 3 * float(np.median(off))
        trust = 1 / (1 + (off / max(_LEAST_OUTLIER, usual)) ** 2)
    return np.asarray(bends, np.float64)


def _normal(fields: _Fields, bends: F64, weights: F64, trust: F64) -> tuple[F64, F64, F64]:
    """Normal equations of one step, and by how many codes each block is off."""
    knots = len(_KNOTS)
    normal, offs = _held(bends, weights), []
    right = -normal @ _state(bends, weights)
    weight = trust * fields.weight / _NOISE**2
    for c, rows in enumerate(fields.designs):
        light = np.maximum(rows @ weights[c], 1e-4)
        pure = 255 * light ** (1 / CODE_GAMMA)
        hats, slope = _hats(pure), np.interp(pure, _KNOTS[:-1] + _STEP / 2, np.diff(bends)) / _STEP
        missed = fields.codes[:, c] - pure - hats @ bends
        both = np.concatenate([hats, ((1 + slope) * steepness(light))[:, None] * rows], axis=1)
        at = np.r_[0:knots, knots + c * UNKNOWNS : knots + (c + 1) * UNKNOWNS]
        normal[np.ix_(at, at)] += both.T @ (both * weight[:, None])
        right[at] += both.T @ (weight * missed)
        offs.append(np.abs(missed))
    return normal, right, np.asarray(np.max(offs, axis=0), np.float64)


def _held(bends: F64, weights: F64) -> F64:
    """What holds them where nothing is seen: a smooth curve, one scale, brightness as first guessed."""
    knots = len(bends)
    held = np.zeros((knots + weights.size, knots + weights.size))
    second = np.diff(np.eye(knots), 2, axis=0)
    held[:knots, :knots] = second.T @ second + _LOOSE * np.eye(knots)
    for knot in (0, round(_MIDDLE / _STEP)):
        held[knot, knot] += _FIRM
    far = np.arange(knots, len(held))
    held[far, far] = np.tile((_NOISE / 4 / DEVIATIONS) ** 2, 3)
    return held


def _state(bends: F64, weights: F64) -> F64:
    """The unknowns less what they are held to."""
    return np.concatenate([bends, (weights - first_guess()).ravel()])


def _hats(pure: F64) -> F64:
    """How much each knot says at these codes, f64 (n, 21)."""
    at = np.clip(pure / _STEP, 0, len(_KNOTS) - 1 - 1e-9)
    left: Index = at.astype(np.intp)
    hats = np.zeros((len(pure), len(_KNOTS)))
    rows = np.arange(len(pure))
    hats[rows, left], hats[rows, left + 1] = left + 1 - at, at - left
    return hats
