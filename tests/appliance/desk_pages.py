"""Pages of the desk in a real browser: what the tests of its parts share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from box_process import ASSISTANT, Box, until
from browsers import chromium
from playwright.sync_api import Browser, Page

LANGUAGES = ["en-GB", "zh-CN"]
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens a page in a context of its own; a fault of its scripts fails the test."""
    faults: list[str] = []
    contexts: list[Any] = []

    def open_(url: str, locale: str = "en-GB", **context: Any) -> Page:
        size = {"width": 1440, "height": 900}
        contexts.append(browser.new_context(**({"viewport": size, "locale": locale} | context)))
        page: Page = contexts[-1].new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def open_console(open_page: OpenPage, box: Box, locale: str = "en-GB", **context: Any) -> Page:
    """The console, once it shows the box's state."""
    page = open_page(f"{box.base}/console#token={ASSISTANT}", locale, **context)
    until(lambda: page.locator("#state").get_attribute("class") == "pill good", "a live console")
    return page


def picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Kept for people to look at, where a folder is given for it."""
    if folder := os.environ.get("CLASSROOM_TEST_PICTURES"):
        page.wait_for_timeout(600)
        page.screenshot(path=str(Path(folder) / name), full_page=whole)
