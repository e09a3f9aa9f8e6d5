"""Plate and watcher joined, over minutes of a lesson in the simulated classroom, without its clock."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.calibration.watching import Watcher
from pipelines.media import U8, Box, Delay, Frame, Matte, Page
from pipelines.plate.plate import Plate, warm_up_plate
from pipelines.simulated.classroom import LcdHistory, lit_page
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import room_from_url
from pipelines.studio.keying import Watch

WH = (1280, 720)
PERIOD_NS = 40_000_000
LOOK_EVERY = 10


def written(number: int) -> Page:
    """White, dark and cream pages with writing."""
    paper, ink = [
        ((250, 250, 248), (20, 24, 30)),
        ((14, 20, 44), (240, 240, 220)),
        ((250, 230, 190), (60, 20, 20)),
    ][number % 3]
    rgb: U8 = np.full((WH[1], WH[0], 3), paper, np.uint8)
    for line in range(9):
        text = f"{line + number}. 1/u + 1/v = 1/f, f = {10 + line * number} cm"
        cv2.putText(rgb, text, (70, 90 + 66 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.1, ink, 2)
    rgb.setflags(write=False)
    return Page(rgb, number + 1, 0, number)


class Lesson:
    """Pages turned at instants of no relation to the camera's; a second between turns is left out."""

    def __init__(self, url: str, known: Delay | None) -> None:
        self.room = room_from_url(url)
        optics = Optics(self.room, WH)
        self._renderer = Renderer(optics, 25.0)
        self._history = LcdHistory(round(self.room.delay_ms * 1e6))
        self._half_ns = round(self.room.exposure_ms * 5e5)
        self._pages: list[Page] = []
        self._rng = np.random.default_rng(self.room.seed)
        calibration = optics.calibration()[0]
        self.watch = Watch(Plate(calibration, lambda: self._pages[-2:], known), Watcher(calibration))
        self._index = 50

    def turn(self) -> None:
        """Shows the next page, and watches until it is seen and looked at."""
        self._index += 25
        at_ns = self._index * PERIOD_NS + int(self._rng.integers(0, PERIOD_NS))
        page = replace(written(len(self._pages)), shown_ns=at_ns)
        self._history.note(page, at_ns)
        self._pages.append(page)
        for _ in range(LOOK_EVERY):
            self._index += 1
            taken_ns = self._index * PERIOD_NS
            seen = self._history.seen_during(taken_ns - self._half_ns, taken_ns + self._half_ns)
            lit = lit_page(seen)
            rgb, pha = self._renderer.render(self._index, lit), self._renderer.truth(self._index, lit).pha
            frame = Frame(rgb, self._index * 3600, taken_ns)
            self.watch.predict(Matte(frame, Box(0, 0, *WH), pha, rgb))
        self.watch.look()


@pytest.fixture(scope="module", autouse=True)
def warmed_up() -> None:
    warm_up_plate()


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("simulated:?exposure=20", None),
        ("simulated:?seed=4&exposure=12&delay_ms=140&yaw=-8&noise=2.5", None),
        ("simulated:?seed=2", Delay(86.5, 1.2, 20.0)),  # no mixtures: only bounds, and the calibration
    ],
)
def test_a_few_turns_tell_the_delay_within_3_ms(url: str, known: Delay | None) -> None:
    lesson = Lesson(url, known)
    for _ in range(8):
        lesson.turn()
    status = lesson.watch.status()
    assert status.delay_ms is not None and status.delay_sigma_ms is not None
    assert abs(status.delay_ms - lesson.room.delay_ms) < 3
    assert status.delay_sigma_ms < 6  # as much as is known where turns fell between exposures
    assert status.turns >= 6
    assert status.geometry == "locked" and status.light == "steady"


def test_a_wrong_delay_is_put_right_while_teaching() -> None:
    lesson = Lesson("simulated:?seed=3&exposure=20&delay_ms=125", Delay(85.0, 1.2, 20.0))
    for _ in range(6):
        lesson.turn()
    status = lesson.watch.status()
    assert status.delay_ms is not None and abs(status.delay_ms - 125) < 3
