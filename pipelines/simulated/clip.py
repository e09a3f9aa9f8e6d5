"""The teacher's clip as it comes from the disk."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import av
import numpy as np

from pipelines.media import U8, SourceLost

ASSETS = Path(__file__).parent / "assets"
CLIP_FRAMES = 120
CLIP_HZ = 25
CLIP_WH = (1280, 720)
CLIP_PX_PER_M = 410.0
STICK_RAISED_FRAME = 40


def clip_pictures() -> Generator[tuple[U8, U8], None, None]:
    """Yields (rgb u8 (720, 1280, 3) straight colour, pha u8 (720, 1280)) of all clip frames in order.

    Raises SourceLost when the clip's files are missing or damaged.
    """
    try:
        with av.open(str(ASSETS / "teacher_fgr.mp4")) as fgr, av.open(str(ASSETS / "teacher_pha.mkv")) as pha:
            pairs = zip(fgr.decode(video=0), pha.decode(video=0), strict=True)
            for colour, cover in pairs:
                yield (
                    np.asarray(colour.to_ndarray(format="rgb24"), np.uint8),
                    np.asarray(cover.to_ndarray(format="gray"), np.uint8),
                )
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = f"the teacher's clip in {ASSETS} cannot be read ({type(error).__name__}); install again"
        raise SourceLost("simulated classroom", reason, retry=False) from error


def clip_frame(index: int, rate_hz: float) -> int:
    """The clip frame that camera picture `index` shows: forwards, then backwards, 240 clip frames a round."""
    step = int(index * CLIP_HZ / rate_hz + 1e-6) % (2 * CLIP_FRAMES)
    return step if step < CLIP_FRAMES else 2 * CLIP_FRAMES - 1 - step
