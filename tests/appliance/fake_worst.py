"""The fake studio's worst mattes: the real thing, over a box that moves and scores that are made up."""

from __future__ import annotations

import time

import numpy as np

from pipelines.media import U8, Box, Frame, Matte
from pipelines.recording.worst import WorstMattes
from pipelines.studio.settings import StudioSettings


def mover(rgb: U8, left: int, pts: int) -> Matte:
    """The matte of the moving box: it is all teacher."""
    box = Box(left, 32, 64, 64)
    return Matte(Frame(rgb, pts, 0), box, np.full((64, 64), 255, np.uint8), rgb[box.slices].copy())


def worst_of(settings: StudioSettings) -> WorstMattes | None:
    """Ten seconds are soon over here."""
    most, folder = settings.recording.worst_mattes, settings.recordings_path
    if not most or folder is None:
        return None
    began_s = time.time()
    return WorstMattes(folder, most, 0, lambda: 0, lambda: began_s + (time.time() - began_s) * 20)
