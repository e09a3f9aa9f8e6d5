"""Some pixels of every picture that a page shows, and when; and when its sound begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.media import U8, Box

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

# Only the part that is looked at is drawn: the reading itself must not make the page late.
WATCH_POINTS = """([x, y, w, h, points]) => {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: w, height: h });
  const pen = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  const seen = [];
  const look = (_, about) => {
    if (window.points !== seen) return;
    video.requestVideoFrameCallback(look);
    pen.drawImage(video, x, y, w, h, 0, 0, w, h);
    const { data } = pen.getImageData(0, 0, w, h);
    const colours = points.map((at) => [data[4 * at], data[4 * at + 1], data[4 * at + 2]]);
    const { timeOrigin } = performance;
    seen.push([timeOrigin + performance.now(), timeOrigin + about.expectedDisplayTime, colours]);
  };
  window.points = seen;
  video.requestVideoFrameCallback(look);
}"""
TAKE_POINTS = "() => window.points.splice(0)"
# The instants at which the sound rises out of silence, as it is handed on to be played. Read past WebAudio,
# whose buffer keeps for ever what a busy moment has put into it. Blocks are stamped by a clock that differs
# from the page's by a constant: the least delay of one is that.
WATCH_SOUND = """([threshold, quiet_s]) => {
  const [track] = document.querySelector("video").srcObject.getAudioTracks();
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  const heard = window.heard = { onsets: [], behind_ms: Infinity };
  const listen = async () => {
    for (let last_ms = -Infinity; window.heard === heard;) {
      const { value: block, done } = await reader.read();
      if (done) return;
      const first_ms = block.timestamp / 1000;
      heard.behind_ms = Math.min(heard.behind_ms, performance.now() - first_ms);
      const samples = new Float32Array(block.numberOfFrames);
      block.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      for (let i = 0; i < samples.length; i++) {
        if (Math.abs(samples[i]) < threshold) continue;
        const at_ms = first_ms + i * 1000 / block.sampleRate;
        if (at_ms - last_ms > quiet_s * 1000) heard.onsets.push(at_ms);
        last_ms = at_ms;
      }
      block.close();
    }
  };
  listen();
}"""
TAKE_SOUND = "() => heard.onsets.splice(0).map((at_ms) => performance.timeOrigin + heard.behind_ms + at_ms)"


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """The pixels looked at in one picture: u8 (points, 3). Seconds since 1970: at_s, when they were read, and
    shown_s, when the browser means to show them, however late the reading was."""

    at_s: float
    shown_s: float
    rgb: U8


def watch_points(tab: Tab, box: Box, points: Sequence[tuple[int, int]]) -> None:
    """From now on every picture is read at these points (x, y) of the video, all inside `box`."""
    offsets = [(y - box.y) * box.w + x - box.x for x, y in points]
    tab.evaluate(WATCH_POINTS, [box.x, box.y, box.w, box.h, offsets])


def take_points(tab: Tab) -> list[Glance]:
    """What was read since the last time, in order."""
    taken = tab.evaluate(TAKE_POINTS)
    return [Glance(at_ms / 1000, shown_ms / 1000, np.array(rgb, np.uint8)) for at_ms, shown_ms, rgb in taken]


def watch_sound(tab: Tab, threshold: float, quiet_s: float) -> None:
    """From now on: when a sound louder than the threshold (0 to 1) begins after so much quiet."""
    tab.evaluate(WATCH_SOUND, [threshold, quiet_s])


def take_sound(tab: Tab) -> list[float]:
    """Seconds since 1970 of each beginning since the last time."""
    return [at_ms / 1000 for at_ms in tab.evaluate(TAKE_SOUND)]
