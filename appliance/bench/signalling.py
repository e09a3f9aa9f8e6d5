"""Presses the buttons of a viewer's page, and looks when each stands in the console's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from appliance.bench.browser import PATIENCE_S, browsing, wait_until_decoded
from appliance.bench.delays import spread
from appliance.bench.ours import BenchFailed, running_box
from pipelines.media import SizeWh

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

SIZE_WH: Final[SizeWh] = (1280, 720)
KINDS: Final = ("hand_up", "no_picture", "no_sound", "too_fast")
# A room may say something every two seconds; a part of a second more, so that presses fall at all phases of
# what the box does each second.
PAUSE_S: Final = 2.23

# Both pages are of one browser on one machine, so their clocks agree.
WATCH: Final = """() => {
  const bench = window.bench = { at: {} };
  const look = () => {
    const mark = document.querySelector("#viewers .signal:not([hidden])");
    if (mark) bench.at[mark.dataset.kind] ??= performance.timeOrigin + performance.now();
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
FORGET: Final = "() => { bench.at = {}; }"
STANDS: Final = "kind => bench.at[kind] ?? null"
PRESS: Final = """kind => {
  const at = performance.timeOrigin + performance.now();
  document.querySelector(`#signals [data-kind=${kind}]`).click();
  return at;
}"""


def measure_signals(times: int) -> dict[str, float]:
    """Milliseconds from a press in the room's page until it stands in the console: p50, p95, most, and how
    many there were. Raises BenchFailed.
    """
    with running_box(SIZE_WH) as box, browsing() as console:
        room = box.call("POST", "/api/v1/rooms", {"name": "Room 1"})
        viewer = console.context.browser.new_page()  # type: ignore[union-attr]  # a browser that was launched
        viewer.goto(f"{box.url}/watch#{room['links'][0].partition('#')[2]}")
        wait_until_decoded(viewer, 25)
        console.goto(f"{box.url}/console#token={box.token}")
        console.wait_for_selector("#viewers li", timeout=PATIENCE_S * 1000)
        console.evaluate(WATCH)
        took_ms = [_pressed(viewer, console, KINDS[index % len(KINDS)]) for index in range(times)]
    return {**spread(took_ms), "most": max(took_ms)}


def _pressed(viewer: Tab, console: Tab, kind: str) -> float:
    """Milliseconds until this signal stood in the console. Raises BenchFailed."""
    viewer.wait_for_timeout(PAUSE_S * 1000)
    console.evaluate(FORGET)
    pressed_ms = float(viewer.evaluate(PRESS, kind))
    deadline = time.monotonic() + PATIENCE_S
    while (stood_ms := console.evaluate(STANDS, kind)) is None:
        if time.monotonic() > deadline:
            raise BenchFailed(f"the signal {kind} did not reach the console within {PATIENCE_S:.0f} s")
        console.wait_for_timeout(50)
    return float(stood_ms) - pressed_ms
