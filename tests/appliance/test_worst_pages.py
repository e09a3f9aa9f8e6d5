"""The worst mattes of a recording in the console, in a real browser, over the real daemon."""

from __future__ import annotations

import re
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from box_process import Box, until
from desk_pages import LANGUAGES, OpenPage, browser, open_console, open_page, picture
from playwright.sync_api import Locator, expect
from test_accessibility import faults
from test_worst_mattes import RECORDINGS, THREE, recording, started

pytestmark = pytest.mark.e2e
__all__ = ["browser", "open_page"]

WORDS = {
    "en-GB": {"button": "Worst mattes", "page": "p. 1", "score": "very bad (0 %)", "cut": "as cut out"},
    "zh-CN": {"button": "最差的抠像", "page": "第 1 页", "score": "抠像很差 (0 %)", "cut": "抠出的教师"},
}
YELLOW = 230, 200, 40  # the fake's teacher
WIDTH = "(picture) => picture.complete ? picture.naturalWidth : 0"


def recorded(box: Box) -> str:
    """Id of a recording with three moments."""
    item_id = started(box)
    until(lambda: len(box.get(f"{RECORDINGS}/{item_id}/worst").json()["items"]) == 3, "three moments")
    box.request("POST", f"{RECORDINGS}/stop")
    assert recording(box)["state"] == "off"
    return item_id


def share_of(element: Locator, rgb: tuple[int, int, int]) -> float:
    """How much of the element has about this colour, 0 to 1."""
    shown = cv2.imdecode(np.frombuffer(element.screenshot(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    return float((np.abs(shown.astype(np.int16) - rgb).max(axis=2) < 24).mean())


@pytest.mark.parametrize("locale", LANGUAGES)
def test_seen_beside_the_camera_by_the_keyboard(
    start_box: Callable[..., Box], open_page: OpenPage, locale: str
) -> None:
    said = WORDS[locale]
    box = start_box(*THREE)
    recorded(box)
    console = open_console(open_page, box, locale)
    console.get_by_role("button", name=said["button"]).focus()
    console.keyboard.press("Enter")
    dialog = console.get_by_role("dialog", name=said["button"])
    expect(dialog.locator("li")).to_have_count(3)
    first = dialog.locator("li").first
    expect(first).to_contain_text(re.compile(rf"^\d+:\d\d · {re.escape(said['page'])} · "))
    expect(first).to_contain_text(said["score"])
    saw, matte = first.locator("img.camera"), first.locator("img.alpha")
    until(lambda: bool(saw.evaluate(WIDTH) == matte.evaluate(WIDTH) == 640), "both pictures, whole")
    expect(matte).to_be_visible()
    found = faults(console, "camera and matte")
    picture(console, f"worst-{locale}.png", whole=False)

    switch = dialog.get_by_role("switch", name=said["cut"])
    expect(switch).to_be_focused()
    console.keyboard.press("Space")
    expect(matte).to_be_hidden()
    cut_out = first.locator("img.cut-out")
    until(lambda: bool(cut_out.evaluate(WIDTH) == 640), "the cut-out")
    grey, teacher = (40, 40, 40), share_of(saw, YELLOW)
    assert share_of(saw, grey) > 0.8 and teacher > 0.01
    assert share_of(cut_out, grey) < 0.01, "what alpha leaves out is not shown"
    assert abs(share_of(cut_out, YELLOW) - teacher) < 0.005, "the teacher is"
    found += faults(console, "camera and cut-out")
    picture(console, f"worst-cut-{locale}.png", whole=False)

    console.keyboard.press("Tab")
    expect(first.locator("a").first).to_be_focused()
    with console.context.expect_page() as opened:
        console.keyboard.press("Enter")
    assert opened.value.url.startswith("blob:")
    opened.value.wait_for_load_state()
    until(lambda: bool(opened.value.locator("img").evaluate(WIDTH) == 640), "the picture by itself")
    opened.value.close()
    console.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    until(lambda: box.status()["is_panic"] is True, "panic, from a dialog too")
    assert console.locator("#worst-list li").count() == 0, "the page has forgotten them"
    assert found == []


def test_a_recording_without_any_has_no_button_and_one_that_lost_them_says_so(
    start_box: Callable[..., Box], open_page: OpenPage
) -> None:
    before = start_box()
    started(before)
    before.request("POST", f"{RECORDINGS}/stop")
    before.process.terminate()
    before.wait()
    box = start_box(*THREE)
    item_id = recorded(box)
    console = open_console(open_page, box)
    expect(console.locator("#recordings li")).to_have_count(2)
    button = console.get_by_role("button", name="Worst mattes")
    expect(button).to_have_count(1)
    for path in (box.state_dir / "recordings" / f"{item_id}.worst").glob("*.png"):
        path.unlink()
    button.click()
    expect(console.locator("#worst-said")).to_have_text("No moment was kept.")
    console.click("#worst-close")
    box.request("DELETE", f"{RECORDINGS}/{item_id}")
    button.click()
    expect(console.locator("#worst-said")).to_have_text("There is no such recording.")
