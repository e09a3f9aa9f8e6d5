"""The desk: rooms, their signals, the log and the quality of one box, kept in step with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from appliance.desk.audience import Audience, Mute, SignalKind
from appliance.desk.corners import Corners
from appliance.desk.ink_store import InkStore
from appliance.desk.lesson_log import Entry, EntryKind, LessonLog
from appliance.desk.mounting import Mounting
from appliance.desk.panic import Panic
from appliance.desk.quality import QualityHistory
from appliance.desk.rooms import Rooms
from appliance.desk.scenes import SavedScenes
from appliance.desk.sketchbook import Sketchbook
from pipelines.capture.mounting import Upright
from pipelines.reports import StudioStatus


class Desk:
    """Lives in the event loop. folder: of the box's state. upright: how the camera hangs by the settings.
    on_change: called whenever the status changed."""

    def __init__(self, folder: Path, upright: Upright, on_change: Callable[[], None]) -> None:
        self._tell = on_change
        self.rooms = Rooms(folder, on_change)
        self.audience = Audience(on_change)
        self.scenes = SavedScenes(folder, on_change)
        self.panic = Panic(folder)
        self._ink = InkStore(folder)
        self.sketchbook = Sketchbook(self._ink.load())
        self.corners = Corners(folder)
        self.mounting = Mounting(folder, upright)
        self.log = LessonLog(folder)
        self.quality = QualityHistory()
        self._status: StudioStatus | None = None

    def follow(self, status: StudioStatus) -> None:
        """The studio's newest report: turned pages and new layouts go into the log."""
        before, self._status = self._status, status
        self.quality.take(status.matte_quality, status.plate_trust, status.net_hz)
        if before is None:
            return
        if (before.page_index, before.courseware_path) != (status.page_index, status.courseware_path):
            self.note("page")
        if before.scene.layout != status.scene.layout:
            self.note("layout", detail=status.scene.layout.value)

    def unsaved_ink(self) -> Callable[[], None] | None:
        """What any thread may do to keep the ink as it is now; None while it is kept. Raises CannotStore."""
        changed = self.sketchbook.unsaved()
        if not changed:
            return None

        def save() -> None:
            for courseware, pages in changed.items():
                self._ink.save(courseware, pages)

        return save

    def note(self, kind: EntryKind, viewer_id: str = "", detail: str = "") -> Entry:
        """Writes into the log what happens now, at the page and with the matte of this moment."""
        return self._write(kind, self.rooms.name_of(self.audience.room_of(viewer_id)), detail)

    def joined(self, viewer_id: str, room_id: str) -> None:
        self.audience.joined(viewer_id, room_id)
        self._write("room_joined", self.rooms.name_of(room_id))

    def look_around(self, viewer_ids: Iterable[str]) -> None:
        """Who is still there."""
        for room_id in self.audience.keep(viewer_ids):
            self._write("room_left", self.rooms.name_of(room_id))

    def signal(self, viewer_id: str, kind: SignalKind) -> None:
        """Raises KeyError for a viewer who has left, TooOften."""
        if self.audience.signal(viewer_id, kind):
            self.note(kind, viewer_id)

    def clear_signal(self, viewer_id: str, *, seen: bool) -> None:
        """seen: by the assistant; else the room takes it back. Raises KeyError for a viewer who has left."""
        stood = self.audience.clear_signal(viewer_id)
        if stood is not None:
            self.note("seen" if seen else "withdrawn", viewer_id, stood.kind)

    def mute_room(self, room_id: str, mute: Mute) -> None:
        """All its screens. Raises NoSuchRoom."""
        self.rooms.room(room_id)
        self.audience.mute_room(room_id, mute)
        self.rooms.revision += 1

    def remove_room(self, room_id: str) -> list[str]:
        """Its link is refused from now on. Returns its viewers, to be sent away.

        Raises NoSuchRoom, CannotStore.
        """
        name = self.rooms.room(room_id).name
        self.rooms.remove(room_id)
        self._write("room_removed", name)
        self.audience.mute_room(room_id, Mute())
        return self.audience.of_room(room_id)

    def _write(self, kind: EntryKind, room: str, detail: str = "") -> Entry:
        status = self._status
        entry = self.log.add(
            kind,
            room=room,
            page_index=0 if status is None else status.page_index,
            layout="" if status is None else status.scene.layout.value,
            matte_quality=None if status is None else status.matte_quality,
            plate_trust=None if status is None else status.plate_trust,
            detail=detail,
        )
        self._tell()
        return entry
