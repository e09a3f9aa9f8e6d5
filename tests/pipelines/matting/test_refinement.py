"""The refinement in full and at half size: what a box short of processors still finds, and for how much."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from lcd_scene import BODY, HEIGHT, STICK, WIDTH, Recorder, full, prediction, scene

from models.refiner_net import RefinerNet
from models.settings import NetworkSettings
from pipelines.matting import refinement
from pipelines.matting.coarse import Coarse, seen
from pipelines.matting.crop import Crop
from pipelines.matting.doubling import doubled
from pipelines.matting.refinement import Refinement
from pipelines.matting.specks import Teacher
from pipelines.media import TRUST_TILE_PX, U8, UNKNOWN, Box, Frame, Matte, Prediction

ODD = Crop(Box(3, 1, 636, 478), 24, (320, 240))


def answer(*, is_thrifty: bool, crop: Crop = ODD, size_wh: tuple[int, int] = (WIDTH, HEIGHT)) -> Coarse:
    """A network's, that saw the body and not the stick."""
    frame, matte, _ = scene()
    if frame.size_wh != size_wh:
        frame = Frame(np.ascontiguousarray(frame.rgb[: size_wh[1], : size_wh[0]]), frame.pts, 1)
    small = cv2.resize(full(matte)[crop.box.slices], crop.net_wh, interpolation=cv2.INTER_AREA)
    pha = small.astype(np.float32) / 255
    box = Box(*cv2.boundingRect(np.asarray(small > 2, np.uint8)))
    return Coarse(frame, crop, seen(frame, crop), Teacher(pha, box), is_thrifty=is_thrifty)


@pytest.fixture(autouse=True)
def small_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refinement, "LEAST_ROWS", HEIGHT)


@pytest.fixture(scope="module")
def net() -> RefinerNet:
    return RefinerNet.open(NetworkSettings(provider="cpu", threads=1))


def test_a_box_short_of_processors_finds_the_stick_as_well(net: RefinerNet) -> None:
    _, _, truth = scene()
    coarse = answer(is_thrifty=True)
    matte = Refinement(net, lambda _: prediction())(coarse)
    assert matte.frame is coarse.frame
    assert not matte.pha.flags.writeable and not matte.fgr.flags.writeable
    found = full(matte)
    assert full(coarse.matte())[STICK].mean() < 0.2 * 255
    assert found[STICK].mean() > 0.5 * 255
    assert np.abs(found[truth == 0].astype(int)).mean() < 2
    stick = matte.fgr[203 - matte.box.y, 160 - matte.box.x]  # in its middle, before a page of 160 to 190
    assert stick.max() <= 90


def test_it_asks_for_much_less() -> None:
    pixels = []
    for is_thrifty in (False, True):
        recorder = Recorder()
        Refinement(recorder, lambda _: prediction())(answer(is_thrifty=is_thrifty))
        pixels.append(sum(features.size for features in recorder.features))
    assert 0 < pixels[1] < 0.6 * pixels[0]


def test_alpha_is_where_it_is_in_full() -> None:
    """Even where the network's crop begins between two pixels of the half picture."""
    recorder = Recorder()
    whole, half = (
        full(Refinement(recorder, lambda _: prediction())(answer(is_thrifty=thrifty)))[260:460] / 255
        for thrifty in (False, True)
    )
    for axis in (0, 1):
        at = [
            (pha.sum(axis=1 - axis) * np.arange(pha.shape[axis])).sum() / pha.sum() for pha in (whole, half)
        ]
        assert abs(at[0] - at[1]) < 0.25
    assert half[:, BODY[1].start + 4 : BODY[1].stop - 4].min() > 0.99


@pytest.mark.parametrize("known", [None, prediction(trust=0)])
def test_without_trust_the_matte_is_the_networks_own(known: Prediction | None) -> None:
    coarse = answer(is_thrifty=True)
    recorder = Recorder(0.5)
    matte = Refinement(recorder, lambda _: known)(coarse)
    np.testing.assert_array_equal(full(matte), full(coarse.matte()))
    assert recorder.calls == 0


def test_nobody_there_stays_nobody() -> None:
    coarse = replace(answer(is_thrifty=True), teacher=None)
    asked: list[Matte] = []

    def predict(matte: Matte) -> Prediction:
        asked.append(matte)
        return prediction()

    assert Refinement(Recorder(), predict)(coarse).box.is_empty
    assert asked[0].frame is coarse.frame and asked[0].box.is_empty  # the plate learns of an empty room


@pytest.mark.parametrize("size_wh", [(639, 480), (640, 478)])
def test_a_picture_without_a_half_and_a_small_one_are_refined_in_full(size_wh: tuple[int, int]) -> None:
    crop = Crop(Box(0, 0, size_wh[0], 478), 24, (320, 240))
    shapes = []
    for is_thrifty in (True, False):
        recorder = Recorder()
        coarse = answer(is_thrifty=is_thrifty, crop=crop, size_wh=size_wh)
        Refinement(recorder, lambda _: prediction())(coarse)
        shapes.append([features.shape for features in recorder.features])
    assert shapes[0] == shapes[1] != []


def test_what_is_told_is_the_newest_mattes() -> None:
    refine = Refinement(Recorder(), lambda _: prediction())
    assert refine.quality is None and refine.of_minute is None and refine.trust == 0
    told = []
    for is_thrifty in (True, False):
        refine(answer(is_thrifty=is_thrifty))
        told.append(refine.tiles)
        assert refine.trust == 1.0 and refine.quality is not None
    assert told[0] < told[1]
    assert refine.of_minute is not None


PLATE, RED = (180, 190, 200), (150, 30, 40)
EDGE = 51  # between the pixels of the half picture


def edge() -> tuple[Frame, Matte]:
    """A red thing that ends at EDGE, and its matte at half size."""
    rgb: U8 = np.full((96, 96, 3), PLATE, np.uint8)
    rgb[:, :EDGE] = RED
    small: U8 = cv2.resize(rgb, (48, 48), interpolation=cv2.INTER_AREA)
    pha: U8 = np.zeros((48, 48), np.uint8)
    pha[:, : EDGE // 2] = 255
    pha[:, EDGE // 2] = 128
    fgr: U8 = np.full((48, 48, 3), RED, np.uint8)
    return Frame(rgb, 0, 1), Matte(Frame(small, 0, 1), Box(0, 0, 48, 48), pha, fgr)


def behind(trust: int = 255, doubt: int = 4) -> Prediction:
    tiles = np.full((96 // TRUST_TILE_PX,) * 2, trust, np.uint8)
    doubts = np.full((96, 96), doubt, np.uint8)
    return Prediction(Box(0, 0, 96, 96), np.full((96, 96, 3), PLATE, np.uint8), doubts, tiles, doubts)


def test_an_edge_stands_between_the_half_pictures_pixels() -> None:
    frame, half = edge()
    truth = np.where(np.arange(96) < EDGE, 255, 0)
    matte = doubled(half, frame, behind())
    assert np.abs(matte.pha - truth).max() <= 64  # of the interpolated 128 and 192
    assert np.abs(matte.pha.astype(int) - truth).mean() < 1
    np.testing.assert_array_equal(matte.fgr[matte.pha >= 254], np.full_like(matte.fgr[matte.pha >= 254], RED))


@pytest.mark.parametrize("known", [behind(trust=0), behind(doubt=UNKNOWN)])
def test_without_a_plate_it_is_interpolated(known: Prediction) -> None:
    frame, half = edge()
    wanted = cv2.resize(half.pha, (96, 96), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(doubled(half, frame, known).pha, wanted)
