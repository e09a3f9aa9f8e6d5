"""The programme in parts: teacher and sheets carry the same numbers, and nothing is coded for nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from pipelines.compositing.compositor import Compositor
from pipelines.encoding.settings import EncodingSettings
from pipelines.media import Layout, Packet, Page, Scene, SheetUpdate, freeze
from pipelines.studio.parts import Parts

SIZE_WH = (320, 180)


def page(shade: int) -> Page:
    rgb = np.full((180, 320, 3), shade, np.uint8)
    freeze(rgb)
    return Page(rgb, shade, 0)


class Running:
    """Parts with their coding thread. waiting: what the gateway is said to have left lying."""

    def __init__(self) -> None:
        self.parts = Parts(Compositor(SIZE_WH), SIZE_WH, 25, EncodingSettings(encoder="x264"))
        self.updates: list[SheetUpdate] = []
        self.waiting = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self.parts.code_sheets, args=(self._stop, lambda: self.waiting, self.updates.append)
        )
        self._thread.start()
        self._pts = 0

    def tick(self, shown: Page, scene: Scene = Scene()) -> list[Packet]:  # noqa: B008 (immutable)
        self._pts += 3600
        return self.parts.tick(shown, None, scene, None, self._pts, 0, False)

    def until(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.updates) < count:
            assert time.monotonic() < deadline, self.updates
            time.sleep(0.01)

    def close(self) -> None:
        self._stop.set()
        self.parts.close()
        self._thread.join()


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.close()


def test_nothing_is_coded_for_nobody(running: Running) -> None:
    assert running.tick(page(10)) == []
    time.sleep(0.3)
    assert running.updates == []


def test_who_comes_later_gets_the_sheet_that_stands(running: Running) -> None:
    shown = page(10)
    running.tick(shown)
    running.parts.watch_sheets(True)
    running.until(1)
    running.tick(shown)
    running.parts.watch_sheets(True)  # somebody lacks the whole of it
    running.until(2)
    assert [(u.number, u.base) for u in running.updates] == [(1, None), (1, None)]


def test_a_new_page_and_a_new_scene_have_new_numbers(running: Running) -> None:
    running.parts.watch_sheets(True)
    first, second = page(10), page(200)
    for count, (shown, scene) in enumerate(
        [(first, Scene()), (second, Scene()), (second, Scene(number=1, layout=Layout.COURSEWARE))], start=1
    ):
        running.tick(shown, scene)
        running.tick(shown, scene)
        running.until(count)
    assert [(u.number, u.scene, u.layout) for u in running.updates] == [
        (1, 0, "aligned"),
        (2, 0, "aligned"),
        (3, 1, "courseware"),
    ]
    assert running.updates[2].base == 2 and not running.updates[2].patches


def test_a_gateway_that_does_not_keep_up_is_sent_the_newest_alone(running: Running) -> None:
    running.parts.watch_sheets(True)
    running.waiting = 2
    for shade in range(10, 100, 10):
        running.tick(page(shade))
    time.sleep(0.4)
    assert running.updates == []
    running.waiting = 0
    running.until(1)
    assert running.updates[0].number == 9


def test_the_teachers_layer_begins_with_a_key_while_it_is_watched(running: Running) -> None:
    running.parts.watch_teacher(True)
    packets = [*running.tick(page(10)), *running.tick(page(10))]
    assert [(p.layer, p.is_key) for p in packets] == [("teacher", True), ("teacher", False)]
    running.parts.watch_teacher(False)
    assert running.tick(page(10)) == []


def test_the_recording_light_is_on_the_sheet_as_on_the_composed_picture(running: Running) -> None:
    """Who watches in parts knows as well that the lesson is recorded; it goes with one patch."""
    running.parts.watch_sheets(True)
    shown = page(10)
    for count, is_on in enumerate([False, True, False], start=1):
        running.parts.shows_recording = is_on
        running.tick(shown)
        running.tick(shown)
        running.until(count)
    time.sleep(0.2)
    assert [update.number for update in running.updates] == [1, 2, 3]
    assert len(running.updates[1].patches) == 1


def test_a_small_moving_picture_over_the_page_is_for_the_composed_video(running: Running) -> None:
    """As for a film: who lays parts together is told once, and begins with a whole sheet afterwards."""
    shown = page(10)
    running.parts.watch_sheets(True)
    running.tick(shown)
    running.until(1)
    running.parts.shows_inset = True
    for _ in range(5):
        running.tick(shown)
    running.until(2)
    running.parts.shows_inset = False
    running.tick(shown)
    running.until(3)
    assert [(update.moves, update.base) for update in running.updates] == [
        (False, None),
        (True, None),
        (False, None),
    ]
    numbers = [update.number for update in running.updates]
    assert numbers == sorted(set(numbers))
