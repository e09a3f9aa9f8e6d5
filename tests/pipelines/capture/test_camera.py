"""How a lost camera comes back, how long it waits, and the small parts all cameras share."""

from __future__ import annotations

import random
import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from pipelines.capture.backoff import Backoff
from pipelines.capture.camera import Detail, Ended, RetryingCamera
from pipelines.capture.lateness import Lateness
from pipelines.capture.picture import RgbConverter
from pipelines.capture.thinning import Thinning
from pipelines.media import Frame, SourceLost
from pipelines.timing import NS_PER_MS, NS_PER_S

FRAME = Frame(np.zeros((2, 2, 3), np.uint8), 0, 0)


class Script:
    """A Stream that plays a list: a frame, None for a time-out, or an error to raise."""

    def __init__(self, steps: list[Frame | Exception | None]) -> None:
        self.steps = steps
        self.closed = 0

    @property
    def detail(self) -> Detail:
        return {"kind": "script"}

    def next(self, timeout_s: float, stop: threading.Event) -> Frame | None:
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        self.closed += 1


class NoPause(Backoff):
    def failed(self, least_s: float = 0.0) -> float:
        return 0.0


def test_a_lost_stream_is_closed_and_another_one_opened() -> None:
    first, second = Script([FRAME, SourceLost("camera", "cable out")]), Script([None, FRAME])
    waiting = [first, second]
    camera = RetryingCamera("cam", lambda: waiting.pop(0), NoPause())
    assert camera.read(1) is FRAME and camera.state.state == "live"
    with pytest.raises(SourceLost):
        camera.read(1)
    assert (camera.state.state, camera.state.reason) == ("lost", "cable out") and first.closed == 1
    assert camera.read(1) is None
    assert camera.state.state == "lost", "it is lost until there is a picture"
    assert camera.read(1) is FRAME
    assert (camera.state.state, camera.state.reason, camera.state.detail["lost_count"]) == ("live", "", 1)
    camera.close()
    assert second.closed == 1


@pytest.mark.parametrize(
    ("error", "state"), [(Ended(), "ended"), (SourceLost("x", "no film", retry=False), "lost")]
)
def test_what_cannot_come_back_is_final(error: Exception, state: str) -> None:
    stream = Script([FRAME, error])
    camera = RetryingCamera("cam", lambda: stream)
    camera.read(1)
    for _ in range(2):
        with pytest.raises(SourceLost) as caught:
            camera.read(1)
        assert not caught.value.retry and camera.state.state == state
    assert stream.closed == 1


def test_until_the_next_try_read_waits_and_returns_none() -> None:
    opened = []

    def refuse() -> Script:
        opened.append(1)
        raise SourceLost("camera", "not there")

    camera = RetryingCamera("cam", refuse)
    with pytest.raises(SourceLost):
        camera.read(1)
    assert camera.read(0.01) is None and len(opened) == 1


def test_backoff_doubles_from_half_a_second_to_five_with_jitter() -> None:
    backoff = Backoff(random.Random(1))
    pauses = [backoff.failed() for _ in range(7)]
    for pause, nominal in zip(pauses, [0.5, 1, 2, 4, 5, 5, 5], strict=True):
        assert 0.8 * nominal <= pause <= 1.2 * nominal
    assert len({round(pause / pauses[-1], 6) for pause in pauses[-3:]}) == 3, "no jitter"
    assert backoff.failed(least_s=60) >= 48
    backoff.succeeded()
    assert backoff.wait(0, threading.Event()) and backoff.failed() <= 0.6


def test_a_stopped_backoff_never_says_now() -> None:
    stop = threading.Event()
    stop.set()
    assert not Backoff().wait(0, stop)


@pytest.mark.parametrize(
    ("source_hz", "asked_hz", "passed_hz"),
    [(60, 25, 30), (50, 25, 25), (30, 25, 30), (25, 25, 25), (15, 25, 15)],
)
def test_thinning(source_hz: int, asked_hz: int, passed_hz: int) -> None:
    thinning = Thinning(asked_hz)
    passed = sum(thinning.passes(i * NS_PER_S // source_hz) for i in range(source_hz * 2))
    assert abs(passed / 2 - passed_hz) <= 1


def test_thinning_survives_a_clock_that_jumps_back() -> None:
    thinning = Thinning(25)
    assert thinning.passes(10 * NS_PER_S) and thinning.passes(NS_PER_S)


def test_capture_time_is_freed_from_jitter() -> None:
    lateness = Lateness()
    jitter_ms = [0, 30, 5, 90, 0, 14, 60]
    captured = [
        lateness.captured_ns(i * 40 * NS_PER_MS, (1000 + i * 40 + late) * NS_PER_MS)
        for i, late in enumerate(jitter_ms)
    ]
    assert np.allclose(np.diff(captured) / NS_PER_MS, 40, atol=0.2)


def test_a_growing_pile_is_skipped() -> None:
    lateness = Lateness()
    behind = [lateness.is_behind(i * 40 * NS_PER_MS, i * 60 * NS_PER_MS, 0) for i in range(40)]
    assert not any(behind[:15]) and all(behind[25:])


def test_a_way_that_has_become_longer_is_accepted() -> None:
    lateness = Lateness()
    assert not lateness.is_behind(0, 0, 40 * NS_PER_MS)
    assert not lateness.is_behind(NS_PER_S, 3 * NS_PER_S, NS_PER_S), "it was waited for: nothing to skip"
    assert not lateness.is_behind(2 * NS_PER_S, 4 * NS_PER_S, 0)


def test_a_slow_clock_is_not_taken_for_a_pile() -> None:
    lateness = Lateness()  # 100 ppm off, for an hour
    for second in range(3600):
        assert not lateness.is_behind(second * NS_PER_S, second * (NS_PER_S + 100_000), 0)


def test_a_camera_whose_clock_is_set_is_not_late() -> None:
    lateness = Lateness()
    lateness.is_behind(3600 * NS_PER_S, NS_PER_S, 0)
    assert not lateness.is_behind(0, 2 * NS_PER_S, 0)
    assert not lateness.is_behind(NS_PER_S, 3 * NS_PER_S, 0)


def _grey(width: int, height: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((height, width, 3), 120, np.uint8), "rgb24")


@pytest.mark.parametrize(
    ("source_wh", "asked_wh", "pixel_aspect", "size_wh"),
    [
        ((640, 480), (1280, 720), None, (640, 480)),
        ((1920, 1080), (1280, 720), None, (1280, 720)),
        ((3840, 2160), (1920, 1080), Fraction(1), (1920, 1080)),
        ((1440, 1080), (1280, 720), None, (960, 720)),
        ((1080, 1920), (1280, 720), None, (720, 1280)),
        ((720, 576), (1280, 720), Fraction(16, 15), (768, 576)),
        ((321, 241), (1280, 720), None, (321, 241)),
    ],
)
def test_the_size_is_the_sources_own_or_shrunk_to_fit(
    source_wh: tuple[int, int],
    asked_wh: tuple[int, int],
    pixel_aspect: Fraction | None,
    size_wh: tuple[int, int],
) -> None:
    converter = RgbConverter(asked_wh)
    rgb = converter.convert(_grey(*source_wh), pixel_aspect)
    assert (rgb.shape[1], rgb.shape[0]) == converter.size_wh == size_wh
    assert not rgb.flags.writeable and np.all(rgb == 120)


def test_later_sizes_are_fitted_with_black_bars() -> None:
    converter = RgbConverter((1280, 720))
    converter.convert(_grey(640, 360))
    rgb = converter.convert(_grey(640, 480))
    assert rgb.shape == (360, 640, 3)
    assert np.all(rgb[:, 80:560] == 120) and not rgb[:, :80].any() and not rgb[:, 560:].any()
