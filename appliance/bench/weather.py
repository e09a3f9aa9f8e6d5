"""Chromium behind a bad line, kind by kind: what it shows, what it plays, and which layer it is sent."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from appliance.bench.bad_line import Weather, box_address, led_over, relay_line
from appliance.bench.browser import AUTOPLAY, FLAGS
from appliance.bench.calls import Caller
from appliance.bench.ours import BenchFailed
from appliance.bench.senders import send_ours

if TYPE_CHECKING:
    from playwright.async_api import Page as Tab

    from pipelines.broadcast import ViewerStatus

VIDEO_BPS = 4_000_000
PEACE_S = 5.0
CUT_S = 2.0
AFTER_S = 8.0
FREEZE_MS = 500.0  # what is counted as one
LOOK_EVERY_S = 0.2

KINDS = {
    "peace": Weather(),
    "loss_1": Weather(loss=0.01),
    "loss_3": Weather(loss=0.03),
    "loss_5": Weather(loss=0.05),
    "jitter_100": Weather(jitter_ms=100),
    "cut": Weather(is_cut=True),
    "slow_300": Weather(bps=300_000),
}

PAGE = """<!doctype html><video autoplay playsinline></video><script>
window.shown = [];
window.offer = async () => {
  const peer = window.peer = new RTCPeerConnection(), stream = new MediaStream();
  for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
  const video = document.querySelector("video");
  peer.ontrack = ({ track }) => { stream.addTrack(track); video.srcObject = stream; };
  const look = () => {
    shown.push(performance.timeOrigin + performance.now());
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  await peer.setLocalDescription();
  return peer.localDescription.sdp;
};
window.sound = async () => {
  for (const one of (await peer.getStats()).values())
    if (one.type === "inbound-rtp" && one.kind === "audio")
      return [one.totalSamplesReceived ?? 0, one.concealedSamples ?? 0];
  return [0, 0];
};
</script>"""
ANSWER = "sdp => peer.setRemoteDescription({ type: 'answer', sdp })"


@dataclass(slots=True)
class Seat:
    """One browser tab that watches through a line."""

    tab: Tab
    sender: Caller
    line: Caller

    async def sit_down(self) -> None:
        """Joins, and watches in peace. Raises BenchFailed."""
        await self.line.call("weather", Weather())
        await self.tab.set_content(PAGE)
        answer = await self.sender.call("offer", await self.tab.evaluate("offer()"))
        box = box_address(answer)
        if box is None:
            raise BenchFailed("the box has no IPv4 address but loopback, and Chromium needs one")
        await self.tab.evaluate(ANSWER, led_over(answer, box[0], await self.line.call("open", box)))
        deadline = time.monotonic() + 20
        while await self.tab.evaluate("shown.length") < 10:
            if time.monotonic() > deadline:
                raise BenchFailed("Chromium showed no picture within 20 s")
            await asyncio.sleep(0.1)
        await asyncio.sleep(PEACE_S)

    async def stand_up(self) -> None:
        await self.tab.evaluate("peer.close()")
        await self.tab.goto("about:blank")
        deadline = time.monotonic() + 10
        while await self.sender.call("viewers"):
            if time.monotonic() > deadline:
                raise BenchFailed("the box did not notice within 10 s that the browser has left")
            await asyncio.sleep(0.1)

    async def viewer(self) -> ViewerStatus:
        viewers: list[ViewerStatus] = await self.sender.call("viewers")
        if len(viewers) != 1:
            raise BenchFailed(f"one viewer was to watch, {len(viewers)} do")
        return viewers[0]


async def measure_weather(names: Iterable[str], seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    """The figures of each kind by name. Raises BenchFailed."""
    figures = {}
    async with _seat() as seat:
        for name in names:
            say(f"{name} ...")
            await seat.sit_down()
            figures[name] = await _endure(seat, KINDS[name], seconds)
            await seat.stand_up()
    return figures


async def _endure(seat: Seat, weather: Weather, seconds: float) -> dict[str, Any]:
    """One kind of weather, and what came of it. After a cut and a slow line there is peace again."""
    before, sound_before = await seat.viewer(), await seat.tab.evaluate("sound()")
    layers = [before.layer]
    begin_s = time.time()
    await seat.line.call("weather", weather)
    await _watch(seat, CUT_S if weather.is_cut else seconds, layers)
    over_s = time.time()
    sound_over = await seat.tab.evaluate("sound()")
    recovery_ms = None
    if weather.is_cut or weather.bps:
        await seat.line.call("weather", Weather())
        over_s = time.time()
        await _watch(seat, AFTER_S, layers)
        if weather.is_cut:
            sound_over = await seat.tab.evaluate("sound()")
    end_s = time.time()
    shown_s = [at_ms / 1e3 for at_ms in await seat.tab.evaluate("shown")]
    after = await seat.viewer()
    if weather.is_cut:
        recovery_ms = (next((at for at in shown_s if at > over_s), end_s) - over_s) * 1e3
    judged_s = end_s if weather.is_cut else over_s
    return _figures(shown_s, begin_s, judged_s) | {
        "recovery_ms": recovery_ms,
        "sound_share": _played(sound_before, sound_over),
        "layers": layers,
        "nacks": after.nacks - before.nacks,
        "key_requests": after.key_requests - before.key_requests,
    }


async def _watch(seat: Seat, seconds: float, layers: list[str]) -> None:
    """Waits, and notes each change of the layer."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        await asyncio.sleep(min(LOOK_EVERY_S, max(0.0, until_s - time.monotonic())))
        layer = (await seat.viewer()).layer
        if layer != layers[-1]:
            layers.append(layer)


def _figures(shown_s: list[float], begin_s: float, end_s: float) -> dict[str, Any]:
    """Of the pictures between two instants. A gap open at either end counts as far as it lies within."""
    inside = [at for at in shown_s if begin_s <= at <= end_s]
    edges = [begin_s, *inside, end_s]
    gaps_ms = [(later - at) * 1e3 for at, later in pairwise(edges)]
    return {
        "longest_freeze_ms": max(gaps_ms),
        "freezes": sum(gap_ms > FREEZE_MS for gap_ms in gaps_ms),
        "fps": len(inside) / (end_s - begin_s),
    }


def _played(before: list[int], after: list[int]) -> float:
    """What share of the sound was not made up."""
    samples, concealed = (late - early for early, late in zip(before, after, strict=True))
    return 1 - concealed / samples if samples > 0 else 0.0


@asynccontextmanager
async def _seat() -> AsyncIterator[Seat]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise BenchFailed("needs a browser: apt-get install chromium")
    try:
        from playwright.async_api import async_playwright
    except ModuleNotFoundError as error:
        raise BenchFailed("needs Playwright to drive Chromium: .venv/bin/pip install playwright") from error
    context = get_context("spawn")
    (to_sender, sender_end), (to_line, line_end) = context.Pipe(), context.Pipe()
    processes = [
        context.Process(target=send_ours, args=([sender_end], 2, VIDEO_BPS, True)),
        context.Process(target=relay_line, args=(line_end,)),
    ]
    for process in processes:
        process.start()
    sender_end.close()
    line_end.close()
    sender, line = Caller(to_sender), Caller(to_line)
    try:
        await sender.call("usage")  # up, its pictures drawn
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, AUTOPLAY])
            yield Seat(await browser.new_page(), sender, line)
            await browser.close()
    finally:
        await sender.close()
        await line.close()
        for process in processes:
            await asyncio.to_thread(process.join, 10)
            process.terminate()
