"""Every frame gets a matte of its own, however long the network thinks."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from pipelines.matting.carrying import Refine
from pipelines.matting.settings import MattingSettings
from pipelines.media import F32, PTS_HZ, U8, Frame, Matte, SizeWh
from pipelines.studio.matting import Matting
from pipelines.studio.threads import Threads
from pipelines.timing import NS_PER_S, Marks

CAMERA_WH = (640, 360)
WAIT_S = 20


class AskedNet:
    """Answers when it is told to, that the middle of the picture is teacher. Satisfies keyer.Network."""

    provider = "cpu"

    def __init__(self) -> None:
        self.may_answer = threading.Semaphore(0)
        self.asked: queue.SimpleQueue[None] = queue.SimpleQueue()

    def matte(self, rgb: U8, ratio: float) -> tuple[Any, F32]:
        self.asked.put(None)
        assert self.may_answer.acquire(timeout=WAIT_S)
        return rgb, self.look(rgb)

    def look(self, rgb: U8) -> F32:
        pha = np.zeros(rgb.shape[:2], np.float32)
        pha[rgb.shape[0] // 4 :, rgb.shape[1] // 3 : 2 * rgb.shape[1] // 3] = 1
        return pha

    def reset(self) -> None: ...

    def shift_state(self, window: tuple[float, float, float, float], size_wh: tuple[int, int]) -> None: ...


def picture(number: int) -> Frame:
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 255, (*CAMERA_WH[::-1], 3), dtype=np.uint8)
    return Frame(rgb, number * PTS_HZ // 25, number * NS_PER_S // 25)


@pytest.fixture
def net() -> AskedNet:
    return AskedNet()


@pytest.fixture
def marks() -> Marks:
    return Marks()


@contextmanager
def running(matting: Matting, net: AskedNet) -> Iterator[Matting]:
    threads = Threads()
    threads.start("network", matting.ask)
    threads.start("matting", matting.make)
    yield matting
    net.may_answer.release(100)
    matting.close()
    assert threads.join() == []
    assert threads.failure is None


@pytest.fixture
def matting(net: AskedNet, marks: Marks) -> Iterator[Matting]:
    with running(Matting(net, MattingSettings(), lambda size_wh: None, marks), net) as matting:
        yield matting


def answered(matting: Matting, net: AskedNet, frame: Frame) -> None:
    """The network says something of this frame."""
    before = matting.net_rate.total
    matting.put(frame)
    net.asked.get(timeout=WAIT_S)
    net.may_answer.release()
    deadline_s = time.monotonic() + WAIT_S
    while matting.net_rate.total == before:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def matte_of(matting: Matting, frame: Frame) -> Matte:
    """What comes of a frame."""
    matting.put(frame)
    while True:
        matte = matting.mattes.take(WAIT_S)
        assert matte is not None
        if matte.frame is frame:
            return matte


def test_frames_get_mattes_of_their_own_while_the_network_thinks(
    matting: Matting, net: AskedNet, marks: Marks
) -> None:
    answered(matting, net, picture(0))
    for number in range(1, 6):
        assert not matte_of(matting, picture(number)).box.is_empty
    assert matting.net_rate.total == 1  # it still thinks about the second
    ages = marks.percentiles()["alpha_age"]
    assert ages["p50"] == pytest.approx(120)
    assert ages["n"] == 5


def test_after_its_answer_frames_are_carried_from_the_newer_one(
    matting: Matting, net: AskedNet, marks: Marks
) -> None:
    answered(matting, net, picture(0))
    matte_of(matting, picture(1))
    net.asked.get(timeout=WAIT_S)
    answered_before = matting.net_rate.total
    net.may_answer.release()
    while matting.net_rate.total == answered_before:
        time.sleep(0.01)
    matte_of(matting, picture(4))
    ages = marks.percentiles()["alpha_age"]
    assert ages["p50"] == pytest.approx((40 + 120) / 2)


def halved(matte: Matte) -> Matte:
    return Matte(matte.frame, matte.box, matte.pha // 2, matte.fgr)


def test_what_refines_is_asked_for_with_every_frame(net: AskedNet) -> None:
    sizes: list[SizeWh] = []

    def refine_for(size_wh: SizeWh) -> Refine | None:
        sizes.append(size_wh)
        return lambda coarse: halved(coarse.matte())

    with running(Matting(net, MattingSettings(), refine_for, Marks()), net) as matting:
        answered(matting, net, picture(0))
        assert matte_of(matting, picture(1)).pha.max() == 127
    assert set(sizes) == {CAMERA_WH}
