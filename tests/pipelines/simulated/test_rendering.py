from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.media import F64, U8
from pipelines.simulated.clip import clip_frame
from pipelines.simulated.light import tone
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer, render_clip
from pipelines.simulated.room import Room

from .conftest import SIZE_WH, MakePage

RAISED = 60  # a picture in which the stick points


def _light(codes: U8) -> F64:
    """Undoes the camera's tone curve."""
    light = np.linspace(0, 1.6, 16_001)
    return np.interp(codes / 255, tone(light), light)


def _lcd(renderer: Renderer) -> tuple[slice, slice]:
    """Rows and columns well inside the LCD."""
    box = Optics(renderer.room, renderer.size_wh).lcd_box(0)
    return slice(box.y + 20, box.y + box.h - 20), slice(box.x + 20, box.x + box.w - 20)


def test_equal_rooms_give_equal_pictures_bit_for_bit(
    renderer: Renderer, optics: Optics, page_of: MakePage
) -> None:
    other = Renderer(optics, 25.0)
    page = page_of(200)
    assert np.array_equal(renderer.render(3, page), other.render(3, page))


def test_a_picture_does_not_depend_on_what_was_rendered_before(renderer: Renderer, page_of: MakePage) -> None:
    white, black = page_of(255), page_of(0, revision=2)
    first = renderer.render(3, white)
    renderer.render(4, black)
    renderer.render(40, None)
    assert np.array_equal(renderer.render(3, white), first)


def test_another_seed_gives_another_wall_and_other_noise(renderer: Renderer, page_of: MakePage) -> None:
    other = Renderer(Optics(replace(renderer.room, seed=2), SIZE_WH), 25.0)
    page = page_of(200)
    for noise in (False, True):
        one, two = (r.render(3, page, teacher=False, noise=noise) for r in (renderer, other))
        assert not np.array_equal(one, two)


def test_the_picture_is_frozen(renderer: Renderer, page_of: MakePage) -> None:
    assert not renderer.render(0, page_of(10)).flags.writeable


def test_where_alpha_is_zero_the_lcd_is_that_of_a_room_without_teacher(
    renderer: Renderer, page_of: MakePage
) -> None:
    page = page_of(230)
    with_teacher = renderer.render(RAISED, page, noise=False).astype(int)
    without = renderer.render(RAISED, page, teacher=False, noise=False).astype(int)
    free = renderer.truth(RAISED, page).pha == 0
    missing = (without - with_teacher)[free]
    assert missing.min() >= 0  # a shadow only takes light
    lcd = _lcd(renderer)
    assert (without - with_teacher)[lcd][free[lcd]].max() <= 2  # a lit panel hardly shows it


def test_the_wall_shows_a_soft_shadow(renderer: Renderer, page_of: MakePage) -> None:
    page = page_of(230)
    with_teacher = renderer.render(0, page, noise=False).astype(int)
    without = renderer.render(0, page, teacher=False, noise=False).astype(int)
    right_of_lcd = np.zeros(with_teacher.shape[:2], bool)
    right_of_lcd[:, _lcd(renderer)[1].stop + 30 :] = True
    taken = (without - with_teacher)[right_of_lcd & (renderer.truth(0).pha == 0)]
    assert taken.max() > 8


@pytest.mark.parametrize("grey", [0, 40, 230])
def test_truth_and_plate_compose_to_the_picture_in_linear_light(
    renderer: Renderer, page_of: MakePage, grey: int
) -> None:
    page = page_of(grey)
    truth = renderer.truth(RAISED, page)
    lcd = _lcd(renderer)
    pha = truth.pha[lcd][..., None] / 255
    plate = _light(renderer.render(RAISED, page, teacher=False, noise=False)[lcd])
    expected = 255 * tone(pha * _light(truth.fgr[lcd]) + (1 - pha) * plate)
    picture = renderer.render(RAISED, page, noise=False)[lcd]
    wrong = np.abs(picture - expected).max(-1)
    opaque = truth.pha[lcd] == 255
    assert wrong[opaque].max() <= 1
    # Elsewhere the shadow on the glass, which the plate does not know, is what differs.
    assert np.percentile(wrong[~opaque], 99) <= (3 if grey > 100 else 12)


def test_noise_has_the_level_asked_for_and_is_less_near_saturation(
    renderer: Renderer, page_of: MakePage
) -> None:
    lcd = _lcd(renderer)
    sigma = {}
    for grey in (128, 255):
        page = page_of(grey)
        clean = renderer.render(0, page, teacher=False, noise=False)[lcd].astype(np.float64)
        noisy = [renderer.render(k, page, teacher=False)[lcd] - clean for k in range(4)]
        sigma[grey] = float(np.std(noisy))
        assert abs(float(np.mean(noisy))) < 0.1
    assert sigma[128] == pytest.approx(renderer.room.noise, rel=0.12)
    assert sigma[255] < 0.8 * sigma[128]


def test_noise_of_two_pictures_is_unlike(renderer: Renderer, page_of: MakePage) -> None:
    lcd = _lcd(renderer)
    page = page_of(128)
    clean = renderer.render(0, page, teacher=False, noise=False)[lcd].astype(np.float64)
    one, two = (renderer.render(k, page, teacher=False)[lcd] - clean for k in (7, 8))
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.05


def test_the_pointer_tip_lies_on_opaque_alpha_in_every_frame_that_has_one(renderer: Renderer) -> None:
    pointing = 0
    for index in range(120):
        truth = renderer.truth(index)
        if truth.pointer_tip_xy is None:
            continue
        pointing += 1
        x, y = (round(v) for v in truth.pointer_tip_xy)
        assert truth.pha[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].max() > 180, index
        assert not truth.pha[:, : max(x - 4, 0)].any(), f"frame {index}: the stick goes on beyond its tip"
        assert truth.finger_tip_xy is not None
        column, row = (round(v) for v in truth.finger_tip_xy)
        assert truth.pha[row - 1 : row + 2, column - 1 : column + 3].max() > 200, index
    assert pointing > 75


def test_stick_and_finger_lie_over_the_page_while_they_point(renderer: Renderer) -> None:
    optics = Optics(renderer.room, renderer.size_wh)
    calibration, _ = optics.calibration()
    for index in range(46, 120):
        truth = renderer.truth(index)
        for point in (truth.pointer_tip_xy, truth.finger_tip_xy):
            assert point is not None
            x, y, w = calibration.page_from_camera @ (*point, 1.0)
            assert 0 <= x / w <= 1919 and 0 <= y / w <= 1079, index


def test_the_clip_runs_forwards_then_backwards(renderer: Renderer) -> None:
    frames = [renderer.truth(k).clip_frame for k in (0, 1, 119, 120, 239, 240)]
    assert frames == [0, 1, 119, 119, 0, 0]


def test_at_another_rate_the_teacher_moves_as_fast() -> None:
    assert [clip_frame(k, 50.0) for k in (20, 21, 22)] == [10, 10, 11]
    assert [clip_frame(k, 12.5) for k in (0, 1, 60)] == [0, 2, 119]


def test_an_absent_teacher_leaves_an_empty_stage(renderer: Renderer, page_of: MakePage) -> None:
    assert renderer.room.absent_s == (100, 100.2)
    page = page_of(99)
    for index, is_there in [(2499, True), (2500, False), (2504, False), (2505, True)]:
        truth = renderer.truth(index, page)
        assert bool(truth.pha.any()) == is_there == (truth.clip_frame is not None)
        same = np.array_equal(renderer.render(index, page), renderer.render(index, page, teacher=False))
        assert same != is_there


def test_a_room_without_teacher_never_shows_one(page_of: MakePage) -> None:
    renderer = Renderer(Optics(Room(teacher=False), (320, 180)), 25.0)
    assert not renderer.truth(60).pha.any()


def test_no_page_is_a_dark_lcd_and_a_page_of_another_size_is_the_same_page(
    renderer: Renderer, page_of: MakePage
) -> None:
    lcd = _lcd(renderer)
    dark = renderer.render(0, None, teacher=False, noise=False)[lcd]
    black = renderer.render(0, page_of(0), teacher=False, noise=False)[lcd]
    assert np.array_equal(dark, black)
    assert dark.max() < 70
    large = page_of(np.full((720, 1280, 3), 255, np.uint8))
    small = page_of(255)
    pictures = [renderer.render(0, p, teacher=False, noise=False).astype(int) for p in (large, small)]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1
    assert pictures[0][lcd].min() > 180


def test_a_clip_is_the_pictures_of_the_room_with_the_stick_raised(
    renderer: Renderer, page_of: MakePage
) -> None:
    page = page_of(200)
    clip = render_clip(SIZE_WH, page, 2)
    assert np.array_equal(clip[1], renderer.render(41, page))
    assert renderer.truth(40).pointer_tip_xy is not None
