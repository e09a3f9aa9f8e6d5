"""The browser of the tests: the machine's Chromium, headless, without what no test needs."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from playwright.async_api import Browser as AsyncBrowser
from playwright.async_api import async_playwright
from playwright.sync_api import Browser, sync_playwright

from appliance.bench.browser import AUTOPLAY as AUTOPLAY
from appliance.bench.browser import FLAGS

# Debian's; `make test` installs it where it may.
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt install chromium")


def launch(playwright: Any, *flags: str) -> Any:
    """A browser, for the caller to close; of an async Playwright to be awaited. Skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs a browser: apt install chromium")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser: Browser = launch(playwright, *flags)
        try:
            yield browser
        finally:
            browser.close()


@asynccontextmanager
async def async_chromium(*flags: str) -> AsyncIterator[AsyncBrowser]:
    async with async_playwright() as playwright:
        browser: AsyncBrowser = await launch(playwright, *flags)
        try:
            yield browser
        finally:
            await browser.close()
