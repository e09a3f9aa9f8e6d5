"""The plate against what the simulated camera sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from pipelines.alignment import Calibration
from pipelines.media import DOUBT_UNITS, PTS_HZ, TRUST_TILE_PX, U8, Box, Frame, Matte, Page, Prediction
from pipelines.plate.plate import Plate

if TYPE_CHECKING:
    from conftest import Classroom


ROOMS = [
    "simulated:",
    "simulated:?yaw=14&pitch=-6",
    "simulated:?veil=0.1",
    "simulated:?noise=3",
    "simulated:?bright=0.6&light=0.5&vignetting=0.3",
]


KNOWN = 60  # doubt up to 15 codes


def errors(known: Prediction, classroom: Classroom, page: Page) -> np.ndarray:
    """Largest difference of a channel from the true plate, codes, where the plate claims to be right."""
    empty = classroom.renderer.render(0, page, teacher=False, noise=False)[known.box.slices]
    off = cv2.absdiff(known.rgb, empty).max(axis=2)
    return off[known.doubt < KNOWN]


def settled(classroom: Classroom, page: Page, teacher: bool = False) -> Prediction:
    classroom.shown = page
    known = classroom.plate.predict(classroom.matte(60, page, teacher=teacher))
    assert known is not None, classroom.plate.misfit
    return known


def trust_of(classroom: Classroom, frame: Frame) -> U8:
    """Trust by tile when the camera shows this picture instead, with nobody there."""
    box = classroom.matte(60, classroom.shown)
    moved = Frame(frame.rgb, frame.pts, 0)
    known = classroom.plate.predict(Matte(moved, box.box, box.pha, box.fgr))
    assert known is not None
    return known.trust


@pytest.mark.parametrize("room", [*ROOMS, "simulated:?k1=-0.2&k2=0.05"])
def test_the_plate_is_what_the_empty_room_shows(
    make_classroom: type[Classroom], pages: list[Page], room: str
) -> None:
    classroom = make_classroom(room)
    for page in pages:
        known = settled(classroom, page)
        off = errors(known, classroom, page)
        assert np.median(off) <= 2, page.index
        assert np.percentile(off, 95) <= 14, page.index
        assert (known.doubt < KNOWN).mean() > 0.75
        assert np.median(known.trust) > 230


def test_a_teacher_in_front_does_not_spoil_it(classroom: Classroom, pages: list[Page]) -> None:
    """Fitted beside the teacher, it holds behind them as well."""
    for page in pages:
        known = settled(classroom, page, teacher=True)
        assert np.median(errors(known, classroom, page)) <= 3, page.index
        assert np.median(known.trust) > 200


def test_outside_the_lcd_nothing_is_known(classroom: Classroom, pages: list[Page]) -> None:
    known = settled(classroom, pages[0])
    assert known.doubt[0, 0] == 255
    middle = known.doubt[known.box.h // 2, known.box.w // 2]
    assert middle < KNOWN


@pytest.mark.parametrize(
    ("fault", "most"),
    [("none", 1.0), ("half a pixel", 1.0), ("three pixels", 0.15), ("gain", 0.15), ("offset", 0.15)],
)
def test_trust_falls_with_the_fault(classroom: Classroom, pages: list[Page], fault: str, most: float) -> None:
    page = pages[0]
    settled(classroom, page)
    rgb = classroom.frame(61, page).rgb
    size_wh = rgb.shape[1], rgb.shape[0]
    move = {"half a pixel": 0.3, "three pixels": 3.0}.get(fault, 0.0)
    shift = np.array([[1, 0, move], [0, 1, move / 2]])
    seen = cv2.warpAffine(rgb, shift, size_wh, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    seen = seen * (0.9 if fault == "gain" else 1) - (16 if fault == "offset" else 0)
    trust = trust_of(classroom, Frame(np.asarray(np.clip(seen, 0, 255), np.uint8), 61 * 3600, 0)) / 255
    written = trust[4:12, 3:14]  # tiles with text; bare paper does not show a shift
    if most == 1.0:
        assert np.median(written) > 0.8
    else:
        assert np.median(written) < most


def test_other_light_is_learnt_at_once(classroom: Classroom, pages: list[Page]) -> None:
    page = pages[0]
    settled(classroom, page)
    nobody = classroom.matte(61, page)
    trusts = []
    for ahead in range(1, 14):
        rgb = classroom.frame(60 + ahead, page).rgb * np.float32(0.8)
        frame = Frame(np.asarray(rgb, np.uint8), (60 + ahead) * 3600, 0)
        known = classroom.plate.predict(Matte(frame, nobody.box, nobody.pha, nobody.fgr))
        trusts.append(0.0 if known is None else float(known.trust.mean()))
    assert trusts[0] < 60
    assert trusts[-1] > 200


def test_a_pixel_off_is_noticed(classroom: Classroom, pages: list[Page]) -> None:
    page = pages[0]
    settled(classroom, page)
    rgb = classroom.frame(61, page).rgb
    right = trust_of(classroom, Frame(rgb, 61 * 3600, 0))[4:12, 3:14]
    seen = cv2.warpAffine(rgb, np.array([[1, 0, 1.0], [0, 1, 0.6]]), (1280, 720))
    wrong = trust_of(classroom, Frame(np.asarray(seen, np.uint8), 64 * 3600, 0))[4:12, 3:14]
    assert wrong.mean() < 0.6 * right.mean()


@pytest.mark.parametrize(
    ("far_px", "long_px", "is_trusted"),
    [(0, 110, True), (0, 300, False), (120, 110, False)],
    ids=["held out", "too long for a book", "by itself"],
)
def test_what_the_teacher_holds_costs_no_trust(
    classroom: Classroom, pages: list[Page], far_px: int, long_px: int, is_trusted: bool
) -> None:
    """A book that the network did not see, out of the strip around the teacher in which nothing is sure."""
    page = pages[0]
    box = settled(classroom, page).box
    matte = classroom.matte(61, page)
    seen = np.array(matte.frame.rgb)
    body = Box(box.x + 60, box.y + 150, 100, 200)
    x0 = body.x + body.w + far_px
    seen[body.slices] = (120, 60, 50)
    seen[body.y + 60 : body.y + 140, x0 : x0 + long_px] = (30, 60, 160)
    frame = Frame(seen, 61 * 3600, 0)
    pha = np.full((body.h, body.w), 255, np.uint8)
    known = classroom.plate.predict(Matte(frame, body, pha, seen[body.slices]))
    assert known is not None
    row, column = body.y + 100 - box.y, min(x0 + 80, x0 + long_px - 20) - box.x
    there = known.trust[row // TRUST_TILE_PX, column // TRUST_TILE_PX]
    assert there > 200 if is_trusted else there < 60


def test_a_glare_costs_trust_where_it_is(classroom: Classroom, pages: list[Page]) -> None:
    page = pages[1]
    settled(classroom, page)
    seen = classroom.frame(61, page).rgb.astype(np.float32)
    y, x = np.mgrid[0:720, 0:1280]
    seen += 60 * np.exp(-(((x - 400) / 90) ** 2) - ((y - 300) / 90) ** 2)[..., None]
    frame = Frame(np.asarray(np.clip(seen, 0, 255), np.uint8), 61 * 3600, 0)
    box = settled(classroom, page).box
    trust = trust_of(classroom, frame)
    at = (300 - box.y) // TRUST_TILE_PX, (400 - box.x) // TRUST_TILE_PX
    assert trust[at] < 60
    assert trust[-3, -3] > 200


def test_a_wrong_page_is_refused(classroom: Classroom, pages: list[Page]) -> None:
    for shown in pages:
        for seen in pages:
            if seen is not shown:
                classroom.shown = shown
                plate = Plate(classroom.calibration, lambda page=shown: (page,))
                assert plate.predict(classroom.matte(60, seen)) is None
                assert plate.misfit > 0.025


def test_a_wrong_calibration_is_refused(classroom: Classroom, pages: list[Page]) -> None:
    right = classroom.calibration
    shift = np.array([[1.0, 0, 60], [0, 1.0, 30], [0, 0, 1.0]])
    for matrix in (shift @ right.page_from_camera, np.zeros((3, 3)), np.full((3, 3), np.nan)):
        wrong = Calibration(matrix, right.camera_size_wh, right.page_size_wh, "corners")
        plate = Plate(wrong, lambda: pages[:1])
        assert plate.predict(classroom.matte(60, pages[0])) is None


def test_the_page_before_counts_until_the_camera_sees_the_new_one(
    classroom: Classroom, pages: list[Page]
) -> None:
    first = settled(classroom, pages[0])
    classroom.shown = pages[1]
    for index in (62, 64):
        known = classroom.plate.predict(classroom.matte(index, pages[0]))
        assert known is not None
        assert known.rgb is first.rgb
        assert np.median(known.trust) > 230
    known = classroom.plate.predict(classroom.matte(66, pages[1]))
    assert known is not None
    assert np.median(errors(known, classroom, pages[1])) <= 2


def test_no_page_no_plate(classroom: Classroom) -> None:
    assert classroom.plate.predict(classroom.matte(60, None)) is None


def test_nothing_is_done_twice(classroom: Classroom, pages: list[Page]) -> None:
    """The same arrays until it is time to look again."""
    first = settled(classroom, pages[0])
    again = classroom.plate.predict(classroom.matte(62, pages[0]))
    later = classroom.plate.predict(classroom.matte(62 + 25 * 16, pages[0]))
    assert again is not None and later is not None
    assert again.rgb is first.rgb and again.doubt is first.doubt
    assert later.rgb is not first.rgb
    assert not (first.rgb.flags.writeable or first.doubt.flags.writeable or first.trust.flags.writeable)


def test_what_is_held_up_for_long_does_not_become_plate(classroom: Classroom, pages: list[Page]) -> None:
    known = settled(classroom, pages[0])
    for second in range(3, 30, 3):
        clean = classroom.matte(60 + 25 * second, pages[0])
        rgb = clean.frame.rgb.copy()
        rgb[300:380, 300:420] = (200, 40, 60)
        frame = Frame(rgb, 60 * PTS_HZ // 25 + second * PTS_HZ, 0)
        found = classroom.plate.predict(Matte(frame, clean.box, clean.pha, clean.fgr))
        assert found is not None
        known = found
    y, x = 300 - known.box.y, 300 - known.box.x
    behind = known.rgb[y : y + 80, x : x + 120]
    empty = classroom.renderer.render(0, pages[0], teacher=False, noise=False)[300:380, 300:420]
    assert np.median(cv2.absdiff(behind, empty)) <= 6


def test_other_camera_and_page_sizes(make_classroom: type[Classroom], pages: list[Page]) -> None:
    classroom = make_classroom("simulated:", (1920, 1080))
    assert np.median(errors(settled(classroom, pages[0]), classroom, pages[0])) <= 2
    large = cv2.resize(pages[0].rgb, (3840, 2160), interpolation=cv2.INTER_CUBIC)
    classroom = make_classroom("simulated:", (960, 540))
    page = replace(pages[0], rgb=np.asarray(large, np.uint8))
    assert np.median(errors(settled(classroom, page), classroom, page)) <= 2


def test_white_strokes_on_a_dark_page_are_known_to_the_code(classroom: Classroom) -> None:
    """No block of such a page is white, and the camera bends its highlights: pixels have to tell."""
    rgb: U8 = np.full((720, 1280, 3), (16, 30, 70), np.uint8)
    for line in range(5):
        at = (80, 160 + 120 * line)
        cv2.putText(rgb, f"{line} REFRACTION", at, cv2.FONT_HERSHEY_DUPLEX, 3.0, (250, 250, 250), 7)
    page = Page(rgb, 1, 0, 0)
    classroom.shown = page
    prediction = None
    for index in range(3):
        frame = classroom.frame(index, page)
        prediction = classroom.plate.predict(Matte.empty(frame))
    assert prediction is not None
    plate = prediction.rgb[..., 1]
    strokes = cv2.erode(np.asarray(plate > 200, np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert np.count_nonzero(strokes) > 500
    seen = frame.rgb[prediction.box.slices][..., 1]
    off = seen[strokes].astype(float) - plate[strokes]
    assert abs(float(np.median(off))) < 2.5
    assert float(np.median(prediction.doubt[strokes])) < 3 * DOUBT_UNITS
