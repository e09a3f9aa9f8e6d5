"""The pages in a real browser, over the real daemon and the fake studio."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from box_process import ASSISTANT, VIEWER, Box, until
from browsers import chromium
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from appliance.bench.slow_line import slow_line

pytestmark = pytest.mark.e2e

FRAMES = "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # As in a browser that does not know the page yet: sound only after a tap.
    with chromium("--autoplay-policy=document-user-activation-required") as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page of its own session; every fault that the browser reports fails the test."""
    faults: list[str] = []
    contexts: list[Any] = []

    def open_(url: str, prepare: Callable[[Page], None] = lambda _page: None, **context: Any) -> Page:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 800}, **context))
        page: Page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
        prepare(page)
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def is_fault(message: ConsoleMessage) -> bool:
    # Every refused request leaves such a line, also one that the page expects and puts into words.
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def wait_for_frames(page: Page, more: int = 5) -> None:
    # Asked again and again: the page's own security policy forbids a condition to be evaluated inside it.
    before = page.evaluate(FRAMES)
    until(lambda: page.evaluate(FRAMES) > before + more, "moving pictures")


def test_an_assistant_directs_a_lesson(start_box: Callable[..., Box], open_page: Callable[..., Page]) -> None:
    box = start_box()
    box.until_live()
    page = open_page(f"{box.base}/console#token={ASSISTANT}", locale="en-GB")
    wait_for_frames(page)
    assert page.url == f"{box.base}/console", "the token must leave the address bar"
    expect(page.locator("#state")).to_have_text("Live")
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#page")).to_have_value("3")
    page.fill("#page", "5")
    page.keyboard.press("Enter")
    until(lambda: box.get("/api/v1/page").json()["index"] == 4, "page 5")
    expect(page.locator("#next")).to_be_disabled()
    page.click("#layouts [data-value=corner]")
    page.click("#corners [data-value=top_left]")
    page.fill("#slate", "Break")
    until(lambda: box.get("/api/v1/scene").json()["corner"] == "top_left", "the corner")
    assert box.get("/api/v1/scene").json()["layout"] == "corner"
    page.click("#slate-form button")
    until(lambda: box.get("/api/v1/scene").json()["slate_text"] == "Break", "the slate")
    page.click("#language")
    expect(page.locator("#state")).to_have_text("直播中")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert VIEWER in page.input_value("#link")
    page.reload()
    wait_for_frames(page)  # the token is kept for this tab


def test_a_viewer_stays_through_the_studios_death(
    start_box: Callable[..., Box], open_page: Callable[..., Page]
) -> None:
    box = start_box()
    box.until_live()
    page = open_page(f"{box.base}/watch#token={VIEWER}&name=Room 5", locale="zh-CN")
    wait_for_frames(page)
    (viewer,) = box.get("/api/v1/viewers").json()
    assert viewer["name"] == "Room 5"
    os.kill(box.studio_pid, signal.SIGKILL)
    box.until_live()
    wait_for_frames(page, 10)
    (after,) = box.get("/api/v1/viewers").json()
    assert after["viewer_id"] == viewer["viewer_id"], "the same connection"


def test_no_sound_without_a_tap_where_the_browser_says_so(
    start_box: Callable[..., Box], open_page: Callable[..., Page]
) -> None:
    box = start_box()
    box.until_live()
    asked: list[bool] = []

    def tell_when_asked(page: Page) -> None:
        # Any other look into the page counts as a gesture of the user, and allows sound.
        page.expose_function("asked", lambda: asked.append(True))
        page.add_init_script("""addEventListener("DOMContentLoaded", () => new MutationObserver(() => asked())
            .observe(document.getElementById("unlock"), {attributeFilter: ["hidden"]}))""")

    page = open_page(f"{box.base}/watch#token={VIEWER}", tell_when_asked, locale="en-GB")
    for _ in range(200):
        if asked:
            break
        page.wait_for_timeout(100)
    page.click("#unlock")
    expect(page.locator("#unlock")).to_be_hidden()
    assert page.evaluate("document.querySelector('video').muted") is False
    wait_for_frames(page)


def test_a_viewer_knows_the_turn_servers_before_it_offers(
    start_box: Callable[..., Box], open_page: Callable[..., Page], tmp_path: Path
) -> None:
    (tmp_path / "turn-secret").write_text("shared")
    box = start_box(
        "--set",
        'broadcast.ice_urls=["stun:127.0.0.1:9", "turn:127.0.0.1:9?transport=tcp"]',
        "--set",
        f"broadcast.turn_secret_file={tmp_path / 'turn-secret'}",
    )
    box.until_live()

    def listen(page: Page) -> None:
        page.add_init_script("""const Real = RTCPeerConnection; window.given = [];
            window.RTCPeerConnection = class extends Real {
              constructor(options) { super(options); given.push(options); } };""")

    page = open_page(f"{box.base}/watch#token={VIEWER}", listen)
    wait_for_frames(page)  # though neither of these servers is there
    stun, turn = page.evaluate("given[0].iceServers")
    assert stun == {"urls": "stun:127.0.0.1:9"}
    assert turn["urls"] == "turn:127.0.0.1:9?transport=tcp" and turn["credential"]
    assert int(turn["username"].partition(":")[0]) > time.time()


def test_a_viewer_who_was_removed_or_whose_network_changed_comes_back_by_itself(
    start_box: Callable[..., Box], open_page: Callable[..., Page]
) -> None:
    """The way to the box goes without a word, and for a while there is no other: as from cable to WLAN."""
    box = start_box()
    box.until_live()
    gone: set[str] = set()

    def is_back() -> bool:
        page.wait_for_timeout(50)  # the line is laid by this thread, while it waits for the page
        viewers = box.get("/api/v1/viewers").json()
        return any(one["viewer_id"] not in gone and one["state"] == "connected" for one in viewers)

    with ExitStack() as line:

        def over_a_line(page: Page) -> None:
            line.enter_context(slow_line(page, 50_000_000))

        page = open_page(f"{box.base}/watch#token={VIEWER}", over_a_line)
        wait_for_frames(page)
        gone |= {one["viewer_id"] for one in box.get("/api/v1/viewers").json()}
        box.request("DELETE", f"/api/v1/viewers/{min(gone)}")
        until(is_back, "another connection")
        page.wait_for_selector("#slate.gone", state="attached")
        wait_for_frames(page)
        gone |= {one["viewer_id"] for one in box.get("/api/v1/viewers").json()}
        page.evaluate("Math.random = () => 400")  # from here on it would pause for minutes between attempts
        page.context.set_offline(True)
    page.wait_for_selector("#slate:not(.gone)")  # nothing told it: it noticed the silence
    page.context.set_offline(False)
    until(is_back, "another connection")
    page.wait_for_selector("#slate.gone", state="attached")
    wait_for_frames(page)


def test_words_for_a_person_instead_of_errors(start_box: Callable[..., Box], browser: Browser) -> None:
    box = start_box()
    base = box.base
    page = browser.new_page(locale="zh-CN")
    for url, said in (
        (f"{base}/watch", "请使用完整链接打开"),
        (f"{base}/watch#token=wrong-wrong-wrong", "链接已失效"),
        (f"{base}/console#token=wrong-wrong-wrong", "链接已失效"),
    ):
        page.goto("about:blank")
        page.goto(url)
        expect(page.get_by_text(re.compile(said))).to_be_visible()
    page.close()
