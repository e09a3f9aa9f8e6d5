"""The courseware drawer and the presenter's page in a real browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from box_process import ASSISTANT, PRESENTER, Box, until
from browsers import chromium
from playwright.sync_api import Browser, Page, expect
from x_server import start_server

pytestmark = pytest.mark.e2e

DEMO = Path(__file__).parents[2] / "pipelines" / "courseware" / "assets" / "demo.pdf"
# Where the headless browser has no screen to give, a canvas stands in for it: all after it is real.
A_SCREEN = """
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const draw = canvas.getContext("2d");
  setInterval(() => { draw.fillStyle = "#c83c28"; draw.fillRect(0, 0, 640, 360);
    draw.fillStyle = "#fff"; draw.fillRect(performance.now() / 10 % 600, 300, 20, 20); }, 60);
  navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(15);
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(
        "--use-fake-ui-for-media-stream", "--auto-select-desktop-capture-source=Entire screen"
    ) as browser:
        yield browser


def picture(page: Page, name: str) -> None:
    """Kept for people to look at, where a folder is given for it."""
    if folder := os.environ.get("CLASSROOM_TEST_PICTURES"):
        page.screenshot(path=str(Path(folder) / name), full_page=True)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_an_upload_from_drop_to_delete(start_box: Callable[..., Box], browser: Browser, locale: str) -> None:
    box = start_box()
    box.until_live()
    page = browser.new_page(locale=locale, viewport={"width": 1440, "height": 900})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{box.base}/console#token={ASSISTANT}")
    expect(page.locator("#no-items")).to_be_visible(timeout=20_000)
    # The built-in lesson has a strip, too: five pages in the fake, drawn from the real file.
    expect(page.locator("#strip button")).to_have_count(5)
    until(
        lambda: "blob:" in (page.locator("#strip button").first.get_attribute("style") or ""),
        "a thumbnail of the built-in lesson",
    )
    picture(page, f"console-demo-{locale}.png")
    page.set_input_files("#file", [{"name": "坏.pdf", "mimeType": "application/pdf", "buffer": b"not a pdf"}])
    expect(page.locator("#library .refused")).to_contain_text(
        "无法识别" if locale == "zh-CN" else "cannot be shown", timeout=30_000
    )
    page.set_input_files(
        "#file", [{"name": "Water.pdf", "mimeType": "application/pdf", "buffer": DEMO.read_bytes()}]
    )
    row = page.locator("#library li", has_text="Water.pdf")
    row.locator("button[data-key^=open-]").click(timeout=30_000)
    expect(page.locator("#strip button")).to_have_count(8, timeout=20_000)
    page.locator("#strip button").nth(3).click()
    until(lambda: box.get("/api/v1/page").json()["index"] == 3, "the page of the strip")
    expect(page.locator("#strip [aria-current=page]")).to_have_text("4")
    until(
        lambda: "blob:" in (page.locator("#strip button").nth(3).get_attribute("style") or ""), "a thumbnail"
    )
    page.route("**/courseware/live", lambda route: route.fulfill(json=[]))
    page.click("#live-box summary")
    expect(page.locator("#live-none")).to_contain_text("采集卡" if locale == "zh-CN" else "no capture card")
    page.unroute("**/courseware/live")
    page.click("#qr-box summary")
    until(lambda: bool(page.evaluate("document.getElementById('qr').naturalWidth > 0")), "the QR code")
    page.wait_for_timeout(500)
    picture(page, f"console-courseware-{locale}.png")
    expect(page.locator("#library .what").first).to_contain_text("Water.pdf")
    page.locator("#library li", has_text="坏.pdf").drag_to(row, target_position={"x": 20, "y": 3})
    expect(page.locator("#library .what").first).to_contain_text("坏.pdf")
    row.locator("button[data-key^=move_up-]").click()
    expect(page.locator("#library .what").first).to_contain_text("Water.pdf")
    page.fill("#search", "water")
    expect(page.locator("#library li")).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    row.locator("button[data-key^=delete-]").click()
    expect(page.locator("#library li")).to_have_count(0)
    assert faults == []
    page.close()


def test_a_dropped_file_is_uploaded(start_box: Callable[..., Box], browser: Browser) -> None:
    box = start_box()
    box.until_live()
    page = browser.new_page(locale="en-GB")
    page.goto(f"{box.base}/console#token={ASSISTANT}")
    expect(page.locator("#no-items")).to_be_visible(timeout=20_000)
    dropped = page.evaluate_handle(
        "() => { const all = new DataTransfer(); all.items.add(new File(['x'], 'notes.txt')); return all; }"
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    expect(page.locator("#library li")).to_contain_text("notes.txt", timeout=20_000)
    open_a_screen(page, box)
    page.close()


def open_a_screen(page: Page, box: Box) -> None:
    """One that really runs here is offered, and opened with a click."""
    server, display = start_server()
    page.click("#live-box summary")
    row = page.locator("#live li", has_text=f"x11:{display}")
    expect(row).to_contain_text(f"Screen of the box {display}")
    picture(page, "console-live.png")
    row.locator("button").click()
    until(lambda: box.status()["courseware"] == f"x11:{display}", "the screen on the LCD")
    expect(row.locator("button")).to_have_text("Shown")
    server.terminate()
    server.wait()
    page.click("#live-again")
    expect(row).to_have_count(0)


def test_a_refused_screen_is_told(start_box: Callable[..., Box], browser: Browser) -> None:
    """The fake studio takes no screens: the presenter reads why, and may try again."""
    box = start_box()
    box.until_live()
    page = browser.new_page(locale="zh-CN")
    page.add_init_script(A_SCREEN)
    page.goto(f"{box.base}/present#token={PRESENTER}")
    expect(page.locator("#share")).to_be_visible()
    assert page.url == f"{box.base}/present", "the token must leave the address bar"
    page.click("#share")
    expect(page.locator("#state")).to_have_text("未能共享", timeout=20_000)
    expect(page.locator("#reason")).to_contain_text("no offer for a fake")
    expect(page.locator("#share")).to_be_visible()
    page.goto("about:blank")
    page.goto(f"{box.base}/present#token=wrong-wrong-wrong")
    page.click("#share")
    expect(page.locator("#state")).to_have_text("链接已失效", timeout=20_000)
    page.close()
