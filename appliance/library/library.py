"""The library: what there is, what comes in, what goes. Lives in the event loop; all limits are kept here."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final, Literal

from appliance.library.items import ID, Item, read_item, shown_name, write_item
from appliance.library.settings import LibrarySettings
from appliance.library.webvtt import Cue, write_webvtt
from pipelines.saying import said

_CAPTIONS: Final = "captions.vtt"
_NEW: Final = ".new-"  # a folder that is not an item yet
_KEEP_FREE_BYTES: Final = 1_000_000_000  # of the disk: a box that is full cannot teach
_CHUNK_BYTES: Final = 1 << 20
MAX_ITEMS: Final = 2000

UnwelcomeCode = Literal["too_large", "quota", "disk_full", "too_many_items", "empty"]


class Unwelcome(Exception):
    """An upload that is not taken. limit: the number a person needs to know."""

    def __init__(self, code: UnwelcomeCode, limit: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit


class NotThere(Exception):
    """There is no such item, or it is not ready to be opened."""


class Library:
    """on_change: called after every change of the list."""

    def __init__(self, folder: Path, settings: LibrarySettings, on_change: Callable[[], None]) -> None:
        self._folder = folder
        self._settings = settings
        self._tell = on_change
        self.revision = 0
        self._items: dict[str, Item] = {}
        self._sizes: dict[str, int] = {}
        self._arriving_bytes = 0
        self._load()

    def items(self, search: str = "") -> list[Item]:
        """In the order of the list. search: words that a name must hold, without regard to case."""
        words = search.casefold().split()
        found = [item for item in self._items.values() if all(word in item.name.casefold() for word in words)]
        return sorted(found, key=lambda item: item.place)

    def item(self, item_id: str) -> Item:
        """Raises NotThere."""
        try:
            return self._items[item_id]
        except KeyError:
            raise NotThere from None

    @property
    def used_bytes(self) -> int:
        return sum(self._sizes.values()) + self._arriving_bytes

    @property
    def settings(self) -> LibrarySettings:
        return self._settings

    def folder_of(self, item_id: str) -> Path:
        """Raises NotThere."""
        return self._folder / self.item(item_id).item_id

    def main_of(self, item_id: str) -> Path:
        """What is opened. Raises NotThere while the item is not ready."""
        item = self.item(item_id)
        if item.state != "ready":
            raise NotThere
        return self.folder_of(item_id) / item.main

    def thumbnail_of(self, item_id: str, index: int) -> Path:
        """Raises NotThere for a page that has none (yet). index: from 0."""
        path = self.folder_of(item_id) / "thumbs" / f"{index + 1:05d}.webp"
        if not path.is_file():
            raise NotThere
        return path

    def captions_of(self, item_id: str) -> Path:
        """WebVTT. Raises NotThere for an item without."""
        path = self.folder_of(item_id) / _CAPTIONS
        if not path.is_file():
            raise NotThere
        return path

    def captions_beside(self, path: str) -> Path:
        """Where the captions of an opened courseware lie, if it has any: lesson.vtt beside lesson.mp4."""
        item = self.opened_as(path)
        return Path(path).with_suffix(".vtt") if item is None else self.folder_of(item.item_id) / _CAPTIONS

    def opened_as(self, path: str) -> Item | None:
        """The item that a path opened by the studio belongs to."""
        item_id = Path(path).parent.name
        item = self._items.get(item_id)
        return item if item is not None and str(self._folder / item_id / item.main) == path else None

    # Changes ------------------------------------------------------------------------------------

    async def receive(self, name: str, declared_bytes: int | None) -> Incoming:
        """Begins an upload. Raises Unwelcome."""
        if len(self._items) >= MAX_ITEMS:
            raise Unwelcome("too_many_items", MAX_ITEMS)
        self.check_room(declared_bytes or 0, declared_bytes or 0)
        item_id = secrets.token_hex(8)
        draft = self._folder / f"{_NEW}{item_id}"
        await asyncio.to_thread(_make_private, self._folder, draft)
        return Incoming(self, item_id, name, draft)

    def check_room(self, file_bytes: int, more_bytes: int) -> None:
        """May a file of file_bytes grow by more_bytes? Raises Unwelcome."""
        if file_bytes > self._settings.max_file_bytes:
            raise Unwelcome("too_large", self._settings.max_file_mb)
        if self.used_bytes + more_bytes > self._settings.quota_bytes:
            raise Unwelcome("quota", self._settings.quota_mb)
        place = self._folder
        while not place.exists():
            place = place.parent
        if shutil.disk_usage(place).free - more_bytes < _KEEP_FREE_BYTES:
            raise Unwelcome("disk_full")

    def arriving(self, more_bytes: int) -> None:
        self._arriving_bytes += more_bytes

    def add(self, item_id: str, name: str, size_bytes: int, draft: Path) -> Item:
        """Takes a received folder in, as an item to be prepared."""
        first = min((item.place for item in self._items.values()), default=0)
        item = Item(item_id, shown_name(name) or "?", size_bytes, time.time(), first - 1)
        write_item(draft, item)
        draft.replace(self._folder / item_id)
        self._items[item_id] = item
        self._sizes[item_id] = size_bytes
        self._on_change()
        return item

    def update(self, item_id: str, **changes: object) -> None:
        """Changes fields of an item; one that has been deleted meanwhile is left alone.

        Raises OSError for a disk that takes nothing: then it is changed until the box stops.
        """
        item = self._items.get(item_id)
        if item is None:
            return
        self._items[item_id] = changed = replace(item, **changes)  # type: ignore[arg-type]
        try:
            write_item(self._folder / item_id, changed)
        finally:
            self._on_change()

    def measure(self, item_id: str) -> None:
        """Counts what an item takes up, after it was prepared. Raises OSError."""
        size_bytes = _size_of(self._folder / item_id)
        if item_id in self._items:  # not deleted while it was counted
            self._sizes[item_id] = size_bytes

    def rename(self, item_id: str, name: str) -> Item:
        """Raises NotThere; ValueError for a name with nothing to show."""
        kept = shown_name(name)
        if not kept:
            raise ValueError(said("item_name", "the name must have a visible character"))
        self.item(item_id)
        self.update(item_id, name=kept)
        return self.item(item_id)

    def caption(self, item_id: str, cues: tuple[Cue, ...]) -> Item:
        """The captions of a film; () takes them away. Raises NotThere, OSError."""
        path = self.folder_of(item_id) / _CAPTIONS
        if cues:
            draft = path.with_suffix(".new")
            draft.write_text(write_webvtt(cues), encoding="utf-8")
            draft.replace(path)
        else:
            path.unlink(missing_ok=True)
        self.update(item_id, captions=len(cues))
        return self.item(item_id)

    def move(self, item_id: str, place: int) -> Item:
        """Puts an item at a place of the list, from 0. Raises NotThere."""
        self.item(item_id)
        order = [item.item_id for item in self.items() if item.item_id != item_id]
        order.insert(place, item_id)
        for number, other in enumerate(order):
            if self._items[other].place != number:
                self.update(other, place=number)
        return self.item(item_id)

    def remove(self, item_id: str) -> None:
        """Raises NotThere. A studio that shows it keeps what it holds open, or has read."""
        folder = self.folder_of(item_id)
        del self._items[item_id]
        self._sizes.pop(item_id, None)
        doomed = self._folder / f"{_NEW}{item_id}"
        folder.replace(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
        self._on_change()

    def _on_change(self) -> None:
        self.revision += 1
        self._tell()

    def _load(self) -> None:
        try:
            folders = list(self._folder.iterdir())
        except OSError:  # not made yet
            return
        for folder in folders:
            if folder.name.startswith(_NEW):
                shutil.rmtree(folder, ignore_errors=True)
            elif ID.fullmatch(folder.name) and (item := read_item(folder)) is not None:
                self._items[item.item_id] = item
                self._sizes[item.item_id] = _size_of(folder)


class Incoming:
    """One upload on its way: write, then commit or abort. What is not committed leaves nothing behind."""

    def __init__(self, library: Library, item_id: str, name: str, draft: Path) -> None:
        self._library = library
        self._item_id = item_id
        self._name = name
        self._draft = draft
        self._file: BinaryIO = (draft / "source").open("xb", buffering=0)
        self._waiting = bytearray()
        self._written_bytes = 0

    async def write(self, chunk: bytes) -> None:
        """Raises Unwelcome as soon as a limit is passed."""
        self._library.check_room(self._written_bytes + len(chunk), len(chunk))
        self._library.arriving(len(chunk))
        self._written_bytes += len(chunk)
        self._waiting += chunk
        if len(self._waiting) >= _CHUNK_BYTES:
            await self._flush()

    async def commit(self) -> Item:
        """Raises Unwelcome for an empty file."""
        if not self._written_bytes:
            raise Unwelcome("empty")
        await self._flush()
        await asyncio.to_thread(self._close, True)
        self._library.arriving(-self._written_bytes)
        size, self._written_bytes = self._written_bytes, 0
        return self._library.add(self._item_id, self._name, size, self._draft)

    def abort(self) -> None:
        """Harmless after commit."""
        self._close(False)
        self._library.arriving(-self._written_bytes)
        self._written_bytes = 0
        shutil.rmtree(self._draft, ignore_errors=True)

    async def _flush(self) -> None:
        waiting, self._waiting = self._waiting, bytearray()
        try:
            await asyncio.to_thread(_write_all, self._file, waiting)
        except OSError:
            raise Unwelcome("disk_full") from None

    def _close(self, keep: bool) -> None:
        if self._file.closed:
            return
        if keep:
            os.fsync(self._file.fileno())
        self._file.close()


def _write_all(file: BinaryIO, content: bytearray) -> None:
    """A file without a buffer may take less than it is given."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def _make_private(parent: Path, folder: Path) -> None:
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)


def _size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
