"""A remote classroom's browser: headless Chromium opens the viewer's page of the real daemon."""

from __future__ import annotations

import base64
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from browsers import AUTOPLAY, chromium, needs_chromium
from PIL import Image
from playwright.sync_api import Page as Tab

from appliance.bench.browser import Recorder, hold
from appliance.bench.ours import Box
from appliance.bench.text_subjects import Lesson as TextLesson
from pipelines.media import U8

sys.path.insert(0, str(Path(__file__).parent))

from test_programme import demo_page
from truth import Lesson, psnr_db

PICTURE = """async () => {
    const video = document.querySelector("video");
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth; canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    return canvas.toDataURL("image/png");
}"""
DECODED = "() => document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"
PATIENCE_S = 40

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    needs_chromium,
]


@pytest.fixture(scope="module")
def tab(box: Box) -> Iterator[Tab]:
    """The viewer's page, playing. The token is the assistant's: both may watch."""
    # The composed video, as every other browser gets it; test_exact.py is about the parts.
    with chromium(AUTOPLAY, "--disable-3d-apis") as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 720})
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"{box.url}/watch#token={box.token}")
        wait_until_decoded(tab, 50)
        hold(box, "444")  # by itself the page lays the parts together, and its video is the teacher alone
        wait_until_decoded(tab, decoded(tab) + 50)
        yield tab
        assert errors == []


def picture(tab: Tab) -> U8:
    """What the page shows, read back from a canvas, u8 (H, W, 3)."""
    url: str = tab.evaluate(PICTURE)
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as png:
        return np.asarray(png.convert("RGB"), np.uint8)


def decoded(tab: Tab) -> int:
    frames: int = tab.evaluate(DECODED)
    return frames


def wait_until_decoded(tab: Tab, frames: int) -> None:
    """Polls from outside: the page's security policy forbids what Playwright's own waiting evaluates."""
    for _ in range(PATIENCE_S * 5):
        if decoded(tab) > frames:
            return
        tab.wait_for_timeout(200)
    pytest.fail(f"only {decoded(tab)} frames were decoded within {PATIENCE_S} s")


def test_the_browser_decodes_moving_frames(tab: Tab) -> None:
    before, first = decoded(tab), picture(tab).astype(np.int16)
    wait_until_decoded(tab, before + 50)
    for _ in range(PATIENCE_S):  # the teacher stands still at times
        if np.abs(picture(tab) - first).mean() > 0.2:
            return
        tab.wait_for_timeout(1000)
    pytest.fail("the picture stands still")


def test_the_browsers_picture_is_the_lesson(tab: Tab) -> None:
    """The page's text where nobody stands, and the teacher where the truth says."""
    lesson = Lesson(demo_page(0))
    try:
        shown = picture(tab)
        moment = lesson.moment_of(shown)
    finally:
        lesson.close()
    clean = cv2.dilate(moment.pha, np.ones((61, 61))) == 0
    assert clean.mean() > 0.2
    assert psnr_db(shown[clean], lesson.page.rgb[clean]) > 38  # this page in 4:2:0: 36.3
    solid = cv2.erode(moment.pha, np.ones((15, 15))) > 0.99
    assert np.median(np.abs(shown[solid].astype(np.int16) - moment.fgr[solid])) < 14


def test_the_browser_gets_full_chroma(tab: Tab, box: Box) -> None:
    """The answer takes what Chromium offers, best first."""
    (viewer,) = box.status()["viewers"]
    assert viewer["layer"] == "444"
    assert viewer["layers"][-4:] == ["444", "420", "low", "sound"]


def test_the_token_leaves_the_address_bar(tab: Tab, box: Box) -> None:
    assert box.token not in tab.url


def test_sound_arrives_beside_the_picture(tab: Tab) -> None:
    kinds: Any = tab.evaluate(
        "() => document.querySelector('video').srcObject.getTracks().map(t => t.kind).sort()"
    )
    assert kinds == ["audio", "video"]


@pytest.mark.skipif(
    not os.environ.get("CLASSROOM_BENCHES"), reason="wants a quiet machine: CLASSROOM_BENCHES=1"
)
def test_text_is_sharp_two_pictures_after_a_page_turn(tab: Tab, box: Box) -> None:
    """The bench's own reading, once. The last test here: it turns pages."""
    lesson = TextLesson((1280, 720), turns=1)
    hold(box, "444")
    recorder = Recorder(tab, lesson.size_wh)
    figures = lesson.watched(recorder, lambda index: box.call("POST", "/api/v1/page", {"index": index}))
    assert figures["two_frames_db"] > 34  # a busy machine; on a quiet one the bench tells 40 and more
    assert figures["settled_db"] > 45
    assert figures["settled_ssim"] > 0.99
