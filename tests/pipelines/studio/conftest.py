"""The folder goes on the path: the running studio and a recorded lesson are shared by modules."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from raw_lesson import recorded

__all__ = ["recorded"]
