"""Rules instead of learning: what somebody would write by hand, on the same features, with the same answer.

Alpha follows from picture I, plate B and a foreground F spread from where both the coarse alpha and the
plate say "teacher" (Porter and Duff's "over", solved for alpha): <I - B, F - B> / |F - B|^2 in linear light.
How far it is believed is how far F and B differ, by the plate's deviation; else neighbours decide that do
know, else the coarse alpha. A colour that is no mixture of F and B is something else in front: opaque. Where
a patch agrees with a plate that F would have changed, the coarse alpha does not count.

Written as a network without parameters, so that it is exported, run and measured as the trained ones are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as f

from models.training.losses import GAMMA
from pipelines.matting.evidence import SOFT_CODES, SQUASH

VARIANT = "rules instead"
_LEVELS = 4  # of the pyramid that spreads colour: MULTIPLE of the features allows for no more
_KNOWN_BELOW = 0.4138  # the deviation's feature: between that of 254 quarter codes and that of UNKNOWN
_CELL_PX, _NEAR_CELLS = 4, 8  # how far from the teacher
_LINKED_CELLS = 24  # how far along something that differs
_CHANGED, _SURE_CHANGE, _AGREES = 12.0, 20.0, 2.2  # mean squares of deviations
_MOST_STEPS = 1.999  # the squashed difference comes near 2, and never there
_FLOOR = 0.002  # of the deviation, linear light


class Rules(nn.Module):
    """features f32 (n, 56, h, w) -> answer f32 (n, 4, h, w), as net.Refiner; h and w multiples of 8."""

    def forward(self, x: Tensor) -> Tensor:
        planes = f.pixel_shuffle(x, 2)
        light, behind = ((planes[:, k : k + 3] + 0.5).clamp(min=0) ** GAMMA for k in (0, 3))
        coarse = planes[:, 10:11] + 0.5
        known = (planes[:, 9:10] < _KNOWN_BELOW).float()
        off = _mean_square(_deviations(planes[:, 6:9])) * known
        noise = _noise(planes[:, 9:10], planes[:, 3:6] + 0.5)
        alpha = _solved(light, behind, coarse, known, off, noise)
        gate = _reached(coarse, off) * known
        return f.pixel_unshuffle(gate * (alpha - coarse), 2)


def _solved(
    light: Tensor, behind: Tensor, coarse: Tensor, known: Tensor, off: Tensor, noise: Tensor
) -> Tensor:
    """Alpha f32 (n, 1, h, w). off: squared deviations from the plate. noise: variance in linear light."""
    seeds, deep = _seeds(coarse, off, known)
    step, reach = light - behind, _spread(light, seeds) - behind
    along, far = (step * reach).mean(1, keepdim=True), _mean_square(reach)
    cosine = along / (_mean_square(step) * far).clamp(min=1e-9).sqrt()
    other = ((0.85 - cosine) / 0.25).clamp(0, 1) * ((off - 16) / 40).clamp(0, 1)
    size = _mean_square(step).sqrt()
    opaque = size / _most(size, 5).clamp(min=1e-4)
    mixed = (along / (far + 0.5 * noise)).clamp(0, 1)
    own = mixed * (1 - other) + torch.maximum(opaque, mixed) * other
    sure = torch.maximum(far / (far + 9 * noise), other) * known
    agrees = (_mean(off.clamp(max=9), 9) < _AGREES).float() * (far > 40 * noise).float() * known
    weight = sure * sure * (1 - deep) + deep
    around = _mean(weight, 5)
    told = _mean(weight * (own * (1 - deep) + coarse * deep), 5) / around.clamp(min=1e-4)
    share = (4 * around).clamp(0, 1)
    prior = coarse * (1 - agrees) * (1 - share) + told * share
    alpha = sure * own + (1 - sure) * prior
    least = (1.2 * (noise / far.clamp(min=1e-6)).sqrt()).clamp(0, 0.25) * (prior < 0.5).float() * (1 - other)
    alpha = ((alpha - least) / (1 - 1.2 * least)).clamp(0, 1)
    return alpha * (1 - deep) + coarse * deep


def _seeds(coarse: Tensor, off: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Weights of pixels that have the teacher's colour; pixels so far inside that they stay as they are."""
    differs = torch.maximum((off > _SURE_CHANGE).float(), 1 - known)
    inside = (coarse > 0.95).float()
    agrees = (_mean(off.clamp(max=9), 9) < _AGREES).float() * known
    deep = _least(inside, 15) * (1 - _most(_least(agrees, 5), 9))
    sure = _least((coarse > 0.9).float() * differs, 5)
    return torch.maximum(torch.maximum(sure, deep), 0.08 * _least(inside, 7)), deep


def _reached(coarse: Tensor, off: Tensor) -> Tensor:
    """1 near the teacher, and along what differs and hangs together with them, f32 (n, 1, h, w)."""
    core = f.max_pool2d((coarse > 0.3).float(), _CELL_PX)
    passable = torch.maximum(f.max_pool2d((off > _CHANGED).float(), _CELL_PX), core)
    reached = core
    for _ in range(_LINKED_CELLS):
        reached = _most(reached, 3) * passable
    reached = torch.maximum(_most(reached, 3), _most(core, 2 * _NEAR_CELLS + 1))
    return f.interpolate(reached, scale_factor=float(_CELL_PX), mode="nearest")


def _spread(light: Tensor, weight: Tensor) -> Tensor:
    """Colour from where weight is to everywhere, coarser the further (push-pull: Gortler et al., 1996)."""
    levels = [(light * weight, weight)]
    for _ in range(_LEVELS):
        levels.append((f.avg_pool2d(levels[-1][0], 2), f.avg_pool2d(levels[-1][1], 2)))
    total, share = (value.mean((2, 3), keepdim=True) for value in levels[-1])
    filled = total / share.clamp(min=1e-6)
    for number, (total, share) in enumerate(reversed(levels)):
        if number:
            filled = f.interpolate(filled, scale_factor=2.0, mode="bilinear", align_corners=False)
        trusted = (4 * share).clamp(max=1)
        filled = total / share.clamp(min=1e-6) * trusted + filled * (1 - trusted)
    return filled


def _deviations(squashed: Tensor) -> Tensor:
    """What evidence.gather squashed, in standard deviations."""
    squashed = squashed.clamp(-_MOST_STEPS, _MOST_STEPS)
    return SQUASH * squashed / (2 - squashed.abs())


def _noise(feature: Tensor, plate: Tensor) -> Tensor:
    """Variance of picture less plate in linear light, from the deviation's feature and the plate's codes."""
    feature = feature.clamp(-0.5, _KNOWN_BELOW)
    codes = SOFT_CODES * (feature + 0.5) / (0.5 - feature)
    slope = (GAMMA / 255) * plate.clamp(min=0).mean(1, keepdim=True) ** (GAMMA - 1)
    return (codes * slope) ** 2 + _FLOOR**2


def _mean_square(x: Tensor) -> Tensor:
    return (x * x).mean(1, keepdim=True)


def _mean(x: Tensor, size: int) -> Tensor:
    return f.avg_pool2d(x, size, 1, size // 2, count_include_pad=False)


def _most(x: Tensor, size: int) -> Tensor:
    return f.max_pool2d(x, size, 1, size // 2)


def _least(x: Tensor, size: int) -> Tensor:
    return -f.max_pool2d(-x, size, 1, size // 2)
