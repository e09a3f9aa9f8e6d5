"""Rooms, the remote assistant's bar and the lesson's log in a real browser, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from box_process import Box, until
from desk_pages import LANGUAGES, OpenPage, browser, open_console, open_page, picture
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.e2e
__all__ = ["browser", "open_page"]

WORDS = {
    "en-GB": {
        "hand": "Hand up",
        "no_picture": "We cannot see",
        "no_sound": "We cannot hear",
        "too_fast": "Too fast",
        "seen": "has seen it",
        "invalid": "no longer valid",
        "room": "Room 5",
        "delay": "delay about",
        "lossless": "page lossless",
    },
    "zh-CN": {
        "hand": "举手",
        "no_picture": "看不见",
        "no_sound": "听不见",
        "too_fast": "太快了",
        "seen": "已看到",
        "invalid": "链接已失效",
        "room": "三年级二班",
        "delay": "延迟约",
        "lossless": "课件无损",
    },
}


def hold_layers(row: Locator, box: Box, lossless: str) -> None:
    """Any layer of the list may be held, the lossless page among them."""
    until(lambda: any("teacher" in v["layers"] for v in box.get("/api/v1/viewers").json()), "a room in parts")
    row.locator("select").select_option(label=lossless)
    until(
        lambda: any(v["pinned"] for v in box.get("/api/v1/viewers").json()), "held, as long as it is in parts"
    )
    row.locator("select").select_option("low")
    until(
        lambda: any(v["pinned"] and v["layer"] == "low" for v in box.get("/api/v1/viewers").json()), "pinned"
    )
    expect(row.locator("select")).to_have_value("low")


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_room_from_its_link_to_its_removal(
    start_box: Callable[..., Box], open_page: OpenPage, locale: str, tmp_path: Path
) -> None:
    said = WORDS[locale]
    box = start_box()
    box.until_live()
    console = open_console(open_page, box, locale)
    console.fill("#room-name", said["room"])
    console.click("#room-form button")
    expect(console.locator("#room-dialog")).to_be_visible()
    link = console.input_value("#room-link")
    until(
        lambda: bool(console.evaluate("document.getElementById('room-qr').naturalWidth > 0")), "the QR code"
    )
    picture(console, f"room-link-{locale}.png", whole=False)
    console.click("#room-close")
    assert link in box.get("/api/v1/rooms").json()[0]["links"]

    viewer = open_page(box.base + "/watch#" + link.partition("#")[2], locale)
    hand = viewer.locator("#signals [data-kind=hand_up]")
    expect(hand).to_be_visible()
    expect(hand).to_have_text(said["hand"])
    row = console.locator("#viewers li", has_text=said["room"])
    until(lambda: "4:" in row.inner_text(), "the room's layer")
    hand.click()
    expect(row.locator(".signal")).to_be_visible(timeout=5_000)
    expect(hand).to_have_attribute("aria-pressed", "true")
    expect(console.locator("#toast")).to_contain_text(said["hand"])
    until(lambda: said["delay"] in row.inner_text(), "its delay")
    viewer.mouse.move(400, 300)
    picture(viewer, f"viewer-signal-{locale}.png")
    picture(console, f"console-rooms-{locale}.png")
    row.locator(".signal").click()
    expect(row.locator(".signal")).to_be_hidden()
    expect(viewer.locator("#signal-said")).to_contain_text(said["seen"], timeout=15_000)
    expect(hand).to_have_attribute("aria-pressed", "false")
    for kind in ("no_picture", "no_sound", "too_fast"):
        viewer.click(f"#signals [data-kind={kind}]")
        expect(row.locator(f".signal[data-kind={kind}]")).to_contain_text(said[kind])
    hold_layers(row, box, said["lossless"])

    console.click("#bad-matte")
    expect(console.locator("#log li").first).to_contain_text("90 %")
    with console.expect_download() as download:
        console.click("#log-json")
    kept = json.loads(Path(download.value.path()).read_text())
    assert {"hand_up", "seen", "bad_matte"} <= {entry["kind"] for entry in kept["entries"]}
    assert (kept["entries"][0]["kind"], kept["entries"][0]["room"]) == ("room_joined", said["room"])

    console.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button").last.click()
    expect(viewer.locator("#slate-title")).to_contain_text(said["invalid"], timeout=30_000)
    expect(row).to_have_count(0)
    expect(viewer.locator("#signal-bar")).to_be_hidden()
