"""What each part of cutting the teacher out costs on one core, frame by frame, on the simulated classroom.

Processor time of the one thread that does it, so that other work on the machine counts little. Parts that lie
within others are taken off, so that the rows add up to the whole.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import cv2
import numpy as np

from models.catalog import default_models_dir, locate
from models.matting_net import MattingNet
from models.refiner_net import RefinerNet
from models.settings import NetworkSettings
from pipelines.courseware.opening import open_courseware
from pipelines.matting.carrying import Carrier, Refine
from pipelines.matting.coarse import Coarse
from pipelines.matting.keyer import Keyer, Network
from pipelines.matting.refinement import Refinement
from pipelines.matting.refining import Refiner
from pipelines.matting.settings import MattingSettings
from pipelines.media import F32, PTS_HZ, U8, Frame, Matte, Page, Prediction, SizeWh
from pipelines.plate.plate import Plate, warm_up_plate
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import Room

RATE_HZ = 25
EMPTY_FRAMES, SETTLE_FRAMES = 6, 14
FIRST = 10  # of the simulated teacher's pictures

Part = Literal["network", "keyer", "carrying", "plate", "refiner's network", "refiner"]


class Stopwatch:
    """Processor time by part, ms; what a part calls is not counted as its own."""

    def __init__(self) -> None:
        self._within: list[float] = []
        self._frame: dict[str, float] = defaultdict(float)
        self.frames: list[dict[str, float]] = []

    @contextmanager
    def measure(self, part: Part) -> Iterator[None]:
        self._within.append(0.0)
        start_s = time.thread_time()
        yield
        took_ms = (time.thread_time() - start_s) * 1000
        self._frame[part] += took_ms - self._within.pop()
        if self._within:
            self._within[-1] += took_ms

    def next_frame(self) -> None:
        self.frames.append(dict(self._frame))
        self._frame.clear()


class TimedNetwork:
    """The matting network, timed. Satisfies keyer.Network."""

    def __init__(self, net: MattingNet, watch: Stopwatch) -> None:
        self._net, self._watch = net, watch

    @property
    def provider(self) -> str:
        return self._net.provider

    def matte(self, rgb: U8, ratio: float) -> tuple[Any, F32]:
        with self._watch.measure("network"):
            return self._net.matte(rgb, ratio)

    def reset(self) -> None:
        self._net.reset()

    def shift_state(self, window: tuple[float, float, float, float], size_wh: SizeWh) -> None:
        with self._watch.measure("network"):
            self._net.shift_state(window, size_wh)

    def look(self, rgb: U8) -> F32:
        with self._watch.measure("network"):
            return self._net.look(rgb)


class TimedRefining:
    """The refiner's network, timed. Satisfies refining.Net."""

    def __init__(self, net: RefinerNet, watch: Stopwatch) -> None:
        self._net, self._watch = net, watch

    def answer(self, features: F32) -> F32:
        with self._watch.measure("refiner's network"):
            return self._net.answer(features)


def measure_matting(size_wh: SizeWh, frames: int, *, is_thrifty: bool = False) -> dict[str, Any]:
    """One size. Returns ms p50 and p95 by part, those of every frame together, and the tiles a frame.

    "network" and "keyer" are an answer's, all others every frame's, carried over one. is_thrifty: as a box
    short of processors does it; alpha is brought to the camera's resolution by "refiner" then, not by
    "carrying".
    """
    cv2.setNumThreads(1)
    courseware = open_courseware("demo", size_wh)
    page = courseware.page()
    courseware.close()
    watch, tiles = Stopwatch(), []
    optics = Optics(Room(), size_wh)
    keyer, refiner, refine = _keyer(optics, page, size_wh, watch, is_thrifty=is_thrifty)
    renderer, carrier = Renderer(optics, RATE_HZ), Carrier()
    answer: Coarse | None = None
    for index in range(EMPTY_FRAMES + SETTLE_FRAMES + frames):
        rgb = renderer.render(index + FIRST, page, teacher=index >= EMPTY_FRAMES)
        rgb.setflags(write=False)
        frame = Frame(rgb, index * PTS_HZ // RATE_HZ, 0)
        with watch.measure("carrying"):
            carrier.matte(frame, answer, refine)
        with watch.measure("keyer"):
            answer = keyer.ask(frame, is_thrifty)
        watch.next_frame()
        tiles.append(refiner.tiles)
    settled = watch.frames[EMPTY_FRAMES + SETTLE_FRAMES :]
    parts = {part: [frame.get(part, 0.0) for frame in settled] for part in settled[0]}
    sums = {
        name: [sum(frame.get(part, 0.0) for part in of) for frame in settled] for name, of in _SUMS.items()
    }
    return {
        "ms": {name: _percentiles(values) for name, values in (parts | sums).items()},
        "tiles": float(np.mean(tiles[EMPTY_FRAMES + SETTLE_FRAMES :])),
    }


_KNOWN: tuple[Part, ...] = ("plate", "refiner's network", "refiner")
_SUMS: dict[str, tuple[Part, ...]] = {
    "plate and refiner": _KNOWN,
    "every frame's matte": ("carrying", *_KNOWN),
}


def _keyer(
    optics: Optics, page: Page, size_wh: SizeWh, watch: Stopwatch, *, is_thrifty: bool
) -> tuple[Keyer, Refiner | Refinement, Refine]:
    """The full keyer as the studio builds it, every part of it timed."""
    settings = NetworkSettings(provider="cpu", threads=1)
    warm_up_plate()
    plate = Plate(optics.calibration()[0], lambda: (page,))

    def predict(matte: Matte) -> Prediction | None:
        with watch.measure("plate"):
            return plate.predict(matte)

    refining = TimedRefining(RefinerNet.open(settings), watch)
    whole, thrifty = Refiner(refining, predict), Refinement(refining, predict)

    def refine(coarse: Coarse) -> Matte:
        matte = None if is_thrifty else coarse.matte()
        with watch.measure("refiner"):
            return thrifty(coarse) if matte is None else whole(matte)

    net = MattingNet.open(locate("rvm-mobilenetv3", default_models_dir()), settings)
    timed: Network = TimedNetwork(net, watch)
    return Keyer(timed, MattingSettings(), size_wh), thrifty if is_thrifty else whole, refine


def _percentiles(values: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(values, (50, 95))
    return {"p50": float(p50), "p95": float(p95)}


def matting_table(sizes: dict[str, dict[str, Any]]) -> str:
    """The figures as lines for a terminal. sizes: by "1280x720" and the like."""
    lines = [f"{'p50 / p95 ms of one core':28}" + "".join(f"{name:>20}" for name in sizes)]
    for part in next(iter(sizes.values()))["ms"]:
        cells = [f"{one['ms'][part]['p50']:.1f} / {one['ms'][part]['p95']:.1f}" for one in sizes.values()]
        lines.append(f"{part:28}" + "".join(f"{cell:>20}" for cell in cells))
    lines.append(f"{'tiles a frame':28}" + "".join(f"{one['tiles']:20.1f}" for one in sizes.values()))
    return "\n".join(lines)
