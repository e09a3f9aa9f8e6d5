"""A remote classroom's browser: headless Chromium plays, and what it shows is read back from a canvas."""

from __future__ import annotations

import base64
import contextlib
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from appliance.bench.ours import BenchFailed, Box
from pipelines.media import U8, SizeWh

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AUTOPLAY = "--autoplay-policy=no-user-gesture-required"
PATIENCE_S = 40.0
APART = 48  # in 8-bit codes: enough for the worst codec

# Kept raw, since encoding a picture would cost the next one. `probes`: flat, for each point its offset in the
# pixels, then its colour before the turn and after it; what is shown before the turn is not kept.
RECORDER = """([width, height]) => {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  pen.imageSmoothingQuality = "high";
  const bench = window.bench = { seen: [], probes: [], ms: 0, least: 0, until: 0 };
  bench.isDone = () => performance.now() > bench.until && bench.seen.length >= bench.least;
  const isTurned = (data) => {
    let nearer = 0;
    for (let i = 0; i < bench.probes.length; i += 7) {
      for (let c = 0; c < 3; c++) {
        const shown = data[bench.probes[i] + c];
        nearer += Math.abs(shown - bench.probes[i + 1 + c]) - Math.abs(shown - bench.probes[i + 4 + c]);
      }
    }
    return nearer >= 0;
  };
  const look = (_, about) => {
    video.requestVideoFrameCallback(look);
    const now = performance.now();
    if (bench.isDone()) return;
    pen.drawImage(video, 0, 0, width, height);
    const { data } = pen.getImageData(0, 0, width, height);
    if (!bench.seen.length && !isTurned(data)) return;
    if (!bench.seen.length) bench.until = now + bench.ms;
    const at_ms = performance.timeOrigin + performance.now();
    bench.seen.push({ at_ms, number: about.presentedFrames, data });
  };
  video.requestVideoFrameCallback(look);
}"""
RECORD = "([ms, least, probes]) => Object.assign(bench, { seen: [], probes, ms, least, until: Infinity })"
SEEN = "() => bench.seen.map(({ at_ms, number }) => [at_ms, number])"
IS_DONE = "() => bench.isDone()"
PIXELS = """index => new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.readAsDataURL(new Blob([bench.seen[index].data]));
})"""
FORGET = "() => { bench.seen = []; bench.until = bench.least = 0; }"
DECODED = "() => document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"


@dataclass(frozen=True, slots=True)
class Sight:
    """One picture that the page showed. at_s: seconds since 1970, read from the canvas; number: grows by one
    with each picture that the browser composed, so a gap is a picture that was shown but not read."""

    index: int
    at_s: float
    number: int


@contextlib.contextmanager
def browsing() -> Iterator[Tab]:
    """An empty page of a fresh headless Chromium. Raises BenchFailed where there is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise BenchFailed("needs a browser: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as error:
        raise BenchFailed("needs Playwright to drive Chromium: .venv/bin/pip install playwright") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, AUTOPLAY])
        try:
            yield browser.new_page(viewport={"width": 1280, "height": 720})
        finally:
            browser.close()


def open_programme(tab: Tab, box: Box) -> None:
    """Plays the box's viewer page. Raises BenchFailed."""
    tab.goto(f"{box.url}/watch#token={box.token}")
    wait_until_decoded(tab, 25)


def wait_until_decoded(tab: Tab, frames: int) -> None:
    """Until the page has decoded so many pictures. Raises BenchFailed."""
    # Polled from outside: the page's security policy forbids what Playwright's own waiting evaluates.
    deadline = time.monotonic() + PATIENCE_S
    while (decoded := int(tab.evaluate(DECODED))) < frames:
        if time.monotonic() > deadline:
            raise BenchFailed(f"Chromium decoded only {decoded} pictures in {PATIENCE_S:.0f} s")
        tab.wait_for_timeout(100)


def hold(box: Box, layer: str) -> None:
    """Pins the only viewer to a layer, and waits until it gets it. Raises BenchFailed.

    A viewer page that is not held may put page and teacher together itself: then its video shows neither.
    """
    box.call("PUT", f"/api/v1/viewers/{only_viewer(box)['viewer_id']}/layer", {"layer": layer})
    deadline = time.monotonic() + PATIENCE_S
    while (viewer := only_viewer(box))["layer"] != layer:
        if time.monotonic() > deadline:
            raise BenchFailed(f"the browser was not moved to {layer}; it takes {viewer['layers']}")
        time.sleep(0.1)


def only_viewer(box: Box) -> dict[str, Any]:
    """Of the status. Raises BenchFailed unless exactly one is connected."""
    connected = [viewer for viewer in box.status()["viewers"] if viewer["state"] == "connected"]
    if len(connected) != 1:
        raise BenchFailed(f"one viewer was to watch, {len(connected)} do")
    viewer: dict[str, Any] = connected[0]
    return viewer


class Recorder:
    """Reads a playing <video> through a canvas of size_wh, picture by picture.

    Smaller video is scaled up as the page would show it. A picture of 1920x1080 takes 8 MB of the
    browser's memory until the next recording or `forget`, so recordings last a second or two.
    """

    def __init__(self, tab: Tab, size_wh: SizeWh) -> None:
        self._tab = tab
        self._size_wh = size_wh
        tab.evaluate(RECORDER, list(size_wh))

    def record(self, seconds: float, least: int = 1, probes: Sequence[int] = ()) -> None:
        """Starts anew; returns at once. Keeps what is shown for so long from the turn on that `probes` tell,
        and longer where these would be fewer than `least` pictures.

        probes: seven numbers a point, see `probes_between`; without any the next picture is the first.
        """
        self._tab.evaluate(RECORD, [seconds * 1000, least, list(probes)])

    def wait(self, seconds: float) -> None:
        self._tab.wait_for_timeout(seconds * 1000)

    def recorded(self) -> list[Sight]:
        """Waits for the end of the recording; all of it, in order. Raises BenchFailed."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._tab.evaluate(IS_DONE):
            if time.monotonic() > deadline:
                raise BenchFailed(f"the browser did not show what was waited for within {PATIENCE_S:.0f} s")
            self.wait(0.05)
        found: list[tuple[float, int]] = self._tab.evaluate(SEEN)
        return [Sight(index, at_ms / 1000, number) for index, (at_ms, number) in enumerate(found)]

    def picture(self, sight: Sight) -> U8:
        """The pixels of a recorded picture, u8 (H, W, 3)."""
        url: str = self._tab.evaluate(PIXELS, sight.index)
        width, height = self._size_wh
        rgba = np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8).reshape(height, width, 4)
        return np.ascontiguousarray(rgba[..., :3])

    def one(self) -> U8:
        """The next picture shown. Raises BenchFailed when none comes."""
        self.record(0.0)
        picture = self.picture(self.recorded()[0])
        self.forget()
        return picture

    def forget(self) -> None:
        """Gives the browser its memory back."""
        self._tab.evaluate(FORGET)


def probes_between(before: U8, after: U8, points: int = 400) -> list[int]:
    """Points that tell two pages apart, both u8 (H, W, 3): offset in RGBA pixels, RGB before, RGB after.

    Spread evenly over what differs most. Raises BenchFailed for pages that are alike.
    """
    apart = np.flatnonzero(np.abs(before.astype(np.int16) - after).max(axis=2) > APART)
    if not apart.size:
        raise BenchFailed("the two pages are too alike for the bench to see the turn")
    chosen = apart[np.linspace(0, apart.size - 1, points).astype(int)]
    colours = np.hstack([before.reshape(-1, 3)[chosen], after.reshape(-1, 3)[chosen]])
    return np.hstack([4 * chosen[:, None], colours]).ravel().tolist()
