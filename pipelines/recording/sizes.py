"""How much files take, while others delete some of them: that must not end a recording."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def bytes_of(paths: Iterable[Path]) -> int:
    """Of all that are there; one that is gone by now takes nothing."""
    total = 0
    for path in paths:
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def files_below(folder: Path) -> Iterator[Path]:
    """At any depth. A folder that goes meanwhile is left out."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)
