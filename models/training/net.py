"""The refiner: a small U-Net at half resolution (Ronneberger et al., 2015) that adds to the coarse alpha.

Levels at 1/2, 1/4, 1/8 and 1/16 of the picture; the first and the last layer work on 2 x 2 pixels at once, so
that full resolution costs nothing but memory. A residual, because a gate collapsed to the coarse alpha. Every
activation is bounded (ReLU6: Howard et al., "MobileNets", 2017), so that all of the network fits 8 bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as f

from models.training.blinkers import SUB, Blinkers, less_coarse
from pipelines.matting.evidence import ANSWERS, FEATURES

WIDTHS = (16, 32, 40, 40)
_MOST = 6.0
_START_SCALE = 0.1  # of the last layer: it begins by adding next to nothing


def _conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, size // 2)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return _bounded(x + self.second(_bounded(self.first(x))))


class _Down(nn.Module):
    """To half the size, and on."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.shrink, self.on = _conv(inputs, outputs, 3, 2), _Residual(outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.on(_bounded(self.shrink(x)))
        return out


class Refiner(nn.Module):
    """features f32 (n, 56, h, w) -> answer f32 (n, 4, h, w); h and w multiples of 8.

    without: what an ablation keeps from it, of blinkers.PARTS.
    """

    def __init__(self, without: Sequence[str] = ()) -> None:
        super().__init__()
        self.blinkers, self._says_alpha = Blinkers(without), "coarse" in without
        w1, w2, w3, w4 = WIDTHS
        self.stem, self.fine = _conv(FEATURES * SUB, w1, 1), _conv(w1, w1)
        self.down2, self.down3, self.down4 = _Down(w1, w2), _Down(w2, w3), _Down(w3, w4)
        self.up3, self.up2, self.up1 = _conv(w4, w3, 1), _conv(w3, w2, 1), _conv(w2, w1, 1)
        self.join2, self.join1 = _conv(w2, w2), _conv(w1, w1)
        self.head = _conv(w1, ANSWERS * SUB, 1)
        with torch.no_grad():
            self.head.weight.mul_(_START_SCALE)
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        a = _bounded(self.fine(_bounded(self.stem(self.blinkers(x)))))
        b = self.down2(a)
        c = self.down3(b)
        c = _bounded(c + _doubled(self.up3(self.down4(c))))
        b = _bounded(self.join2(b + _doubled(self.up2(c))))
        a = _bounded(self.join1(a + _doubled(self.up1(b))))
        answer: Tensor = self.head(a)
        return less_coarse(answer, x) if self._says_alpha else answer


def _bounded(x: Tensor) -> Tensor:
    return x.clamp(0, _MOST)


def _doubled(x: Tensor) -> Tensor:
    return f.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())
