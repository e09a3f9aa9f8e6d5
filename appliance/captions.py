"""Captions: which line stands under the picture, from a file beside the film or a speech recogniser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from appliance.changes import Changes
from appliance.library import BadCaptions, Cue, Library, read_webvtt
from appliance.library.webvtt import MAX_BYTES
from pipelines.reports import FilmStatus
from pipelines.saying import said

NS_PER_S: Final = 1_000_000_000
LOOK_S: Final = 0.5  # at least so often, whatever is expected
# A viewer's button stays for so long after the last live line: people pause.
LIVE_STAYS_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Caption:
    """number: grows with each line. text: up to a few lines, without markup."""

    number: int
    text: str
    source: Literal["film", "live"]


class Captions:
    """For the event loop. `run` follows the clock; `shown` is what everybody sees.

    on_fault: told, in a sentence, of captions beside a film that cannot be read.
    """

    def __init__(self, changes: Changes, library: Library, on_fault: Callable[[str], None]) -> None:
        self._changes = changes
        self._library = library
        self._on_fault = on_fault
        self._path = ""
        self._is_read = True
        self._track: tuple[Cue, ...] = ()
        self._film: FilmStatus | None = None
        self._live = ""
        self._live_until_ns = 0
        self._live_ns: int | None = None
        self._number = 0
        self.shown: Caption | None = None

    @property
    def are_there(self) -> bool:
        """Is there a track, or was a live line said of late?"""
        if self._track and self._runs:
            return True
        return self._live_ns is not None and time.monotonic_ns() - self._live_ns < LIVE_STAYS_S * NS_PER_S

    @property
    def _runs(self) -> bool:
        """Is there a film that is not over? A paused one keeps its line."""
        return self._film is not None and self._film.state != "ended"

    def follow(self, path: str, film: FilmStatus | None) -> None:
        """What is open, and how it stands as a film; None while it is none."""
        if path != self._path:
            self._path, self._track = path, ()
            self.read_again()
        self._film = film
        self._look()

    def read_again(self) -> None:
        """The captions of what is open may have changed."""
        self._is_read = False
        self._changes.tell()

    def say(self, text: str, duration_s: float) -> None:
        """A live line, from now on; it takes the place of the one before, and of a film's."""
        now_ns = time.monotonic_ns()
        self._live, self._live_ns = text, now_ns
        self._live_until_ns = now_ns + round(duration_s * NS_PER_S)
        self._number += 1
        self.shown = Caption(self._number, text, "live")
        self._changes.tell()

    def hush(self) -> None:
        """Takes the live line away."""
        self._live_until_ns = 0
        self._look()

    async def run(self) -> None:
        while True:
            if not self._is_read:
                await self._read()
            self._look()
            await self._changes.wait(self._pause_s())

    async def _read(self) -> None:
        self._is_read = True
        if not Path(self._path).name:  # nothing is open (yet): there is no beside
            self._track = ()
            return
        path = self._library.captions_beside(self._path)
        try:
            track = await asyncio.to_thread(_read_file, path)
        except BadCaptions as bad:
            track = ()
            self._on_fault(said("captions_beside", "{file}: {why}", file=path.name, why=bad.reason))
        if self._is_read:  # nothing else was opened meanwhile
            self._track = track

    def _look(self) -> None:
        text, source = self._text()
        before = "" if self.shown is None else self.shown.text
        if text == before:
            return
        self._number += 1
        self.shown = Caption(self._number, text, source) if text else None
        self._changes.tell()

    def _text(self) -> tuple[str, Literal["film", "live"]]:
        now_ns = time.monotonic_ns()
        if now_ns < self._live_until_ns:
            return self._live, "live"
        at_s = self._film_s(now_ns)
        lines = [] if at_s is None else [cue.text for cue in self._track if cue.start_s <= at_s < cue.end_s]
        return "\n".join(lines[:3]), "film"

    def _film_s(self, now_ns: int) -> float | None:
        return self._film.at(now_ns).position_s if self._film is not None and self._runs else None

    def _pause_s(self) -> float:
        """Until the next line begins or ends."""
        now_ns = time.monotonic_ns()
        soon = [LOOK_S]
        if now_ns < self._live_until_ns:
            soon.append((self._live_until_ns - now_ns) / NS_PER_S)
        at_s = self._film_s(now_ns)
        if at_s is not None and self._film is not None and self._film.began_ns is not None:
            soon += [
                edge_s - at_s for cue in self._track for edge_s in (cue.start_s, cue.end_s) if edge_s > at_s
            ]
        return max(0.005, min(soon))


def _read_file(path: Path) -> tuple[Cue, ...]:
    """() where there is no such file. Raises BadCaptions."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError:
        return ()
    return read_webvtt(content)
