"""Sheets as pictures: whoever has all updates has the sheet, bit for bit; films are left to the video."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.encoding import sheets as sheets_module
from pipelines.encoding.sheets import MOST_PATCHES, TILE_PX, Movement, Sheet, SheetCoder, changed_boxes
from pipelines.media import U8, SheetUpdate
from pipelines.timing import NS_PER_S

SIZE_WH = (400, 230)  # no multiple of a tile either way


def noise(seed: int) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (SIZE_WH[1], SIZE_WH[0], 3), np.uint8)


def paper() -> U8:
    return np.full((SIZE_WH[1], SIZE_WH[0], 3), 250, np.uint8)


def sheet(number: int, rgb: U8 | None, scene: int = 0) -> Sheet:
    return Sheet(number, rgb, scene, "aligned")


class Viewer:
    """Puts the updates together as a browser does. rgb: what they see."""

    def __init__(self) -> None:
        self.rgb: U8 | None = None
        self.number: int | None = None

    def take(self, update: SheetUpdate) -> None:
        assert update.base is None or update.base == self.number
        if update.base is None:
            self.rgb = None
        for patch in update.patches:
            bgr = cv2.imdecode(np.frombuffer(patch.png, np.uint8), cv2.IMREAD_UNCHANGED)
            assert bgr.shape == (patch.box.h, patch.box.w, 3)
            if self.rgb is None:
                self.rgb = np.zeros((patch.box.h, patch.box.w, 3), np.uint8)
            self.rgb[patch.box.slices] = bgr[..., ::-1]
        self.number = update.number


def test_a_page_arrives_bit_for_bit() -> None:
    coder, viewer = SheetCoder(), Viewer()
    for number in range(3):
        update = coder.code(sheet(number, noise(number)), number * NS_PER_S)
        assert update is not None and update.base is None
        viewer.take(update)
        assert np.array_equal(viewer.rgb, noise(number))


def test_ink_is_a_small_patch() -> None:
    coder, viewer = SheetCoder(), Viewer()
    before, after = noise(1), noise(1)
    cv2.line(after, (70, 70), (100, 90), (0, 0, 0), 2)
    for number, rgb in enumerate((before, after)):
        update = coder.code(sheet(number, rgb), number * NS_PER_S)
        assert update is not None
        viewer.take(update)
    assert np.array_equal(viewer.rgb, after)
    assert sum(patch.box.w * patch.box.h for patch in update.patches) <= 4 * TILE_PX**2


def test_a_new_scene_over_the_same_sheet_costs_no_picture() -> None:
    coder, rgb = SheetCoder(), noise(1)
    coder.code(sheet(1, rgb), 0)
    update = coder.code(sheet(2, rgb, scene=5), 1)
    assert update is not None
    assert (update.number, update.scene, update.base, update.patches) == (2, 5, 1, ())
    assert coder.code(None, 2) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 399), st.integers(0, 229)), max_size=40), st.integers(1, 255))
def test_boxes_hold_every_change_and_stay_within_the_sheet(points: list[tuple[int, int]], by: int) -> None:
    before = noise(3)
    after = before.copy()
    for x, y in points:
        after[y, x, (x + y) % 3] ^= by
    boxes = changed_boxes(before, after)
    assert len(boxes) <= MOST_PATCHES
    patched = before.copy()
    for box in boxes:
        assert box.x >= 0 and box.y >= 0 and box.x + box.w <= 400 and box.y + box.h <= 230
        patched[box.slices] = after[box.slices]
    assert np.array_equal(patched, after)


def test_a_film_is_left_to_the_video_until_it_stands() -> None:
    coder, viewer = SheetCoder(), Viewer()
    updates = [coder.code(sheet(number, noise(number)), number * NS_PER_S // 25) for number in range(50)]
    told = [update for update in updates if update is not None]
    assert told[-1].moves and not told[-1].patches
    assert len(told) < 10
    assert coder.code(None, 50 * NS_PER_S // 25) is None
    still = coder.code(None, 4 * NS_PER_S)
    assert still is not None and still.base is None
    viewer.take(still)
    assert np.array_equal(viewer.rgb, noise(49))


def test_turning_pages_and_writing_are_no_film() -> None:
    movement = Movement()
    for turn in range(30):
        movement.spend(1.0, turn * 2 * NS_PER_S)
    for stroke in range(500):
        movement.spend(0.02, 60 * NS_PER_S + stroke * NS_PER_S // 15)
    assert not movement.moves


def test_the_cameras_layout_is_a_film() -> None:
    coder = SheetCoder()
    update = coder.code(sheet(1, None), 0)
    assert update is not None and update.moves
    back = coder.code(sheet(2, noise(1)), 1)
    assert back is not None and back.base is None and not back.moves


def test_a_page_too_large_is_left_to_the_video(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets_module, "MOST_BYTES", 100_000)
    coder = SheetCoder()
    update = coder.code(sheet(1, noise(1)), 0)
    assert update is not None and update.moves
    assert coder.code(None, 10 * NS_PER_S) is None  # it is not tried again and again
    lighter = coder.code(sheet(2, paper()), 11 * NS_PER_S)
    assert lighter is not None and not lighter.moves


def test_what_changed_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets_module, "CHAIN_UPDATES", 5)
    coder, rgb = SheetCoder(), paper()
    bases = []
    for number in range(20):
        rgb = rgb.copy()
        rgb[10, 10 + number] = 0
        update = coder.code(sheet(number, rgb), number * NS_PER_S)
        assert update is not None
        bases.append(update.base)
    assert [number for number, base in enumerate(bases) if base is None] == [0, 7, 14]


def test_begin_makes_a_whole_sheet_again() -> None:
    coder = SheetCoder()
    coder.code(sheet(1, noise(1)), 0)
    assert coder.code(None, 1) is None
    coder.begin()
    update = coder.code(None, 2)
    assert update is not None and update.base is None
