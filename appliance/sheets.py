"""SheetFeed: the lesson's sheets as pictures, from the studio to every viewer who lays the parts together.

A viewer is sent what they have not got yet, one update at a time, from one list that all share. Who is slow
skips to the newest whole sheet: they hold one update in memory, and cost nobody else.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from pipelines.media import SheetUpdate

CHUNK_BYTES = 64 * 1024  # handed over at a time: what waits for a slow viewer in memory
HEARTBEAT_S = 4.0
MOST_BYTES = 32_000_000  # of all updates since a whole sheet; the studio begins anew long before


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    update: SheetUpdate
    message: bytes


class SheetFeed:
    """Lives in the event loop. on_wanted: somebody follows now, or nobody any more."""

    def __init__(self, on_wanted: Callable[[bool], None]) -> None:
        self._on_wanted = on_wanted
        self._entries: list[_Entry] = []  # a whole sheet, and what changed since; or a sheet that moves
        self._bytes = 0
        self._followers: dict[str, object] = {}
        self._changed = asyncio.Event()
        self._resets = 0
        self.reset()

    @property
    def is_wanted(self) -> bool:
        return bool(self._followers)

    @property
    def stands(self) -> bool:
        """Is there a sheet as a picture?"""
        return not self._entries[-1].update.moves

    def follows(self, viewer_id: str) -> bool:
        return viewer_id in self._followers

    def put(self, update: SheetUpdate) -> bool:
        """Takes the studio's next update. False: its base is missing, a whole sheet must be asked for."""
        last = self._entries[-1].update
        is_start = update.moves or update.base is None
        if not is_start and (last.moves or update.base != last.number or self._bytes > MOST_BYTES):
            return False
        if is_start:
            self._entries, self._bytes = [], 0
        self._entries.append(_Entry(update, coded(update)))
        self._bytes += update.size_bytes
        self._tell()
        return True

    def reset(self) -> None:
        """The studio has gone, and its sheets mean nothing to the next one; or they must not be seen.

        A stream ends in the middle of an update.
        """
        self._resets += 1
        nothing = SheetUpdate(0, 0, "", moves=True)
        self._entries, self._bytes = [_Entry(nothing, coded(nothing))], 0
        self._tell()

    async def follow(self, viewer_id: str, is_here: Callable[[], bool]) -> AsyncGenerator[bytes]:
        """What one viewer is sent, in pieces, until they are gone. A second of the same id ends the first.

        is_here: does the viewer still watch? Asked a few times a minute.
        """
        me = object()
        was_wanted = self.is_wanted
        self._followers[viewer_id] = me
        self._tell()
        if not was_wanted:
            self._on_wanted(True)
        entry: _Entry | None = None
        try:
            while self._followers.get(viewer_id) is me and is_here():
                following = self._after(entry)
                if following is None:
                    if not await self._wait():
                        yield coded(None)
                    continue
                entry, resets = following, self._resets
                for start in range(0, len(entry.message), CHUNK_BYTES):
                    if self._resets != resets:
                        return
                    yield entry.message[start : start + CHUNK_BYTES]
        finally:
            if self._followers.get(viewer_id) is me:
                del self._followers[viewer_id]
                if not self._followers:
                    self._on_wanted(False)

    def _after(self, entry: _Entry | None) -> _Entry | None:
        """The update that follows; the first of the list for whom that is no longer known."""
        if entry is self._entries[-1]:
            return None
        for at, known in enumerate(self._entries[:-1]):
            if known is entry:
                return self._entries[at + 1]
        return self._entries[0]

    async def _wait(self) -> bool:
        event = self._changed
        try:
            await asyncio.wait_for(event.wait(), HEARTBEAT_S)
        except TimeoutError:
            return False
        return True

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def coded(update: SheetUpdate | None) -> bytes:
    """One message: length of its head (u32, big-endian), head (JSON), PNG files. None: still here.

    The head names the sheet, and for each PNG its place and its length in bytes.
    """
    head: dict[str, object] = {}
    pictures: list[bytes] = []
    if update is not None:
        head = {
            "number": update.number,
            "scene": update.scene,
            "layout": update.layout,
            "base": update.base,
            "moves": update.moves,
            "patches": [[*patch.box, len(patch.png)] for patch in update.patches],
        }
        pictures = [patch.png for patch in update.patches]
    text = json.dumps(head, separators=(",", ":")).encode()
    return b"".join((struct.pack(">I", len(text)), text, *pictures))
