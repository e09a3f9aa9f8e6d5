"""A camera that is knocked: the simulated classroom as it looks with the camera turned a little."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from pipelines.alignment import Calibration
from pipelines.calibration.template import Ground
from pipelines.calibration.watching import LOOK_EVERY_S, Sight, Watcher
from pipelines.media import F64, PTS_HZ, U8, Box, Frame, Matte, Page
from pipelines.plate.plate import Plate, warm_up_plate
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import room_from_url

CAMERA_WH = (1280, 720)
PAGE_WH = (1280, 720)
RATE_HZ = 25.0


def draw_page(kind: str) -> Page:
    """ "text", "dark", or "white" with nothing on it."""
    paper, ink = ((14, 20, 44), (240, 240, 220)) if kind == "dark" else ((250, 250, 248), (20, 24, 30))
    rgb: U8 = np.full((720, 1280, 3), paper, np.uint8)
    for line in range(0 if kind == "white" else 10):
        text = f"{line}. 1/u + 1/v = 1/f, f = {10 + 3 * line} cm"
        cv2.putText(rgb, text, (70, 80 + 62 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.2, ink, 2)
    if kind != "white":
        cv2.circle(rgb, (1000, 300), 120, (220, 60, 40), 4)
    rgb.setflags(write=False)
    return Page(rgb, {"text": 1, "dark": 2, "white": 3}[kind], 0)


def knock(dx: float = 0.0, dy: float = 0.0, turn_deg: float = 0.0, zoom: float = 1.0) -> F64:
    """A movement of the flat plane (template.Ground), f64 (3, 3): camera pixels at 1280 wide, degrees."""
    turned = zoom * np.exp(1j * np.deg2rad(turn_deg))
    half = CAMERA_WH[0] / 2
    return np.array(
        [[turned.real, -turned.imag, dx / half], [turned.imag, turned.real, dy / half], [0, 0, 1]]
    )


@dataclass
class Room:
    """One classroom with its plate and watcher. moved: how the camera stands now against the calibration."""

    url: str = "simulated:"

    def __post_init__(self) -> None:
        optics = Optics(room_from_url(self.url), CAMERA_WH)
        self.renderer = Renderer(optics, RATE_HZ)
        self.truth: Calibration = optics.calibration()[0]
        self.ground = Ground(self.truth, CAMERA_WH)
        self.moved: F64 = np.eye(3)
        self.page: Page | None = draw_page("text")
        self.watcher = Watcher(self.truth)
        self.plate = Plate(self.truth, lambda: () if self.page is None else (self.page,))
        self.index, self.looks = 50, 0

    def see(self, *, teacher: bool = True, seen: Page | None = None) -> Matte:
        """The next picture, 0.4 s later, with its true alpha. The teacher is slow: their clip is costly."""
        self.index += 3
        self.looks += 1
        page = seen or self.page
        rgb = self._knocked(self.renderer.render(self.index, page, teacher=teacher))
        pha: U8 = np.zeros(CAMERA_WH[::-1], np.uint8)
        if teacher:
            pha = self._knocked(self.renderer.truth(self.index, page).pha)
        frame = Frame(rgb, round(self.looks * LOOK_EVERY_S * PTS_HZ), 0)
        return Matte(frame, Box(0, 0, *CAMERA_WH), pha, rgb)

    def look(self, *, teacher: bool = True, seen: Page | None = None) -> str:
        """One look, as the studio does it. Returns the state."""
        matte = self.see(teacher=teacher, seen=seen)
        self.plate.calibration = self.watcher.calibration
        self.plate.predict(matte)
        self.watcher.look(Sight(matte, self.plate.expected))
        return self.watcher.geometry.state

    def error_px(self) -> float:
        """How far the watcher's calibration is off, camera pixels, root mean square over the LCD."""
        x, y = np.meshgrid(np.linspace(0, PAGE_WH[0] - 1, 9), np.linspace(0, PAGE_WH[1] - 1, 6))
        page = np.stack([x, y], -1).reshape(-1, 2)
        flat = self.ground.flat(self.truth.to_camera(page, CAMERA_WH, PAGE_WH))
        right = self.ground.pixels(_through(self.moved, flat))
        found = self.watcher.calibration.to_camera(page, CAMERA_WH, PAGE_WH)
        return float(np.sqrt(((found - right) ** 2).sum(axis=1).mean()))

    def _knocked(self, picture: U8) -> U8:
        if np.array_equal(self.moved, np.eye(3)):
            return picture
        step = 16
        columns, rows = (np.arange(0, size + step, step, dtype=np.float64) for size in CAMERA_WH)
        flat = self.ground.flat(np.stack(np.meshgrid(columns, rows), -1))
        source = self.ground.pixels(_through(np.linalg.inv(self.moved), flat)).astype(np.float32)
        x, y = np.meshgrid(*(np.arange(size, dtype=np.float32) / step for size in CAMERA_WH))
        at = cv2.remap(source, x, y, cv2.INTER_LINEAR)
        moved = cv2.remap(picture, at[..., 0], at[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)


def _through(matrix: F64, flat: F64) -> F64:
    ahead = flat @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(ahead[..., :2] / ahead[..., 2:])


@pytest.fixture(scope="session", autouse=True)
def warmed_up() -> None:
    warm_up_plate()


@pytest.fixture
def make_room() -> type[Room]:
    return Room


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture(scope="session")
def pages() -> dict[str, Page]:
    return {kind: draw_page(kind) for kind in ("text", "dark", "white")}


@pytest.fixture(scope="session")
def knocked_by() -> object:
    return knock
