"""Rooms: remote classrooms by name, each with a link of its own that can be taken back."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from appliance.desk.storing import read_document, set_aside, write_document
from pipelines.saying import said

MAX_ROOMS: Final = 500
MAX_NAME: Final = 40
FILE_NAME: Final = "rooms.json"


class NoSuchRoom(Exception):
    """There is none of this id."""


class TooManyRooms(Exception):
    """MAX_ROOMS are there already."""


@dataclass(frozen=True, slots=True, repr=False)
class Room:
    """token: what its link holds; it allows watching, no more. No repr: not into a log by accident."""

    room_id: str
    name: str
    token: str
    added_s: float


class Rooms:
    """The rooms, stored at every change. For one thread. on_change: called after each."""

    def __init__(self, folder: Path, on_change: Callable[[], None]) -> None:
        self._path = folder / FILE_NAME
        self._tell = on_change
        self.revision = 0
        self._rooms: dict[str, Room] = {}
        self._by_digest: dict[bytes, str] = {}
        self._load()

    def all(self) -> list[Room]:
        """In order of making."""
        return list(self._rooms.values())

    def room(self, room_id: str) -> Room:
        """Raises NoSuchRoom."""
        try:
            return self._rooms[room_id]
        except KeyError:
            raise NoSuchRoom(room_id) from None

    def name_of(self, room_id: str) -> str:
        """ "" for an unknown one."""
        room = self._rooms.get(room_id)
        return "" if room is None else room.name

    def of_token(self, presented: str) -> Room | None:
        """Whose token this is. Looked up by its digest: how long that takes tells nothing of the token."""
        room_id = self._by_digest.get(_digest(presented))
        return None if room_id is None else self._rooms[room_id]

    def add(self, name: str) -> Room:
        """A new room with a new link. Raises TooManyRooms, CannotStore; ValueError for an empty name."""
        if len(self._rooms) >= MAX_ROOMS:
            raise TooManyRooms
        room = Room(secrets.token_hex(8), _shown(name), secrets.token_urlsafe(24), time.time())
        self._put(self._rooms | {room.room_id: room})
        return room

    def rename(self, room_id: str, name: str) -> Room:
        """Raises NoSuchRoom, CannotStore; ValueError for an empty name."""
        room = replace(self.room(room_id), name=_shown(name))
        self._put(self._rooms | {room_id: room})
        return room

    def remove(self, room_id: str) -> None:
        """Its link is refused from now on. Raises NoSuchRoom, CannotStore."""
        self.room(room_id)
        self._put({known: room for known, room in self._rooms.items() if known != room_id})

    def _put(self, rooms: dict[str, Room]) -> None:
        write_document(self._path, [asdict(room) for room in rooms.values()])
        self._take(rooms)
        self.revision += 1
        self._tell()

    def _take(self, rooms: dict[str, Room]) -> None:
        self._rooms = rooms
        self._by_digest = {_digest(room.token): room.room_id for room in rooms.values()}

    def _load(self) -> None:
        document = read_document(self._path)
        if document is None:
            return
        try:
            rooms = [
                Room(str(r["room_id"]), str(r["name"]), str(r["token"]), float(r["added_s"]))
                for r in document
            ]
        except (TypeError, KeyError, ValueError) as error:
            set_aside(self._path, repr(error))
            return
        self._take({room.room_id: room for room in rooms if len(room.token) >= 16})


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _shown(name: str) -> str:
    """One line of bounded length that can be printed. Raises ValueError."""
    kept = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:MAX_NAME].strip()
    if not kept:
        raise ValueError(said("room_name", "give the room a name that can be read"))
    return kept
