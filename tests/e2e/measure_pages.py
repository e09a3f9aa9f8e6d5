"""How soon do the pages tell each other? Figures for docs/benchmarks.md.

pytest -s tests/e2e/measure_pages.py: the real box at 1280x720 in its simulated classroom, a viewer page and a
console page in headless Chromium, all on this machine; each instant is read inside the page, by one clock.
Times: it wants a quiet machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from browsers import AUTOPLAY, chromium, needs_chromium
from playwright.sync_api import Browser, Page, expect

from appliance.bench.ours import Box
from appliance.client import BoxClient

pytestmark = [needs_chromium, pytest.mark.timeout(900)]

KINDS = ("hand_up", "no_picture", "no_sound", "too_fast")
ROUNDS = 5  # of all kinds
APART_MS = 2500  # a room may signal once in two seconds
FILMS = 10
RED, BLUE = (200, 30, 30), (30, 30, 200)
BEFORE_S = 3.0  # of the film, until it changes its colour and its caption
NOW = "performance.timeOrigin + performance.now()"
PRESSES = f"""() => {{
  window.pressed = [];
  const press = () => pressed.push({NOW});
  document.getElementById("signals").addEventListener("click", press, {{ capture: true }});
}}"""
# From the last press on: when the row told of this kind, drawn.
TELLS = f"""() => {{
  window.told = {{}};
  new MutationObserver(() => {{
    const kind = document.querySelector("#viewers .signal:not([hidden])")?.dataset.kind;
    if (kind && !told[kind]) requestAnimationFrame(() => {{ told[kind] ??= {NOW}; }});
  }}).observe(document.getElementById("viewers"), {{ subtree: true, childList: true, attributes: true }});
}}"""
# When the film turned blue, and when a caption came, each in its page's own time.
FILM = """() => {
  const video = document.querySelector("video");
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  window.film = { turned: [], captioned: [] };
  let wasRed = false;
  const look = () => {
    video.requestVideoFrameCallback(look);
    pen.drawImage(video, 40, 40, 1, 1, 0, 0, 1, 1);
    const [red, , blue] = pen.getImageData(0, 0, 1, 1).data;
    wasRed ||= red > blue + 80;
    if (wasRed && blue > red + 80) { wasRed = false; film.turned.push(performance.now()); }
  };
  video.requestVideoFrameCallback(look);
  let wasShown = false;
  new MutationObserver(() => {
    const isShown = !document.getElementById("captions").hidden;
    if (isShown && !wasShown) film.captioned.push(performance.now());
    wasShown = isShown;
  }).observe(document.getElementById("captions"), { attributes: true });
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(AUTOPLAY) as browser:
        yield browser


def opened(browser: Browser, address: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    return page


def watching(browser: Browser, box: Box) -> Page:
    page = opened(browser, f"{box.url}/watch#token={box.token[::-1]}")
    expect(page.locator("#slate.gone")).to_be_attached(timeout=60_000)
    return page


def row(name: str, values_ms: list[float]) -> None:
    """Median and worst, sizes and signs as they are."""
    worst = max(values_ms, key=abs)
    print(f"{name:<44}{len(values_ms):>4}{np.median(values_ms):>8.0f}{worst:>8.0f}")


def test_measure_signals(box: Box, browser: Browser) -> None:
    viewer = watching(browser, box)
    console = opened(browser, f"{box.url}/console#token={box.token}")
    expect(console.locator("#viewers li")).to_have_count(2, timeout=60_000)
    viewer.evaluate(PRESSES)
    console.evaluate(TELLS)
    took_ms: list[float] = []
    for number, kind in enumerate(KINDS * ROUNDS):
        console.evaluate("told = {}")
        viewer.wait_for_timeout(APART_MS)
        viewer.mouse.move(300 + number, 200)  # the bar goes when nothing moves
        viewer.click(f"#signals [data-kind={kind}]")
        expect(console.locator(f"#viewers .signal[data-kind={kind}]")).to_be_visible(timeout=20_000)
        console.wait_for_timeout(100)
        took_ms.append(console.evaluate("told")[kind] - viewer.evaluate("pressed.at(-1)"))
    print(f"\n{'ms':<44}{'n':>4}{'median':>8}{'worst':>8}")
    row("press in a room to drawn in the console", took_ms)


def test_measure_captions(box: Box, browser: Browser, tmp_path: Path) -> None:
    with BoxClient(box.url, box.token) as assistant, a_film(tmp_path / "film.mp4").open("rb") as file:
        item = assistant.courseware.upload("film.mp4", file)
        viewer = watching(browser, box)
        while assistant.courseware.item(item.id).state != "ready":
            viewer.wait_for_timeout(500)
        line = f"WEBVTT\n\n00:{BEFORE_S:06.3f} --> 00:09.000\nblue\n"
        assistant.courseware.set_captions(item.id, line.encode())
        viewer.evaluate(FILM)
        for number in range(FILMS):
            assistant.courseware.open(item.id)
            viewer.wait_for_timeout((BEFORE_S + 2) * 1000)
            for _ in range(60):
                if viewer.evaluate("Math.min(film.turned.length, film.captioned.length)") > number:
                    break
                viewer.wait_for_timeout(500)
    found: dict[str, Any] = viewer.evaluate("film")
    turned, captioned = np.array(found["turned"]), np.array(found["captioned"])
    apart_ms = [float(when - turned[np.abs(turned - when).argmin()]) for when in captioned]
    print(f"\n{'ms':<44}{'n':>4}{'median':>8}{'worst':>8}")
    row("a caption after the picture it belongs to", apart_ms)


def a_film(path: Path) -> Path:
    """Red, then blue."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(round(25 * (BEFORE_S + 3))):
            rgb = np.full((180, 320, 3), RED if number < 25 * BEFORE_S else BLUE, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path
