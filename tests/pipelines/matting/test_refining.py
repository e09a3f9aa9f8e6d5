"""The refiner in the keyer's seam: what it looks at, whom it trusts, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lcd_scene import HEIGHT, LCD, STICK, WIDTH, Recorder, full, plate, prediction, scene

from models.refiner_net import RefinerNet
from models.settings import NetworkSettings
from pipelines.matting.refining import TILE_PX, Refiner
from pipelines.media import PTS_HZ, TRUST_TILE_PX, Box, Frame, Matte, Prediction


@pytest.fixture(scope="module")
def net() -> RefinerNet:
    return RefinerNet.open(NetworkSettings(provider="cpu", threads=1))


def test_the_stick_that_the_network_did_not_see_is_found(net: RefinerNet) -> None:
    _, matte, truth = scene()
    refined = full(Refiner(net, lambda _: prediction())(matte))
    assert full(matte)[STICK].mean() < 0.2 * 255
    assert refined[STICK].mean() > 0.5 * 255  # in the very first picture
    nobody = truth == 0
    assert np.abs(refined[nobody].astype(int)).mean() < 2


@pytest.mark.parametrize("known", [None, prediction(trust=0)])
def test_without_trust_the_matte_is_the_networks_own(known: Prediction | None) -> None:
    _, matte, _ = scene()
    recorder = Recorder(0.5)
    refiner = Refiner(recorder, lambda _: known)
    assert refiner(matte) is matte
    assert refiner.trust == 0
    assert recorder.calls == 0


def test_nobody_there_is_nothing_to_do() -> None:
    frame, _, _ = scene()
    empty = Matte.empty(frame)
    recorder = Recorder()
    assert Refiner(recorder, lambda _: prediction())(empty) is empty
    assert recorder.calls == 0


def test_an_answer_of_nothing_leaves_alpha_as_it_was() -> None:
    _, matte, _ = scene()
    refined = Refiner(Recorder(), lambda _: prediction())(matte)
    np.testing.assert_array_equal(full(refined), full(matte))
    assert refined.frame is matte.frame
    assert not refined.pha.flags.writeable


def test_only_tiles_along_the_band_are_looked_at() -> None:
    _, matte, _ = scene()
    recorder = Recorder()
    refiner = Refiner(recorder, lambda _: prediction())
    refiner(matte)
    looked_px = refiner.tiles * TILE_PX**2
    assert 0 < looked_px < 0.7 * LCD.w * LCD.h


def test_a_stranger_far_from_the_teacher_is_not_added() -> None:
    """Something that stands apart from the teacher: nobody said that it belongs to them."""
    frame, matte, _ = scene(stick=False)
    rgb = frame.rgb.copy()
    apart = slice(60, 110), slice(60, 110)
    rgb[apart] = (30, 30, 30)
    moved = replace(matte, frame=Frame(rgb, 3600, 1))
    refined = full(Refiner(Recorder(1.0), lambda _: prediction())(moved))
    assert refined[apart].max() == 0


def test_the_alpha_before_is_remembered_for_a_moment_only() -> None:
    _, matte, _ = scene()
    recorder = Recorder(0.25)
    refiner = Refiner(recorder, lambda _: prediction())

    def remembered(pts: int) -> bool:
        frame = Frame(matte.frame.rgb, pts, pts)
        refiner(Matte(frame, matte.box, matte.pha, matte.fgr))
        features = recorder.features[-1]
        return not np.array_equal(features[:, 44:48], features[:, 40:44])

    assert [remembered(pts) for pts in (0, 3600, 7200, 90_000)] == [False, True, True, False]


def test_trust_by_tile_keeps_one_side_the_networks() -> None:
    _, matte, _ = scene()
    known = prediction()
    known.trust[:, : (200 - LCD.x) // TRUST_TILE_PX] = 0
    pha = full(Refiner(Recorder(1.0), lambda _: known)(matte))
    assert pha[STICK][:, :20].max() == 0
    assert pha[STICK][:, 110:].min() == 255


def test_a_matte_of_the_whole_picture_leaves_the_frame_alone() -> None:
    frame, matte, _ = scene()
    frame.rgb.setflags(write=False)
    whole = Box(0, 0, WIDTH, HEIGHT)
    doubt, room = np.full((HEIGHT, WIDTH), 2, np.uint8), np.full((HEIGHT, WIDTH), 20, np.uint8)
    known = Prediction(whole, plate(), doubt, np.full((15, 20), 255, np.uint8), room)
    before = frame.rgb.copy()
    refined = Refiner(Recorder(0.5), lambda _: known)(Matte(frame, whole, full(matte), frame.rgb))
    assert refined.box == whole
    np.testing.assert_array_equal(frame.rgb, before)


@pytest.mark.parametrize(("age_s", "left"), [(0.0, 255), (0.08, 255), (0.24, 0)])
def test_an_arm_that_has_gone_from_old_alpha_is_gone(age_s: float, left: int) -> None:
    """Before bare paper, agreement says nothing against alpha that is fresh: cloth may be of that colour."""
    frame, matte, _ = scene(stick=False)
    rgb = frame.rgb.copy()
    rgb[:, 320:] = plate()[:, 320:]
    old = replace(matte, frame=Frame(rgb, 3600, 1), carried_pts=round(age_s * PTS_HZ))
    pha = full(Refiner(Recorder(-1.0), lambda _: prediction())(old))
    assert pha[240:280, 352:368].max() == left
