"""The network's answer to one frame, at the network's own size: what the camera's resolution is made from."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np

from pipelines.matting.crop import Crop, grown, inside
from pipelines.matting.specks import Teacher
from pipelines.matting.upsampling import COLOUR_RADIUS_PX, upsample
from pipelines.media import U8, Box, Frame, Matte, SizeWh, freeze


@dataclass(frozen=True, slots=True, eq=False)
class Coarse:
    """crop: where the network looked. small_rgb: u8 (h, w, 3), what it saw there. teacher: the same size, in
    its pixels; None when nobody was there. carried_pts: see Matte. is_thrifty: the network was shown less,
    because processors are short.
    """

    frame: Frame
    crop: Crop
    small_rgb: U8
    teacher: Teacher | None
    carried_pts: int = 0
    is_thrifty: bool = False

    def matte(self) -> Matte:
        """At the camera's resolution, alpha along the frame's own edges, with the teacher's own colour."""
        if self.teacher is None:
            return Matte.empty(self.frame)
        crop = self.crop
        spread = in_camera(grown(self.teacher.box, COLOUR_RADIUS_PX), crop)
        part = Box(spread.x - crop.box.x, spread.y - crop.box.y, spread.w, spread.h)
        crop_rgb = self.frame.rgb[crop.box.slices]
        pha, fgr = upsample(crop_rgb, self.small_rgb, self.teacher.pha, part)
        freeze(pha)
        freeze(fgr)
        return Matte(self.frame, spread, pha, fgr, self.carried_pts)


def seen(frame: Frame, crop: Crop) -> U8:
    """What the network sees of a frame, u8 (h, w, 3)."""
    return shrunk(frame.rgb[crop.box.slices], crop.net_wh)


def sampled(frame: Frame, crop: Crop) -> U8:
    """The same by bilinear samples, u8 (h, w, 3): a fifteenth of the time. As good for motion and for colours
    along edges (measured); the network is shown means.
    """
    rgb = cv2.resize(frame.rgb[crop.box.slices], crop.net_wh, interpolation=cv2.INTER_LINEAR)
    return np.asarray(rgb, np.uint8)


def shrunk(rgb: U8, size_wh: SizeWh) -> U8:
    """The picture at the network's size, by area means, u8 (h, w, 3)."""
    return np.asarray(cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def in_camera(box: Box, crop: Crop) -> Box:
    """A box of the network's pixels, in camera pixels, inside the crop."""
    scale_x, scale_y = crop.box.w / crop.net_wh[0], crop.box.h / crop.net_wh[1]
    x0, y0 = floor(box.x * scale_x), floor(box.y * scale_y)
    x1, y1 = ceil((box.x + box.w) * scale_x), ceil((box.y + box.h) * scale_y)
    part = inside(Box(x0, y0, x1 - x0, y1 - y0), (crop.box.w, crop.box.h))
    return Box(part.x + crop.box.x, part.y + crop.box.y, part.w, part.h)
