"""The refiner in the keyer's seam: what it looks at, whom it trusts, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.refiner_net import RefinerNet
from models.settings import NetworkSettings
from pipelines.matting.refining import TILE_PX, Refiner
from pipelines.media import F32, TRUST_TILE_PX, U8, Box, Frame, Matte, Prediction

WIDTH, HEIGHT = 640, 480
LCD = Box(32, 16, 576, 448)
BODY = (slice(160, 480), slice(260, 380))
STICK = (slice(200, 206), slice(120, 262))


class Recorder:
    """A network that claims nothing, or the same everywhere. Satisfies refining.Net."""

    def __init__(self, alpha: float = 0.0) -> None:
        self.alpha, self.calls = alpha, 0
        self.features: list[F32] = []

    def answer(self, features: F32) -> F32:
        self.calls += 1
        self.features.append(features.copy())
        return np.full((len(features), 4, *features.shape[2:]), self.alpha, np.float32)


def plate() -> U8:
    """A page with soft colours and some lines."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    rgb = np.dstack([150 + x // 12, 210 - y // 8, 190 + 0 * x]).astype(np.uint8)
    rgb[60::40, 40:600] = 60
    return rgb


def scene(stick: bool = True) -> tuple[Frame, Matte, U8]:
    """A frame with a body and a dark stick; the network's matte knows the body only. And the true alpha."""
    rgb = plate()
    truth: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[BODY] = 255
    rgb[BODY] = (120, 40, 50)
    if stick:
        truth[STICK] = 255
        rgb[STICK] = (70, 45, 20)
    noise = np.random.default_rng(1).normal(0, 1.2, rgb.shape)
    frame = Frame(np.clip(rgb + noise, 0, 255).astype(np.uint8), 3600, 1)
    box = Box(240, 140, 160, 340)
    pha: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    pha[BODY] = 255
    part = np.ascontiguousarray(pha[box.slices])
    return frame, Matte(frame, box, part, np.ascontiguousarray(frame.rgb[box.slices])), truth


def prediction(trust: int = 255, rgb: U8 | None = None) -> Prediction:
    tiles = -(-LCD.h // TRUST_TILE_PX), -(-LCD.w // TRUST_TILE_PX)
    behind = plate() if rgb is None else rgb
    return Prediction(
        LCD,
        np.ascontiguousarray(behind[LCD.slices]),
        np.full((LCD.h, LCD.w), 2, np.uint8),
        np.full(tiles, trust, np.uint8),
        np.full((LCD.h, LCD.w), 20, np.uint8),
    )


def full(matte: Matte) -> U8:
    pha: U8 = np.zeros((HEIGHT, WIDTH), np.uint8)
    pha[matte.box.slices] = matte.pha
    return pha


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
