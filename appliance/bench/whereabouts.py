"""Where the simulated teacher is in a programme picture, so that text can be judged beside them."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.courseware.pdf import PdfPages
from pipelines.courseware.settings import DEMO_PDF
from pipelines.media import U8, Page, SizeWh
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.simulated.clip import CLIP_FRAMES, CLIP_HZ
from pipelines.timing import SessionClock

Mask = npt.NDArray[np.bool_]

CAMERA_WH = (640, 360)
SMALL_WH = (320, 180)
SEEN_DIFFERENCE = 24  # codes between programme and page that only a teacher makes
# Shadow of a late or coarse matte around the true outline, as a share of the picture's height.
MARGIN = 1 / 24
MOMENTS_AROUND = 2  # a matte may be of the picture before, and the fit off by one


class Whereabouts:
    """The outlines of the whole clip, in programme pixels; the right one is found by its fit.

    Takes some seconds to build. Raises SourceLost as the simulated classroom does.
    """

    def __init__(self) -> None:
        blank = Page(np.full((CAMERA_WH[1], CAMERA_WH[0], 3), 255, np.uint8), revision=0, shown_ns=0)
        room = SimulatedClassroom("simulated:", CAMERA_WH, CLIP_HZ, SessionClock(0), lambda: blank)
        try:
            matrix = room.calibration.for_sizes(CAMERA_WH, SMALL_WH)
            outlines = [
                cv2.warpPerspective(room.renderer.truth(index, blank).pha, matrix, SMALL_WH)
                for index in range(CLIP_FRAMES)
            ]
        finally:
            room.close()
        self._outlines = np.stack(outlines).astype(np.float32) / 255

    def away(self, programme: U8, page: U8) -> Mask:
        """True where surely nobody stands: programme and page u8 (H, W, 3), the mask bool (H, W).

        Judged by the moment of the clip whose outline fits best what differs from the page, with some
        moments and a margin around it.
        """
        index = self._moment(programme, page)
        around = np.arange(index - MOMENTS_AROUND, index + MOMENTS_AROUND + 1) % len(self._outlines)
        outline = self._outlines[around].max(axis=0)
        radius = round(SMALL_WH[1] * MARGIN)
        near = cv2.dilate(
            np.asarray(outline > 0, np.uint8), np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
        )
        height, width = page.shape[:2]
        return np.asarray(cv2.resize(near, (width, height), interpolation=cv2.INTER_NEAREST) == 0)

    def _moment(self, programme: U8, page: U8) -> int:
        differs = np.asarray(cv2.absdiff(programme, page).max(axis=2) > SEEN_DIFFERENCE, np.float32)
        seen = cv2.resize(differs, SMALL_WH, interpolation=cv2.INTER_AREA)
        return int(np.abs(self._outlines - seen).mean(axis=(1, 2)).argmin())


def text_of(page: U8) -> Mask:
    """Writing, drawings and what is close to them, bool (H, W). Empty paper would flatter every codec."""
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > SEEN_DIFFERENCE
    reach = max(page.shape[0] // 135, 1)
    return np.asarray(
        cv2.dilate(edges.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    )


def demo_pages(indices: Iterable[int], size_wh: SizeWh) -> dict[int, U8]:
    """Pages of the built-in lesson as the box draws them, u8 (H, W, 3). Raises SourceLost, BadPage."""
    pages = PdfPages(DEMO_PDF)
    try:
        return {index: pages.draw(index, size_wh) for index in indices}
    finally:
        pages.close()
