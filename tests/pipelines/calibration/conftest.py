"""Rooms whose LCD shows the calibration's pages, with and without a clock."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from pipelines.alignment import Calibration
from pipelines.calibration.delay import Flips
from pipelines.calibration.measuring import Sights
from pipelines.calibration.pattern import Pattern
from pipelines.media import F32, F64, U8, Page, SizeWh
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import room_from_url
from pipelines.timing import SessionClock

WH = (1280, 720)
MEAN_OF = 6


class Room:
    """A room without a clock. error_px: rms against the truth over the whole LCD, camera pixels."""

    def __init__(self, url: str, pattern: Pattern, camera_wh: SizeWh = WH) -> None:
        self.optics = Optics(room_from_url(url), camera_wh)
        self.renderer = Renderer(self.optics, 25.0)
        self.truth: Calibration = self.optics.calibration()[0]
        self._pattern = pattern

    def frames(self, rgb: U8, first: int = 100, *, teacher: bool = False) -> list[U8]:
        page = Page(rgb, 1, 0)
        return [self.renderer.render(first + k, page, teacher=teacher) for k in range(MEAN_OF)]

    def mean(self, rgb: U8, *, teacher: bool = False) -> F32:
        return np.asarray(np.mean(self.frames(rgb, teacher=teacher), axis=0), np.float32)

    def sights(self, *, teacher: bool = False) -> Sights:
        """As `measure` gives them, without the flips."""
        board, inverse = (
            self.mean(rgb, teacher=teacher) for rgb in (self._pattern.board, self._pattern.inverse)
        )
        stack = np.asarray(self.frames(self._pattern.mosaic, teacher=teacher), np.float32)
        corners = self._pattern.find(board)
        flips = Flips([40.0, 80.0, 84.0, 86.0, 120.0], [0.0, 0.0, 0.0, 1.0, 1.0])
        return Sights(board, inverse, stack.mean(axis=0), stack.std(axis=0, ddof=1), corners, corners, flips)

    def error_px(self, calibration: Calibration) -> float:
        at, right = (
            each.to_camera(lcd_points(), self.optics.size_wh, WH) for each in (calibration, self.truth)
        )
        return float(np.sqrt(((at - right) ** 2).sum(axis=1).mean()))

    def angle_deg(self) -> float:
        """Of the camera off the LCD's normal, seen from the LCD's middle."""
        turn, shift = self.optics._turn, self.optics._shift
        camera = -turn.T @ shift
        return float(np.rad2deg(np.arccos(-camera[2] / np.linalg.norm(camera))))


def lcd_points() -> F64:
    x, y = np.meshgrid(np.linspace(-0.5, WH[0] - 0.5, 17), np.linspace(-0.5, WH[1] - 0.5, 11))
    return np.stack([x.ravel(), y.ravel()], axis=1)


class LiveRoom:
    """A simulated classroom with its clock, whose LCD shows what it is told. Satisfies Lcd."""

    def __init__(self, url: str, is_driven: bool = True) -> None:
        self._page: Page | None = None
        self._revision = 0
        self._is_driven = is_driven
        self.shown: list[U8 | None] = []
        self.camera = SimulatedClassroom(url, WH, 25.0, SessionClock.start(), lambda: self._page)
        assert self.camera.renderer is not None  # built before anything is measured

    def show(self, rgb: U8 | None) -> int:
        now_ns = time.monotonic_ns()
        self._revision += 1
        self.shown.append(rgb)
        if self._is_driven:
            self._page = None if rgb is None else Page(rgb, self._revision, now_ns)
        return now_ns


@pytest.fixture(scope="session")
def pattern() -> Pattern:
    return Pattern(WH)


@pytest.fixture(scope="session")
def room(pattern: Pattern) -> Callable[..., Room]:
    return lambda url, camera_wh=WH: Room(url, pattern, camera_wh)


@pytest.fixture
def live_room():
    rooms: list[LiveRoom] = []

    def make(url: str, is_driven: bool = True) -> LiveRoom:
        rooms.append(LiveRoom(url, is_driven))
        return rooms[-1]

    yield make
    for each in rooms:
        each.camera.close()
