"""Held objects: what stands before the known page is added, and nothing else.

The network is played by the truth without the stick, so that none is needed.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipelines.matting import HeldObjects, metrics
from pipelines.media import PTS_HZ, U8, Box, Calibration, Envelope, Frame, Matte, Page
from pipelines.plate import Plate
from pipelines.simulated import Optics, Renderer, Room, Truth

CAMERA_WH = (1280, 720)
RAISED = range(44, 120, 6)


class Stage:
    """The simulated classroom, and mattes in which the stick is missing."""

    def __init__(self) -> None:
        optics = Optics(Room(), CAMERA_WH)
        self.renderer = Renderer(optics, 25.0)
        self.calibration: Calibration = optics.calibration()[0]

    def matte(self, index: int, page: Page, *, pts: int | None = None) -> tuple[Matte, Truth]:
        truth = self.renderer.truth(index, page)
        rgb = self.renderer.render(index, page)
        frame = Frame(rgb, round(index * PTS_HZ / 25) if pts is None else pts, 0)
        pha = np.where(thin_part(truth), np.uint8(0), truth.pha)
        x, y, w, h = cv2.boundingRect(pha)
        box = Box(x, y, w, h)
        return Matte(frame, box, pha[box.slices], truth.fgr[box.slices]), truth


def thin_part(truth: Truth) -> metrics.Mask:
    """The stick between the finger and its tip."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
    thick = cv2.dilate(cv2.morphologyEx(truth.pha, cv2.MORPH_OPEN, disc), np.ones((9, 9), np.uint8))
    thin = (truth.pha > 0) & (thick < 25)
    if truth.finger_tip_xy is None:
        return np.zeros_like(thin)
    thin[:, int(truth.finger_tip_xy[0]) :] = False
    return np.asarray(thin)


def draw_page(number: int) -> Page:
    """Text on white; a dark page with a drawing; a photograph's colours."""
    if number == 2:
        x = np.linspace(0, 255, 1280, dtype=np.uint8)
        rgb: U8 = cv2.applyColorMap(np.tile(x, (720, 1)), cv2.COLORMAP_OCEAN)[..., ::-1].copy()
        return Page(rgb, 3, 0, 2)
    paper, ink = [((250, 250, 248), (20, 24, 30)), ((12, 18, 40), (240, 240, 220))][number]
    rgb = np.full((720, 1280, 3), paper, np.uint8)
    for line in range(10):
        text = f"{line + number}. sin a / sin b = n, a = {20 + (3 + number) * line}"
        cv2.putText(rgb, text, (70, 120 + 60 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.1, ink, 2)
    cv2.circle(rgb, (1000, 360), 150, (40, 120, 200), 6)
    return Page(rgb, number + 1, 0, number)


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return [draw_page(number) for number in range(3)]


@pytest.fixture
def make_held(stage: Stage) -> Callable[[Page], HeldObjects]:
    return lambda page: HeldObjects(Plate(stage.calibration, lambda: page).envelope)


@pytest.mark.parametrize("number", range(3))
def test_the_stick_is_kept_to_its_tip(
    stage: Stage, pages: list[Page], make_held: Callable[[Page], HeldObjects], number: int
) -> None:
    page, kept, tips = pages[number], [], []
    held = make_held(page)
    held(stage.matte(30, page)[0])
    for index in RAISED:
        matte, truth = stage.matte(index, page)
        pha = metrics.full_pha(held(matte))
        thin = thin_part(truth)
        kept.append(float(np.minimum(pha, truth.pha)[thin].sum() / truth.pha[thin].sum()))
        assert truth.pointer_tip_xy is not None
        x, y = (round(v) for v in truth.pointer_tip_xy)
        tips.append(bool((pha[y - 5 : y + 6, max(x - 5, 0) : x + 6] > 127).any()))
        wrong = (pha > 127) & (truth.pha < 13)
        assert wrong.mean() < 0.0002, index
        assert metrics.mad(pha, truth.pha) < metrics.mad(metrics.full_pha(matte), truth.pha)
    assert np.mean(kept) > 0.8, kept
    assert np.mean(tips) > 0.9, tips
    assert held.with_stick >= 0.9 * len(RAISED)


def test_colour_is_the_sticks(
    stage: Stage, pages: list[Page], make_held: Callable[[Page], HeldObjects]
) -> None:
    held = make_held(pages[0])
    held(stage.matte(58, pages[0])[0])
    matte, truth = stage.matte(60, pages[0])
    refined = held(matte)
    fgr: U8 = np.zeros_like(matte.frame.rgb)
    fgr[refined.box.slices] = refined.fgr
    added = thin_part(truth) & (metrics.full_pha(refined) > 25) & (truth.pha > 25)
    off = np.abs(fgr[added].astype(int) - truth.fgr[added]).mean()
    assert off < 16
    seen = np.abs(matte.frame.rgb[added].astype(int) - truth.fgr[added]).mean()
    assert off < 0.7 * seen


def test_alpha_is_never_lowered_and_the_frame_is_the_same(
    stage: Stage, pages: list[Page], make_held: Callable[[Page], HeldObjects]
) -> None:
    held = make_held(pages[0])
    for index in range(36, 60, 4):
        matte, _ = stage.matte(index, pages[0])
        refined = held(matte)
        assert refined.frame is matte.frame
        assert (metrics.full_pha(refined) >= metrics.full_pha(matte)).all()
        assert not refined.pha.flags.writeable
        assert not refined.fgr.flags.writeable
        box, more = matte.box, refined.box
        assert more.x <= box.x
        assert more.y <= box.y
        assert more.x + more.w >= box.x + box.w
        assert more.y + more.h >= box.y + box.h
    assert more.x < box.x - 100


def test_a_wrong_page_changes_nothing(stage: Stage, pages: list[Page]) -> None:
    held = HeldObjects(Plate(stage.calibration, lambda: pages[1]).envelope)
    for index in range(44, 60, 4):
        matte, _ = stage.matte(index, pages[0])
        assert held(matte) is matte
        assert held.trust == 0.0
    assert held.trusted == 0
    assert held.frames == 4


def test_a_page_turn_is_survived(stage: Stage, pages: list[Page]) -> None:
    """The box turns the page at 50, the camera sees it three pictures later."""
    shown = [pages[0]]
    held = HeldObjects(Plate(stage.calibration, lambda: shown[0]).envelope)
    for index in range(44, 62):
        shown[0] = pages[0] if index < 50 else pages[1]
        matte, truth = stage.matte(index, pages[0] if index < 53 else pages[1])
        pha = metrics.full_pha(held(matte))
        assert ((pha > 127) & (truth.pha < 13)).mean() < 0.0002, index
    assert held.with_stick >= 16


def test_something_else_on_the_lcd_is_distrusted(stage: Stage, pages: list[Page]) -> None:
    """A window of another programme over the page: no page explains it, so nothing is believed."""
    held = HeldObjects(Plate(stage.calibration, lambda: pages[0]).envelope)
    held(stage.matte(44, pages[0])[0])
    covered = pages[0].rgb.copy()
    covered[250:600, 100:700] = (90, 140, 60)
    matte, _ = stage.matte(46, Page(covered, 9, 0))
    assert held(matte) is matte
    assert held.trust == 0.0


def plain() -> tuple[U8, Matte, Envelope]:
    """The camera's picture, to be drawn into; a red teacher before a pale LCD; the envelope of that LCD."""
    white: U8 = np.full((720, 1280, 3), 235, np.uint8)
    rgb = white.copy()
    body = Box(800, 200, 250, 520)
    rgb[body.slices] = (160, 40, 50)
    grey = np.asarray(cv2.cvtColor(white, cv2.COLOR_RGB2YCrCb), np.uint8)
    envelope = Envelope(Box(0, 0, 1280, 720), white, grey - np.uint8(9), grey + np.uint8(9))
    matte = Matte(Frame(rgb, 0, 0), body, np.full((520, 250), 255, np.uint8), rgb[body.slices].copy())
    return rgb, matte, envelope


def test_nothing_beyond_costs_nothing() -> None:
    white = np.full((720, 1280, 3), 235, np.uint8)
    _, _, envelope = plain()
    box = Box(100, 100, 50, 50)
    matte = Matte(Frame(white, 0, 0), box, np.full((50, 50), 255, np.uint8), white[box.slices].copy())
    held = HeldObjects(lambda _: envelope)
    assert held(matte) is matte
    assert held.trust == 1.0


def test_no_envelope_no_change() -> None:
    _, matte, _ = plain()
    held = HeldObjects(lambda _: None)
    assert held(matte) is matte
    assert held.trust == 0.0


def test_an_empty_matte_stays_empty() -> None:
    rgb, _, envelope = plain()
    empty = Matte.empty(Frame(rgb, 0, 0))
    assert HeldObjects(lambda _: envelope)(empty) is empty


def test_a_book_beside_the_hand_is_added_once_it_stays() -> None:
    rgb, matte, envelope = plain()
    book = Box(690, 300, 112, 150)
    rgb[book.slices] = (40, 90, 60)
    held = HeldObjects(lambda _: envelope)
    held(matte)
    pha = metrics.full_pha(held(matte))
    assert (pha[book.slices][:, :-12] > 127).mean() > 0.97
    pha[book.slices] = 0
    pha[matte.box.slices] = 0
    assert (pha > 0).sum() < 200


def test_a_poster_away_from_the_teacher_is_not_held() -> None:
    rgb, matte, envelope = plain()
    rgb[300:360, 300:380] = (40, 90, 60)
    held = HeldObjects(lambda _: envelope)
    for _ in range(3):
        pha = metrics.full_pha(held(matte))
    assert pha[:, :700].max() == 0


def test_a_soft_shadow_is_not_added(stage: Stage, pages: list[Page]) -> None:
    """The room's light on the glass is dimmed where the teacher's shadow falls: no alpha there."""
    held = HeldObjects(Plate(stage.calibration, lambda: pages[1]).envelope)
    for index in (44, 50, 56, 62):
        matte, truth = stage.matte(index, pages[1])
        pha = metrics.full_pha(held(matte))
        far = cv2.dilate(truth.pha, np.ones((13, 13), np.uint8)) == 0
        assert (pha[far] > 25).mean() < 0.0001


def test_a_stick_gone_leaves_no_ghost(stage: Stage, pages: list[Page]) -> None:
    held = HeldObjects(Plate(stage.calibration, lambda: pages[0]).envelope)
    for index in (50, 52, 54):
        held(stage.matte(index, pages[0])[0])
    assert held.with_stick == 3
    matte, truth = stage.matte(20, pages[0], pts=round(56 * PTS_HZ / 25))
    pha = metrics.full_pha(held(matte))
    assert held.with_stick == 3
    assert ((pha > 25) & (cv2.dilate(truth.pha, np.ones((9, 9), np.uint8)) == 0)).sum() == 0
