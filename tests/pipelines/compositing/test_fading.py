"""The body fades over writing, and nothing else does: not hands, not pointers, not over a bare page."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from pipelines.alignment import Calibration
from pipelines.compositing.compositor import Compositor
from pipelines.compositing.fading import LEAST_SEEN, TextFade, writing_of
from pipelines.compositing.hands import find_hands
from pipelines.compositing.placing import place_aligned
from pipelines.light import linear_from_srgb, srgb_from_linear
from pipelines.media import Box, Frame, Matte, Page, Scene, freeze
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.timing import SessionClock

SIZE = (640, 360)
STEP = 3600  # 25 pictures a second
STRAIGHT = place_aligned(Calibration(np.eye(3), SIZE, SIZE, "corners"), SIZE, SIZE)
ORIGIN = Frame(np.zeros((SIZE[1], SIZE[0], 3), np.uint8), 0, 0)


@pytest.fixture
def page(make_page):
    return make_page(SIZE)


def bare():
    rgb = np.full((SIZE[1], SIZE[0], 3), 240, np.uint8)
    freeze(rgb)
    return Page(rgb, 0, 0)


def settled(fade, page, matte_at, strength=1.0, frames=75, begin=0):
    """The matte after so many frames."""
    for index in range(begin, begin + frames):
        matte = matte_at(index * STEP)
        result = fade.faded(page.rgb, matte, STRAIGHT, strength)
    return matte, result


def share(matte, faded, where):
    """What is left of alpha there: x0, x1, y0, y1 of the camera."""
    x0, x1, y0, y1 = (np.array(where) - np.repeat((matte.box.x, matte.box.y), 2)).tolist()
    whole = matte.pha[y0:y1, x0:x1].astype(float)
    return faded.pha[y0:y1, x0:x1].astype(float)[whole > 200].mean() / whole[whole > 200].mean()


def test_writing_is_found_and_paper_is_not(page):
    assert writing_of(page.rgb).min() > 0.9
    assert writing_of(bare().rgb).max() == 0
    half = page.rgb.copy()
    half[:, 320:] = 250
    cells = writing_of(half)
    assert cells[:, :38].min() > 0.9 and cells[:, 44:].max() == 0


def test_a_torso_fades_and_the_pointer_does_not(page, make_matte):
    matte, faded = settled(TextFade(SIZE), page, lambda pts: make_matte(SIZE, pts=pts))
    assert share(matte, faded, (290, 350, 200, 340)) == pytest.approx(LEAST_SEEN, abs=0.03)
    # The hand and the stick in it: from (-0.35, 0.2) of the height on.
    assert share(matte, faded, (110, 200, 30, 75)) > 0.99


def test_over_a_bare_page_nothing_is_touched(make_matte):
    matte, faded = settled(TextFade(SIZE), bare(), lambda pts: make_matte(SIZE, pts=pts))
    assert faded is matte


def test_switched_off_it_comes_back_and_then_costs_nothing(page, make_matte):
    fade = TextFade(SIZE)
    settled(fade, page, lambda pts: make_matte(SIZE, pts=pts))
    matte, faded = settled(fade, page, lambda pts: make_matte(SIZE, pts=pts), 0.0, frames=2, begin=75)
    assert 0.2 < share(matte, faded, (290, 350, 200, 340)) < 0.9, "on its way"
    matte, faded = settled(fade, page, lambda pts: make_matte(SIZE, pts=pts), 0.0, frames=75, begin=77)
    assert faded is matte


def test_it_never_jumps_while_the_teacher_sways_and_the_page_turns(page, make_matte):
    fade, before = TextFade(SIZE), 1.0
    for index in range(120):
        sway = 4.0 * np.sin(index / 3)
        matte = make_matte(SIZE, dx=sway, pts=index * STEP)
        shown = page if index < 60 else bare()
        faded = fade.faded(shown.rgb, matte, STRAIGHT, 1.0)
        left = share(matte, faded, (300, 340, 220, 330))
        assert abs(left - before) < 0.2, f"frame {index}"
        if 20 < index < 60:
            assert left < 0.35, "no flicker once it has faded"
        before = left
    assert before > 0.99, "whole again over the bare page"


def test_a_hand_that_comes_is_whole_at_once(page, make_matte):
    fade = TextFade(SIZE)
    settled(fade, page, lambda pts: make_matte(SIZE, arm=False, pts=pts))
    matte = make_matte(SIZE, arm=True, pts=75 * STEP)
    faded = fade.faded(page.rgb, matte, STRAIGHT, 1.0)
    assert share(matte, faded, (110, 200, 30, 75)) > 0.99


def test_the_same_matte_is_answered_alike(page, make_matte):
    """Composed programme and the teacher's own layer ask for the same instant."""
    fade = TextFade(SIZE)
    matte, faded = settled(fade, page, lambda pts: make_matte(SIZE, pts=pts))
    assert fade.faded(page.rgb, matte, STRAIGHT, 1.0) is faded


def test_a_hand_before_the_torso_is_found_by_the_faces_colour():
    pha = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    fgr = np.full((SIZE[1], SIZE[0], 3), (60, 80, 150), np.uint8)
    cv2.ellipse(pha, (320, 90), (35, 45), 0, 0, 360, 255, -1)
    cv2.rectangle(pha, (250, 140), (390, 359), 255, -1)
    cv2.rectangle(pha, (305, 125), (335, 145), 255, -1)
    skin = (205, 150, 125)
    cv2.ellipse(fgr, (320, 95), (30, 38), 0, 0, 360, skin, -1)
    without = find_hands(Matte(ORIGIN, Box(0, 0, *SIZE), pha, fgr), 4)
    fgr = fgr.copy()
    cv2.circle(fgr, (320, 260), 18, skin, -1)
    hands = find_hands(Matte(ORIGIN, Box(0, 0, *SIZE), pha, fgr), 4)
    assert hands[260 // 4, 320 // 4] > 0.9 and without[260 // 4, 320 // 4] == 0
    assert hands[95 // 4, 320 // 4] < 0.1, "the face is no hand"
    cloth = np.full_like(fgr, skin)  # a shirt of that colour says nothing
    assert find_hands(Matte(ORIGIN, Box(0, 0, *SIZE), pha, cloth), 4)[260 // 4, 320 // 4] == 0


def test_nobody_and_a_speck_are_no_bodies(make_matte):
    speck = Matte(ORIGIN, Box(100, 100, 6, 6), np.full((6, 6), 255, np.uint8), np.zeros((6, 6, 3), np.uint8))
    assert (find_hands(speck, 4) == 1).all()
    assert (find_hands(dataclasses.replace(speck, box=Box(0, 0, 6, 6)), 4) == 1).all()


def test_fingers_and_pointers_of_a_whole_lesson_stay_opaque(page):
    """The simulated teacher before a page full of writing: where the tips are, alpha is what it was."""
    room = SimulatedClassroom("simulated:", SIZE, 25.0, SessionClock(0), lambda: page)
    fade, tips, torsos = TextFade(SIZE), [], []
    try:
        for index in range(0, 120, 4):
            truth = room.renderer.truth(index, page)
            box = Box(*cv2.boundingRect(truth.pha))
            frame = Frame(ORIGIN.rgb, index * STEP, 0)
            matte = Matte(frame, box, truth.pha[box.slices], truth.fgr[box.slices])
            faded = fade.faded(page.rgb, matte, STRAIGHT, 1.0)
            for tip in (truth.finger_tip_xy, truth.pointer_tip_xy):
                if tip is not None:
                    x, y = round(tip[0]) - box.x, round(tip[1]) - box.y
                    part = slice(max(0, y - 3), y + 4), slice(max(0, x - 3), x + 4)
                    if matte.pha[part].size and matte.pha[part].max() > 100:
                        tips.append(int(faded.pha[part].max()) / int(matte.pha[part].max()))
            if index > 40:
                torsos.append(faded.pha.sum() / matte.pha.sum())
    finally:
        room.close()
    assert len(tips) > 20 and min(tips) > 0.97
    assert max(torsos) < 0.75, "most of the body lets the writing through"


def test_both_kinds_of_viewers_see_the_same_fading(make_page, make_matte, make_calibration):
    """Sheet and teacher laid over each other, as a browser does it, are the composed programme."""
    compositor, page, calibration = Compositor(SIZE), make_page(SIZE), make_calibration(SIZE, SIZE)
    scene = Scene(text_fade=1.0)
    for index in range(60):
        matte = make_matte(SIZE, dx=index / 10, pts=index * STEP)
        whole = compositor.compose(page, matte, scene, calibration)
        alone = compositor.teacher(page, matte, scene, calibration)
    opaque = Compositor(SIZE).teacher(page, matte, Scene(), calibration)
    assert alone[..., 3].sum() < 0.6 * opaque[..., 3].sum(), "it has faded in the teacher's layer"
    alpha = alone[..., 3:] / 255
    sheet = compositor.sheet(page, scene) / 255
    light = linear_from_srgb(alone[..., :3] / 255) + (1 - alpha) * linear_from_srgb(sheet)
    together = srgb_from_linear(np.minimum(light, 1)) * 255
    assert np.abs(together - whole)[alone[..., 3] > 0].mean() < 1.0
