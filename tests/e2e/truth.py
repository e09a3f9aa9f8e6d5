"""What the programme should show, made from the simulated classroom's truth, and which moment it shows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.media import F32, U8, Page
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.timing import SessionClock

CLIP_FRAMES = 120
RATE_HZ = 25.0
SMALL_WH = (320, 180)
SEEN_DIFFERENCE = 24  # codes between programme and page that only a teacher makes


@dataclass(frozen=True)
class Moment:
    """One frame of the teacher, where the aligned layout puts it. pha f32 (H, W) 0..1, fgr u8 (H, W, 3)."""

    pha: F32
    fgr: U8
    pointer_tip_xy: tuple[float, float] | None


class Lesson:
    """The simulated lesson on one page: every moment the teacher goes through, in programme pixels."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._size_wh = page.size_wh
        self._room = SimulatedClassroom("simulated:", page.size_wh, RATE_HZ, SessionClock(0), lambda: page)
        self._page_from_camera = self._room.calibration.for_sizes(page.size_wh, page.size_wh)
        silhouettes = [
            cv2.resize(
                self._warp(self._room.renderer.truth(index, page).pha), SMALL_WH, interpolation=cv2.INTER_AREA
            )
            for index in range(CLIP_FRAMES)
        ]
        self._silhouettes = np.stack(silhouettes).astype(np.float32) / 255

    def close(self) -> None:
        self._room.close()

    def moment_of(self, programme: U8) -> Moment:
        """The moment whose silhouette fits this programme picture best."""
        difference = np.abs(programme.astype(np.int16) - self.page.rgb).max(2)
        seen = cv2.resize(
            (difference > SEEN_DIFFERENCE).astype(np.float32), SMALL_WH, interpolation=cv2.INTER_AREA
        )
        errors = np.abs(self._silhouettes - seen).mean((1, 2))
        return self._moment(int(errors.argmin()))

    def _moment(self, index: int) -> Moment:
        truth = self._room.renderer.truth(index, self.page)
        tip = truth.pointer_tip_xy
        pha = self._warp(truth.pha).astype(np.float32) / 255
        return Moment(pha, self._warp(truth.fgr), None if tip is None else self._to_page(tip))

    def _warp(self, picture: U8) -> U8:
        return np.asarray(cv2.warpPerspective(picture, self._page_from_camera, self._size_wh), np.uint8)

    def _to_page(self, xy: tuple[float, float]) -> tuple[float, float]:
        x, y, w = self._page_from_camera @ np.array([xy[0], xy[1], 1.0])
        return float(x / w), float(y / w)


def psnr_db(one: U8, other: U8) -> float:
    """Peak signal-to-noise ratio of 8-bit pictures, dB."""
    mse = float(np.mean((one.astype(np.float32) - other.astype(np.float32)) ** 2))
    return 99.0 if mse == 0 else float(10 * np.log10(255**2 / mse))
