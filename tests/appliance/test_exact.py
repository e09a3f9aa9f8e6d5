"""The lesson put together in a real browser, pixel for pixel, over the real daemon and the fake studio."""

from __future__ import annotations

import base64
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import drawn_lesson
import httpx
import numpy as np
import numpy.typing as npt
import pytest
from box_process import VIEWER, Box, until
from browsers import AUTOPLAY, launch
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipelines.media import U8, Layout, Scene

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SIZE_WH = (640, 360)
# The very module that the page runs: what its canvas shows, drawn anew.
SNAPSHOT = "async () => (await import('/assets/exact.js')).snapshot()"
NEAR_PX = 33  # around the teacher, where the coder's blocks may leave traces


@pytest.fixture(scope="module")
def chromium() -> Iterator[Callable[..., Browser]]:
    browsers: list[Browser] = []
    with sync_playwright() as playwright:

        def start(*more: str) -> Browser:
            browsers.append(launch(playwright, AUTOPLAY, *more))
            return browsers[-1]

        yield start
        for browser in browsers:
            browser.close()


@pytest.fixture(scope="module")
def browser(chromium: Callable[..., Browser]) -> Browser:
    return chromium()


@pytest.fixture
def box(start_box: Callable[..., Box]) -> Box:
    box = start_box()
    box.until_live()
    return box


def watch(browser: Browser, box: Box) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page.set_default_timeout(20_000)
    page.goto(f"{box.base}/watch#token={VIEWER}")
    return page


def snapshot(page: Page) -> dict[str, Any]:
    """What the page says of itself; rgb: its canvas, u8 (H, W, 3), while that is in front."""
    shot: dict[str, Any] = page.evaluate(SNAPSHOT) or {"shown": "nothing"}
    if "rgba" in shot:
        rgba = np.frombuffer(base64.b64decode(shot.pop("rgba")), np.uint8)
        shot["rgb"] = rgba.reshape(shot["height"], shot["width"], 4)[..., :3]
    return shot


def until_shown(page: Page, kind: str) -> dict[str, Any]:
    newest: dict[str, Any] = {}

    def shows() -> bool:
        newest.clear()
        newest.update(snapshot(page))
        return newest["shown"] == kind

    try:
        until(shows, f"{kind} in front")
    except AssertionError:
        pytest.fail(f"{kind} was never in front: {newest}")
    return newest


def until_composed(page: Page) -> None:
    """In the canvas, and after a while without it."""
    until(lambda: snapshot(page)["shown"] in ("composed", "video"), "the composed video in front")


def in_parts(page: Page, box: Box) -> None:
    """Waits until the lesson is put together, and holds that: a busy machine looks like a weak line."""
    until_shown(page, "parts")
    for viewer_id in sessions(box):
        held = box.request("PUT", f"/api/v1/viewers/{viewer_id}/layer", json={"layer": "teacher"})
        assert held.status_code in (204, 404), held.text  # 404: it has left meanwhile


def until_sheet(page: Page, rgb: U8) -> None:
    """Waits until the canvas has the sheet in its top rows, where the small teacher never is."""
    until(
        lambda: (s := snapshot(page))["shown"] == "parts" and np.array_equal(s["rgb"][:20], rgb[:20]),
        "the sheet on the canvas",
    )


def until_like(page: Page, wanted: U8, far: npt.NDArray[np.bool_], solid: npt.NDArray[np.bool_]) -> None:
    """Waits for the programme: every pixel of the sheet far from the teacher, the coded teacher in place."""

    def is_like() -> bool:
        rgb = snapshot(page).get("rgb")
        if rgb is None or not np.array_equal(rgb[far], wanted[far]):
            return False
        apart = np.abs(rgb.astype(int) - wanted)
        return bool(apart.mean() < 1 and (not solid.any() or apart[solid].mean() < 4))

    until(is_like, "the programme on the canvas")


def until_exact(page: Page, rgb: U8) -> None:
    until(lambda: np.array_equal(snapshot(page).get("rgb"), rgb), "every pixel of the sheet")


def hide_teacher(page: Page) -> None:
    page.mouse.move(200, 200)
    page.locator("#teacher").click()
    page.locator("#teacher-hidden").click()


def open_courseware(box: Box, name: str) -> None:
    (box.state_dir / "courseware").mkdir(parents=True, exist_ok=True)
    (box.state_dir / "courseware" / name).touch()
    assert box.request("PUT", "/api/v1/courseware", json={"name": name}).status_code < 300


def direct(box: Box, scene: Scene) -> None:
    wanted = {"layout": scene.layout, "scale": scene.scale, "slate_text": scene.slate_text}
    assert box.request("PATCH", "/api/v1/scene", json=wanted).status_code == 200


def layer(box: Box) -> str:
    viewers: Any = box.status()["viewers"]
    return str(viewers[0]["layer"]) if viewers else ""


def page_rgb(index: int) -> U8:
    return drawn_lesson.page(index, SIZE_WH, 0).rgb


def test_every_layout_is_what_the_box_would_compose(browser: Browser, box: Box) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    for scene in drawn_lesson.SCENES:
        direct(box, scene)
        wanted, alpha = drawn_lesson.composed(drawn_lesson.page(0, SIZE_WH, 0), scene)
        far = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((NEAR_PX, NEAR_PX))) == 0
        assert far.mean() > 0.6
        until_like(page, wanted, far, alpha == 255)
    page.close()


def test_pages_turn_and_ink_appears_bit_for_bit_with_the_teacher_hidden(browser: Browser, box: Box) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    hide_teacher(page)
    for index in (1, 4, 0):
        assert box.request("POST", "/api/v1/page", json={"index": index}).status_code == 202
        until_exact(page, page_rgb(index))
    open_courseware(box, "ink")
    until_exact(page, drawn_lesson.inked(drawn_lesson.page(0, SIZE_WH, 0), 0).rgb)
    page.close()


def test_a_film_is_the_composed_video_and_the_page_after_it_is_exact(browser: Browser, box: Box) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    hide_teacher(page)
    open_courseware(box, "film")
    until_composed(page)
    until(lambda: layer(box) == "444", "the composed layer")
    open_courseware(box, "ink")
    until_shown(page, "parts")
    until_exact(page, drawn_lesson.inked(drawn_lesson.page(0, SIZE_WH, 0), 0).rgb)
    page.close()


def test_a_classroom_places_the_teacher_for_itself_and_the_page_remembers(browser: Browser, box: Box) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    before = snapshot(page)["rgb"]
    page.mouse.move(200, 200)
    page.locator("#teacher").click()
    expect(page.locator("#teacher-panel")).to_be_visible()
    video = page.locator("#programme").bounding_box()
    assert video is not None
    middle = video["x"] + video["width"] / 2, video["y"] + video["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - video["width"] / 4, middle[1], steps=4)
    page.mouse.up()
    moved = snapshot(page)["rgb"]
    truth = page_rgb(0)
    covered_before, covered = (np.abs(rgb.astype(int) - truth).max(2) > 60 for rgb in (before, moved))
    shift = np.argwhere(covered).mean(0) - np.argwhere(covered_before).mean(0)
    assert abs(shift[1] + SIZE_WH[0] / 4) < 12 and abs(shift[0]) < 6
    page.locator("#teacher-opacity").fill("0.3")
    assert (
        np.abs(snapshot(page)["rgb"].astype(int) - truth)[covered].mean()
        < 0.7 * np.abs(moved.astype(int) - truth)[covered].mean()
    )
    page.reload()
    in_parts(page, box)
    page.mouse.move(210, 210)
    page.locator("#teacher").click()
    assert page.locator("#teacher-opacity").input_value() == "0.3"
    page.locator("#teacher-reset").click()
    again = np.abs(snapshot(page)["rgb"].astype(int) - truth).max(2) > 60
    assert (again & covered_before).sum() > 0.9 * covered_before.sum()
    page.close()


def test_the_cameras_layout_and_panic_are_the_composed_video_and_the_sheet_returns(
    browser: Browser, box: Box
) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    direct(box, Scene(layout=Layout.CAMERA))
    until_composed(page)
    until(lambda: layer(box) == "444", "the composed layer")
    expect(page.locator("#teacher")).to_be_hidden()
    direct(box, Scene(layout=Layout.ALIGNED))
    until_shown(page, "parts")
    until_sheet(page, page_rgb(0))
    assert box.request("PUT", "/api/v1/panic").status_code == 204
    until_composed(page)
    assert box.request("POST", "/api/v1/page", json={"index": 2}).status_code == 202
    assert box.request("DELETE", "/api/v1/panic").status_code == 204
    until_shown(page, "parts")
    until_sheet(page, page_rgb(2))
    page.close()


def test_a_layer_that_is_held_costs_no_canvas_and_the_parts_return(browser: Browser, box: Box) -> None:
    """Nor does a film, after a while: where no graphics card helps, the canvas takes most of a core."""
    page = watch(browser, box)
    in_parts(page, box)
    where = f"/api/v1/viewers/{sessions(box)[0]}/layer"
    assert box.request("PUT", where, json={"layer": "444"}).status_code == 204
    until_shown(page, "video")
    uploads = "() => { const p = WebGL2RenderingContext.prototype, upload = p.texImage2D; window.uploads = 0;"
    uploads += " p.texImage2D = function (...of) { window.uploads++; return upload.apply(this, of); }; }"
    page.evaluate(uploads)
    page.evaluate(
        "() => { window.covers = 0; const canvas = document.getElementById('exact');"
        " const seen = () => { window.covers += canvas.classList.contains('on'); };"
        " new MutationObserver(seen).observe(canvas, { attributeFilter: ['class'] }); }"
    )
    box.request("POST", "/api/v1/page", json={"index": 1})
    page.wait_for_timeout(1500)
    assert page.evaluate("() => [window.uploads, window.covers]") == [0, 0], "an old picture for a moment"
    box.request("POST", "/api/v1/page", json={"index": 0})
    assert box.request("PUT", where, json={"layer": "auto"}).status_code == 204
    until_shown(page, "parts")
    until_sheet(page, page_rgb(0))
    page.close()


def test_a_sheet_that_does_not_come_is_waited_for_on_the_composed_video(browser: Browser, box: Box) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    hide_teacher(page)
    before = snapshot(page)["rgb"]
    open_courseware(box, "late")
    until(lambda: layer(box) == "444", "the composed layer")
    assert np.array_equal(before, page_rgb(0))
    until_shown(page, "video")
    open_courseware(box, "ink")  # the next sheet comes
    until_shown(page, "parts")
    until_exact(page, drawn_lesson.inked(drawn_lesson.page(0, SIZE_WH, 0), 0).rgb)
    page.close()


def test_on_a_line_that_bears_sound_alone_the_pages_go_on(browser: Browser, box: Box) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    held = box.request("PUT", f"/api/v1/viewers/{sessions(box)[0]}/layer", json={"layer": "sound"})
    assert held.status_code == 204
    until(lambda: layer(box) == "sound", "sound alone")
    for index in (2, 3):
        box.request("POST", "/api/v1/page", json={"index": index})
        until_exact(page, page_rgb(index))
    page.close()


def test_without_webgl_the_composed_video_plays(chromium: Callable[..., Browser], box: Box) -> None:
    page = watch(chromium("--disable-3d-apis"), box)
    until(
        lambda: (
            page.evaluate("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames") > 10
        ),
        "pictures",
    )
    assert snapshot(page)["shown"] == "video" and layer(box) == "444"
    assert page.locator("#exact").is_hidden() and page.locator("#teacher").is_hidden()
    page.close()


def test_without_the_stream_of_sheets_the_composed_video_plays(browser: Browser, box: Box) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.route("**/sheets", lambda route: route.abort())
    page.goto(f"{box.base}/watch#token={VIEWER}")
    until(
        lambda: (
            page.evaluate("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames") > 10
        ),
        "pictures",
    )
    assert snapshot(page)["shown"] == "video" and layer(box) == "444"
    page.close()


def test_a_viewer_who_reads_nothing_costs_nobody_else(browser: Browser, box: Box) -> None:
    """Two sessions; one opens its stream of sheets and never reads it, while pages turn for the other."""
    page = watch(browser, box)
    in_parts(page, box)
    deaf = watch(browser, box)
    until(lambda: len(sessions(box)) == 2, "two sessions")
    deaf_id = sessions(box)[1]
    host, port = box.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as stalled:
        # The smallest window there is: what is not read stays at the box.
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = (
            f"GET /whep/{deaf_id}/sheets HTTP/1.1\r\nHost: box\r\nAuthorization: Bearer {VIEWER}\r\n\r\n"
        )
        stalled.sendall(request.encode())
        hide_teacher(page)
        for index in (1, 2, 3, 4, 0):
            assert box.request("POST", "/api/v1/page", json={"index": index}).status_code == 202
            until_exact(page, page_rgb(index))
    deaf.close()
    page.close()


def sessions(box: Box) -> list[str]:
    viewers: Any = box.status()["viewers"]
    return [viewer["viewer_id"] for viewer in viewers]


def test_a_stream_that_breaks_leaves_the_composed_video(browser: Browser, box: Box) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    page.route("**/sheets", lambda route: route.abort())
    # A second stream of the same viewer ends the first; then that one ends, too.
    headers = {"Authorization": f"Bearer {VIEWER}"}
    with httpx.stream("GET", f"{box.base}/whep/{sessions(box)[0]}/sheets", headers=headers) as second:
        next(second.iter_raw())
    until(lambda: layer(box) == "444", "the composed layer")
    until_shown(page, "video")
    page.unroute("**/sheets")
    until_shown(page, "parts")
    page.close()


def test_a_lost_webgl_context_leaves_the_composed_video(browser: Browser, box: Box) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    page.evaluate(
        "document.querySelector('#exact').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    until(lambda: layer(box) == "444", "the composed layer")
    until(lambda: page.locator("#exact").is_hidden(), "the video in front")
    page.close()


def test_a_studio_that_dies_shows_the_slate_and_the_parts_return(browser: Browser, box: Box) -> None:
    page = watch(browser, box)
    in_parts(page, box)
    os.kill(box.studio_pid, signal.SIGKILL)
    until(lambda: snapshot(page)["moves"], "the sheets are forgotten")
    until_shown(page, "parts")
    until_sheet(page, page_rgb(0))
    page.close()


def test_sheets_and_parts_are_for_a_viewer_with_a_session(box: Box) -> None:
    nobody = f"{box.base}/whep/{'x' * 22}"
    assert httpx.get(f"{nobody}/sheets").status_code == 401
    assert box.request("GET", f"/whep/{'x' * 22}/sheets", token=VIEWER).status_code == 404
    assert (
        box.request("PUT", f"/whep/{'x' * 22}/parts", token=VIEWER, json={"taken": True}).status_code == 404
    )
