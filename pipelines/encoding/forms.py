"""The two forms of a picture that encoders take: chroma at half the size, or in full."""

from __future__ import annotations

from typing import Final

HALF: Final = "yuv420p"
FULL: Final = "yuv444p"
