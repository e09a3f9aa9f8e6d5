"""Every page, by axe: no serious fault, in both languages, light and dark, with dialogs open."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from axe_playwright_python.sync_playwright import Axe
from box_process import PRESENTER, VIEWER, Box, until
from desk_pages import LANGUAGES, OpenPage, browser, open_console, open_page, picture
from playwright.sync_api import Page, expect
from test_rooms_api import join, make_room

pytestmark = pytest.mark.e2e
__all__ = ["browser", "open_page"]

# Of all that can be touched: what is lower than a fingertip, or beyond the picture's sides.
HARD_TO_TOUCH = """() => [...document.querySelectorAll("button, select, summary, input:not([type=checkbox])")]
    .filter((one) => one.checkVisibility() && !one.matches(".unseen"))
    .filter((one) => { const { left, right, height } = one.getBoundingClientRect();
                       return height < 44 || left < 0 || right > innerWidth; })
    .map((one) => one.outerHTML.slice(0, 120))"""


def faults(page: Page, where: str) -> list[str]:
    """What axe finds; colours are looked at when no transition runs any more."""
    page.wait_for_timeout(400)
    found = Axe().run(page).response["violations"]
    return [
        f"{where}: {fault['impact']} {fault['id']}: {node['html'][:160]}"
        for fault in found
        for node in fault["nodes"]
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_console(start_box: Callable[..., Box], open_page: OpenPage, locale: str, scheme: str) -> None:
    box = start_box()
    box.until_live()
    make_room(box, "Room 5")
    box.request("POST", "/api/v1/scenes", json={"name": "Small"})
    box.request("POST", "/api/v1/lesson-log", json={"kind": "bad_matte"})
    console = open_console(open_page, box, locale, color_scheme=scheme)
    expect(console.locator("#viewers li")).to_have_count(2)
    expect(console.locator("#plot-now")).not_to_be_empty()
    found = faults(console, "as it opens")
    console.keyboard.press("c")
    expect(console.locator("#place")).to_be_visible()
    console.keyboard.press("d")
    expect(console.locator("#ink-colours")).to_be_visible()
    found += faults(console, "corner and pen")
    for opener, closer in (("#help", "#key-close"), ("#calibrate", "#calibrate-close")):
        console.click(opener)
        found += faults(console, opener)
        console.click(closer)
    console.locator("#viewers li", has_text="Room 5").locator("button:visible").first.click()
    found += faults(console, "a room's link")
    console.click("#room-close")
    with ThreadPoolExecutor() as elsewhere:  # Playwright's own event loop runs in this thread
        joined = [elsewhere.submit(join, box, VIEWER).result() for _ in range(2)]
    asks, speaks = (answer.headers["location"].rpartition("/")[2] for answer in joined)
    box.request("PUT", f"/api/v1/viewers/{asks}/ask")
    box.request("PUT", "/api/v1/talk", json={"viewer_id": speaks})
    box.request("POST", "/api/v1/captions", json={"text": "One half", "duration_s": 30})
    expect(console.locator("#talk-turn")).to_be_visible()
    expect(console.locator("#talk-asking li")).to_have_count(1)
    found += faults(console, "a room asks, another speaks")
    console.keyboard.press("Escape")
    expect(console.locator("#panic-bar")).to_be_visible()
    found += faults(console, "panic")
    assert found == []


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_other_pages(start_box: Callable[..., Box], open_page: OpenPage, locale: str) -> None:
    box = start_box()
    box.until_live()
    viewer = open_page(f"{box.base}/watch#token={VIEWER}", locale)
    expect(viewer.locator("#signal-bar")).to_be_visible()
    viewer.click("#signals [data-kind=too_fast]")
    until(lambda: any(one["signal"] for one in box.get("/api/v1/viewers").json()), "the signal")
    box.request("POST", "/api/v1/captions", json={"text": "One half", "duration_s": 30})
    expect(viewer.locator("#captions")).to_be_visible()
    found = faults(viewer, "viewer")
    found += faults(open_page(f"{box.base}/watch", locale), "viewer without a token")
    found += faults(open_page(f"{box.base}/present#token={PRESENTER}", locale), "presenter")
    found += faults(open_page(f"{box.base}/console", locale), "console without a token")
    assert found == []


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (820, 1180)])
def test_the_console_under_a_finger(shared_box: Box, open_page: OpenPage, width: int, height: int) -> None:
    """A tablet both ways up, with a room, a saved scene and the pen's colours in sight."""
    box = shared_box
    if not box.get("/api/v1/rooms").json():
        make_room(box, "Room 5, the small one under the roof")
        box.request("POST", "/api/v1/scenes", json={"name": "Small, on the left"})
    box.request("PUT", "/api/v1/scene", json={"layout": "aligned"})
    tablet = {"viewport": {"width": width, "height": height}, "has_touch": True, "is_mobile": True}
    console = open_console(open_page, box, **tablet)
    index = box.get("/api/v1/page").json()["index"]
    console.locator("#next").tap()
    until(lambda: box.get("/api/v1/page").json()["index"] == index + 1, "the next page")
    console.locator("#layouts [data-value=corner]").tap()
    until(lambda: box.get("/api/v1/scene").json()["layout"] == "corner", "the layout")
    console.locator("#ink-tools [data-tool=pen]").tap()
    expect(console.locator("#ink-colours")).to_be_visible()
    expect(console.locator("#viewers li")).to_have_count(2)
    assert console.evaluate("document.documentElement.scrollWidth - innerWidth") == 0, "nothing to the side"
    assert console.evaluate(HARD_TO_TOUCH) == []
    picture(console, f"console-{width}.png")
    for button in ("#mark", "#room-form button", "#record", "#calibrate"):
        console.locator(button).tap(trial=True)
    console.locator("#panic").tap()
    expect(console.locator("#panic-bar")).to_be_visible()
    console.locator("#panic-over").tap()
    expect(console.locator("#panic-bar")).to_be_hidden()
