"""The console's cards of recordings and of other servers, in a real browser, over the real daemon."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest
from box_process import ASSISTANT, Box, until
from browsers import chromium
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

NOBODY = '[{name = "main", url = "http://127.0.0.1:9/whip"}]'


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_context(locale="en-GB", accept_downloads=True).new_page()
        page.set_default_timeout(20_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def test_recording_shows_its_light_and_gives_its_file(
    start_box: Callable[..., Box], page: Page, tmp_path: Path
) -> None:
    box = start_box()
    box.until_live()
    page.clock.install()
    page.goto(f"{box.base}/console#token={ASSISTANT}")
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.locator("#recording-light")).to_be_hidden()
    expect(page.locator("#destinations-card")).to_be_hidden()
    page.click("#record")
    expect(page.locator("#recording-light")).to_be_visible()
    expect(page.locator("#record")).to_have_text("Stop recording")
    expect(page.locator("#recordings li")).to_contain_text("being written")
    page.wait_for_timeout(2000)
    hold_the_line(box, page)
    page.click("#record")
    expect(page.locator("#recording-light")).to_be_hidden()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    started.value.save_as(tmp_path / "lesson.mp4")
    with av.open(str(tmp_path / "lesson.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) > 5
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#recordings").get_by_role("button", name="Delete").click()
    expect(page.locator("#recordings li")).to_have_count(0)
    assert box.get("/api/v1/recordings").json()["items"] == []


def hold_the_line(box: Box, page: Page) -> None:
    """The box says nothing more, yet the stream has no end: what was told is old after a while."""
    box.process.send_signal(signal.SIGSTOP)
    try:
        page.clock.fast_forward(25_000)
        expect(page.locator("#state")).to_have_text("Box not reachable")
        expect(page.locator("#recording-light")).to_be_hidden()
    finally:
        box.process.send_signal(signal.SIGCONT)
    expect(page.locator("#state")).to_have_text("Live", timeout=20_000)
    expect(page.locator("#recording-light")).to_be_visible()


def test_other_servers_say_how_they_are_in_both_languages(start_box: Callable[..., Box], page: Page) -> None:
    box = start_box(CLASSROOM_PUBLISHING_DESTINATIONS=NOBODY)
    box.until_live()
    page.goto(f"{box.base}/console#token={ASSISTANT}")
    row = page.locator("#destinations li")
    expect(row).to_contain_text("The server does not answer")
    page.click("#language")
    expect(row).to_contain_text("服务器无应答")
    row.get_by_role("button").click()
    expect(row).to_contain_text("已停止")
    until(lambda: bool(box.get("/api/v1/destinations").json()[0]["state"] == "stopped"), "stopped")
