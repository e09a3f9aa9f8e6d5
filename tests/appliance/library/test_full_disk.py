"""A disk that takes nothing costs the courseware its record, never the lesson: the preparer goes on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from appliance.library import Item, Library, LibrarySettings, Preparer, refusal_text
from appliance.library.items import RECORD


class Preparing:
    """A library of one folder, its preparer, and what that has to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "library"
        self.changed = asyncio.Event()
        self.told: list[str] = []
        self.library = Library(self.folder, LibrarySettings(), self.changed.set)
        self.preparer = Preparer(self.library, self.told.append)

    async def put(self, name: str) -> str:
        picture = self.folder.parent / "picture.png"
        Image.new("RGB", (64, 36), "teal").save(picture)
        incoming = await self.library.receive(name, None)
        await incoming.write(picture.read_bytes())
        return (await incoming.commit()).item_id

    def block_record(self, item_id: str) -> None:
        """What even root cannot write: a folder stands where the record's draft goes."""
        (self.folder / item_id / f"{RECORD}.new").mkdir()

    async def run_until(self, item_id: str, condition: Callable[[Item], bool]) -> None:
        running = asyncio.create_task(self.preparer.run())
        try:
            async with asyncio.timeout(60):
                while not condition(self.library.item(item_id)) and not running.done():
                    self.changed.clear()
                    await self.changed.wait()
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_what_cannot_be_written_down_is_shown_all_the_same(tmp_path: Path) -> None:
    box = Preparing(tmp_path)
    blocked, free = await box.put("blocked.png"), await box.put("free.png")
    box.block_record(blocked)
    for item_id in (blocked, free):
        box.preparer.add(item_id)
    await box.run_until(free, lambda item: item.drawn == 1)
    assert box.library.item(blocked).state == "ready", "in memory"
    (told,) = set(box.told)
    assert "blocked.png" in told and "make room" in told
    # At the next start it is what the disk says, and nothing loops: the box only tries again.
    again = Preparing(tmp_path)
    assert again.library.item(blocked).state == "preparing"
    await again.run_until(blocked, lambda item: item.drawn == 1)
    assert len(again.told) == 1, "told once, not for every page"


async def test_a_program_that_cannot_be_started_refuses_its_item_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Preparing(tmp_path)
    item_id = await box.put("a.png")
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", str(tmp_path / "no-python"))
        await box.run_until(item_id, lambda item: item.state == "refused")
    assert len(box.told) == 1
    assert "tries again" in refusal_text(box.library.item(item_id).code, 0, "en")
    again = Preparing(tmp_path)
    await again.run_until(item_id, lambda item: item.state == "ready")
