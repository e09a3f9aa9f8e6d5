"""A video in a texture, by the graphics card's way and by the one without: the same pixels, in Chromium."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from box_process import Box
from browsers import chromium

from pipelines.media import U8

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

WIDTH, HEIGHT = 320, 180
COLOURS = ((200, 40, 40), (30, 160, 60), (60, 80, 210), (235, 235, 235))
# Four upright bars as a video; taken twice, the second time while the first may still be under way.
TAKE = """async ([spent, colours, width, height]) => {
  const { Taking } = await import("/assets/exact_taking.js");
  const made = (name) => document.createElementNS("http://www.w3.org/1999/xhtml", name);
  const sized = () => Object.assign(made("canvas"), { width, height });
  const [bars, shown, video] = [sized(), sized(), made("video")];
  const pen = bars.getContext("2d");
  const paint = () => colours.forEach((colour, k) => {
    pen.fillStyle = `rgb(${colour})`;
    pen.fillRect(k * width / colours.length, 0, width / colours.length, height);
  });
  paint();
  const painting = setInterval(paint, 30);
  Object.assign(video, { muted: true, srcObject: bars.captureStream(20) });
  await video.play();
  for (let k = 0; k < 3; k++) await new Promise((done) => video.requestVideoFrameCallback(done));
  const gl = shown.getContext("webgl2");
  const texture = gl.createTexture();
  const taking = new Taking(gl, texture, spent);
  const under = [taking.take(video), taking.take(video)];
  const there = under.includes(null) ? null : await Promise.all(under);
  if (there) await taking.take(video); // into the texture that is there
  clearInterval(painting);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const rgba = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  return { there, rgba: btoa(Array.from(rgba, (byte) => String.fromCharCode(byte)).join("")) };
}"""


def test_both_ways_give_the_same_pixels(shared_box: Box) -> None:
    taken: list[U8] = []
    with chromium() as browser:
        tab = browser.new_page()
        tab.goto(f"{shared_box.base}/assets/icon.svg")
        for spent, there in (([0, 0, 0], None), ([9, 9, 9], [True, False])):
            got: dict[str, Any] = tab.evaluate(TAKE, [spent, COLOURS, WIDTH, HEIGHT])
            assert got["there"] == there
            taken.append(np.frombuffer(base64.b64decode(got["rgba"]), np.uint8).reshape(HEIGHT, WIDTH, 4))
    np.testing.assert_array_equal(*taken)
    bars = taken[0][HEIGHT // 2, WIDTH // 8 :: WIDTH // 4, :3]
    assert np.abs(bars.astype(int) - COLOURS).max() <= 8
