"""A coded programme without a studio: a moving block and a tone."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from pipelines.encoding.layers import LayeredEncoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.sound import SoundEncoder
from pipelines.media import PTS_HZ, SOUND_BLOCK_SAMPLES, SOUND_HZ, Packet, Sound

SIZE_WH = (320, 180)
RATE_HZ = 25
TONE = (np.sin(np.arange(SOUND_BLOCK_SAMPLES) * 2 * np.pi * 450 / SOUND_HZ) * 8000).astype(np.int16)


def coded(
    pictures: int, *, keys: Collection[int] = (0,), start: int = 0, size_wh: tuple[int, int] = SIZE_WH
) -> Iterator[Packet]:
    """Packets in the order of their time; picture `start` is the first, at start / RATE_HZ s."""
    settings = EncodingSettings(encoder="x264")
    video, sound = LayeredEncoder(size_wh, RATE_HZ, settings), SoundEncoder(settings)
    video.watch({"420"})
    for index in range(start, start + pictures):
        rgb = np.full((size_wh[1], size_wh[0], 3), 96, np.uint8)
        left = index * 4 % (size_wh[0] - 60)
        rgb[60:120, left : left + 60] = 255
        yield from video.encode(rgb, index * PTS_HZ // RATE_HZ, 0, {"420"} if index in keys else ())
        for half in (0, 1):
            pts = (2 * index + half) * SOUND_BLOCK_SAMPLES
            yield from sound.encode(Sound(np.stack([TONE, TONE], axis=1), pts, 0))
