"""What is drawn on a page, as vectors: strokes that stay, and a pointer that comes and goes.

Lengths are shares of the page: x of its width, y of its height, widths and radii of its height. So ink is
the same on every size of a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

# Told apart by people of every kind of colour vision: Okabe and Ito, "Color Universal Design" (2002).
INK_COLOURS: Final[dict[str, tuple[int, int, int]]] = {
    "vermillion": (213, 94, 0),
    "blue": (0, 114, 178),
    "green": (0, 158, 115),
    "orange": (230, 159, 0),
    "sky": (86, 180, 233),
    "purple": (204, 121, 167),
    "yellow": (240, 228, 66),
    "black": (0, 0, 0),
}

InkColour = Literal["vermillion", "blue", "green", "orange", "sky", "purple", "yellow", "black"]

SCREEN: Final = "screen:"
"""In place of a path: ink on a shared screen."""


Hand = Literal["assistant", "presenter"]
"""Who draws."""


class Tool(StrEnum):
    PEN = "pen"
    MARKER = "marker"  # lets the page shine through


MARKER_ALPHA: Final = 0.42


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line. points: (x, y); a single one is a dot. by: older recordings know the assistant's alone."""

    stroke_id: str
    tool: Tool
    colour: InkColour
    width: float
    points: tuple[tuple[float, float], ...]
    by: Hand = "assistant"


@dataclass(frozen=True, slots=True)
class Pointer:
    """laser: a dot that catches the eye; spotlight: all but a disc is dimmed. radius: of the disc."""

    kind: Literal["laser", "spotlight"]
    x: float
    y: float
    radius: float = 0.18


@dataclass(frozen=True, slots=True)
class PageKey:
    """Which page ink belongs to. courseware: its path, as opened, or SCREEN."""

    courseware: str
    index: int
