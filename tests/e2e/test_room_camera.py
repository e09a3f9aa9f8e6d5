"""A room's camera through real studio and real Chromium: seen where the assistant wants it, gone at once."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from browsers import AUTOPLAY, chromium, needs_chromium
from pictures import picture
from playwright.sync_api import Browser, Page, expect

from appliance.api.wire_talk import TalkChange
from appliance.bench.ours import Box
from appliance.bench.pixel_exact import DRAWN
from appliance.client import BoxClient
from pipelines.compositing.inset import inset_box
from pipelines.media import U8, Corner

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(420),
    needs_chromium,
]
SIZE_WH = (1280, 720)
CAMERA = "--use-fake-device-for-media-stream"  # green, with a yellow figure that runs
BOX = inset_box((640, 360), Corner.TOP_LEFT, SIZE_WH)
# What an element shows, as PNG in base64; "" while it shows nothing.
PIXELS = """(id) => {
  const from = document.getElementById(id);
  const width = from.videoWidth ?? from.width, height = from.videoHeight ?? from.height;
  if (!width) return "";
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(from, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium(AUTOPLAY, CAMERA) as browser:
        yield browser


def pixels(page: Page, element: str) -> U8 | None:
    """u8 (H, W, 3); None while the element shows nothing."""
    coded = page.evaluate(PIXELS, element)
    decoded = (
        cv2.imdecode(np.frombuffer(base64.b64decode(coded), np.uint8), cv2.IMREAD_COLOR) if coded else None
    )
    return None if decoded is None else np.asarray(decoded[..., ::-1], np.uint8)


def greenness(rgb: U8 | None) -> float:
    """The share that has the green of Chromium's camera."""
    if rgb is None:
        return 0.0
    red, green, blue = (rgb[..., channel].astype(int) for channel in range(3))
    return float(((green > red + 60) & (green > blue + 60)).mean())


def is_shown(programme: U8 | None) -> bool:
    return programme is not None and greenness(programme[BOX.slices]) > 0.5


def keep(page: Page, name: str) -> None:
    """Kept in both languages for people to look at, where a folder is given for it."""
    if folder := os.environ.get("CLASSROOM_TEST_PICTURES"):
        for language in ("en", "zh"):
            page.wait_for_timeout(500)
            page.mouse.move(300, 300)
            page.screenshot(path=str(Path(folder) / f"{name}-{language}.png"))
            page.locator("#language").press("Enter")


def test_a_rooms_camera_is_seen_where_the_assistant_wants_it(
    box: Box, browser: Browser, eventually: Callable[..., Any]
) -> None:
    def open_page(url: str) -> Page:
        page = browser.new_context(
            viewport={"width": 1280, "height": 860}, locale="en-GB", permissions=["microphone", "camera"]
        ).new_page()
        page.set_default_timeout(90_000)
        page.goto(url)
        return page

    with BoxClient(box.url, box.token) as assistant:
        link = assistant.rooms.add("Room 5 · 五年级三班").links[0]
        room = open_page(f"{box.url}/watch#token={link.partition('#token=')[2]}")
        console = open_page(f"{box.url}/console#token={box.token}")
        other = open_page(f"{box.url}/watch#token={box.token[::-1]}")
        expect(room.locator("#talk")).to_be_visible(timeout=60_000)
        # By key: the bar of a page that nobody touches is hidden.
        room.locator("#talk").press("Enter")
        console.click("#talk-asking button.strong")
        expect(room.locator("#talk")).to_have_attribute("data-state", "speaking", timeout=60_000)
        expect(room.locator("#own-camera-said")).to_contain_text("The camera is off")
        keep(room, "viewer-camera-off")
        expect(console.locator("#guest")).to_be_hidden()

        room.locator("#own-camera").press("Enter")
        expect(room.locator("#own-camera-said")).to_contain_text("The main classroom sees", timeout=60_000)
        eventually("the room in the console", lambda: greenness(pixels(console, "guest-picture")) > 0.5, 60)
        eventually("the viewer in parts", lambda: shown_by(other) == "parts", 90)
        assert not is_shown(picture(box, "/pictures/programme")), "the main room alone sees it"
        keep(room, "viewer-camera-on")
        keep(console, "console-camera")

        console.select_option("#guest-corner", "top_left")
        console.check("#guest-in-programme")
        eventually("the composed video, for the viewer in parts", lambda: shown_by(other) != "parts", 60)
        eventually("the room in the decoded programme", lambda: is_shown(pixels(other, "programme")), 60)
        expect(room.locator("#own-camera-said")).to_contain_text("All classrooms see this room")
        expect(console.locator("#guest-said")).to_contain_text("All classrooms see it", timeout=30_000)
        keep(room, "viewer-camera-shown")
        keep(console, "console-camera-shown")
        keep_programme(box)

        assistant.lesson.panic()
        eventually("nothing in the console", lambda: greenness(pixels(console, "guest-picture")) == 0, 30)
        assistant.lesson.panic_over()
        eventually("it again, in the console", lambda: greenness(pixels(console, "guest-picture")) > 0.5, 60)
        assert not is_shown(picture(box, "/pictures/programme")), "not by itself"
        assistant.talk.change(TalkChange(camera_in_programme=True))
        eventually("by order", lambda: is_shown(picture(box, "/pictures/programme")), 30)

        room.locator("#own-camera").press("Enter")
        eventually("it is off", lambda: assistant.state.status().talk.camera is None, 30)  # type: ignore[union-attr]
        eventually("and gone", lambda: not is_shown(picture(box, "/pictures/programme")), 30)
        expect(console.locator("#guest")).to_be_hidden()
        assert assistant.talk.turn() is not None, "the turn goes on"
        eventually("parts again", lambda: shown_by(other) == "parts", 90)


def shown_by(viewer: Page) -> str:
    return str((viewer.evaluate(DRAWN) or {}).get("shown"))


def keep_programme(box: Box) -> None:
    if folder := os.environ.get("CLASSROOM_TEST_PICTURES"):
        cv2.imwrite(
            str(Path(folder) / "programme-camera.png"), picture(box, "/pictures/programme")[..., ::-1]
        )
