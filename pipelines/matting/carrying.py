"""The network's alpha carried to later frames, so that every frame shown has an alpha of its own.

The network answers some frames, and each of them late. Its newest answer is moved to the frame at hand
(`motion.py`), brought to that frame's own edges and colours (`Coarse.matte`), and refined against that
frame's plate. So pixel and alpha always belong together.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from pipelines.matting.coarse import Coarse, sampled
from pipelines.matting.crop import STRIDE_PX, Crop, Sides, widened
from pipelines.matting.cuts import CutDetector
from pipelines.matting.denoising import Denoiser, warm_up_denoising
from pipelines.matting.motion import Trail, warm_up_motion
from pipelines.matting.specks import FAINT, Teacher
from pipelines.matting.upsampling import warm_up_upsampling
from pipelines.media import F32, PTS_HZ, Box, Frame, Matte

MOST_S = 0.5  # older alpha is not carried: arms have gone elsewhere
WIDER_CELLS = 4  # how far the teacher may have gone beyond where the network looked

Refine = Callable[[Coarse], Matte]


class Carrier:
    """Makes the mattes of one camera. For one thread.

    answered: the frame that the newest matte's alpha was made from.
    """

    def __init__(self) -> None:
        self.answered: Frame | None = None
        self._trail = Trail()
        self._denoised = Denoiser()
        self._cuts = CutDetector()
        self._scene_pts = 0
        self._made_pts = self._refined_pts = -1
        self._newest: Coarse | None = None

    def matte(self, frame: Frame, newest: Coarse | None, refine: Refine | None) -> Matte | None:
        """The matte of this frame, from the network's newest answer. Ask about every frame, in order.

        An answer too old to be carried gives the matte of its own frame, once. None when there is nothing new
        to show: no answer yet, none since the scene was cut, or none since an old one. refine: brings in what
        is known of the LCD, at the camera's resolution. Raises ValueError when it returns the matte of
        another frame.
        """
        if self._cuts.is_cut(frame.rgb, frame.pts):
            self._scene_pts, self._made_pts, self._refined_pts = frame.pts, -1, -1
        if newest is None or newest.frame.size_wh != frame.size_wh or newest.frame.pts < self._scene_pts:
            return None
        is_news, self._newest = newest is not self._newest, newest
        coarse = self._carried(newest, frame)
        if coarse is None:
            if not is_news:
                return None
            coarse = newest
        else:
            self._cuts.remember(coarse)
        if is_news and newest.teacher is None:
            # The plate learns from an empty room, and only the network's own pictures are known to be of one.
            self._refined(newest, refine)
        if coarse.frame.pts <= self._made_pts:
            return None
        self._made_pts, self.answered = coarse.frame.pts, newest.frame
        if coarse.teacher is None:
            return Matte.empty(coarse.frame)
        return self._denoised(self._refined(coarse, refine))

    def _refined(self, coarse: Coarse, refine: Refine | None) -> Matte:
        if refine is None or coarse.frame.pts <= self._refined_pts:
            return coarse.matte()
        self._refined_pts = coarse.frame.pts
        refined = refine(coarse)
        if refined.frame is not coarse.frame:
            raise ValueError("a refinement returned the matte of another frame")
        return refined

    def _carried(self, coarse: Coarse, frame: Frame) -> Coarse | None:
        """What the network would have said of this frame; None when its answer is too old to say."""
        age_pts = frame.pts - coarse.frame.pts
        if age_pts > MOST_S * PTS_HZ:
            return None
        if age_pts <= 0:
            return coarse
        crop, small_rgb, teacher = coarse.crop, sampled(frame, coarse.crop), coarse.teacher
        if teacher is not None:
            way = self._trail.to(frame.pts, small_rgb, coarse, teacher.pha)
            pha = way.pha()
            wide = widened(crop, _reached(pha), WIDER_CELLS, frame.size_wh)
            if wide != crop:
                pha = way.pha(_within(wide, crop))
                crop, small_rgb = wide, sampled(frame, wide)
            box = Box(*cv2.boundingRect(np.asarray(pha > FAINT, np.uint8)))
            teacher = None if box.is_empty else Teacher(pha, box)
        return Coarse(frame, crop, small_rgb, teacher, age_pts, coarse.is_thrifty)


def warm_up_matting() -> None:
    """Compiles the loops over pixels, or loads them from the cache: call it before the first frame is due."""
    warm_up_upsampling()
    warm_up_motion()
    warm_up_denoising()


def _reached(pha: F32) -> Sides:
    """The sides of the crop that the teacher has come to."""
    left, top, right, bottom = pha[:, 0], pha[0], pha[:, -1], pha[-1]
    return Sides(*(bool(line.max() > FAINT) for line in (left, top, right, bottom)))


def _within(wide: Crop, crop: Crop) -> Box:
    """A wider crop, in the network's pixels from the corner of the one it was widened from."""
    x = (wide.box.x - crop.box.x) // crop.cell_px * STRIDE_PX
    y = (wide.box.y - crop.box.y) // crop.cell_px * STRIDE_PX
    return Box(x, y, *wide.net_wh)
