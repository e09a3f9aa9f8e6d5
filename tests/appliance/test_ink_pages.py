"""Drawing on the page in a real browser: what the hand does arrives in every viewer's picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from box_process import PRESENTER, VIEWER, Box, until
from desk_pages import LANGUAGES, OpenPage, browser, open_console, open_page, picture
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e
__all__ = ["browser", "open_page"]

# Does the video show this colour around a place (shares of the picture)? Coded 4:2:0, so about.
SHOWS = """([x, y, r, g, b]) => {
  const video = document.querySelector("video");
  const size = { width: video.videoWidth, height: video.videoHeight };
  const canvas = Object.assign(document.createElement("canvas"), size);
  const draw = canvas.getContext("2d");
  draw.drawImage(video, 0, 0);
  const at = [Math.round(x * size.width), Math.round(y * size.height)];
  const [pr, pg, pb] = draw.getImageData(...at, 1, 1).data;
  return Math.abs(pr - r) < 40 && Math.abs(pg - g) < 40 && Math.abs(pb - b) < 40;
}"""
# Does the teacher's picture of the page show this colour? It is lossless.
IN_PICTURE = """([x, y, r, g, b]) => {
  const page = document.getElementById("page-view");
  const size = { width: page.naturalWidth, height: page.naturalHeight };
  if (!size.width) return false;
  const draw = Object.assign(document.createElement("canvas"), size).getContext("2d");
  draw.drawImage(page, 0, 0);
  const at = [Math.round(x * size.width), Math.round(y * size.height)];
  return draw.getImageData(...at, 1, 1).data.join() === `${r},${g},${b},255`;
}"""
ECHO_IS_GONE = """() => {
  const pad = document.getElementById("ink-pad");
  return !pad.getContext("2d").getImageData(0, 0, pad.width, pad.height).data.some(Boolean);
}"""
GREEN = (0, 158, 115)
VERMILLION = (213, 94, 0)


def drag(page: Page, *shares: tuple[float, float]) -> None:
    box = page.locator("#ink-pad").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in shares]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def strokes_of(box: Box) -> list[dict[str, Any]]:
    strokes: list[dict[str, Any]] = box.get("/api/v1/ink?page=0").json()["strokes"]
    return strokes


def composed_for(box: Box) -> None:
    """Holds all that watch on the composed picture: in parts the video is the teacher alone."""
    until(lambda: bool(box.status()["viewers"]), "a viewer")
    for viewer in box.status()["viewers"]:  # type: ignore[union-attr]
        address = f"/api/v1/viewers/{viewer['viewer_id']}/layer"  # type: ignore[index]
        assert box.request("PUT", address, json={"layer": "420"}).status_code in (200, 204)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_drawn_line_is_seen_by_the_rooms(
    start_box: Callable[..., Box], open_page: OpenPage, locale: str
) -> None:
    box = start_box()
    box.until_live()
    console = open_console(open_page, box, locale)
    viewer = open_page(f"{box.base}/watch#token={VIEWER}", locale)

    def viewer_shows(x: float, y: float, colour: tuple[int, int, int]) -> bool:
        return bool(viewer.evaluate(SHOWS, [x, y, *colour]))

    expect(viewer.locator("#signal-bar")).to_be_visible()
    composed_for(box)
    expect(console.locator("#ink-pad")).to_be_hidden()
    console.click("#ink-tools [data-tool=pen]")
    console.click("#ink-colours [data-colour=green]")
    console.click("#ink-widths [data-width='2']")
    drag(console, (0.2, 0.8), (0.5, 0.6), (0.8, 0.8))
    until(lambda: viewer_shows(0.3, 0.7333, GREEN), "the line at the viewer's")
    until(lambda: viewer_shows(0.8, 0.8, GREEN), "to its end")
    (line,) = strokes_of(box)
    assert (line["tool"], line["colour"], line["width"]) == ("pen", "green", 0.016)
    console.keyboard.press("h")
    drag(console, (0.2, 0.5), (0.6, 0.5))
    until(lambda: [one["tool"] for one in strokes_of(box)] == ["pen", "marker"], "a marker by its key")
    until(lambda: viewer_shows(0.25, 0.5, (30, 112, 82)), "the page shines through the marker")
    picture(console, f"console-ink-{locale}.png", whole=False)
    console.keyboard.press("l")
    console.hover("#ink-pad", position={"x": 300, "y": 420})
    size = console.locator("#ink-pad").bounding_box()
    assert size is not None
    until(lambda: viewer_shows(300 / size["width"], 420 / size["height"], VERMILLION), "the laser's dot")
    console.mouse.move(5, 5)
    until(
        lambda: not viewer_shows(300 / size["width"], 420 / size["height"], VERMILLION),
        "it goes with the hand",
    )
    with console.expect_download() as download:
        console.click("#ink-json")
    assert len(json.loads(Path(download.value.path()).read_text())["strokes"]) == 2
    with console.expect_download() as download:
        console.click("#ink-svg")
    assert "<path" in Path(download.value.path()).read_text()
    console.keyboard.press("z")
    until(lambda: len(strokes_of(box)) == 1, "undone by its key")
    console.click("#ink-clear")
    until(lambda: not viewer_shows(0.3, 0.7333, GREEN), "a clear page at the viewer's")
    if locale == "zh-CN":
        the_teacher_draws(box, open_page, locale, viewer_shows)
    console.keyboard.press("v")
    expect(console.locator("#ink-tools [data-tool=pen]")).to_be_disabled()
    expect(console.locator("#ink-pad")).to_be_hidden()


def the_teacher_draws(box: Box, open_page: OpenPage, locale: str, viewer_shows: Callable[..., bool]) -> None:
    """On the teacher's page, by mouse and touch: at the rooms', and back in the picture that is drawn on."""
    assistants = {"page": 0, "colour": "blue", "width": 0.05, "points": [[0.2, 0.3], [0.8, 0.3]]}
    box.request("POST", "/api/v1/ink/strokes", json=assistants)
    teacher = open_page(f"{box.base}/present#token={PRESENTER}", locale, has_touch=True)
    undo = teacher.locator("#ink-undo")
    expect(teacher.locator("#draw-said")).not_to_be_empty()
    expect(teacher.locator("#ink-pad")).to_be_hidden()
    assert teacher.locator("#ink-tools [data-tool=marker]").count() == 0
    teacher.click("#ink-tools [data-tool=pen]")
    teacher.click("#ink-colours [data-colour=green]")
    teacher.click("#ink-widths [data-width='2']")
    teacher.locator("#ink-pad").scroll_into_view_if_needed()
    drag(teacher, (0.2, 0.8), (0.8, 0.6))
    until(lambda: viewer_shows(0.2, 0.8, GREEN) and viewer_shows(0.8, 0.6, GREEN), "the line at the rooms'")
    until(lambda: bool(teacher.evaluate(IN_PICTURE, [0.2, 0.8, *GREEN])), "and in the picture it is drawn on")
    until(lambda: bool(teacher.evaluate(ECHO_IS_GONE)), "the echo goes when the picture has come")
    picture(teacher, f"present-ink-{locale}.png")
    assert [one["by"] for one in strokes_of(box)] == ["assistant", "presenter"]
    pad = teacher.locator("#ink-pad").bounding_box()
    assert pad is not None
    teacher.touchscreen.tap(pad["x"] + 0.5 * pad["width"], pad["y"] + 0.1 * pad["height"])
    until(lambda: viewer_shows(0.5, 0.1, GREEN), "a dot by a finger")
    teacher.click("#ink-undo")
    until(lambda: len(strokes_of(box)) == 2, "the dot is taken back")
    teacher.click("#ink-tools [data-tool=laser]")
    teacher.hover("#ink-pad", position={"x": 300, "y": 200})
    size = teacher.locator("#ink-pad").bounding_box()
    assert size is not None
    where = 300 / size["width"], 200 / size["height"]
    until(lambda: viewer_shows(*where, VERMILLION), "the laser's dot at the rooms'")
    teacher.mouse.move(5, 5)
    until(lambda: not viewer_shows(*where, VERMILLION), "put away")
    expect(undo).to_be_enabled()
    undo.click()
    until(lambda: not viewer_shows(0.2, 0.8, GREEN), "taken back")
    expect(undo).to_be_disabled()
    teacher.click("#ink-clear")
    box.request("POST", "/api/v1/page", json={"step": 1})
    until(lambda: not teacher.evaluate(IN_PICTURE, [0.5, 0.3, 0, 114, 178]), "the next page in the picture")
    assert [one["by"] for one in strokes_of(box)] == ["assistant"], "only the presenter's own are cleared"
    box.request("POST", "/api/v1/page", json={"step": -1})
