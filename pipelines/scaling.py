"""Decoded pictures of any kind made arrays: scaled and converted in one go."""

from __future__ import annotations

from typing import Final

import av
import numpy as np
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

from pipelines.media import U8, SizeWh

_MATRICES: Final = (1, 4, 5, 6, 7, 9)  # that FFmpeg converts; numbers of ISO/IEC 23091-2


class Scaler:
    """For one thread. untagged: the matrix of pictures that name none; None guesses by their height, as
    players do: BT.709 for HD, BT.601 below. WebRTC's senders convert by BT.601 and tag nothing."""

    def __init__(self, untagged: Colorspace | None = None) -> None:
        self._untagged = untagged
        self._reformatter = VideoReformatter()  # kept: it remembers its filters

    def rgb_of(self, picture: av.VideoFrame, size_wh: SizeWh) -> U8 | None:
        """u8 (H, W, 3) of this size, in sRGB; None if FFmpeg cannot convert a picture of this kind."""
        w, h = size_wh
        smaller = w * h < picture.width * picture.height
        guess = self._untagged or (Colorspace.ITU709 if picture.height >= 720 else Colorspace.ITU601)
        try:
            scaled = self._reformatter.reformat(
                picture,
                width=w,
                height=h,
                format="rgb24",
                src_colorspace=None if picture.colorspace in _MATRICES else guess,
                interpolation=(Interpolation.AREA if smaller else Interpolation.BICUBIC)
                | Interpolation.ACCURATE_RND,
                threads=1,
            )
        except av.error.FFmpegError:
            return None
        return np.asarray(scaled.to_ndarray(), np.uint8)


def fit_inside(inner_wh: tuple[float, float], outer_wh: SizeWh) -> SizeWh:
    """The largest size with the shape of inner_wh that fits outer_wh; at least 1 pixel each way."""
    scale = min(outer_wh[0] / inner_wh[0], outer_wh[1] / inner_wh[1])
    w, h = (max(1, min(outer, round(inner * scale))) for inner, outer in zip(inner_wh, outer_wh, strict=True))
    return w, h
