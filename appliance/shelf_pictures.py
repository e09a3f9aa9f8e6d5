"""Small pictures of the pages of what lies on the box: drawn when they are first asked for, and kept."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from appliance.library import NotThere
from appliance.library.preparing import THUMBNAILS_LIMIT_S, kill_group, start_program
from pipelines.courseware.settings import DEMO, DEMO_PDF
from pipelines.paths import at_home

log = logging.getLogger("classroom.library")

KEPT: Final = 24  # coursewares whose pictures stay on the disk, the newest ones
_DONE: Final = "done"


class NotYet(Exception):
    """It is being drawn."""


class ShelfPictures:
    """For the event loop. folder: for the pictures alone. spawn: runs a task as long as the box lives.

    The program that reads the file is confined as for uploads, and sees of the disk the file alone.
    """

    def __init__(self, folder: Path, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._folder = folder
        self._spawn = spawn
        self._drawing: set[Path] = set()
        self._turn = asyncio.Lock()

    def picture(self, path: str, index: int) -> Path:
        """WebP. path: of a courseware, as it is opened. index: from 0. Raises NotYet; NotThere for none."""
        source = DEMO_PDF if path == DEMO else at_home(path).absolute()
        try:
            stat = source.stat()
        except (OSError, ValueError):  # gone, or no file at all
            raise NotThere from None
        # A file that was replaced is another one.
        key = hashlib.sha256(f"{source}\0{stat.st_mtime_ns}\0{stat.st_size}".encode()).hexdigest()[:16]
        place = self._folder / key
        picture = place / "thumbs" / f"{index + 1:05d}.webp"
        if picture.is_file():
            return picture
        if (place / _DONE).exists():
            raise NotThere
        if place not in self._drawing:
            self._drawing.add(place)
            self._spawn(self._draw(place, source))
        raise NotYet

    async def _draw(self, place: Path, source: Path) -> None:
        """One at a time: a lesson goes on meanwhile."""
        try:
            async with self._turn:
                await asyncio.to_thread(self._make_room, place)
                await _run(place, source)
                (place / _DONE).touch()
        except OSError as error:
            log.warning("no small pictures of %s: %s", source.name, error)
        finally:
            self._drawing.discard(place)

    def _make_room(self, place: Path) -> None:
        """Raises OSError."""
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = [one for one in self._folder.iterdir() if one not in self._drawing]
        for old in sorted(others, key=lambda one: one.stat().st_mtime, reverse=True)[KEPT - 1 :]:
            shutil.rmtree(old, ignore_errors=True)


async def _run(place: Path, source: Path) -> None:
    """Raises OSError."""
    process = await start_program(place, source)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(THUMBNAILS_LIMIT_S):
            while await process.stdout.read(4096):
                continue
            await process.wait()
    except TimeoutError:
        log.warning("small pictures of %s took too long", source.name)
    finally:
        kill_group(process.pid)
        with contextlib.suppress(asyncio.CancelledError):
            await process.wait()
