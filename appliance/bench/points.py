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
  const look = () => {
    if (window.points !== seen) return;
    video.requestVideoFrameCallback(look);
    pen.drawImage(video, x, y, w, h, 0, 0, w, h);
    const { data } = pen.getImageData(0, 0, w, h);
    const colours = points.map((at) => [data[4 * at], data[4 * at + 1], data[4 * at + 2]]);
    seen.push([performance.timeOrigin + performance.now(), colours]);
  };
  window.points = seen;
  video.requestVideoFrameCallback(look);
}"""
TAKE_POINTS = "() => window.points.splice(0)"
# The instants at which the sound rises out of silence. Buffers of 256 samples: 5 ms.
WATCH_SOUND = """([threshold, quiet_s]) => {
  const context = new AudioContext({ latencyHint: "interactive" });
  const source = context.createMediaStreamSource(document.querySelector("video").srcObject);
  const listener = context.createScriptProcessor(256, 1, 1);
  const onsets = window.onsets = [];
  let heard = -Infinity;
  listener.onaudioprocess = ({ inputBuffer, playbackTime }) => {
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    const samples = inputBuffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) {
      if (Math.abs(samples[i]) < threshold) continue;
      const at = playbackTime - inputBuffer.duration + i / inputBuffer.sampleRate;
      if (at - heard > quiet_s) {
        onsets.push(performance.timeOrigin + performanceTime + (at - contextTime) * 1000);
      }
      heard = at;
    }
  };
  source.connect(listener);
  listener.connect(context.destination);
  return context.resume();
}"""
TAKE_SOUND = "() => window.onsets.splice(0)"


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """The pixels looked at in one picture: u8 (points, 3). at_s: seconds since 1970, when they were read."""

    at_s: float
    rgb: U8


def watch_points(tab: Tab, box: Box, points: Sequence[tuple[int, int]]) -> None:
    """From now on every picture is read at these points (x, y) of the video, all inside `box`."""
    offsets = [(y - box.y) * box.w + x - box.x for x, y in points]
    tab.evaluate(WATCH_POINTS, [box.x, box.y, box.w, box.h, offsets])


def take_points(tab: Tab) -> list[Glance]:
    """What was read since the last time, in order."""
    return [Glance(at_ms / 1000, np.array(rgb, np.uint8)) for at_ms, rgb in tab.evaluate(TAKE_POINTS)]


def watch_sound(tab: Tab, threshold: float, quiet_s: float) -> None:
    """From now on: when a sound louder than the threshold (0 to 1) begins after so much quiet."""
    tab.evaluate(WATCH_SOUND, [threshold, quiet_s])


def take_sound(tab: Tab) -> list[float]:
    """Seconds since 1970 of each beginning since the last time."""
    return [at_ms / 1000 for at_ms in tab.evaluate(TAKE_SOUND)]
