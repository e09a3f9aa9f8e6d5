"""Keyer: a Frame in, the Matte of that very frame out.

A frame's way: has the scene been cut? -> the crop that follows the teacher -> network -> specks removed: the
coarse alpha, at the network's pace. Then, for this frame or for a later one that it is carried to: the
camera's resolution, own colour -> refined against what is known of the LCD.
"""

from __future__ import annotations

from typing import Any, Protocol

from pipelines.matting.coarse import Coarse, in_camera, seen, shrunk
from pipelines.matting.crop import Crop, CropTracker, fit_whole
from pipelines.matting.cuts import CutDetector
from pipelines.matting.settings import MattingSettings
from pipelines.matting.specks import find_bodies, keep_teacher
from pipelines.media import F32, PTS_HZ, U8, Box, Frame, Matte, SizeWh

CPU_BUDGET_PX = 81_920  # 12 Hz beside everything else on two cores; 98k px gain 4 % MAD and 6 % at the hand
GPU_BUDGET_PX = 196_608  # 384 x 512: measured best; a body larger than that outgrows the network's grasp
THRIFTY_SHARE = 0.6  # of the budget, where processors are short
LOOK_BUDGET_PX = 24_576  # 208 x 118: enough to see that somebody is there
LOOK_EVERY_S = 2.0
OUTSIDE_SHARE = 0.02  # of somebody's box beyond the crop
FLOOR_SHARE = 0.15  # of the teacher's height: how much higher somebody else may end


class Network(Protocol):
    """What the keyer asks of `models.matting_net.MattingNet`: a network with its memory inside."""

    @property
    def provider(self) -> str: ...

    def matte(self, rgb: U8, ratio: float) -> tuple[Any, F32]: ...

    def reset(self) -> None: ...

    def shift_state(self, window: tuple[float, float, float, float], size_wh: SizeWh) -> None: ...

    def look(self, rgb: U8) -> F32: ...


class Keyer:
    """Cuts the teacher out, frame after frame. For one thread; one keyer uses a network at a time."""

    def __init__(self, net: Network, settings: MattingSettings, camera_size_wh: SizeWh) -> None:
        self.camera_size_wh = camera_size_wh
        self._net = net
        self._frame_px = camera_size_wh[0] * camera_size_wh[1]
        # An operator's own budget is kept to.
        full_px = settings.budget_px or _budget_px(net)
        self._budgets_px = full_px, settings.budget_px or round(THRIFTY_SHARE * full_px)
        self._tracker = CropTracker(camera_size_wh, full_px)
        self._look_crop = fit_whole(camera_size_wh, LOOK_BUDGET_PX)
        self._cuts = CutDetector()
        self._looked_pts = 0
        self._was_there = False
        self._forget(0)

    @property
    def crop(self) -> Crop:
        """Where the network looks in the next frame."""
        return self._tracker.crop

    def matte(self, frame: Frame) -> Matte:
        """The teacher of this frame; Matte.empty when nobody is there. Raises models.ModelError."""
        return self.ask(frame).matte()

    def ask(self, frame: Frame, is_thrifty: bool = False) -> Coarse:
        """The network's answer to this frame; is_thrifty: it is shown less. Raises models.ModelError."""
        if frame.size_wh != self.camera_size_wh:
            raise ValueError(f"this keyer is for {self.camera_size_wh} pictures, got {frame.size_wh}")
        if self._cuts.is_cut(frame.rgb, frame.pts):
            self._forget(frame.pts)
        before = self._tracker.crop
        self._carry_memory(before, self._tracker.spend(self._budgets_px[is_thrifty]))
        self._look_around(frame)
        crop = self._tracker.crop
        small_rgb = seen(frame, crop)
        _, pha = self._net.matte(small_rgb, 1.0)
        teacher = keep_teacher(pha, self._small_px(crop), was_there=self._was_there)
        self._was_there = teacher is not None
        self._follow(None if teacher is None else in_camera(teacher.box, crop), frame.pts)
        coarse = Coarse(frame, crop, small_rgb, teacher, is_thrifty=is_thrifty)
        self._cuts.remember(coarse)
        return coarse

    def _follow(self, found: Box | None, pts: int) -> None:
        """Moves the crop for the next frame, and what the network remembers with it."""
        before = self._tracker.crop
        after = self._tracker.follow(found, pts)
        self._carry_memory(before, after)

    def _carry_memory(self, before: Crop, after: Crop) -> None:
        if after == before:
            return
        # Multiplied before divided, so that whole cells come out as whole numbers.
        (net_w, net_h), old, new = before.net_wh, before.box, after.box
        window = (
            (new.x - old.x) * net_w / old.w,
            (new.y - old.y) * net_h / old.h,
            new.w * net_w / old.w,
            new.h * net_h / old.h,
        )
        self._net.shift_state(window, after.net_wh)

    def _look_around(self, frame: Frame) -> None:
        """Now and then a small look at the whole picture: has somebody come in outside the crop?"""
        if self._tracker.is_whole or frame.pts - self._looked_pts < LOOK_EVERY_S * PTS_HZ:
            return
        self._looked_pts = frame.pts
        pha = self._net.look(shrunk(frame.rgb, self._look_crop.net_wh))
        for body in find_bodies(pha):
            box = in_camera(body, self._look_crop)
            if self._stands_here(box) and self._tracker.outside(box) > OUTSIDE_SHARE:
                before = self._tracker.crop
                self._carry_memory(before, self._tracker.include(box))

    def _stands_here(self, seen: Box) -> bool:
        """Someone in the room stands on the teacher's floor; someone pictured on the LCD hangs higher."""
        teacher = self._tracker.found
        return teacher is None or seen.y + seen.h >= teacher.y + (1 - FLOOR_SHARE) * teacher.h

    def _forget(self, pts: int) -> None:
        self._net.reset()
        self._tracker.reset()
        self._was_there = False
        self._looked_pts = pts

    def _small_px(self, crop: Crop) -> float:
        """Pixels of the camera's whole picture at the scale of this crop as the network sees it."""
        return self._frame_px * (crop.net_wh[0] * crop.net_wh[1]) / (crop.box.w * crop.box.h)


def _budget_px(net: Network) -> int:
    return CPU_BUDGET_PX if net.provider == "cpu" else GPU_BUDGET_PX
