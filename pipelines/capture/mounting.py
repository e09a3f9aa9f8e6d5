"""How the camera hangs, and what makes its picture upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

Turn = Literal[0, 90, 180, 270]


@dataclass(frozen=True, slots=True)
class Upright:
    """How to make the camera's picture upright: first swap left and right if `mirrored`, then turn it
    clockwise by turn_deg."""

    turn_deg: Turn = 0
    mirrored: bool = False

    @property
    def is_identity(self) -> bool:
        return self.turn_deg == 0 and not self.mirrored

    def then(self, more: Upright) -> Upright:
        """What does at once what this one and then `more` do."""
        turned = -self.turn_deg if more.mirrored else self.turn_deg
        turn = cast(Turn, (more.turn_deg + turned) % 360)
        return Upright(turn, self.mirrored != more.mirrored)
