"""What the box knows of each viewer beyond the wire: their room, what they report, what they signal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

SignalKind = Literal["hand_up", "no_picture", "no_sound", "too_fast", "fine"]
SIGNALS: Final[tuple[str, ...]] = get_args(SignalKind)

BURST: Final = 6.0
PER_S: Final = 0.5


class TooOften(Exception):
    """This viewer signals more than anybody could read."""


@dataclass(frozen=True, slots=True)
class ViewerReport:
    """What the viewer's browser measured. freezes, frozen_ms: so far, as WebRTC's statistics count them.

    play_delay_ms: from the last packet of a picture to its showing (jitter buffer and decoder).
    first_picture_ms: from opening the page to the first picture shown.
    """

    freezes: int
    frozen_ms: float
    play_delay_ms: float | None
    first_picture_ms: float | None


@dataclass(frozen=True, slots=True)
class Signal:
    """at_s: seconds since 1970."""

    kind: SignalKind
    at_s: float


@dataclass(frozen=True, slots=True)
class Mute:
    """sound: the programme's is not played there. voice: nobody hears that room."""

    sound: bool = False
    voice: bool = False


@dataclass(slots=True)
class _Known:
    room_id: str = ""
    report: ViewerReport | None = None
    signal: Signal | None = None
    mute: Mute = Mute()
    left: float = BURST
    then_s: float = field(default_factory=time.monotonic)


class Audience:
    """By viewer id, for one thread. Holds those that `keep` was last told of, and those who joined since."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._known: dict[str, _Known] = {}
        self._room_mutes: dict[str, Mute] = {}
        self._tell = on_change

    def joined(self, viewer_id: str, room_id: str) -> None:
        """room_id: "" for who came by the link that all share."""
        self._known[viewer_id] = _Known(room_id)

    def keep(self, viewer_ids: Iterable[str]) -> list[str]:
        """Forgets the others, and returns the rooms they were of."""
        gone = self._known.keys() - set(viewer_ids)
        return [self._known.pop(viewer_id).room_id for viewer_id in gone]

    def is_known(self, viewer_id: str) -> bool:
        return viewer_id in self._known

    def known(self, viewer_id: str) -> None:
        """Raises KeyError for who has left."""
        self._known[viewer_id]

    def of_room(self, room_id: str) -> list[str]:
        """Ids of the viewers who came by this room's link."""
        return [viewer_id for viewer_id, known in self._known.items() if known.room_id == room_id]

    def room_of(self, viewer_id: str) -> str:
        known = self._known.get(viewer_id)
        return "" if known is None else known.room_id

    def report_of(self, viewer_id: str) -> ViewerReport | None:
        known = self._known.get(viewer_id)
        return None if known is None else known.report

    def signal_of(self, viewer_id: str) -> Signal | None:
        known = self._known.get(viewer_id)
        return None if known is None else known.signal

    def mute_of(self, viewer_id: str) -> Mute:
        """Of the viewer's screen and of the room it stands in, together."""
        known = self._known.get(viewer_id)
        if known is None:
            return Mute()
        room = self.mute_of_room(known.room_id)
        return Mute(known.mute.sound or room.sound, known.mute.voice or room.voice)

    def mute_of_room(self, room_id: str) -> Mute:
        return self._room_mutes.get(room_id, Mute())

    def mute_room(self, room_id: str, mute: Mute) -> None:
        """All screens of a room, those that come later too."""
        if mute == Mute():
            self._room_mutes.pop(room_id, None)
        else:
            self._room_mutes[room_id] = mute
        self._tell()

    def mute(self, viewer_id: str, mute: Mute) -> None:
        """One screen, while it watches. Raises KeyError for who has left."""
        self._known[viewer_id].mute = mute
        self._tell()

    def report(self, viewer_id: str, report: ViewerReport) -> None:
        """Raises KeyError for who has left."""
        self._known[viewer_id].report = report

    def signal(self, viewer_id: str, kind: SignalKind) -> bool:
        """False: it stands already. Raises KeyError for who has left, TooOften."""
        known = self._known[viewer_id]
        if known.signal is not None and known.signal.kind == kind:
            return False
        self.spend(viewer_id)
        known.signal = Signal(kind, time.time())
        self._tell()
        return True

    def spend(self, viewer_id: str) -> None:
        """Something that people are to see. Raises KeyError for who has left, TooOften."""
        known = self._known[viewer_id]
        now_s = time.monotonic()
        known.left = min(BURST, known.left + (now_s - known.then_s) * PER_S)
        known.then_s = now_s
        if known.left < 1.0:
            raise TooOften
        known.left -= 1.0

    def clear_signal(self, viewer_id: str) -> Signal | None:
        """What stood there. Raises KeyError for who has left."""
        known = self._known[viewer_id]
        stood, known.signal = known.signal, None
        self._tell()
        return stood
