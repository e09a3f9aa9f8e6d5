"""What counts as wrong: alpha, its edges, what it composes to, and being worse than the network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as f

LEAK = 0.05  # beyond 0 and 1, so that a saturated pixel can still learn
TOLERATED = 0.01  # worse than the coarse alpha, before it counts
GAMMA = 2.2


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the parts of the loss; `never_worse` 0 is an ablation."""

    squared: float = 1.5
    gradient: float = 0.5
    pooled: float = 0.5
    never_worse: float = 0.6
    composite: float = 0.4


@dataclass(frozen=True, slots=True)
class Truth:
    """All f32, 0 to 1: rgb, fgr (n, 3, h, w); pha, coarse (n, 1, h, w)."""

    rgb: Tensor
    fgr: Tensor
    pha: Tensor
    coarse: Tensor


def opened(answer: Tensor, truth: Truth) -> Tensor:
    """The answer f32 (n, 4, h/2, w/2) as alpha (n, 1, h, w), not clipped."""
    return truth.coarse + f.pixel_shuffle(answer, 2)


def loss(answer: Tensor, truth: Truth, weights: Weights, ramp: float) -> tuple[Tensor, Tensor, Tensor]:
    """The loss, and the mean absolute errors of alpha and of the coarse alpha. ramp: on never_worse."""
    raw = opened(answer, truth)
    pha = raw.clamp(0, 1) + LEAK * (raw - raw.clamp(0, 1))
    error, before = (pha - truth.pha).abs(), (truth.coarse - truth.pha).abs()
    soft = ((truth.pha > 0.02) & (truth.pha < 0.98)).float()
    weight = 1 + 3 * soft
    total = (weight * error).mean() + weights.squared * (weight * error * error).mean()
    total = total + weights.gradient * _gradient(pha, truth.pha)
    total = total + weights.pooled * f.avg_pool2d(pha - truth.pha, 4).abs().mean()
    worse = f.relu(error - before - TOLERATED)
    total = total + weights.never_worse * ramp * (weight * worse).mean()
    total = total + weights.composite * _composite(pha.clamp(0, 1), truth)
    return total, error.detach().mean(), before.mean()


def _gradient(one: Tensor, other: Tensor) -> Tensor:
    total = torch.zeros(())
    for step in (1, 2):
        across = (one[..., step:] - one[..., :-step]) - (other[..., step:] - other[..., :-step])
        down = (one[..., step:, :] - one[..., :-step, :]) - (other[..., step:, :] - other[..., :-step, :])
        total = total + across.abs().mean() + down.abs().mean()
    return total


def _composite(pha: Tensor, truth: Truth) -> Tensor:
    """The true colour over another page than the one behind, mixed in linear light, compared in codes."""
    page = truth.rgb.flip(0).mean((2, 3), keepdim=True) ** GAMMA
    own = truth.fgr**GAMMA

    def over(alpha: Tensor) -> Tensor:
        return (alpha * own + (1 - alpha) * page + 1e-3) ** (1 / GAMMA)

    return (over(pha) - over(truth.pha)).abs().mean()
