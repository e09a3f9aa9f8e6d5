"""The plate against what the simulated camera sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from pipelines.media import PTS_HZ, Calibration, Envelope, Frame, Matte
from pipelines.plate import Plate

if TYPE_CHECKING:
    from conftest import Classroom

    from pipelines.media import Page

ROOMS = [
    "simulated:",
    "simulated:?yaw=14&pitch=-6",
    "simulated:?veil=0.1",
    "simulated:?noise=3",
    "simulated:?bright=0.6&light=0.5&vignetting=0.3",
]


def flagged(envelope: Envelope, frame: Frame) -> float:
    """Share of the LCD's box that lies outside the envelope."""
    ycc = cv2.cvtColor(frame.rgb[envelope.box.slices], cv2.COLOR_RGB2YCrCb)
    return float((cv2.inRange(ycc, envelope.low, envelope.high) == 0).mean())


def settled(classroom: Classroom, page: Page, teacher: bool = False) -> Envelope:
    classroom.shown = page
    envelope = classroom.plate.envelope(classroom.matte(60, page, teacher=teacher))
    assert envelope is not None, classroom.plate.misfit
    return envelope


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_is_inside_the_envelope(make_classroom: type[Classroom], pages: list[Page], room: str) -> None:
    classroom = make_classroom(room)
    for page in pages:
        envelope = settled(classroom, page)
        assert flagged(envelope, classroom.frame(61, page)) < 0.0005, page.index


def test_the_plate_looks_like_the_empty_room(classroom: Classroom, pages: list[Page]) -> None:
    for page in pages:
        envelope = settled(classroom, page)
        empty = classroom.frame(61, page).rgb[envelope.box.slices]
        off = cv2.absdiff(envelope.plate, empty).max(axis=2)
        assert np.median(off) <= 4
        tolerance = envelope.high.astype(int) - envelope.low
        assert np.median(tolerance[100:-100, 100:-100], axis=(0, 1)).max() < 45


def test_a_teacher_in_front_does_not_spoil_it(classroom: Classroom, pages: list[Page]) -> None:
    """Fitted beside the teacher, it holds for what is in sight."""
    for page in pages:
        envelope = settled(classroom, page, teacher=True)
        around = cv2.dilate(classroom.renderer.truth(60).pha, np.ones((81, 81), np.uint8))
        away = around[envelope.box.slices] == 0
        ycc = cv2.cvtColor(classroom.frame(61, page).rgb[envelope.box.slices], cv2.COLOR_RGB2YCrCb)
        beyond = cv2.inRange(ycc, envelope.low, envelope.high) == 0
        assert beyond[away].mean() < 0.001, page.index


def test_a_stick_of_wood_is_outside(classroom: Classroom, pages: list[Page]) -> None:
    for page in pages[:2]:
        envelope = settled(classroom, page)
        rgb = classroom.frame(61, page).rgb.copy()
        stick = np.zeros(rgb.shape[:2], np.uint8)
        cv2.line(stick, (180, 150), (600, 380), (1,), 5)
        rgb[stick > 0] = (170, 120, 66)
        ycc = cv2.cvtColor(rgb[envelope.box.slices], cv2.COLOR_RGB2YCrCb)
        beyond = cv2.inRange(ycc, envelope.low, envelope.high) == 0
        assert beyond[stick[envelope.box.slices] > 0].mean() > 0.8, page.index


def test_a_wrong_page_is_refused(classroom: Classroom, pages: list[Page]) -> None:
    for shown in pages:
        for seen in pages:
            if seen is not shown:
                classroom.shown = shown
                plate = Plate(classroom.calibration, lambda page=shown: page)
                assert plate.envelope(classroom.matte(60, seen)) is None
                assert plate.misfit > 0.025


def test_a_wrong_calibration_is_refused(classroom: Classroom, pages: list[Page]) -> None:
    right = classroom.calibration
    shift = np.array([[1.0, 0, 60], [0, 1.0, 30], [0, 0, 1.0]])
    for matrix in (shift @ right.page_from_camera, np.zeros((3, 3)), np.full((3, 3), np.nan)):
        wrong = Calibration(matrix, right.camera_size_wh, right.page_size_wh, "corners")
        plate = Plate(wrong, lambda: pages[0])
        assert plate.envelope(classroom.matte(60, pages[0])) is None


def test_the_page_before_counts_until_the_camera_sees_the_new_one(
    classroom: Classroom, pages: list[Page]
) -> None:
    settled(classroom, pages[0])
    classroom.shown = pages[1]
    for index in (62, 64):
        late = classroom.matte(index, pages[0])
        envelope = classroom.plate.envelope(late)
        assert envelope is not None
        assert flagged(envelope, late.frame) < 0.0005
    seen = classroom.matte(66, pages[1])
    envelope = classroom.plate.envelope(seen)
    assert envelope is not None
    assert flagged(envelope, seen.frame) < 0.0005


def test_a_film_has_no_plate_until_it_stops(classroom: Classroom, pages: list[Page]) -> None:
    for number in range(10):
        page = replace(pages[number % 2], revision=number, is_flip=False)
        classroom.shown = page
        assert classroom.plate.envelope(classroom.matte(number, page)) is None
    still = [classroom.plate.envelope(classroom.matte(number, page)) for number in range(10, 30)]
    assert still[-1] is not None


def test_no_page_no_plate(classroom: Classroom) -> None:
    assert classroom.plate.envelope(classroom.matte(60, None)) is None


def test_nothing_is_done_twice(classroom: Classroom, pages: list[Page]) -> None:
    """The same envelope until it is time to look again."""
    first = settled(classroom, pages[0])
    assert classroom.plate.envelope(classroom.matte(62, pages[0])) is first
    assert classroom.plate.envelope(classroom.matte(62 + 25 * 6, pages[0])) is not first
    assert not (first.low.flags.writeable or first.high.flags.writeable or first.plate.flags.writeable)


def test_what_is_held_up_for_long_does_not_become_plate(classroom: Classroom, pages: list[Page]) -> None:
    settled(classroom, pages[0])
    for second in range(3, 30, 3):
        clean = classroom.matte(60 + 25 * second, pages[0])
        rgb = clean.frame.rgb.copy()
        rgb[300:380, 300:420] = (200, 40, 60)
        frame = Frame(rgb, 60 * PTS_HZ // 25 + second * PTS_HZ, 0)
        envelope = classroom.plate.envelope(Matte(frame, clean.box, clean.pha, clean.fgr))
        assert envelope is not None
    ycc = cv2.cvtColor(rgb[envelope.box.slices], cv2.COLOR_RGB2YCrCb)
    beyond = cv2.inRange(ycc, envelope.low, envelope.high) == 0
    x, y = 300 - envelope.box.x, 300 - envelope.box.y
    assert beyond[y : y + 80, x : x + 120].mean() > 0.9


def test_other_camera_and_page_sizes(make_classroom: type[Classroom], pages: list[Page]) -> None:
    classroom = make_classroom("simulated:", (1920, 1080))
    envelope = settled(classroom, pages[0])
    assert flagged(envelope, classroom.frame(61, pages[0])) < 0.0005
    large = cv2.resize(pages[0].rgb, (3840, 2160), interpolation=cv2.INTER_CUBIC)
    classroom = make_classroom("simulated:", (960, 540))
    page = replace(pages[0], rgb=np.asarray(large, np.uint8))
    envelope = settled(classroom, page)
    assert flagged(envelope, classroom.frame(61, page)) < 0.001
