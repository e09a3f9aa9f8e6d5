"""From a decoded picture of any size, format, colour system and rotation to the session's rgb."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from pipelines.media import U8, SizeWh, SourceLost, freeze
from pipelines.saying import said

_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED; ITU-T H.273 MatrixCoefficients
_HD_HEIGHT_PX = 720  # Untagged pictures from here up are BT.709, below BT.601, as every player has it

_TURNS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


class RgbConverter:
    """Makes rgb arrays that all have one size, fixed by the first picture.

    The size is the source's own, upright and with square pixels, unless that is larger than asked: then it
    is shrunk, in proportion, to fit the asked size (turned on its side for an upright picture). If a source
    changes its size later (after a reconnection), its pictures are fitted into the first size, with black
    bars if the proportions differ.

    swscale's plain conversion honours matrix and range to within 2 of 255 in 0.7 ms at 1920x1080; its
    interpolated chroma (FULL_CHR_H_INT) gains 3 dB at 45 dB, far below a camera's noise, and costs 6 ms.
    """

    def __init__(self, asked_wh: SizeWh) -> None:
        self._asked_wh = asked_wh
        self._size_wh: SizeWh | None = None
        self._reformatter = VideoReformatter()

    @property
    def size_wh(self) -> SizeWh | None:
        """Size of all pictures, known after the first."""
        return self._size_wh

    def convert(self, picture: av.VideoFrame, pixel_aspect: Fraction | None = None) -> U8:
        """u8 (H, W, 3), sRGB-coded full range, read-only.

        pixel_aspect: width to height of one pixel, if not square. Raises SourceLost for a colour system that
        cannot be converted.
        """
        turns = round(picture.rotation / 90) % 4
        upright_wh = _display_size((picture.width, picture.height), pixel_aspect)
        if turns % 2:
            upright_wh = upright_wh[1], upright_wh[0]
        if self._size_wh is None:
            self._size_wh = _shrink_to(upright_wh, self._asked_wh)
        fitted_wh = self._size_wh if upright_wh == self._size_wh else _fit(upright_wh, self._size_wh)
        rgb = self._to_rgb(picture, (fitted_wh[1], fitted_wh[0]) if turns % 2 else fitted_wh)
        if turns:
            rgb = np.asarray(cv2.rotate(rgb, _TURNS[turns]), np.uint8)
        if fitted_wh != self._size_wh:
            rgb = _with_bars(rgb, self._size_wh)
        freeze(rgb)
        return rgb

    def _to_rgb(self, picture: av.VideoFrame, size_wh: SizeWh) -> U8:
        untagged_hd = picture.colorspace == _UNSPECIFIED and picture.height >= _HD_HEIGHT_PX
        shrinks = size_wh[0] < picture.width
        try:
            converted = self._reformatter.reformat(
                picture,
                width=size_wh[0],
                height=size_wh[1],
                format="rgb24",
                src_colorspace=Colorspace.ITU709 if untagged_hd else None,
                dst_color_range=ColorRange.JPEG,
                interpolation=Interpolation.AREA if shrinks else Interpolation.BILINEAR,
                threads=1,  # a second thread costs more in waking than it saves
            )
        except av.error.FFmpegError:
            reason = said(
                "colour_format",
                "the picture's colour format ({name}) cannot be converted to RGB",
                name=picture.format.name,
            )
            raise SourceLost(
                "camera",
                said(
                    "colour_format_mend",
                    "{reason}: let the camera send 8-bit BT.709 or BT.601",
                    reason=reason,
                ),
            ) from None
        return np.ascontiguousarray(converted.to_ndarray(), np.uint8)


def _display_size(coded_wh: SizeWh, pixel_aspect: Fraction | None) -> SizeWh:
    """Size with square pixels, never smaller than coded in either direction."""
    width, height = coded_wh
    if not pixel_aspect or pixel_aspect == 1:
        return coded_wh
    if pixel_aspect > 1:
        return round(width * pixel_aspect), height
    return width, round(height / pixel_aspect)


def _shrink_to(size_wh: SizeWh, asked_wh: SizeWh) -> SizeWh:
    """size_wh if it fits the asked size, else shrunk in proportion until it does."""
    is_upright = size_wh[1] > size_wh[0]
    limit_wh = (min(asked_wh), max(asked_wh)) if is_upright else asked_wh
    if size_wh[0] <= limit_wh[0] and size_wh[1] <= limit_wh[1]:
        return size_wh
    return _fit(size_wh, limit_wh)


def _fit(size_wh: SizeWh, into_wh: SizeWh) -> SizeWh:
    """The largest size of size_wh's proportions inside into_wh; within a pixel of into_wh it is into_wh."""
    scale = min(into_wh[0] / size_wh[0], into_wh[1] / size_wh[1])
    width, height = max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))
    return width, height


def _with_bars(rgb: U8, size_wh: SizeWh) -> U8:
    """rgb in the middle of a black picture of size_wh."""
    canvas = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    top, left = (size_wh[1] - rgb.shape[0]) // 2, (size_wh[0] - rgb.shape[1]) // 2
    canvas[top : top + rgb.shape[0], left : left + rgb.shape[1]] = rgb
    return canvas
