"""The crop: holds the teacher, keeps to its budget, moves rarely and by whole cells."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matting.crop import (
    FINER_BY,
    LOST_AFTER_S,
    SETTLE_S,
    SHRINK_AFTER_S,
    STRIDE_PX,
    Crop,
    CropTracker,
    fit,
    fit_whole,
    inside,
    union,
)
from pipelines.media import EMPTY_BOX, PTS_HZ, Box, SizeWh

CAMERA_WH = (1280, 720)
BUDGET_PX = 98_304
FRAME = PTS_HZ // 25
STANDING = Box(700, 120, 300, 600)


def contains(outer: Box, inner: Box) -> bool:
    return union(outer, inner) == outer


def settled(found: Box, size_wh: SizeWh = CAMERA_WH) -> tuple[CropTracker, int]:
    """A tracker that has followed someone standing still for a second, and the pts of its last frame."""
    tracker = CropTracker(size_wh, BUDGET_PX)
    for k in range(25):
        tracker.follow(found, k * FRAME)
    return tracker, 24 * FRAME


sizes = st.tuples(st.integers(320, 3840), st.integers(180, 2160))


@given(sizes, st.integers(20_000, 500_000), st.data())
def test_a_fitted_crop_is_inside_and_within_budget(
    size_wh: SizeWh, budget_px: int, data: st.DataObject
) -> None:
    w = data.draw(st.integers(1, size_wh[0]))
    h = data.draw(st.integers(1, size_wh[1]))
    need = Box(data.draw(st.integers(0, size_wh[0] - w)), data.draw(st.integers(0, size_wh[1] - h)), w, h)
    crop = fit(need, need, size_wh, budget_px)
    assert inside(crop.box, size_wh) == crop.box
    assert crop.net_wh[0] * crop.net_wh[1] <= budget_px
    assert crop.net_wh[0] % STRIDE_PX == crop.net_wh[1] % STRIDE_PX == 0
    assert contains(crop.box, need)


def test_it_looks_everywhere_until_the_teacher_is_sure() -> None:
    tracker = CropTracker(CAMERA_WH, BUDGET_PX)
    assert tracker.crop.box == Box(0, 0, *CAMERA_WH)
    tracker.follow(STANDING, 0)
    assert tracker.is_whole
    tracker.follow(STANDING, round(SETTLE_S * PTS_HZ))
    assert not tracker.is_whole
    assert contains(tracker.crop.box, STANDING)


def test_the_crop_makes_the_teacher_larger_for_the_network() -> None:
    tracker, _ = settled(STANDING)
    assert tracker.crop.ratio > 1.5 * fit_whole(CAMERA_WH, BUDGET_PX).ratio


def test_small_movements_do_not_move_it() -> None:
    tracker, pts = settled(STANDING)
    before = tracker.crop
    for k in range(200):
        pts += FRAME
        sway = (0, 12, 20, 12, 0, -12, -20, -12)[k % 8]
        assert tracker.follow(STANDING._replace(x=STANDING.x + sway), pts) == before


@pytest.mark.parametrize(
    "reach",
    [
        Box(480, 120, 520, 600),  # an arm to the left
        Box(700, 120, 560, 600),  # to the right
        Box(700, 0, 300, 720),  # overhead
    ],
)
def test_a_raised_arm_is_inside_at_the_very_next_frame(reach: Box) -> None:
    tracker, pts = settled(STANDING)
    assert contains(tracker.follow(reach, pts + FRAME).box, reach)


def test_it_leads_on_the_side_the_teacher_moves_to() -> None:
    tracker, pts = settled(STANDING)
    reach = Box(560, 120, 440, 600)
    box = tracker.follow(reach, pts + FRAME).box
    assert reach.x - box.x > box.x + box.w - (reach.x + reach.w)


def test_walking_keeps_the_size_and_moves_by_whole_cells() -> None:
    tracker, pts = settled(Box(900, 120, 300, 600))
    crops: list[Crop] = [tracker.crop]
    for x in range(900, 300, -8):
        pts += FRAME
        found = Box(x, 120, 300, 600)
        crop = tracker.follow(found, pts)
        assert contains(crop.box, found)
        if crop != crops[-1]:
            crops.append(crop)
    assert 3 <= len(crops) <= 12
    for old, new in pairwise(crops[1:]):
        assert (new.cell_px, new.net_wh) == (old.cell_px, old.net_wh)
        assert (new.box.x - old.box.x) % old.cell_px == 0


def test_it_shrinks_late_and_only_when_it_pays() -> None:
    tracker, pts = settled(STANDING)
    small = tracker.crop
    wide = tracker.follow(Box(300, 120, 700, 600), pts + FRAME)
    shrunk_after = None
    for k in range(2, 200):
        crop = tracker.follow(STANDING, pts + k * FRAME)
        if crop != wide:
            shrunk_after = (k - 1) * FRAME / PTS_HZ
            break
    assert shrunk_after is not None
    assert SHRINK_AFTER_S * 0.9 <= shrunk_after <= SHRINK_AFTER_S + 1
    assert crop.cell_px <= FINER_BY * wide.cell_px
    assert crop.cell_px == small.cell_px


def test_waving_does_not_pump() -> None:
    """An arm that goes out and in once a second finds room the second time."""
    tracker, pts = settled(STANDING)
    moves = 0
    crop = tracker.crop
    for k in range(250):
        pts += FRAME
        found = STANDING if k % 25 < 12 else Box(420, 120, 580, 600)
        after = tracker.follow(found, pts)
        moves += after != crop
        crop = after
    assert moves == 1


def test_a_lost_teacher_is_looked_for_everywhere() -> None:
    tracker, pts = settled(STANDING)
    near = tracker.crop
    assert tracker.follow(None, pts + round(0.9 * LOST_AFTER_S * PTS_HZ)) == near
    assert tracker.follow(EMPTY_BOX, pts + round(1.1 * LOST_AFTER_S * PTS_HZ)).box == Box(0, 0, *CAMERA_WH)
    assert tracker.found is None


def test_somebody_else_is_taken_in_and_kept() -> None:
    tracker, pts = settled(STANDING)
    pupil = Box(40, 300, 200, 420)
    assert tracker.outside(pupil) == 1.0
    tracker.include(pupil)
    assert tracker.outside(pupil) == tracker.outside(STANDING) == 0.0
    for k in range(1, 100):
        tracker.follow(union(STANDING, pupil), pts + k * FRAME)
        assert tracker.outside(pupil) == 0.0


def test_a_smaller_budget_holds_at_once_for_whom_is_followed_and_for_nobody() -> None:
    found = Box(500, 200, 200, 480)
    tracker, _ = settled(found)
    before = tracker.crop
    after = tracker.spend(BUDGET_PX // 2)
    assert contains(after.box, found)
    assert after.net_wh[0] * after.net_wh[1] <= BUDGET_PX // 2 < before.net_wh[0] * before.net_wh[1]
    tracker.reset()
    assert tracker.is_whole and tracker.crop.net_wh[0] * tracker.crop.net_wh[1] <= BUDGET_PX // 2
    whole = tracker.spend(BUDGET_PX)
    assert tracker.is_whole and whole.net_wh[0] * whole.net_wh[1] > BUDGET_PX // 2
