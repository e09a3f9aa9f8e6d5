"""What an ablation keeps from the network, inside its own graph: who runs the exported file need not know.

`plate`: plate, differences, their deviation, and what is unmixed against it. `uncertainty`: the deviation,
how sure the unmixed alpha is, and differences are told in FIXED_CODES everywhere; where no plate is known
they stay 0. `coarse`: the coarse alpha, and what is unmixed with its help; what the network says is then
alpha itself, and the graph takes the coarse alpha off it, to which the box adds it again. `before`: the
alpha a frame before. `unmixed`: the alpha that the mixing gives. `never_worse` is a part of the loss, and
nothing is kept from the network.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pipelines.matting.evidence import FEATURES, SQUASH

FIXED_CODES = 2.0  # the median of the deviation over training scenes
NEVER_WORSE = "never_worse"
SUB = 4  # planes of a feature
_UNMIXED = (12, 13)
_HIDDEN: dict[str, tuple[int, ...]] = {  # features
    "plate": (*range(3, 10), *_UNMIXED),
    "uncertainty": (9, 13),
    "coarse": (10, *_UNMIXED),
    "before": (11,),
    "unmixed": _UNMIXED,
}
PARTS = (*_HIDDEN, NEVER_WORSE)
_PICTURE, _PLATE = slice(0, SUB * 3), slice(SUB * 3, SUB * 6)
_AFTER_DIFFERENCES, _COARSE = slice(SUB * 9, None), slice(SUB * 10, SUB * 11)


def variant(without: Sequence[str]) -> str:
    """What a network trained so is called in its file and in reports."""
    return f"without {', '.join(without)}" if without else "all"


class Blinkers(nn.Module):
    """features f32 (n, 56, h, w) -> the same, what is left out 0. without: of PARTS."""

    def __init__(self, without: Sequence[str]) -> None:
        super().__init__()
        kept = torch.ones(1, SUB * FEATURES, 1, 1)
        for part in without:
            for feature in _HIDDEN.get(part, ()):
                kept[:, SUB * feature : SUB * (feature + 1)] = 0
        self.register_buffer("kept", kept, persistent=False)
        self._is_fixed, self._is_clear = "uncertainty" in without, bool(kept.all())

    def forward(self, x: Tensor) -> Tensor:
        if self._is_clear:
            return x
        if self._is_fixed:
            x = torch.cat((x[:, _PICTURE], x[:, _PLATE], _differences(x), x[:, _AFTER_DIFFERENCES]), 1)
        return x * self.kept


def less_coarse(alpha: Tensor, features: Tensor) -> Tensor:
    """An answer that is `alpha` + 0.5, once the box has added it to the coarse alpha."""
    return alpha - features[:, _COARSE]


def _differences(x: Tensor) -> Tensor:
    """Picture less plate, squashed as the box does it, every deviation being FIXED_CODES."""
    step = (x[:, _PICTURE] - x[:, _PLATE]) * (255 / (SQUASH * FIXED_CODES))
    return 2 * step / (1 + step.abs())
