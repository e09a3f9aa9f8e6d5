"""Paths as people write them."""

from __future__ import annotations

import contextlib
from pathlib import Path


def at_home(text: str) -> Path:
    """With ~ and ~user as the shell has them; where nobody of that name has a home, as it stands."""
    path = Path(text)
    with contextlib.suppress(RuntimeError):
        return path.expanduser()
    return path
