"""The screen of a remote classroom, in a real browser: a closer look, and what it tells pupils."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from box_process import VIEWER, Box, until
from desk_pages import LANGUAGES, OpenPage, browser, open_page, picture
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect
from test_exact import hide_teacher, in_parts, page_rgb, until_exact

from pipelines.media import U8

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
__all__ = ["browser", "open_page"]

SMALL: ViewportSize = {
    "width": 320,
    "height": 180,
}  # half the programme's size: at 4x two pixels of the screen are one of it
FOUR_TIMES = 5  # notches of the wheel
PLACE = "() => document.getElementById('exact').getBoundingClientRect().toJSON()"


def watch(open_page: OpenPage, box: Box, locale: str = "en-GB", **context: object) -> Page:
    page = open_page(f"{box.base}/watch#token={VIEWER}", locale, **context)
    expect(page.locator("#signal-bar")).to_be_visible()
    return page


def pinch(page: Page, apart_px: tuple[int, ...], at_xy: tuple[int, int]) -> None:
    """Two fingers, so far from each other one after another."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, apart: int | None = None) -> None:
        x, y = at_xy
        fingers = [] if apart is None else [{"x": x - apart / 2, "y": y}, {"x": x + apart / 2, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", apart_px[0])
    for apart in apart_px[1:]:
        touch("touchMove", apart)
    touch("touchEnd")


def idle_shot(page: Page) -> U8:
    """The screen once the bars are out of the way."""
    expect(page.locator("body")).to_have_class("idle")
    page.wait_for_timeout(400)  # they fade
    with Image.open(io.BytesIO(page.screenshot())) as png:
        return np.asarray(png.convert("RGB"), np.uint8)


def scale_of(page: Page) -> float:
    """How much larger than the screen the picture is."""
    return float(page.evaluate(PLACE)["width"] / page.evaluate("innerWidth"))


def test_what_is_magnified_is_the_sheet_in_all_its_pixels(open_page: OpenPage, shared_box: Box) -> None:
    page = watch(open_page, shared_box)
    in_parts(page, shared_box)
    hide_teacher(page)
    until_exact(page, page_rgb(0))
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")  # else the bar stays in sight
    page.set_viewport_size(SMALL)
    page.mouse.move(160, 90)
    page.keyboard.down("Control")
    for _ in range(FOUR_TIMES):
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    until(lambda: abs(scale_of(page) - 4) < 1e-3, "four times as large")
    sheet = page_rgb(0)[135:225, 240:400]
    wanted = cv2.resize(sheet, (320, 180), interpolation=cv2.INTER_LINEAR).astype(int)
    assert np.abs(idle_shot(page) - wanted).mean() < 1, "all pixels of the sheet, between them straight lines"

    page.keyboard.press("m")
    expect(page.locator("#lens")).to_be_visible()
    inside = idle_shot(page)[60:120, 130:190].astype(int)
    close = cv2.resize(page_rgb(0)[174:186, 314:326], (60, 60), interpolation=cv2.INTER_CUBIC)
    assert np.abs(inside - close).mean() < 25, "the same place, two and a half times larger still"
    page.keyboard.press("m")
    expect(page.locator("#lens")).to_be_hidden()
    page.close()


def test_a_closer_look_stays_within_the_picture_and_over_a_cut(open_page: OpenPage, shared_box: Box) -> None:
    page = watch(open_page, shared_box, has_touch=True)
    in_parts(page, shared_box)
    page.mouse.move(600, 400)
    page.keyboard.press("+")
    page.keyboard.press("=")
    assert scale_of(page) == pytest.approx(1.25**2)
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    end = page.evaluate(PLACE)
    assert end["right"] == pytest.approx(1440), "the picture's end is the screen's"
    page.mouse.move(700, 400)
    page.mouse.down()
    page.mouse.move(740, 410, steps=4)
    page.mouse.up()
    assert page.evaluate(PLACE)["left"] == pytest.approx(end["left"] + 40)
    expect(page.locator("#zoom-reset")).to_have_text("1.6×")
    picture(page, "viewer-zoom.png")

    before = page.evaluate(PLACE)
    viewers = shared_box.get("/api/v1/viewers").json()
    for viewer in viewers:
        shared_box.request("DELETE", f"/api/v1/viewers/{viewer['viewer_id']}")
    until(lambda: all(viewer not in shared_box.get("/api/v1/viewers").json() for viewer in viewers), "gone")
    in_parts(page, shared_box)
    assert page.evaluate(PLACE) == before, "a cut leaves the closer look as it was"

    page.touchscreen.tap(700, 400)
    page.touchscreen.tap(700, 400)
    until(lambda: scale_of(page) == 1, "the whole picture after a double tap")
    expect(page.locator("#zoom-reset")).to_be_hidden()
    pinch(page, (100, 150, 200), (900, 500))
    assert scale_of(page) == pytest.approx(2)
    pinch(page, (200, 100, 40), (900, 500))
    assert scale_of(page) == 1
    page.close()


@pytest.mark.parametrize(("locale", "unit"), [("en-GB", "s"), ("zh-CN", "秒")])
def test_how_old_the_picture_is_for_who_wants_to_know(
    open_page: OpenPage, shared_box: Box, locale: str, unit: str
) -> None:
    page = watch(open_page, shared_box, locale)
    figure = page.locator("#age-text")
    expect(figure).to_be_hidden()
    page.keyboard.press("d")
    expect(figure).to_have_text(re.compile(rf"^\d\.\d\d {unit}$"))
    assert float((figure.text_content() or "").split()[0]) >= 0.12, "the box's share alone"
    assert "120" in (page.locator("#age").get_attribute("title") or "")
    picture(page, f"viewer-age-{locale}.png")
    page.close()


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_pause_says_why_and_since_when_by_this_screens_clock(
    open_page: OpenPage, shared_box: Box, locale: str
) -> None:
    in_chinese = locale == "zh-CN"
    page = watch(open_page, shared_box, locale, timezone_id="Asia/Urumqi")
    expect(page.locator("#slate")).to_be_hidden()
    began = datetime.now(ZoneInfo("Asia/Urumqi"))
    shared_box.request("PUT", "/api/v1/panic")
    expect(page.locator("#slate-title")).to_have_text("课堂暂停" if in_chinese else "The lesson is paused")
    times = "|".join(f"{began + timedelta(minutes=later):%-H:%M}" for later in range(3))
    since = f"从 0?({times}) 起" if in_chinese else f"Since 0?({times})"
    expect(page.locator("#slate-since")).to_have_text(re.compile(f"^{since}$"))
    expect(page.locator("#slate-reason")).not_to_be_empty()
    expect(page.locator("#signal-bar")).to_be_visible()
    picture(page, f"viewer-paused-{locale}.png")
    shared_box.request("DELETE", "/api/v1/panic")
    expect(page.locator("#slate")).to_be_hidden()

    text = {"layout": "slate", "slate_text": "Break\nWe go on at ten"}
    shared_box.request("PATCH", "/api/v1/scene", json=text)
    expect(page.locator("#slate-title")).to_have_text("Break\nWe go on at ten")
    expect(page.locator("#slate-since")).to_have_text(re.compile(f"^{since}$"))
    shared_box.request("PATCH", "/api/v1/scene", json={"layout": "aligned", "slate_text": ""})
    expect(page.locator("#slate")).to_be_hidden()
    page.close()
