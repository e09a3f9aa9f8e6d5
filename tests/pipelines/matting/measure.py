"""What each part of the keyer is worth: quality and time beside simpler ways. Not part of the test run.

    .venv/bin/pytest -s tests/pipelines/matting/measure.py

Prints a table; MAD, hand (MAD), edge (MSE) and dtSSD times 1000; PSNR of the edge band over a green page, dB;
ms: CPU time of one core for the whole way, best and median of all frames. FULL_HD=1 measures at 1920x1080.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from models.catalog import default_models_dir, locate
from models.matting_net import MattingNet
from models.settings import NetworkSettings
from pipelines.matting import metrics
from pipelines.matting.carrying import Carrier
from pipelines.matting.coarse import Coarse, shrunk
from pipelines.matting.keyer import Keyer
from pipelines.matting.settings import MattingSettings
from pipelines.media import EMPTY_BOX, U8, Box, Frame, Matte

if TYPE_CHECKING:
    from conftest import Classroom, Shot

pytestmark = pytest.mark.timeout(1800)
SIZE_WH = (1920, 1080) if os.environ.get("FULL_HD") else (1280, 720)
INDICES = range(
    10, 130, 2
)  # the teacher stands, walks, raises the stick, opens the other hand; the page turns
PAPER = np.array([40, 160, 90], np.float32)


class WholePicture:
    """The published way: the whole picture through network and refiner."""

    def __init__(self, net: MattingNet, ratio: float) -> None:
        net.reset()
        self._net, self._ratio = net, ratio

    def matte(self, frame: Frame) -> Matte:
        fgr, pha = self._net.matte(frame.rgb, self._ratio)
        return Matte(frame, Box(0, 0, *frame.size_wh), np.rint(pha * 255).astype(np.uint8), fgr.copy())


class SmallPicture:
    """The cheap way: the whole picture made small, its alpha made large again."""

    def __init__(self, net: MattingNet, size_wh: tuple[int, int]) -> None:
        net.reset()
        self._net, self._size_wh = net, size_wh

    def matte(self, frame: Frame) -> Matte:
        _, pha = self._net.matte(shrunk(frame.rgb, self._size_wh))
        large = cv2.resize(np.rint(pha * 255).astype(np.uint8), frame.size_wh)
        return Matte(frame, Box(0, 0, *frame.size_wh), np.asarray(large, np.uint8), frame.rgb)


class PlainCrop(Keyer):
    """The crop without guide and colour: alpha made large, the camera's pixels as they are."""

    def matte(self, frame: Frame) -> Matte:
        coarse = self.ask(frame)
        if coarse.teacher is None:
            return Matte.empty(frame)
        box = coarse.crop.box
        large = cv2.resize(np.rint(coarse.teacher.pha * 255).astype(np.uint8), (box.w, box.h))
        return Matte(frame, box, np.asarray(large, np.uint8), frame.rgb[box.slices])


class RefinedCrop(Keyer):
    """The crop with the network's own refiner at the camera's resolution."""

    def matte(self, frame: Frame) -> Matte:
        crop = self._tracker.crop
        fgr, pha = self._net.matte(np.ascontiguousarray(frame.rgb[crop.box.slices]), crop.ratio)
        matte = Matte(frame, crop.box, np.rint(pha * 255).astype(np.uint8), np.asarray(fgr).copy())
        x, y, w, h = cv2.boundingRect((matte.pha > 15).astype(np.uint8))
        found = Box(crop.box.x + x, crop.box.y + y, w, h) if w else None
        if self._tracker.follow(found, frame.pts) != crop:
            self._net.reset()
        return matte


class Seldom(Keyer):
    """Asked about one frame in `every`; the answer comes when the next is asked for. It is carried to the
    frame at hand, or shown as it is: an old matte.
    """

    def __init__(self, net: MattingNet, every: int, *, carried: bool) -> None:
        super().__init__(net, MattingSettings(), SIZE_WH)
        self._every, self._carrier = every, Carrier() if carried else None
        self._count = 0
        self._asked: Coarse | None = None
        self._answer: Coarse | None = None
        self._shown: Matte | None = None

    def matte(self, frame: Frame) -> Matte:
        if self._count % self._every == 0:
            self._answer, self._asked = self._asked, self.ask(frame)
        self._count += 1
        if self._answer is None:
            return Matte.empty(frame)
        if self._carrier is None:
            return self._answer.matte()
        self._shown = self._carrier.matte(frame, self._answer, None) or self._shown
        return self._shown or Matte.empty(frame)


Way = WholePicture | SmallPicture | Keyer


def ways(net: MattingNet) -> dict[str, Callable[[], Way]]:
    settings, more = MattingSettings(budget_px=0), MattingSettings(budget_px=147_456)
    published = 0.375 if SIZE_WH[0] == 1280 else 0.25
    return {
        "whole picture, 416x240, bilinear": lambda: SmallPicture(net, (416, 240)),
        f"whole picture, refiner, ratio {published}": lambda: WholePicture(net, published),
        "crop, bilinear": lambda: PlainCrop(net, settings, SIZE_WH),
        "crop, network's refiner": lambda: RefinedCrop(net, settings, SIZE_WH),
        "crop, guided, own colour (the keyer)": lambda: Keyer(net, settings, SIZE_WH),
        "the keyer with 147456 px": lambda: Keyer(net, more, SIZE_WH),
    }


def judge(way: Way, shots: list[Shot], unmeasured: int = 0) -> dict[str, float]:
    """Means over the shots but the first few, by the table's columns."""
    scores: dict[str, list[float]] = defaultdict(list)
    before: tuple[U8, U8] | None = None
    for index, shot in enumerate(shots):
        start_s = time.thread_time()
        matte = way.matte(shot.frame)
        scores["ms"].append((time.thread_time() - start_s) * 1000)
        if index < unmeasured:
            continue
        pha, truth = metrics.full_pha(matte), shot.truth.pha
        edge = metrics.edge_band(truth)
        scores["MAD"].append(1000 * metrics.mad(pha, truth))
        scores["edge"].append(1000 * metrics.mse(pha, truth, edge))
        scores["grad"].append(metrics.gradient(pha, truth))
        scores["dB"].append(metrics.psnr_db(over_paper(matte), blended(truth, shot.truth.fgr), edge))
        if shot.truth.finger_tip_xy is not None:
            hand = metrics.near([shot.truth.finger_tip_xy], SIZE_WH[1] / 10, truth)
            scores["hand"].append(1000 * metrics.mad(pha, truth, hand))
        if before is not None:
            scores["dtSSD"].append(1000 * metrics.dtssd(pha, truth, *before))
        before = (pha, truth)
    return {name: float(np.mean(values)) for name, values in scores.items()} | {
        "best ms": min(scores["ms"]),
        "ms": float(np.median(scores["ms"])),
    }


def over_paper(matte: Matte) -> U8:
    fgr = np.zeros((*metrics.full_pha(matte).shape, 3), np.uint8)
    if matte.box != EMPTY_BOX:
        fgr[matte.box.slices] = matte.fgr
    return blended(metrics.full_pha(matte), fgr)


def blended(pha: U8, fgr: U8) -> U8:
    share = (pha / np.float32(255))[..., None]
    return np.rint(share * fgr + (1 - share) * PAPER).astype(np.uint8)


def test_measure(make_classroom: type[Classroom]) -> None:
    net = one_thread()
    shots = [make_classroom(SIZE_WH, page_frames=40).shot(index) for index in INDICES]
    show(ways(net), shots)


def test_measure_carrying(make_classroom: type[Classroom]) -> None:
    """Every picture of the camera; a matte is held against the truth of the moment when it is shown."""
    net = one_thread()
    classroom = make_classroom(SIZE_WH, page_frames=40)
    shots = [classroom.shot(index) for index in range(INDICES.start, INDICES.stop)]
    seldom: dict[str, Callable[[], Way]] = {
        f"asked every {every}, {'carried' if carried else 'as it comes'}": partial(
            Seldom, net, every, carried=carried
        )
        for every in (2, 4)
        for carried in (False, True)
    }
    show({"asked about every frame": lambda: Keyer(net, MattingSettings(), SIZE_WH)} | seldom, shots, 10)


def one_thread() -> MattingNet:
    cv2.setNumThreads(1)
    folder = locate("rvm-mobilenetv3", default_models_dir())
    return MattingNet.open(folder, NetworkSettings(provider="cpu", threads=1))


def show(ways: dict[str, Callable[[], Way]], shots: list[Shot], unmeasured: int = 0) -> None:
    columns = ("MAD", "hand", "edge", "grad", "dtSSD", "dB", "best ms", "ms")
    print(f"\n| {SIZE_WH[0]}x{SIZE_WH[1]}, {len(shots)} frames | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for name, make in ways.items():
        scores = judge(make(), shots, unmeasured)
        print(f"| {name} | " + " | ".join(f"{scores[column]:.2f}" for column in columns) + " |", flush=True)
