"""Is the courseware in the viewer page what the box shows, pixel for pixel, and how soon after a turn?"""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from appliance.bench.browser import browsing
from appliance.bench.ours import BenchFailed, Box, running_box
from pipelines.courseware.opening import open_courseware
from pipelines.media import TEACHER_LAYER, U8, Page, SizeWh

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

# The page's own module, not a second one: what its canvas shows, and when it changed last.
SNAPSHOT = "async () => (await import('/assets/exact.js')).snapshot()"
DRAWN = "async () => (await import('/assets/exact.js')).drawn()"
# The viewer's own choice, as the page keeps it: nothing before the courseware.
HIDE_TEACHER = """localStorage.setItem("watch.teacher", JSON.stringify({ hidden: true }))"""
PATIENCE_S = 60.0
TURN_S = 10.0
SETTLE_S = 1.5


def measure_pixel_exact(size_wh: SizeWh, turns: int) -> dict[str, Any]:
    """Turns pages of the built-in lesson before a real Chromium and compares its canvas with the page's RGB.

    The box runs as always, with the simulated teacher, whom the viewer has hidden. Returns exact (every pixel
    of every page), flip_ms (from the order to the first picture of the page, median), flip_ms_most, waited_ms
    (what of it the teacher's picture waited for the page, median), bytes (of a page, mean), turns. Raises
    BenchFailed without Chromium, Playwright or WebGL.
    """
    pages = lesson_pages(size_wh)
    with running_box(size_wh) as box:
        return _watched(box, pages, turns)


def lesson_pages(size_wh: SizeWh) -> list[U8]:
    """The built-in lesson as the box shows it, u8 (H, W, 3) each."""
    courseware = open_courseware("demo", size_wh)
    try:
        pages = []
        for index in range(courseware.count):
            courseware.turn(index=index)
            page: Page | None = courseware.page()
            while page is not None and page.index != index:
                page = courseware.wait_change(page.revision, PATIENCE_S)
            if page is None:
                raise BenchFailed(f"page {index} of the built-in lesson was not drawn")
            pages.append(page.rgb)
        return pages
    finally:
        courseware.close()


def _watched(box: Box, pages: list[U8], turns: int) -> dict[str, Any]:
    with browsing() as tab:
        tab.add_init_script(HIDE_TEACHER)
        tab.goto(f"{box.url}/watch#token={box.token}")
        _until_in_parts(box, tab)
        # A machine that is busy with the browser looks like a weak line: not what is measured here.
        for viewer in box.status()["viewers"]:
            _call(box, "PUT", f"/api/v1/viewers/{viewer['viewer_id']}/layer", {"layer": TEACHER_LAYER})
        turned = [_turn(box, tab, pages, turn + 1) for turn in range(turns)]
    flips = [turn.flip_ms for turn in turned if turn.flip_ms is not None]
    return {
        "exact": all(turn.exact for turn in turned),
        "flip_ms": float(np.median(flips)) if flips else None,
        "flip_ms_most": max(flips, default=None),
        "waited_ms": float(np.median([turn.waited_ms for turn in turned])),
        "bytes": round(float(np.mean([turn.size for turn in turned]))),
        "turns": turns,
    }


def _until_in_parts(box: Box, tab: Tab) -> None:
    """Until the page puts the lesson together, and a while longer: what comes then must not spoil it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        shown = tab.evaluate(DRAWN)
        if shown is not None and shown["shown"] == "parts":
            time.sleep(SETTLE_S)
            return
        time.sleep(0.2)
    layers = [viewer["layer"] for viewer in box.status()["viewers"]]
    raise BenchFailed(
        f"the viewer page does not put the lesson together ({tab.evaluate(DRAWN)}, layer {layers}): this "
        "machine is too busy, or its Chromium has no WebGL 2"
    )


class _Turn(NamedTuple):
    """One page turn: is the canvas the page, how long it took, what of it was waiting, the page's bytes."""

    exact: bool
    flip_ms: float | None
    waited_ms: float
    size: int


def _turn(box: Box, tab: Tab, pages: list[U8], turn: int) -> _Turn:
    index = turn % len(pages)
    _until_in_parts(box, tab)
    before = tab.evaluate(DRAWN)["number"]
    ordered_s = time.time()
    _call(box, "POST", "/api/v1/page", {"index": index})
    deadline = time.monotonic() + TURN_S
    while (drawn := tab.evaluate(DRAWN))["number"] == before and time.monotonic() < deadline:
        time.sleep(0.05)
    # A machine too busy to keep up may show the composed video meanwhile: what counts is what it settles on.
    _until_in_parts(box, tab)
    while (seen := canvas(tab)) is None:
        _until_in_parts(box, tab)
    flip_ms = None if drawn["number"] == before else drawn["at_ms"] - ordered_s * 1e3
    return _Turn(np.array_equal(seen, pages[index]), flip_ms, float(drawn["waited_ms"]), int(drawn["bytes"]))


def canvas(tab: Tab) -> U8 | None:
    """What the viewer page puts together, u8 (H, W, 3); None while it shows the composed video."""
    shot = tab.evaluate(SNAPSHOT)
    if shot is None or shot["shown"] != "parts":
        return None
    rgba = np.frombuffer(base64.b64decode(shot["rgba"]), np.uint8)
    return rgba.reshape(shot["height"], shot["width"], 4)[..., :3]


def _call(box: Box, method: str, path: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"{box.url}{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {box.token}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=10):
        return
