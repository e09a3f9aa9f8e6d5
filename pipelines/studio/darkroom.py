"""Single pictures on order: the page, what the camera sees, the matte, the plate. Nothing is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from pipelines.media import U8, Matte, Page
from pipelines.orders import PictureKind
from pipelines.plate.plate import Expected
from pipelines.recording.stills import coded, whole_alpha
from pipelines.reports import PictureTaken
from pipelines.saying import said
from pipelines.studio.composing import Composed


class Darkroom:
    """Each picture is coded in a thread of its own: orders and programme go on.

    page: the lesson's newest, without ink. composed: the newest programme picture and what it was made of.
    expected: what the plate lets expect of the LCD.
    """

    def __init__(
        self,
        page: Callable[[], Page | None],
        composed: Callable[[], Composed | None],
        expected: Callable[[], Expected | None],
        send: Callable[[PictureTaken], None],
    ) -> None:
        self._page, self._composed, self._expected, self._send = page, composed, expected, send

    def take(self, number: int, kind: PictureKind) -> None:
        """Answers by `send`, soon."""
        thread = threading.Thread(target=self._develop, args=(number, kind), name="darkroom", daemon=True)
        thread.start()

    def _develop(self, number: int, kind: PictureKind) -> None:
        picture = self._see(kind)
        if isinstance(picture, str):
            self._send(PictureTaken(number, b"", reason=picture))
            return
        is_drawn = kind in ("page", "inked", "matte")  # lossless: of lines, not of light
        self._send(PictureTaken(number, coded(picture, ".png" if is_drawn else ".jpg")))

    def _see(self, kind: PictureKind) -> U8 | str:
        """u8 (H, W, 3) or (H, W); or why there is none."""
        if kind == "page":
            page = self._page()
            return said("no_page", "There is no page.") if page is None else page.rgb
        composed = self._composed()
        if composed is None:
            return said("no_picture_yet", "There is no picture yet.")
        if kind in ("inked", "programme"):
            return composed.page.rgb if kind == "inked" else composed.rgb
        if composed.matte is None:
            return said(
                "no_camera_picture",
                "There is no picture of the camera: it is lost, or the layout shows no teacher.",
            )
        if kind == "camera":
            return composed.matte.frame.rgb
        return whole_alpha(composed.matte) if kind == "matte" else self._plate(composed.matte)

    def _plate(self, matte: Matte) -> U8 | str:
        expected = self._expected()
        if expected is None:
            return said("no_plate", "There is no plate: calibrate first, and show a page that stands still.")
        rgb = np.zeros_like(matte.frame.rgb)
        box = expected.view.box
        if rgb[box.slices].shape[:2] != (box.h, box.w):
            return said("size_changed", "The camera's picture has just changed its size. Try again.")
        rgb[box.slices] = expected.photometry.plate(expected.light)
        return rgb
