"""The courseware on a real X server's screen, drawn by the real process."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from x_server import start_server

from pipelines.courseware.screens.x11 import open_x11
from pipelines.lcd import panel as panel_module
from pipelines.lcd.lcd import DrivenLcd, OtherLcd, open_lcd
from pipelines.lcd.panel import list_screens
from pipelines.lcd.settings import LcdSettings
from pipelines.media import U8, Page, SourceLost

WH = (800, 450)
HERE = LcdSettings(screen=0)


def a_page(revision: int, wh: tuple[int, int] = WH) -> Page:
    rng = np.random.default_rng(revision)
    rgb: U8 = rng.integers(0, 256, (wh[1], wh[0], 3), np.uint8)
    return Page(rgb, revision, time.monotonic_ns())


@pytest.fixture
def servers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Ended when the test is, however it went."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for server in started:
        server.terminate()
        server.wait()


@pytest.fixture
def display(servers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch) -> str:
    server, name = start_server("800x450")
    servers.append(server)
    monkeypatch.setenv("DISPLAY", name)
    return name


class Lesson:
    """What is to be on the LCD."""

    def __init__(self, page: Page | None, settings: LcdSettings = HERE, wh: tuple[int, int] = WH) -> None:
        self.page = page
        self.lcd = DrivenLcd(settings, wh, lambda: self.page)

    def show(self, page: Page) -> int:
        self.page = page
        return self.lcd.shown_ns(page, 10.0)


@pytest.fixture
def lesson() -> Iterator[Callable[..., Lesson]]:
    lessons: list[Lesson] = []

    def start(page: Page | None = None, **more: object) -> Lesson:
        lessons.append(Lesson(page, **more))  # type: ignore[arg-type]
        return lessons[-1]

    yield start
    for each in lessons:
        each.lcd.close()


def seen_on(display: str, wh: tuple[int, int] = WH) -> U8:
    screen = open_x11(f"x11:{display}", wh)
    rgb = screen.page().rgb
    screen.close()
    return rgb


def until(holds: Callable[[], bool], patience_s: float = 15.0) -> None:
    give_up_s = time.monotonic() + patience_s
    while not holds() and time.monotonic() < give_up_s:
        time.sleep(0.02)
    assert holds()


def test_a_page_stands_on_the_screen_bit_for_bit(display: str, lesson: Callable[..., Lesson]) -> None:
    here = lesson()
    for page in (a_page(1), a_page(2)):
        told_ns = time.monotonic_ns()
        shown_ns = here.show(page)
        assert told_ns < shown_ns < time.monotonic_ns()
        assert np.array_equal(seen_on(display), page.rgb)
    state = here.lcd.state
    assert state.state == "live" and here.lcd.is_driven
    assert (state.detail["width_px"], state.detail["height_px"], state.detail["driver"]) == (800, 450, "x11")


def test_pages_are_told_with_the_instant_at_which_they_stood_there(
    display: str, lesson: Callable[..., Lesson]
) -> None:
    first, skipped, second, coming = (a_page(number) for number in range(1, 5))
    here = lesson()
    assert here.lcd.timed([first]) == [first], "nothing is known yet"
    instants = [here.show(first), here.show(second)]
    timed = here.lcd.timed([first, skipped, second, coming])
    assert [(page.revision, page.shown_ns) for page in timed] == list(zip((1, 3), instants, strict=True))
    assert timed[0].rgb is first.rgb
    again = here.lcd.timed([first, skipped, second, coming])
    assert all(one is other for one, other in zip(timed, again, strict=True))
    here.page = None
    here.show(first)
    until(lambda: here.lcd.timed([first])[0].shown_ns > instants[1])


def test_a_page_of_another_shape_lies_in_the_middle(display: str, lesson: Callable[..., Lesson]) -> None:
    white: U8 = np.full((300, 400, 3), 255, np.uint8)
    lesson(wh=(400, 300)).show(Page(white, 1, 0))
    seen = seen_on(display)
    assert seen[:, 100:700].min() == 255 and seen[:, :100].max() == 0 and seen[:, 700:].max() == 0


def test_a_screen_that_goes_is_told_and_found_again(lesson, servers, monkeypatch):
    server, name = start_server()
    servers.append(server)
    monkeypatch.setenv("DISPLAY", name)
    page = a_page(1)
    here = lesson(page)
    until(lambda: here.lcd.is_driven)
    server.terminate()
    server.wait()
    until(lambda: here.lcd.state.state == "lost")
    assert here.lcd.state.reason.startswith(("The LCD, screen 0", "No screen of this box"))
    assert here.lcd.timed([page]) == [page], "without a screen nothing is known of its times"
    server, again = start_server(number=name)
    servers.append(server)
    assert again == name
    until(lambda: here.lcd.is_driven)
    assert np.array_equal(seen_on(name), page.rgb)


def test_a_driver_that_hangs_is_given_up_and_begun_anew(
    display: str, lesson: Callable[..., Lesson], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = panel_module._start

    def kept(settings: LcdSettings, *arguments: str) -> subprocess.Popen[bytes]:
        started.append(start(settings, *arguments))
        return started[-1]

    monkeypatch.setattr(panel_module, "_start", kept)
    here = lesson(a_page(1))
    until(lambda: here.lcd.is_driven)
    here.show(here.page)
    started[0].send_signal(signal.SIGSTOP)
    second = a_page(2)
    told_ns = time.monotonic_ns()
    here.page = second
    until(lambda: here.lcd.timed([second])[0].shown_ns > told_ns)
    assert len(started) == 2 and started[0].poll() is not None
    assert np.array_equal(seen_on(display), second.rgb)


def test_a_screen_that_is_not_there_is_named(display: str, lesson: Callable[..., Lesson]) -> None:
    here = lesson(settings=LcdSettings(screen=3))
    until(lambda: here.lcd.state.state == "lost")
    assert "no screen 3; it has 1" in here.lcd.state.reason
    assert list_screens(HERE) == ("x11", [WH])


def test_without_any_screen_nothing_is_drawn_in_secret(lesson, monkeypatch):
    """SDL would fall back on drawing into memory."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    settings = LcdSettings(screen=0, driver="x11")
    here = lesson(settings=settings)
    until(lambda: here.lcd.state.state == "lost")
    assert "drawn on" in here.lcd.state.reason and not here.lcd.is_driven
    with pytest.raises(SourceLost, match="No screens"):
        list_screens(settings)


@pytest.mark.parametrize("is_simulated", [True, False])
def test_a_lcd_elsewhere_is_told_nothing(is_simulated: bool) -> None:
    lcd = open_lcd(LcdSettings(), WH, lambda: None, is_simulated=is_simulated)
    page = a_page(1)
    assert isinstance(lcd, OtherLcd) and lcd.is_driven == is_simulated and lcd.state is None
    assert lcd.timed([page]) == [page] and lcd.shown_ns(page, 0.0) == page.shown_ns
