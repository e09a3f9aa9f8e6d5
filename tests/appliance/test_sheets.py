"""The feed of sheets: what each viewer is sent, and what a slow one costs."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest

from appliance import sheets as sheets_module
from appliance.sheets import CHUNK_BYTES, SheetFeed
from pipelines.media import Box, Patch, SheetUpdate


def update(number: int, base: int | None = None, size: int = 100) -> SheetUpdate:
    patches = (Patch(Box(0, 0, 64, 64), bytes([number % 256]) * size),)
    return SheetUpdate(number, 1, "aligned", base, False, patches)


async def message(stream: AsyncIterator[bytes]) -> dict[str, Any]:
    """The next message's head, its pictures' bytes checked."""
    async with asyncio.timeout(10):
        data = await anext(stream)
        length = struct.unpack(">I", data[:4])[0]
        head: dict[str, Any] = json.loads(data[4 : 4 + length])
        wanted = 4 + length + sum(patch[4] for patch in head.get("patches", []))
        while len(data) < wanted:
            data += await anext(stream)
        assert len(data) == wanted
    return head


@pytest.fixture
def wishes() -> list[bool]:
    return []


@pytest.fixture
def feed(wishes: list[bool]) -> SheetFeed:
    return SheetFeed(wishes.append)


async def test_a_viewer_gets_the_whole_sheet_and_then_what_changes(feed: SheetFeed) -> None:
    assert feed.put(update(1)) and feed.put(update(2, base=1))
    stream = feed.follow("a", lambda: True)
    assert [(await message(stream))["number"] for _ in range(2)] == [1, 2]
    feed.put(update(3, base=2))
    assert (await message(stream))["base"] == 2
    await stream.aclose()


async def test_a_slow_viewer_skips_to_the_newest_whole_sheet(feed: SheetFeed) -> None:
    slow, quick = feed.follow("slow", lambda: True), feed.follow("quick", lambda: True)
    feed.put(update(1, size=3 * CHUNK_BYTES))
    first = await anext(slow)  # one piece of the first sheet, and then nothing is taken
    for number in range(2, 50):
        feed.put(update(number))
        assert (await message(quick))["number"] == number
    rest = [await anext(slow) for _ in range(3)]
    assert sum(map(len, rest)) + len(first) > 3 * CHUNK_BYTES
    assert (await message(slow))["number"] == 49
    await slow.aclose()
    await quick.aclose()


async def test_a_change_without_its_base_is_refused(feed: SheetFeed) -> None:
    assert not feed.put(update(5, base=4)), "there is no sheet yet"
    assert feed.put(update(6))
    assert not feed.put(update(8, base=7))
    assert feed.put(update(8))
    assert feed.stands


async def test_sheets_of_a_studio_that_died_are_forgotten(feed: SheetFeed) -> None:
    stream = feed.follow("a", lambda: True)
    feed.put(update(7))
    assert (await message(stream))["number"] == 7
    feed.reset()
    assert (await message(stream))["moves"]
    assert not feed.stands
    assert not feed.put(update(8, base=7))
    await stream.aclose()


async def test_sheets_are_wanted_while_somebody_follows(feed: SheetFeed, wishes: list[bool]) -> None:
    one, two = feed.follow("a", lambda: True), feed.follow("b", lambda: True)
    await message(one)
    await message(two)
    await one.aclose()
    assert wishes == [True] and feed.is_wanted
    await two.aclose()
    assert wishes == [True, False] and not feed.is_wanted


async def test_a_second_stream_of_a_viewer_ends_the_first(feed: SheetFeed) -> None:
    first = feed.follow("a", lambda: True)
    await message(first)
    second = feed.follow("a", lambda: True)
    await message(second)
    with pytest.raises(StopAsyncIteration):
        await anext(first)
    assert feed.follows("a")
    await second.aclose()
    assert not feed.follows("a")


async def test_a_quiet_stream_says_that_it_is_there_and_ends_with_its_viewer(
    feed: SheetFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets_module, "HEARTBEAT_S", 0.05)
    is_here = True
    stream = feed.follow("a", lambda: is_here)
    await message(stream)
    assert await message(stream) == {}
    is_here = False
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
