"""The simulated classroom's pictures with their truth, and the installed network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import pytest

from models.catalog import default_models_dir, locate
from models.errors import ModelError
from models.matting_net import MattingNet
from models.settings import NetworkSettings
from pipelines.matting.keyer import Keyer
from pipelines.matting.settings import MattingSettings
from pipelines.media import F32, PTS_HZ, U8, Frame, Page
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer, Truth
from pipelines.simulated.room import Room

CAMERA_WH = (1280, 720)
RATE_HZ = 25.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of the simulated classroom and what is true in it."""

    frame: Frame
    truth: Truth


class Classroom:
    """Pictures by index, with one page after another on the LCD every `page_frames`."""

    def __init__(
        self, size_wh: tuple[int, int] = CAMERA_WH, page_frames: int = 30, room: Room | None = None
    ) -> None:
        self.pages = [Page(draw_slide(k), k, 0, k) for k in range(3)]
        self._page_frames = page_frames
        self._renderer = Renderer(Optics(room or Room(), size_wh), RATE_HZ)

    def shot(self, index: int, *, teacher: bool = True, page: int | None = None) -> Shot:
        shown = self.pages[(index // self._page_frames if page is None else page) % len(self.pages)]
        rgb = self._renderer.render(index, shown, teacher=teacher)
        return Shot(Frame(rgb, round(index * PTS_HZ / RATE_HZ), 0), self._renderer.truth(index, shown))


def draw_slide(number: int) -> U8:
    """A slide u8 (720, 1280, 3): text, a table and a picture on white, on blue, on cream."""
    colours = [
        ((250, 250, 248), (20, 20, 30)),
        ((28, 44, 92), (240, 240, 220)),
        ((236, 232, 214), (60, 20, 20)),
    ]
    paper, ink = colours[number % 3]
    slide = np.full((720, 1280, 3), paper, np.uint8)
    cv2.putText(
        slide, f"Chapter {number + 1}: light and lenses", (60, 90), cv2.FONT_HERSHEY_DUPLEX, 1.8, ink, 3
    )
    for line in range(12):
        text = f"{line + 1}. 1/u + 1/v = 1/f, f = {10 + line} cm, v = {30 - line} cm"
        cv2.putText(slide, text, (70, 160 + 42 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.9, ink, 2)
    for column in range(5):
        x = 860 + 80 * column
        cv2.line(slide, (x, 150), (x, 350), ink, 2)
        cv2.line(slide, (860, 150 + 50 * column), (1180, 150 + 50 * column), ink, 2)
    ramp = np.linspace(0, 255, 320, dtype=np.uint8)
    slide[400:620, 860:1180] = cv2.applyColorMap(np.tile(ramp, (220, 1)), cv2.COLORMAP_TWILIGHT)
    return cast(U8, slide)


class RedNet:
    """A network for which red is teacher. Keeps count of what happens to its memory."""

    provider = "cpu"

    def __init__(self) -> None:
        self.resets = 0
        self.windows: list[tuple[tuple[float, float, float, float], tuple[int, int]]] = []

    def matte(self, rgb: U8, ratio: float) -> tuple[U8, F32]:
        assert ratio == 1.0
        return rgb, self.look(rgb)

    def look(self, rgb: U8) -> F32:
        red = rgb[..., 0].astype(np.float32) - rgb[..., 1:].max(axis=2)
        return np.clip(red / 200, 0, 1).astype(np.float32)

    def reset(self) -> None:
        self.resets += 1

    def shift_state(self, window: tuple[float, float, float, float], size_wh: tuple[int, int]) -> None:
        self.windows.append((window, size_wh))


@pytest.fixture
def red_net() -> RedNet:
    return RedNet()


@pytest.fixture(scope="session")
def classroom() -> Classroom:
    return Classroom()


@pytest.fixture(scope="session")
def make_classroom() -> type[Classroom]:
    return Classroom


@pytest.fixture(scope="session")
def net() -> MattingNet:
    """The installed network on one CPU thread; the test is left out where it is not installed."""
    try:
        folder = locate("rvm-mobilenetv3", default_models_dir())
    except ModelError as error:
        pytest.skip(f"needs the matting network: {error.reason}")
    return MattingNet.open(folder, NetworkSettings(provider="cpu", threads=2))


@pytest.fixture
def keyer(net: MattingNet) -> Keyer:
    return Keyer(net, MattingSettings(), CAMERA_WH)
