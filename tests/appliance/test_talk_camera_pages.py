"""A room shows itself: its page's button and words, the console's picture and switches, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from box_process import Box, until
from browsers import AUTOPLAY, chromium
from desk_pages import LANGUAGES, OpenPage, open_console, open_page, picture
from playwright.sync_api import Browser, Page, expect
from test_accessibility import faults
from test_rooms_api import make_room, token_of

pytestmark = pytest.mark.e2e
__all__ = ["open_page"]

WORDS = {
    "en-GB": {
        "off": "The camera is off",
        "denied": "allow the camera",
        "main": "The main classroom sees this room",
        "all": "All classrooms see this room",
        "ended": "The picture has ended",
        "here": "Seen here only",
        "log": "Camera shown to all classrooms",
    },
    "zh-CN": {
        "off": "摄像头是关闭的",
        "denied": "允许摄像头",
        "main": "主讲教室能看到本教室",
        "all": "所有教室都能看到本教室",
        "ended": "画面已结束",
        "here": "只在这里可见",
        "log": "摄像头画面进入节目",
    },
}
# Does the canvas show Chromium's green camera?
GREEN = """() => {
  const canvas = document.getElementById("guest-picture");
  const pixel = canvas.getContext("2d").getImageData(canvas.width - 8, canvas.height - 8, 1, 1).data;
  const [red, green, blue, alpha] = pixel;
  return alpha > 0 && green > red + 60 && green > blue + 60;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--use-fake-device-for-media-stream", AUTOPLAY) as browser:
        yield browser


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_room_shows_itself(start_box: Callable[..., Box], open_page: OpenPage, locale: str) -> None:
    said = WORDS[locale]
    box = start_box()
    box.until_live()
    room = make_room(box, "Room 5")
    console = open_console(open_page, box, locale)
    viewer = open_page(f"{box.base}/watch#token={token_of(room)}", locale)
    viewer.context.grant_permissions(["microphone"])
    expect(viewer.locator("#own-camera")).to_be_hidden()
    expect(viewer.locator("#talk")).to_be_visible(timeout=30_000)
    viewer.locator("#talk").press("Enter")  # by key: the bar of a page that nobody touches is hidden
    console.click("#talk-asking button.strong")
    expect(viewer.locator("#talk")).to_have_attribute("data-state", "speaking", timeout=30_000)

    sentence, button = viewer.locator("#own-camera-said"), viewer.locator("#own-camera")
    expect(sentence).to_contain_text(said["off"])
    button.press("Enter")
    expect(sentence).to_contain_text(said["denied"])
    viewer.context.grant_permissions(["microphone", "camera"])
    button.press("Enter")
    expect(sentence).to_contain_text(said["main"], timeout=30_000)
    until(lambda: bool(console.evaluate(GREEN)), "the room in the console")
    expect(console.locator("#guest-said")).to_contain_text(said["here"])
    found = faults(viewer, "camera on") + faults(console, "a room is seen")
    picture(viewer, f"viewer-camera-{locale}.png")
    picture(console, f"console-camera-{locale}.png", whole=False)

    console.check("#guest-in-programme")
    expect(sentence).to_contain_text(said["all"])
    expect(console.locator("#log")).to_contain_text(said["log"])
    until(lambda: bool(talk(box)["camera"]["is_shown"]), "it in the programme")
    console.click("#talk-mute")
    until(
        lambda: not console.evaluate(GREEN) and not talk(box)["camera"]["is_shown"],
        "nobody sees a muted room",
    )
    console.click("#talk-mute")
    until(lambda: bool(console.evaluate(GREEN)), "it again")

    console.click("#guest-off")
    expect(console.locator("#guest")).to_be_hidden()
    expect(sentence).to_contain_text(said["ended"])
    expect(viewer.locator("#own-picture")).to_be_hidden()
    assert talk(box)["camera"] is None and talk(box)["state"] == "speaking"
    button.press("Enter")
    expect(sentence).to_contain_text(said["main"], timeout=30_000)
    viewer.locator("#talk").press("Enter")
    expect(button).to_be_hidden()
    assert live_tracks(viewer) == 0, "the camera's light goes out with the turn"
    assert found == []


def talk(box: Box) -> dict[str, Any]:
    found = box.status()["talk"]
    assert isinstance(found, dict)
    return found


def live_tracks(viewer: Page) -> int:
    count = "() => (document.getElementById('own-picture').srcObject?.getTracks() ?? []).length"
    return int(viewer.evaluate(count))
