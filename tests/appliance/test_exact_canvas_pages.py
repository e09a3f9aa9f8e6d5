"""The canvas that draws only where the teacher is and was, against one that draws everything: in Chromium."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from box_process import Box
from browsers import launch
from playwright.sync_api import Page, sync_playwright

from pipelines.encoding.teacher import draw_strip, packed_wh, place_of
from pipelines.media import U8

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SIZE_WH = (960, 540)
WIDTH, HEIGHT = SIZE_WH
AS_SENT = {"x": 0, "y": 0, "size": 1, "opacity": 1}
PREPARE = """async (sheet) => {
  const { ExactCanvas } = await import("/assets/exact_canvas.js");
  const bitmapOf = (base64) => {
    const png = new Blob([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))], { type: "image/png" });
    return createImageBitmap(png, { colorSpaceConversion: "none" });
  };
  const lay = async (canvas) => {
    const bitmap = await bitmapOf(sheet);
    canvas.patch([{ x: 0, y: 0, width: bitmap.width, height: bitmap.height, bitmap }], true);
  };
  const [partly, wholly] = [0, 1].map(() => (
    new ExactCanvas(document.createElementNS("http://www.w3.org/1999/xhtml", "canvas"))
  ));
  await lay(partly);
  const compose = async (canvas, png, place) => {
    canvas.take(await bitmapOf(png));
    const number = canvas.number();
    canvas.compose(place);
    return [number, canvas.pixels()];
  };
  window.draw = async (png, place) => {
    const [number, shown] = await compose(partly, png, place);
    await lay(wholly); // a new sheet: all of it is drawn
    const [, wanted] = await compose(wholly, png, place);
    const rgba = btoa(Array.from(shown, (byte) => String.fromCharCode(byte)).join(""));
    return { number, rgba, same: shown.every((byte, k) => byte === wanted[k]) };
  };
}"""


def sheet() -> U8:
    rng = np.random.default_rng(1)
    rgb: U8 = np.kron(rng.integers(0, 256, (45, 80, 3), np.uint8), np.ones((12, 12, 1), np.uint8))
    return rgb


def packed(centre_xy: tuple[int, int] | None, number: int, place: int | None = None) -> U8:
    """A soft disc of one colour as the box packs it; place: another than the right one."""
    rgba = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    if centre_xy is not None:
        alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.circle(alpha, centre_xy, 60, 255, -1)
        alpha = cv2.GaussianBlur(alpha, (0, 0), 3)
        light = (np.array((190, 130, 90)) / 255) ** 2.2 * (alpha[..., None] / 255)
        rgba = np.dstack((np.rint(light ** (1 / 2.2) * 255), alpha)).astype(np.uint8)
    whole = np.zeros((*reversed(packed_wh(SIZE_WH)), 3), np.uint8)
    whole[:HEIGHT] = rgba[..., :3]
    whole[HEIGHT : 2 * HEIGHT] = rgba[..., 3:]
    draw_strip(whole[2 * HEIGHT :], number, place_of(rgba[..., 3]) if place is None else place)
    return whole


def png(rgb: U8) -> str:
    coded = cv2.imencode(".png", np.ascontiguousarray(rgb[..., ::-1]))[1]
    return base64.b64encode(coded.tobytes()).decode()


@pytest.fixture(scope="module")
def tab(shared_box: Box) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        tab = browser.new_page()
        tab.goto(f"{shared_box.base}/assets/icon.svg")
        tab.evaluate(PREPARE, png(sheet()))
        yield tab
        browser.close()


def draw(tab: Page, picture: U8, place: dict[str, float]) -> tuple[int | None, U8, bool]:
    """The number read, what is shown, u8 (H, W, 3), and whether drawing everything shows the same."""
    drawn: dict[str, Any] = tab.evaluate("([png, place]) => draw(png, place)", [png(picture), place])
    rgba = np.frombuffer(base64.b64decode(drawn["rgba"]), np.uint8).reshape(HEIGHT, WIDTH, 4)
    return drawn["number"], rgba[..., :3], drawn["same"]


def test_a_teacher_who_moves_leaves_no_trace(tab: Page) -> None:
    page = sheet()
    for number, centre in enumerate(((120, 200), (140, 190), (860, 450), None, (300, 100), (5, 535))):
        read, shown, same = draw(tab, packed(centre, number), AS_SENT)
        assert (read, same) == (number, True), centre
        yy, xx = np.mgrid[:HEIGHT, :WIDTH]
        far = np.ones_like(yy, bool) if centre is None else np.hypot(xx - centre[0], yy - centre[1]) > 80
        assert np.array_equal(shown[far], page[far]), centre
        if centre is not None:
            assert np.abs(shown[centre[1], centre[0]].astype(int) - (190, 130, 90)).max() <= 1, centre


def test_a_teacher_moved_sized_dimmed_or_hidden_by_the_viewer_leaves_none_either(tab: Page) -> None:
    places = [{"x": 0.2}, {"x": 0.2, "size": 0.4}, {"x": -0.3, "size": 0.4}, {"size": 1.5}, {"opacity": 0.5}]
    for number, place in enumerate([*places, {"opacity": 0}, {}]):
        for centre in ((250, 200), (330, 260)):
            read, shown, same = draw(tab, packed(centre, number), AS_SENT | place)
            assert (read, same) == (number, True), (place, centre)
            is_there = not np.array_equal(shown, sheet())
            assert is_there == (place.get("opacity") != 0), place


def test_a_place_that_cannot_be_read_is_everywhere(tab: Page) -> None:
    draw(tab, packed(None, 1), AS_SENT)
    broken = packed((250, 200), 2)
    broken[-16:, 8 * (32 + 5)] = broken[-16:, 8 * (32 + 5) : 8 * (32 + 6)] = 255 - broken[-1, 8 * (32 + 5)]
    read, shown, same = draw(tab, broken, AS_SENT)
    assert (read, same) == (2, True)
    assert np.abs(shown[200, 250].astype(int) - (190, 130, 90)).max() <= 1
