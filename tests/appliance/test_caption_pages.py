"""Captions from a file beside a film, and live, in a real browser, in both languages."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from box_process import ASSISTANT, VIEWER, Box, until
from desk_pages import LANGUAGES, OpenPage, browser, open_console, open_page, picture
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e
__all__ = ["browser", "open_page"]

LINES = """WEBVTT

00:00.300 --> 00:02.500
<v Somebody>One half is &lt;two&gt; quarters.
<b>二分之一</b>等于四分之二。

00:04.000 --> 01:00.000
<img src=x onerror="document.title='taken'">The next one.
"""
WORDS = {
    "en-GB": {
        "count": "2 captions",
        "none": "no video of the same name",
        "kind": "first line must be WEBVTT",
    },
    "zh-CN": {"count": "2 条字幕", "none": "没有同名的视频", "kind": "第一行应为 WEBVTT"},
}


def a_film(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for shade in range(60):
            rgb = np.full((90, 160, 3), shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("locale", LANGUAGES)
def test_captions_from_a_file_to_the_screen(
    start_box: Callable[..., Box], open_page: OpenPage, locale: str, tmp_path: Path
) -> None:
    said = WORDS[locale]
    box = start_box()
    box.until_live()
    console = open_console(open_page, box, locale)
    viewer = open_page(f"{box.base}/watch#token={VIEWER}", locale)
    expect(viewer.locator("#signal-bar")).to_be_visible(timeout=30_000)
    expect(viewer.locator("#captions-toggle")).to_be_hidden()

    (tmp_path / "other.vtt").write_text(LINES)
    console.set_input_files("#file", tmp_path / "other.vtt")
    expect(console.locator("#toast")).to_contain_text(said["none"])
    (tmp_path / "halves.vtt").write_text(LINES)
    console.set_input_files("#file", [tmp_path / "halves.vtt", a_film(tmp_path / "Halves.mp4")])
    expect(console.locator("#library")).to_contain_text(said["count"], timeout=60_000)

    console.locator("#library button.strong").click()
    text = viewer.locator("#captions-text")
    expect(text).to_have_text("One half is <two> quarters.\n二分之一等于四分之二。", timeout=10_000)
    expect(console.locator("#captions-text")).to_contain_text("One half")
    picture(viewer, f"viewer-captions-{locale}.png")
    expect(viewer.locator("#captions")).to_be_hidden(timeout=10_000)
    expect(text).to_have_text("The next one.", timeout=10_000)
    assert viewer.title() != "taken" and viewer.locator("#captions img").count() == 0

    if locale == "zh-CN":
        steer_the_film(box, console, viewer)

    box.request("POST", "/api/v1/captions", json={"text": "Heard just now", "duration_s": 30})
    expect(text).to_have_text("Heard just now", timeout=5_000)
    expect(console.locator("#captions-text")).to_have_text("Heard just now")
    picture(console, f"console-captions-{locale}.png", whole=False)
    viewer.mouse.move(300, 300)
    viewer.click("#captions-toggle")
    expect(viewer.locator("#captions")).to_be_hidden()
    viewer.reload()
    expect(viewer.locator("#captions-toggle")).to_have_attribute("aria-pressed", "false", timeout=30_000)
    box.request("PUT", "/api/v1/panic")
    assert box.status()["caption"] is None, "nothing of the lesson behind the panic slate"
    refuse_hostile_files(box, locale[:2], said["kind"])


def steer_the_film(box: Box, console: Page, viewer: Page) -> None:
    """Pause, seek and replay by hand and by keys; the captions go along."""
    play, slider, text = (console.locator(place) for place in ("#film-play", "#film-at", "#film-time"))
    expect(play).to_have_text("暂停")
    play.click()
    expect(play).to_have_text("播放")
    until(lambda: film_of(box)["state"] == "paused", "a paused film")
    slider.fill("1")
    until(lambda: film_of(box)["position_s"] == 1.0, "the second that was sought")
    expect(text).to_have_text("0:01 / 1:00")
    expect(viewer.locator("#captions-text")).to_contain_text("One half")
    console.wait_for_timeout(1200)  # by then a line would change, were it played
    expect(text).to_have_text("0:01 / 1:00")
    picture(console, "console-film.png", whole=False)
    slider.press("ArrowRight")
    until(lambda: film_of(box)["position_s"] == 2.0, "a second further by a key")
    slider.press(" ")
    until(lambda: film_of(box)["state"] == "playing", "space lets it go on")
    until(lambda: film_of(box)["position_s"] > 3, "it plays")
    expect(text).not_to_have_text("0:02 / 1:00")
    box.request("PATCH", "/api/v1/courseware/film", json={"is_paused": True, "position_s": 30})
    until(lambda: film_of(box)["position_s"] == 30.0, "paused in the middle")
    os.kill(box.studio_pid, signal.SIGKILL)
    until(lambda: box.status()["restarts"] == 1, "a restart")
    box.until_live()
    until(lambda: film_of(box)["position_s"] == 30.0, "a new studio takes up where it stood")
    assert film_of(box)["state"] == "paused"
    console.click("#film-again")
    until(lambda: film_of(box)["state"] == "playing" and film_of(box)["position_s"] < 20, "from the start")
    expect(play).to_have_text("暂停")
    slider.fill("5")
    expect(viewer.locator("#captions-text")).to_have_text("The next one.", timeout=10_000)


def film_of(box: Box) -> dict[str, Any]:
    film: dict[str, Any] = box.status()["film"] or {"state": "", "position_s": -1.0}  # type: ignore[assignment]
    return film


def refuse_hostile_files(box: Box, language: str, kind: str) -> None:
    """A clear word for each, and the good captions stay."""
    (item,) = box.get("/api/v1/courseware").json()["items"]
    place = f"/api/v1/courseware/{item['id']}/captions"

    def put(content: bytes, media: str = "text/vtt") -> httpx.Response:
        headers = {"Authorization": f"Bearer {ASSISTANT}", "Content-Type": media}
        return httpx.put(f"{box.base}{place}?lang={language}", headers=headers, content=content, timeout=20)

    wrong = put(b"1\n00:00:01,000 --> 00:00:02,000\nSRT\n")
    assert wrong.status_code == 422 and kind in wrong.json()["detail"]
    assert put(b"WEBVTT\n" + b"x" * 2_000_000).status_code == 413
    assert put(LINES.encode(), "text/html").status_code == 415
    kept = box.get(place)
    assert kept.headers["content-type"].startswith("text/vtt") and "<b>" not in kept.text
    assert box.request("DELETE", place).status_code == 204
    assert box.get(place).status_code == 404
    until(lambda: box.get("/api/v1/courseware").json()["items"][0]["captions"] == 0, "no captions")
