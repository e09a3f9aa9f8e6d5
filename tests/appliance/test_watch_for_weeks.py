"""A screen that is switched on in the morning and works for weeks: its access, its version, its light."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import httpx
import pytest
from box_process import ASSISTANT, VIEWER, Box, until
from desk_pages import OpenPage, browser, open_page, picture
from playwright.sync_api import Page, expect
from test_rooms_api import make_room, token_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
__all__ = ["browser", "open_page"]

KEPT = "() => JSON.parse(localStorage.getItem('watch.kept'))"
OLDER = "() => { window.isOld = true; document.querySelector('meta[name=pages]').content = 'older'; }"
IS_OLD = "() => window.isOld === true"
WAITS = "async () => Boolean(await caches.match('/assets/waiting.html?waiting'))"
FRESH_MS = 5_500
LOCKS = """(() => {
  window.locks = [];
  const { request } = WakeLock.prototype;
  WakeLock.prototype.request = async function (kind) {
    const lock = await request.call(this, kind);
    window.locks.push(lock);
    return lock;
  };
})()"""


def playing(page: Page) -> None:
    expect(page.locator("#signal-bar")).to_be_visible()


def test_a_room_is_found_again_without_its_link_until_it_is_revoked(
    open_page: OpenPage, shared_box: Box
) -> None:
    base = shared_box.base
    room = make_room(shared_box, "Room 9")
    page = open_page(f"{base}/watch#token={token_of(room)}")
    playing(page)
    until(lambda: page.evaluate(KEPT) == {"token": token_of(room), "name": ""}, "the access is kept")
    page.close()

    context = page.context
    page = context.new_page()  # another tab has nothing of the first one's session
    page.goto(f"{base}/watch")
    playing(page)
    assert "token" not in page.url
    until(lambda: [v["name"] for v in shared_box.get("/api/v1/viewers").json()] == ["Room 9"], "the room")

    assert shared_box.request("DELETE", f"/api/v1/rooms/{room['id']}").status_code == 204
    expect(page.locator("#slate-title")).to_have_text("This link is no longer valid", timeout=30_000)
    expect(page.locator("#slate-reason")).to_contain_text("This screen has forgotten it.")
    assert page.evaluate(KEPT) is None
    picture(page, "viewer-revoked.png")
    page.reload()
    expect(page.locator("#slate-title")).to_have_text("Please open this page with its full link")

    page.goto(f"{base}/watch#token={VIEWER}")  # the same document: only what is behind the # changes
    playing(page)
    until(lambda: page.evaluate(KEPT) is not None, "the access is kept")
    page.goto(f"{base}/watch#forget")
    expect(page.locator("#slate-title")).to_have_text("This screen has forgotten its link")
    assert page.evaluate(KEPT) is None
    page.close()


def test_an_assistants_access_is_never_kept(open_page: OpenPage, shared_box: Box) -> None:
    page = open_page(f"{shared_box.base}/assets/icon.svg")
    with page.expect_response("**/api/v1/access") as told:
        page.goto(f"{shared_box.base}/watch#token={ASSISTANT}")
    assert told.value.json()["role"] == "assistant"
    playing(page)
    page.wait_for_timeout(300)
    assert page.evaluate("() => Object.keys(localStorage)") == []
    page.close()


def test_what_refuses_and_is_not_the_box_revokes_nothing(open_page: OpenPage, shared_box: Box) -> None:
    page = open_page(f"{shared_box.base}/watch#token={VIEWER}")
    playing(page)
    until(lambda: page.evaluate(KEPT) is not None, "the access is kept")
    for place in (r"/whep(\?.*)?$", r"/api/v1/access$"):
        page.route(re.compile(place), lambda route: route.fulfill(status=403, body="a proxy"))
    page.reload()
    expect(page.locator("#slate-title")).to_have_text("Connecting again…")
    expect(page.locator("#slate-since")).to_have_text(re.compile(r"^Since \d+:\d\d$"))
    assert page.evaluate(KEPT) is not None
    page.close()


def test_a_new_version_is_taken_while_nothing_plays(open_page: OpenPage, shared_box: Box) -> None:
    page = open_page(f"{shared_box.base}/watch#token={VIEWER}")
    playing(page)
    page.wait_for_timeout(FRESH_MS)
    page.evaluate(OLDER)
    shared_box.request("POST", "/api/v1/captions", json={"text": "Told", "duration_s": 1})
    expect(page.locator("#captions-text")).to_have_text("Told")
    assert page.evaluate(IS_OLD), "not during the lesson"
    with page.expect_navigation():
        shared_box.request("PUT", "/api/v1/panic")
    assert not page.evaluate(IS_OLD), "the new page"
    shared_box.request("DELETE", "/api/v1/panic")
    playing(page)
    expect(page.locator("#slate")).to_be_hidden()
    page.close()


def test_the_screen_is_kept_awake_again_whenever_it_was_let_go(open_page: OpenPage, shared_box: Box) -> None:
    page = open_page("about:blank")
    page.add_init_script(LOCKS)
    page.goto(f"{shared_box.base}/watch")
    until(lambda: page.evaluate("() => window.locks.length") == 1, "awake")
    page.evaluate("() => window.locks[0].release()")
    until(lambda: page.evaluate("() => window.locks.length") == 2, "awake again")
    assert page.evaluate("() => window.locks[1].released") is False
    page.close()


def test_the_page_knows_the_version_that_the_box_tells_to_viewers(shared_box: Box) -> None:
    told = shared_box.request("GET", "/api/v1/access", token=VIEWER).json()
    assert (told["role"], told["room_id"], told["name"]) == ("viewer", "", "")
    assert f'name="pages" content="{told["pages_version"]}"' in httpx.get(f"{shared_box.base}/watch").text
    assert httpx.get(f"{shared_box.base}/api/v1/access").status_code == 401


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_screen_switched_on_before_its_box_waits_for_it(
    start_box: Callable[..., Box], open_page: OpenPage
) -> None:
    port = ("--port", str(free_port()))
    box = start_box(*port)
    box.until_live()
    base = box.base
    page = open_page(f"{base}/watch#token={VIEWER}", "zh-CN")
    playing(page)
    until(lambda: page.evaluate(KEPT) is not None, "the access is kept")
    until(lambda: page.evaluate(WAITS), "the page that waits is kept")
    box.close()
    page.goto(f"{base}/watch")
    expect(page.locator("h1")).to_have_text("正在等待主讲教室的设备")
    expect(page.locator("#since")).to_have_text(re.compile(r"^从 \d+:\d\d 起$"))
    picture(page, "viewer-waiting.png")
    start_box(*port).until_live()
    expect(page.locator("#signal-bar")).to_be_visible(timeout=60_000)
    assert httpx.get(f"{base}/assets/watch_worker.js").headers["service-worker-allowed"] == "/watch"
    page.close()
