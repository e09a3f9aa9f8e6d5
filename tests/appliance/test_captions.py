"""Which caption stands when: a film's own by its clock, a live line before it, and a bad file told once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from appliance.captions import Captions
from appliance.changes import Changes
from appliance.library import Library, LibrarySettings
from pipelines.reports import FilmStatus

LINES = "WEBVTT\n\n00:01.000 --> 00:02.000\nfirst\n\n00:01.500 --> 01:00.000\nsecond\n"


class Running:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        library = Library(folder / "library", LibrarySettings(), lambda: None)
        self.changes = Changes()
        self.captions = Captions(self.changes, library, self.faults.append)
        self.task = asyncio.create_task(self.captions.run())

    def play(self, at_s: float) -> None:
        """The film stands at this second now."""
        self.tell(FilmStatus("playing", at_s, 60.0, time.monotonic_ns() - round(at_s * 1e9)))

    def tell(self, film: FilmStatus | None) -> None:
        self.captions.follow(str(self.folder / "film.mp4"), film)

    @property
    def text(self) -> str:
        return "" if self.captions.shown is None else self.captions.shown.text

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await self.changes.wait(0.05)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path)
    yield running
    running.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running.task


async def test_a_film_in_the_boxs_folder(running: Running) -> None:
    (running.folder / "film.vtt").write_text(LINES)
    running.play(0.5)
    await running.until(lambda: running.captions.are_there)
    assert running.text == ""
    await running.until(lambda: running.text == "first")
    await running.until(lambda: running.text == "first\nsecond")
    await running.until(lambda: running.text == "second")
    running.captions.say("heard just now", 0.3)
    assert running.text == "heard just now"
    await running.until(lambda: running.text == "second")
    running.play(0.0)
    assert running.text == "", "from the start again"
    running.tell(FilmStatus("ended", 60.0, 60.0))
    assert running.text == "", "the film is over"


async def test_the_line_of_a_paused_film_stands(running: Running) -> None:
    (running.folder / "film.vtt").write_text(LINES)
    running.play(0.9)
    await running.until(lambda: running.text == "first")
    running.tell(FilmStatus("paused", 1.2, 60.0))
    await asyncio.sleep(0.6)  # the next line would be due
    assert running.text == "first" and running.captions.are_there
    running.tell(FilmStatus("paused", 30.0, 60.0))
    assert running.text == "second", "sought while it stands"
    running.play(1.4)
    assert running.text == "first"
    await running.until(lambda: running.text == "first\nsecond")


async def test_another_courseware_has_captions_of_its_own(running: Running) -> None:
    (running.folder / "film.vtt").write_text(LINES)
    running.play(3)
    await running.until(lambda: running.text == "second")
    running.captions.follow("demo", None)
    assert running.text == ""
    running.captions.say("of a recogniser", 20)
    assert running.text == "of a recogniser"
    running.captions.hush()
    assert running.text == "" and running.captions.are_there, "the button stays while people pause"


@pytest.mark.parametrize("content", [b"no captions", b"WEBVTT\n" + b"x" * 2_000_000, b"\xff\xfe\x00"])
async def test_a_bad_file_is_told_and_harms_nothing(running: Running, content: bytes) -> None:
    (running.folder / "film.vtt").write_bytes(content)
    running.play(3)
    await running.until(lambda: bool(running.faults))
    await asyncio.sleep(0.1)
    assert len(running.faults) == 1 and "film.vtt" in running.faults[0]
    assert running.text == "" and not running.captions.are_there


@pytest.mark.parametrize("opened", ["", "/"])
async def test_captions_may_change_while_nothing_is_open(running: Running, opened: str) -> None:
    """Before the studio's first status there is no path; and a path need not have a name."""
    running.captions.follow(opened, None)
    running.captions.read_again()
    running.captions.say("a live line", 0.1)
    await running.until(lambda: running.text == "" or running.task.done())
    assert not running.task.done()
    (running.folder / "film.vtt").write_text(LINES)
    running.play(3)
    await running.until(lambda: running.text == "second")
