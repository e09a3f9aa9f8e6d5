"""What `bench text` holds side by side. Another way to deliver text: one more line in SUBJECTS."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from functools import partial
from itertools import pairwise
from types import TracebackType
from typing import Any

from appliance.bench.browser import Recorder, browsing, hold, only_viewer, open_programme
from appliance.bench.flips import SETTLED_S, Turn, middle, watch_turn
from appliance.bench.ours import BenchFailed, Box, running_box
from appliance.bench.pixel_exact import measure_pixel_exact
from appliance.bench.slow_line import slow_line
from appliance.bench.stock import stock_peer
from appliance.bench.whereabouts import Whereabouts, demo_pages
from pipelines.media import SizeWh

# Pages of the built-in lesson with the most writing; none follows its neighbour.
PAGES = (1, 3, 7, 2, 6)
HD_WH = (1280, 720)


class Lesson:
    """The pages turned, where the teacher stands, and a box: the same for every subject.

    size_wh: of the pages that all are judged by. Raises SourceLost where the simulated classroom does.
    """

    def __init__(self, size_wh: SizeWh, turns: int) -> None:
        self.size_wh = size_wh
        self.order = [PAGES[i % len(PAGES)] for i in range(turns + 1)]
        self.pages = demo_pages(set(self.order), size_wh)
        self.whereabouts = Whereabouts()
        self._running: tuple[SizeWh, Box] | None = None
        self._undo = ExitStack()

    def __enter__(self) -> Lesson:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def box(self, size_wh: SizeWh) -> Box:
        """The box with a programme of this size, kept for the next subject. Raises BenchFailed."""
        if self._running is None or self._running[0] != size_wh:
            self.end_box()
            # The camera stays at 720 rows: text comes from the page, and two cores have enough to do.
            camera = (f"camera.width_px={HD_WH[0]}", f"camera.height_px={HD_WH[1]}")
            self._running = size_wh, self._undo.enter_context(running_box(size_wh, *camera))
        return self._running[1]

    def end_box(self) -> None:
        """A peer has the machine to itself."""
        self._undo.close()
        self._running = None

    def watched(self, recorder: Recorder, order: Callable[[int], None]) -> dict[str, Any]:
        """All page turns, ordered by `order` and read by `recorder`. Raises BenchFailed."""
        order(self.order[0])
        recorder.wait(SETTLED_S)
        turns: list[dict[str, Any]] = []
        for before, after in pairwise(self.order):
            turn = Turn(self.pages[before], self.pages[after], partial(order, after))
            turns.append(watch_turn(recorder, turn, self.whereabouts))
        return middle(turns)


Subject = Callable[[Lesson], dict[str, Any]]


def measure_subjects(
    names: Sequence[str],
    size_wh: SizeWh,
    turns: int,
    lines_mbit_s: Sequence[float],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """The figures of each subject by name, and under "lines" those of the box on slow lines, by Mbit/s.

    A subject that could not be measured has the key "failed" alone.
    """
    figures: dict[str, Any] = {}
    with Lesson(size_wh, turns) as lesson:
        for name in names:
            say(f"{name} ...")
            figures[name] = _or_failed(partial(SUBJECTS[name], lesson))
        for mbit_s in lines_mbit_s:
            on_line = figures.setdefault("lines", {}).setdefault(f"{mbit_s:g}", {})
            for name, subject in ON_LINES.items():
                say(f"{name} at {mbit_s:g} Mbit/s ...")
                on_line[name] = _or_failed(partial(subject, lesson, bps=mbit_s * 1e6))
    return figures


def _or_failed(measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """One subject that cannot be measured does not take the others with it: {"failed": the reason}."""
    try:
        return measure()
    except BenchFailed as error:
        return {"failed": str(error)}


def _layer(
    lesson: Lesson, layer: str, size_wh: SizeWh | None = None, bps: float | None = None
) -> dict[str, Any]:
    """One layer of the box in the box's own viewer page.

    size_wh: of the programme, if not the lesson's. bps: of the line between, if it is a slow one.
    """
    box = lesson.box(size_wh or lesson.size_wh)
    with browsing() as tab, slow_line(tab, bps) if bps else nullcontext():
        open_programme(tab, box)
        hold(box, layer)
        before, start_s = only_viewer(box)["sent_bytes"], time.monotonic()
        figures = lesson.watched(
            Recorder(tab, lesson.size_wh), lambda index: box.call("POST", "/api/v1/page", {"index": index})
        )
        viewer = only_viewer(box)
        sent_mbit = (viewer["sent_bytes"] - before) * 8 / 1e6
        return figures | {
            "layer": viewer["layer"],
            "mbit_s": sent_mbit / (time.monotonic() - start_s),
            "nacks": viewer["nacks"],
        }


def _stock(lesson: Lesson) -> dict[str, Any]:
    """Stock aiortc with raw frames, by whichever of its two codecs settles better."""
    lesson.end_box()
    by_codec = {codec: _or_failed(partial(_stock_codec, lesson, codec)) for codec in ("H264", "VP8")}
    best = max(by_codec, key=lambda codec: float(by_codec[codec].get("settled_db", 0)))
    if "failed" in by_codec[best]:
        return by_codec[best]
    return by_codec[best] | {"codec": best, "by_codec": by_codec}


def _stock_codec(lesson: Lesson, codec: str) -> dict[str, Any]:
    with browsing() as tab, stock_peer(tab, lesson.pages, lesson.order[0], codec) as show:
        return lesson.watched(Recorder(tab, lesson.size_wh), show)


def _pixel_exact(lesson: Lesson) -> dict[str, Any]:
    """The courseware beside the video. Equal or not depends on no size, and software WebGL is slow."""
    lesson.end_box()
    return measure_pixel_exact(HD_WH, len(lesson.order) - 1)


SUBJECTS: dict[str, Subject] = {
    "layer_444": partial(_layer, layer="444"),
    "layer_420": partial(_layer, layer="420"),
    "pixel_exact": _pixel_exact,
    "peer_stock": _stock,
    # A good encoder on fewer pixels: our own 4:2:0 at 720 rows, scaled up to the page.
    "peer_720p": partial(_layer, layer="420", size_wh=HD_WH),
}
ON_LINES: dict[str, Callable[..., dict[str, Any]]] = {
    "layer_444": partial(_layer, layer="444"),
    "layer_420": partial(_layer, layer="420"),
    "layer_low": partial(_layer, layer="low"),
}
