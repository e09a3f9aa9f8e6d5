"""What the lesson is made of, and what it leaves: courseware, captions, recordings, other servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from appliance.api.wire import (
    CoursewareChoice,
    CoursewareOut,
    FilmChange,
    ItemChange,
    ItemOut,
    LiveChoice,
    LiveSourceOut,
)
from appliance.api.wire_outlets import (
    DestinationOut,
    RawItemFilesOut,
    RawRecordingsOut,
    RecordingOut,
    RecordingsOut,
    WorstMattesOut,
)
from appliance.api.wire_talk import CaptionBody
from appliance.client.calling import Caller

Language = Literal["zh", "en"]


class Courseware:
    """The library and what is open. language: of the sentences for people."""

    def __init__(self, box: Caller, language: Language) -> None:
        self._box = box
        self._lang = {"lang": language}

    def listing(self, search: str = "") -> CoursewareOut:
        query = self._lang | {"search": search}
        return self._box.ask(CoursewareOut, "GET", "/api/v1/courseware", query=query)

    def open_named(self, name: str) -> CoursewareOut:
        """One of `listing().available`."""
        choice = CoursewareChoice(name=name)
        return self._box.ask(CoursewareOut, "PUT", "/api/v1/courseware", choice, self._lang)

    def upload(self, name: str, file: BinaryIO) -> ItemOut:
        """name: to be shown. The file is sent piece by piece; `item` tells when it is ready."""
        query = self._lang | {"name": name}
        return self._box.put(
            ItemOut, "POST", "/api/v1/courseware", _pieces(file), "application/octet-stream", query
        )

    def live_sources(self) -> list[LiveSourceOut]:
        """Capture cards and screens of the box, for `open_live`."""
        return self._box.ask(list[LiveSourceOut], "GET", "/api/v1/courseware/live")

    def open_live(self, address: str) -> CoursewareOut:
        """address: v4l2:/dev/video2 or x11::0."""
        choice = LiveChoice(address=address)
        return self._box.ask(CoursewareOut, "POST", "/api/v1/courseware/live", choice, self._lang)

    def change_film(self, change: FilmChange) -> None:
        """The one that is shown: pauses it, lets it go on, goes to a second of it."""
        self._box.order("PATCH", "/api/v1/courseware/film", change)

    def item(self, item_id: str) -> ItemOut:
        return self._box.ask(
            ItemOut, "GET", "/api/v1/courseware/{item_id}", query=self._lang, item_id=item_id
        )

    def change(self, item_id: str, change: ItemChange) -> ItemOut:
        return self._box.ask(
            ItemOut, "PATCH", "/api/v1/courseware/{item_id}", change, self._lang, item_id=item_id
        )

    def remove(self, item_id: str) -> None:
        self._box.order("DELETE", "/api/v1/courseware/{item_id}", item_id=item_id)

    def open(self, item_id: str) -> ItemOut:
        return self._box.ask(
            ItemOut, "POST", "/api/v1/courseware/{item_id}/open", None, self._lang, item_id=item_id
        )

    def thumbnail(self, item_id: str, index: int) -> bytes:
        """WebP. index: of the page, from 0."""
        path = "/api/v1/courseware/{item_id}/pages/{index}/thumbnail"
        return self._box.fetch("GET", path, item_id=item_id, index=index)

    def thumbnail_of(self, name: str, index: int) -> bytes:
        """WebP, of one of `listing().available`. Raises Refused (503) until it is drawn."""
        path = "/api/v1/courseware/available/{name}/pages/{index}/thumbnail"
        return self._box.fetch("GET", path, name=name, index=index)

    def captions(self, item_id: str) -> bytes:
        """WebVTT."""
        return self._box.fetch("GET", "/api/v1/courseware/{item_id}/captions", item_id=item_id)

    def set_captions(self, item_id: str, webvtt: bytes) -> ItemOut:
        path = "/api/v1/courseware/{item_id}/captions"
        return self._box.put(ItemOut, "PUT", path, webvtt, "text/vtt", self._lang, item_id=item_id)

    def remove_captions(self, item_id: str) -> None:
        self._box.order("DELETE", "/api/v1/courseware/{item_id}/captions", item_id=item_id)


class Captions:
    """Live lines, of a speech recogniser."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def say(self, text: str, duration_s: float = 4.0) -> None:
        """It stands so long, or until the next one."""
        self._box.order("POST", "/api/v1/captions", CaptionBody(text=text, duration_s=duration_s))

    def hush(self) -> None:
        self._box.order("DELETE", "/api/v1/captions")


class Recordings:
    """The programme on disk."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def all(self) -> RecordingsOut:
        return self._box.ask(RecordingsOut, "GET", "/api/v1/recordings")

    def start(self) -> RecordingOut:
        return self._box.ask(RecordingOut, "POST", "/api/v1/recordings/start")

    def stop(self) -> RecordingOut:
        return self._box.ask(RecordingOut, "POST", "/api/v1/recordings/stop")

    def download(self, item_id: str) -> Iterator[bytes]:
        """MP4, piece by piece."""
        return self._box.stream("GET", "/api/v1/recordings/{item_id}", item_id=item_id)

    def chapters(self, item_id: str) -> bytes:
        """WebVTT."""
        return self._box.fetch("GET", "/api/v1/recordings/{item_id}/chapters", item_id=item_id)

    def worst(self, item_id: str) -> WorstMattesOut:
        """What `recording.worst_mattes` had kept with it."""
        return self._box.ask(WorstMattesOut, "GET", "/api/v1/recordings/{item_id}/worst", item_id=item_id)

    def worst_file(self, item_id: str, name: str) -> bytes:
        """JPEG or PNG. name: of `worst`, or worst.jsonl."""
        path = "/api/v1/recordings/{item_id}/worst/{name}"
        return self._box.fetch("GET", path, item_id=item_id, name=name)

    def remove(self, item_id: str) -> None:
        """With the worst mattes kept beside it."""
        self._box.order("DELETE", "/api/v1/recordings/{item_id}", item_id=item_id)

    def raw(self) -> RawRecordingsOut:
        """What `recording.raw` left on the box."""
        return self._box.ask(RawRecordingsOut, "GET", "/api/v1/recordings/raw")

    def raw_files(self, raw_id: str) -> RawItemFilesOut:
        return self._box.ask(RawItemFilesOut, "GET", "/api/v1/recordings/raw/{raw_id}", raw_id=raw_id)

    def download_raw(self, raw_id: str, name: str) -> Iterator[bytes]:
        """One file, piece by piece. name: the last part of its path."""
        path = "/api/v1/recordings/raw/{raw_id}/files/{name}"
        return self._box.stream("GET", path, raw_id=raw_id, name=name)

    def fetch_raw(self, raw_id: str, folder: Path) -> None:
        """All of it into a new folder, as `classroom replay` takes it. Raises OSError."""
        folder.mkdir(parents=True, mode=0o700)
        for file in self.raw_files(raw_id).files:
            place = folder.joinpath(*_below(file.path))
            place.parent.mkdir(mode=0o700, exist_ok=True)
            with place.open("xb") as out:
                for piece in self.download_raw(raw_id, place.name):
                    out.write(piece)

    def remove_raw(self, raw_id: str) -> None:
        self._box.order("DELETE", "/api/v1/recordings/raw/{raw_id}", raw_id=raw_id)


class Destinations:
    """Other servers that get the programme."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def all(self) -> list[DestinationOut]:
        return self._box.ask(list[DestinationOut], "GET", "/api/v1/destinations")

    def start(self, name: str) -> DestinationOut:
        return self._box.ask(DestinationOut, "POST", "/api/v1/destinations/{name}/start", name=name)

    def stop(self, name: str) -> DestinationOut:
        return self._box.ask(DestinationOut, "POST", "/api/v1/destinations/{name}/stop", name=name)


def _below(path: str) -> tuple[str, ...]:
    """A path's parts, none of which leads out of the folder. Raises OSError."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or PurePosixPath(path).is_absolute():
        raise OSError(f"the box names a file that lies elsewhere: {path}")
    return parts


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(1 << 20):
        yield piece
