"""Rooms with pages on the LCD, and mattes as a network would give them."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import pytest

from pipelines.alignment import Calibration
from pipelines.media import PTS_HZ, U8, Box, Frame, Matte, Page
from pipelines.plate.plate import Plate
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import room_from_url

CAMERA_WH = (1280, 720)
RATE_HZ = 25.0


def draw_page(number: int) -> Page:
    """White with dark text and coloured bars; dark blue with a photograph's gradients; cream."""
    paper, ink = [
        ((250, 250, 248), (20, 24, 30)),
        ((14, 20, 44), (240, 240, 220)),
        ((250, 230, 190), (60, 20, 20)),
    ][number % 3]
    rgb = np.full((720, 1280, 3), paper, np.uint8)
    cv2.putText(rgb, f"Lesson {number + 1}: light", (60, 90), cv2.FONT_HERSHEY_DUPLEX, 1.8, ink, 3)
    for line in range(9):
        text = f"{line + number}. 1/u + 1/v = 1/f, f = {10 + line * (number + 1)} cm"
        cv2.putText(
            rgb,
            text,
            (70 + 60 * number, 180 + (55 + 4 * number) * line),
            cv2.FONT_HERSHEY_SIMPLEX,
            1.0,
            ink,
            2,
        )
    for bar, colour in enumerate([(220, 60, 40), (40, 150, 70), (40, 80, 200), (230, 150, 30)]):
        cv2.rectangle(rgb, (760 + 30 * number, 170 + 60 * bar), (1180 - 70 * bar, 210 + 60 * bar), colour, -1)
    ramp = np.linspace(0, 255, 400, dtype=np.uint8)
    rgb[450:660, 780:1180] = cv2.applyColorMap(np.tile(ramp, (210, 1)), cv2.COLORMAP_TWILIGHT)
    return Page(cast(U8, rgb), number + 1, 0, number)


class Classroom:
    """A room, its calibration and a plate that is told which page is shown."""

    def __init__(self, url: str = "simulated:", size_wh: tuple[int, int] = CAMERA_WH) -> None:
        optics = Optics(room_from_url(url), size_wh)
        self.size_wh = size_wh
        self.renderer = Renderer(optics, RATE_HZ)
        self.calibration: Calibration = optics.calibration()[0]
        self.shown: Page | None = None
        self.plate = Plate(self.calibration, lambda: () if self.shown is None else (self.shown,))

    def frame(self, index: int, page: Page | None, *, teacher: bool = False) -> Frame:
        rgb = self.renderer.render(index, page, teacher=teacher)
        return Frame(rgb, round(index * PTS_HZ / RATE_HZ), 0)

    def matte(self, index: int, page: Page | None, *, teacher: bool = False) -> Matte:
        """The frame with its true alpha, or without anybody."""
        frame = self.frame(index, page, teacher=teacher)
        if not teacher:
            return nobody(frame)
        truth = self.renderer.truth(index, page)
        return Matte(frame, Box(0, 0, *frame.size_wh), truth.pha, truth.fgr)


def nobody(frame: Frame) -> Matte:
    """A matte with a box, so that it is asked about, and no alpha."""
    box = Box(0, 0, 8, 8)
    return Matte(frame, box, np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.uint8))


@pytest.fixture(scope="session")
def pages() -> list[Page]:
    return [draw_page(number) for number in range(3)]


@pytest.fixture
def classroom() -> Classroom:
    return Classroom()


@pytest.fixture(scope="session")
def make_classroom() -> type[Classroom]:
    return Classroom
