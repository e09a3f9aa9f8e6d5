"""Runs the program that makes uploads ready: one at a time, in a process group that ends in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance.library.library import Library, NotThere
from pipelines.courseware.preparing import RefusalCode
from pipelines.saying import said

log = logging.getLogger("classroom.library")

PROGRAM: Final = "pipelines.courseware.preparing"
THUMBNAILS_LIMIT_S: Final = 900.0  # after the file is ready to be opened
_LINE_BYTES: Final = 4096
_NOT_PREPARED: Final = "not_prepared"  # by the box's own fault
_SIGNALS: Final[dict[int, RefusalCode]] = {
    signal.SIGALRM: "takes_too_long",
    signal.SIGXCPU: "takes_too_long",
    signal.SIGKILL: "too_much_memory",
}


class Preparer:
    """Works through what is not prepared yet. `run` as long as the box lives; `add` tells of a new item.

    notify: the assistant, of a disk that takes nothing: that must not end a lesson. What it does not take is
    known until the box stops, and tried again at the next start.
    """

    def __init__(self, library: Library, notify: Callable[[str], None]) -> None:
        self._library = library
        self._notify = notify
        self._unkept = ""  # the item that was told of last
        self._waiting: asyncio.Queue[str] = asyncio.Queue()

    def add(self, item_id: str) -> None:
        self._waiting.put_nowait(item_id)

    async def run(self) -> None:
        for item in self._library.items():
            if item.code == _NOT_PREPARED:
                self._update(item.item_id, state="preparing", code="")
            elif item.state != "preparing":
                continue
            self.add(item.item_id)  # the box was stopped in between, or could not
        while True:
            item_id = await self._waiting.get()
            try:
                folder = self._library.folder_of(item_id)
            except NotThere:  # deleted before its turn
                continue
            try:
                await self._prepare(item_id, folder)
            except OSError as error:  # no process, no memory
                log.error("%s cannot be prepared: %s", item_id, error)
                self._update(item_id, state="refused", code=_NOT_PREPARED)
                self._tell(item_id, error)
            with contextlib.suppress(OSError):  # it was deleted meanwhile
                await asyncio.to_thread(self._library.measure, item_id)

    async def _prepare(self, item_id: str, folder: Path) -> None:
        process = await start_program(folder)
        limit_s = self._library.settings.prepare_limit_s
        try:
            await asyncio.wait_for(self._follow(process, item_id), limit_s + THUMBNAILS_LIMIT_S)
            code = await process.wait()
            self._end(item_id, _SIGNALS.get(-code, "damaged"))
        except TimeoutError:
            self._end(item_id, "takes_too_long", round(limit_s))
        finally:
            kill_group(process.pid)
            with contextlib.suppress(asyncio.CancelledError):
                await process.wait()

    def _end(self, item_id: str, code: RefusalCode, limit: int = 0) -> None:
        """Refuses an item on which the program ended without an answer."""
        with contextlib.suppress(NotThere):
            if self._library.item(item_id).state == "preparing":
                self._update(item_id, state="refused", code=code, limit=limit)

    def _update(self, item_id: str, **changes: object) -> None:
        try:
            self._library.update(item_id, **changes)
        except OSError as error:
            self._tell(item_id, error)

    def _tell(self, item_id: str, error: OSError) -> None:
        """Once for an item, not for each of its pages."""
        if item_id == self._unkept:
            return
        self._unkept = item_id
        with contextlib.suppress(NotThere):
            self._notify(
                said(
                    "item_not_kept",
                    "{name} is prepared anew when the box starts next ({why}): make room on its disk.",
                    name=self._library.item(item_id).name,
                    why=error.strerror,
                )
            )

    async def _follow(self, process: asyncio.subprocess.Process, item_id: str) -> None:
        """Reads the program's lines. Raises TimeoutError when the file is not ready in time."""
        assert process.stdout is not None
        limit_s = self._library.settings.prepare_limit_s
        give_up_s = asyncio.get_running_loop().time() + limit_s
        is_answered = False
        while True:
            left_s = None if is_answered else give_up_s - asyncio.get_running_loop().time()
            try:
                line = await asyncio.wait_for(process.stdout.readline(), left_s)
            except ValueError:  # a line longer than the program ever writes
                return
            if not line:
                return
            with contextlib.suppress(ValueError, KeyError, TypeError):
                is_answered |= self._take(item_id, json.loads(line))

    def _take(self, item_id: str, message: dict[str, Any]) -> bool:
        """Is the file's fate known now?"""
        if "ready" in message:
            ready = message["ready"]
            kind, main, pages = str(ready["kind"]), str(ready["main"]), int(ready["pages"])
            self._update(item_id, state="ready", kind=kind, main=main, pages=pages, drawn=0)
            return True
        if "refused" in message:
            self._update(item_id, state="refused", code=str(message["refused"]), limit=int(message["limit"]))
            return True
        if "drawn" in message:
            self._update(item_id, drawn=int(message["drawn"]))
        elif message.get("missing"):
            log.warning("this kernel cannot confine the converter's %s", " and ".join(message["missing"]))
        return False


async def start_program(*paths: Path) -> asyncio.subprocess.Process:
    """paths: its arguments. Whoever starts it ends it with `kill_group`."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        PROGRAM,
        *map(str, paths),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LINE_BYTES,
        start_new_session=True,
        # None of the box's own environment: its tokens may stand there.
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
    )


def kill_group(pid: int) -> None:
    """The program is the leader of its session: what it started goes with it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
