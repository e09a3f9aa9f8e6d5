"""Health, the matte's plot and the calibration wizard in a real browser, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from box_process import Box, until
from desk_pages import LANGUAGES, OpenPage, browser, open_console, open_page, picture
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e
__all__ = ["browser", "open_page"]

WORDS = {
    "en-GB": {
        "gpu": "no NVIDIA GPU",
        "reprojection": "reprojection error 0.05 px",
        "empty": "shows too little",
        "upright": "People do not stand upright",
        "no_plate": "There is no plate",
        "accepted": "Calibrated, and in use",
        "failed": "nothing was changed",
        "pattern": "by the pattern",
        "restarted": "was restarted",
        "mend": "journalctl",
        "clipping": "turn the gain down",
    },
    "zh-CN": {
        "gpu": "显卡",
        "reprojection": "重投影误差 0.05 像素",
        "empty": "这一页内容太少",
        "upright": "教师在摄像机画面中方向不正",
        "no_plate": "没有净背景",
        "accepted": "标定完成",
        "failed": "没有改变",
        "pattern": "图案标定",
        "restarted": "曾重启",
        "mend": "journalctl",
        "clipping": "请调低麦克风增益",
    },
}


def look_behind(console: Page, no_plate: str, locale: str) -> None:
    """The panel of camera, matte and plate: asked for while it is open, and only then."""
    asked: list[str] = []
    console.on("request", lambda request: asked.append(request.url))
    console.wait_for_timeout(1500)
    assert not [url for url in asked if "/pictures/" in url], "closed, nothing is computed"
    console.click("#behind summary")
    expect(console.locator("#behind-camera")).to_be_visible()
    expect(console.locator("#behind-matte")).to_be_visible()
    expect(console.locator("#behind-plate-note")).to_contain_text(no_plate)
    first = console.locator("#behind-camera").get_attribute("src")
    until(lambda: console.locator("#behind-camera").get_attribute("src") != first, "the next picture")
    picture(console, f"console-behind-{locale}.png")
    console.click("#behind summary")
    expect(console.locator("#behind-camera")).to_be_hidden()
    console.wait_for_timeout(500)
    asked.clear()
    console.wait_for_timeout(1500)
    assert not [url for url in asked if "/pictures/" in url], "closed again"


def look_at_levels(console: Page, box: Box, clipping: str, locale: str) -> None:
    """The sound meter: it moves, its held peak is not below the bar, and clipping is told in words."""
    meter = console.locator("#level-teacher [role=meter]")
    peaks = set[str]()
    until(lambda: len(peaks.add(meter.get_attribute("aria-valuetext")) or peaks) > 3, "a meter that moves")
    assert -20 < float(meter.get_attribute("aria-valuenow")) < -10
    held, peak = meter.evaluate(
        "m => ['--held', '--peak'].map(name => Number(m.style.getPropertyValue(name)))"
    )
    assert 0.6 < peak <= held < 1
    expect(console.locator("#level-courseware")).to_be_hidden()
    expect(console.locator("#level-teacher [role=status]")).to_be_empty()
    box.request("POST", "/api/v1/courseware/live", json={"address": "v4l2:/dev/film"})
    expect(console.locator("#level-courseware .dbfs")).to_have_text("-30 dBFS")
    box.request("POST", "/api/v1/courseware/live", json={"address": "v4l2:/dev/loud"})
    expect(console.locator("#level-teacher [role=status]")).to_contain_text(clipping)
    picture(console, f"console-loud-{locale}.png", whole=False)
    box.request("PUT", "/api/v1/courseware", json={"name": "demo"})
    expect(console.locator("#level-teacher [role=status]")).to_be_empty()


def turn_upright(console: Page, box: Box, people: str, locale: str) -> None:
    """How the camera hangs: by hand, then found by the box and turned on one click."""
    console.click("#camera-turn")
    console.click("#camera-turn")
    expect(console.locator("#camera-turned")).to_have_text("(180°)")
    console.click("#camera-mirror")
    until(lambda: hung(box) == (180, True), "upright")
    expect(console.locator("#camera-mirror")).to_have_attribute("aria-pressed", "true")
    console.click("#camera-find")
    expect(console.locator("#camera-found")).to_contain_text(people)
    picture(console, f"console-upright-{locale}.png", whole=False)
    console.click("#calibrate-close")
    expect(console.locator("#upright-said")).to_contain_text("180°")
    assert hung(box) == (180, True), "never by itself"
    console.click("#upright-turn")
    until(lambda: hung(box) == (180, False), "turned by one click")
    expect(console.locator("#upright-bar")).to_be_hidden()


@pytest.mark.parametrize("locale", LANGUAGES)
def test_health_and_the_wizard(start_box: Callable[..., Box], open_page: OpenPage, locale: str) -> None:
    said = WORDS[locale]
    box = start_box()
    box.until_live()
    console = open_console(open_page, box, locale)
    expect(console.locator("#checks [data-name=gpu]")).to_contain_text(said["gpu"])
    expect(console.locator("#checks [data-name=studio] .dot")).to_have_class("dot good")
    expect(console.locator("#calibrated")).to_contain_text(said["pattern"])

    look_at_levels(console, box, said["clipping"], locale)
    look_behind(console, said["no_plate"], locale)

    console.click("#calibrate")
    expect(console.locator("#calibrate-dialog")).to_be_visible()
    expect(console.locator("#calibrate-now")).to_have_attribute("data-verdict", "good")
    expect(console.locator("#calibrate-now-shift")).to_contain_text("0.03 px")
    console.click("#calibrate-pattern")
    expect(console.locator("#calibrate-progress")).to_contain_text("0.21 px")
    expect(console.locator("#calibrate-progress")).to_contain_text("110")
    expect(console.locator("#calibrate-verdict")).to_contain_text(said["accepted"])
    expect(console.locator("#calibrate-figures")).to_contain_text("0.05 px")
    expect(console.locator("#calibrate-findings li")).to_contain_text(said["reprojection"])
    picture(console, f"console-calibrated-{locale}.png", whole=False)
    console.click("#calibrate-courseware")
    expect(console.locator("#calibrate-verdict")).to_contain_text(said["failed"])
    expect(console.locator("#calibrate-reason")).to_contain_text(said["empty"])
    expect(console.locator("#notices li").first).to_contain_text(said["empty"])
    switch = "document.getElementById('language').click()"  # the dialog lies over it
    console.evaluate(switch)
    other = WORDS[next(language for language in LANGUAGES if language != locale)]
    expect(console.locator("#calibrate-reason")).to_contain_text(other["empty"])
    console.evaluate(switch)

    set_corners(console, box, said["accepted"], locale)
    turn_upright(console, box, said["upright"], locale)

    asked: list[str] = []
    console.on("request", lambda request: asked.append(request.url))
    console.click("#bad-matte")
    box.request("POST", "/api/v1/courseware/live", json={"address": "v4l2:/dev/crash"})
    until(lambda: box.status()["restarts"] == 1, "a restart")
    studio = console.locator("#checks [data-name=studio]")
    expect(studio).to_contain_text(said["restarted"], timeout=30_000)
    expect(studio.locator(".mend")).to_contain_text(said["mend"])
    expect(console.locator("#plot .marked")).to_have_count(1)
    expect(console.locator("#plot-now")).to_have_text("90 %")
    assert f"{box.base}/api/v1/lesson-log?kind=bad_matte" in asked, "the marks, not the whole log each time"
    picture(console, f"console-health-{locale}.png")


def set_corners(console: Page, box: Box, accepted: str, locale: str) -> None:
    """By the mouse and by keys."""
    console.click("#calibrate-corners")
    until(
        lambda: console.evaluate("document.getElementById('corner-picture').naturalWidth") == 640,
        "the camera",
    )
    stage, first = console.locator("#corner-handles"), console.locator("#corner-handles button").first
    area, at = stage.bounding_box(), first.bounding_box()
    assert area is not None and at is not None
    console.mouse.move(at["x"] + 20, at["y"] + 20)
    console.mouse.down()
    console.mouse.move(area["x"] + 0.3 * area["width"], area["y"] + 0.25 * area["height"], steps=4)
    console.mouse.up()
    console.keyboard.press("Shift+ArrowRight")
    page_lies_in_the_corners(console)
    picture(console, f"console-corners-{locale}.png", whole=False)
    console.click("#corners-use")
    expect(console.locator("#calibrate-verdict")).to_contain_text(accepted)
    kept = (box.state_dir / "corners.json").read_text()
    assert kept.startswith("[[0.3") and "0.85, 0.15" in kept


def page_lies_in_the_corners(console: Page) -> None:
    """The page is projected into the dots, the grid is whole, and what is no screen is said."""
    until(lambda: console.evaluate("document.getElementById('corner-page').naturalWidth") > 0, "the page")
    off_px = console.evaluate(
        """() => {
          const box = document.getElementById("corner-handles").getBoundingClientRect();
          const page = document.getElementById("corner-page");
          const matrix = new DOMMatrix(getComputedStyle(page).transform);
          const [w, h] = [page.offsetWidth, page.offsetHeight];
          const dots = [...document.querySelectorAll("#corner-handles button")];
          return dots.map((dot, i) => {
            const p = matrix.transformPoint(new DOMPoint([0, w, w, 0][i], [0, 0, h, h][i]));
            const at = dot.getBoundingClientRect();
            const [x, y] = [at.x + at.width / 2 - box.x, at.y + at.height / 2 - box.y];
            return Math.hypot(p.x / p.w - x, p.y / p.w - y);
          });
        }"""
    )
    assert len(off_px) == 4 and max(off_px) < 1
    assert console.locator("#corner-grid").get_attribute("d").count("M") == 12
    bottom = console.locator("#corner-handles button").nth(3)
    for _ in range(40):
        bottom.press("Shift+ArrowUp")
    expect(console.locator("#corner-wrong")).to_be_visible()
    expect(console.locator("#corners-use")).to_be_disabled()
    for _ in range(35):
        bottom.press("Shift+ArrowDown")
    for _ in range(35):
        console.locator("#corner-handles button").nth(2).press("ArrowUp")
    expect(console.locator("#corner-wrong")).to_be_hidden()


def hung(box: Box) -> tuple[int, bool]:
    camera = box.get("/api/v1/camera").json()
    return camera["turn_deg"], camera["mirrored"]


def test_a_knocked_camera_raises_the_alarm(start_box: Callable[..., Box], open_page: OpenPage) -> None:
    box = start_box("--camera", "fake:knocked")
    box.until_live()
    console = open_console(open_page, box)
    expect(console.locator("#alarm")).to_be_visible(timeout=20_000)
    expect(console.locator("#checks [data-name=calibration]")).to_contain_text("knocked by 12.5 pixels")
    console.click("#alarm-calibrate")
    expect(console.locator("#calibrate-pattern")).to_be_visible()
