"""Panic, hotkeys, saved scenes and the teacher's place in a real browser, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from box_process import Box, until
from desk_pages import LANGUAGES, OpenPage, browser, open_console, open_page, picture
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e
__all__ = ["browser", "open_page"]

WORDS = {
    "en-GB": {
        "beside": "Side by side",
        "hidden": "Hidden",
        "live": "Live",
        "said": "Camera and sound are cut off",
        "asks": "NOT hidden yet",
    },
    "zh-CN": {
        "beside": "左右并排",
        "hidden": "已遮挡",
        "live": "直播中",
        "said": "均已切断",
        "asks": "尚未遮挡",
    },
}


def scene_of(box: Box) -> dict[str, Any]:
    scene: dict[str, Any] = box.get("/api/v1/scene").json()
    return scene


@pytest.mark.parametrize("locale", LANGUAGES)
def test_one_key_hides_the_lesson(start_box: Callable[..., Box], open_page: OpenPage, locale: str) -> None:
    said = WORDS[locale]
    box = start_box()
    box.until_live()
    console = open_console(open_page, box, locale)
    console.context.set_offline(True)  # a line that fails at just that moment
    console.focus("#room-name")  # in a field, too
    console.keyboard.press("Escape")
    expect(console.locator("#panic-said")).to_contain_text(said["asks"])
    expect(console.locator("#panic-over")).to_be_hidden()
    picture(console, f"console-panic-asks-{locale}.png", whole=False)
    console.context.set_offline(False)
    until(lambda: box.status()["is_panic"] is True, "panic")
    expect(console.locator("#state")).to_have_text(said["hidden"])
    expect(console.locator("#panic-bar")).to_contain_text(said["said"])
    console.keyboard.press("Escape")
    assert box.status()["is_panic"] is True, "the key never puts anybody on air"
    picture(console, f"console-panic-{locale}.png", whole=False)
    console.click("#panic-over")
    until(lambda: box.status()["is_panic"] is False, "back on air")
    expect(console.locator("#state")).to_have_text(said["live"])
    expect(console.locator("#panic-bar")).to_be_hidden()


def test_the_teacher_is_put_where_the_frame_is_dragged(
    start_box: Callable[..., Box], open_page: OpenPage
) -> None:
    box = start_box()
    box.until_live()
    console = open_console(open_page, box)
    expect(console.locator("#place")).to_be_hidden()
    console.keyboard.press("c")
    until(lambda: scene_of(box)["layout"] == "corner", "the layout")  # the frame follows what the box says
    expect(console.locator("#place")).to_be_visible()
    video, frame = console.locator("#programme").bounding_box(), console.locator("#place").bounding_box()
    assert video is not None and frame is not None
    assert frame["height"] == pytest.approx(0.6 * video["height"], abs=2)
    assert frame["y"] + frame["height"] == pytest.approx(video["y"] + video["height"], abs=2)
    middle = (frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    console.mouse.move(*middle)
    console.mouse.down()
    console.mouse.move(middle[0] - 0.4 * video["width"], middle[1] - 0.1 * video["height"], steps=4)
    console.mouse.up()
    at = 1 - 0.3 * 0.6 * 9 / 16 - 0.4
    until(lambda: scene_of(box)["place_xy"] == pytest.approx([at, 0.9], abs=0.01), "where it was dropped")
    expect(console.locator("#corners [aria-checked=true]")).to_have_count(0)
    grip = console.locator("#place-size").bounding_box()
    assert grip is not None
    console.mouse.move(grip["x"] + 14, grip["y"] + 14)
    console.mouse.down()
    console.mouse.move(grip["x"] + 14, grip["y"] + 14 + 0.2 * video["height"], steps=4)
    console.mouse.up()
    until(lambda: scene_of(box)["scale"] == pytest.approx(0.4, abs=0.01), "smaller")
    picture(console, "console-place.png", whole=False)
    page_before = box.get("/api/v1/page").json()["index"]
    console.focus("#place")
    console.keyboard.press("Shift+ArrowLeft")
    console.keyboard.press("+")
    until(lambda: scene_of(box)["place_xy"][0] == pytest.approx(at - 0.05, abs=0.01), "by keys")
    until(lambda: scene_of(box)["scale"] == pytest.approx(0.45, abs=0.01), "larger by keys")
    assert box.get("/api/v1/page").json()["index"] == page_before, "the arrows moved the teacher alone"
    console.click("#corners [data-value=top_left]")
    until(lambda: scene_of(box)["place_xy"] is None, "back at a corner")


@pytest.mark.parametrize("locale", LANGUAGES)
def test_scenes_and_hotkeys(start_box: Callable[..., Box], open_page: OpenPage, locale: str) -> None:
    box = start_box()
    box.until_live()
    console = open_console(open_page, box, locale)
    console.keyboard.press("p")
    until(lambda: scene_of(box)["layout"] == "courseware", "the page alone by its key")
    console.fill("#scene-name", "f 1")  # letters in a field are no hotkeys
    console.press("#scene-name", "Enter")
    expect(console.locator("#scenes li")).to_have_count(1)
    assert scene_of(box)["layout"] == "courseware"
    console.locator("#scene-name").blur()
    console.keyboard.press("v")
    until(lambda: scene_of(box)["layout"] == "camera", "the camera by its key")
    console.keyboard.press("1")
    until(lambda: scene_of(box)["layout"] == "courseware", "the saved scene by its key")
    expect(console.locator("#pane_share-row")).to_be_hidden()
    console.keyboard.press("t")
    until(lambda: scene_of(box)["text_fade"] == 1, "the body fades over writing, by its key")
    expect(console.locator("#text_fade")).to_be_disabled()  # the camera's picture hides no page
    console.keyboard.press("b")
    until(lambda: scene_of(box)["layout"] == "beside", "side by side by its key")
    expect(console.locator("#layouts [aria-checked=true]")).to_have_text(WORDS[locale]["beside"])
    console.focus("#pane_share")
    for _ in range(4):
        console.keyboard.press("ArrowRight")
    console.click("#cut_out")
    console.click("#corners [data-value=bottom_left]")
    until(lambda: scene_of(box)["corner"] == "bottom_left" and scene_of(box)["cut_out"], "as it was set")
    assert scene_of(box)["pane_share"] == pytest.approx(0.32)
    picture(console, f"console-beside-{locale}.png")
    console.click("#layouts [data-value=courseware]")
    console.evaluate("document.activeElement.blur()")
    console.keyboard.press("End")
    until(lambda: box.get("/api/v1/page").json()["index"] == 4, "the last page")
    console.keyboard.press("m")
    expect(console.locator("#log li[data-kind=mark]")).to_have_count(1)
    console.keyboard.press("?")
    expect(console.locator("#key-dialog")).to_be_visible()
    picture(console, f"console-keys-{locale}.png", whole=False)
    console.keyboard.press("Escape")
    expect(console.locator("#key-dialog")).to_be_hidden()
    until(lambda: box.status()["is_panic"] is True, "panic, in a dialog too")
    console.click("#panic-over")
    expect(console.locator("#panic-bar")).to_be_hidden()
    console.locator("#scenes button.quiet").click()
    expect(console.locator("#scenes li")).to_have_count(0)
