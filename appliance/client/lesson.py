"""Directing the lesson: scene, page, panic, saved scenes, ink, log."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.api.lesson_log import EntryOut, LogOut, MarkBody, QualityOut
from appliance.api.scenes import SavedBody, SavedChange, SavedOut
from appliance.api.wire import PageOut, PageTurn
from appliance.api.wire_ink import InkOut, PointerBody, ShownOut, StrokeBody, StrokeGrowth, StrokeOut
from appliance.api.wire_scene import SceneBody, SceneChange, SceneOut
from appliance.client.calling import Caller
from appliance.desk import EntryKind


class Lesson:
    """What viewers see now."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def scene(self) -> SceneOut:
        return self._box.ask(SceneOut, "GET", "/api/v1/scene")

    def set_scene(self, scene: SceneBody) -> SceneOut:
        """Replaced whole: what is not given is as at first."""
        return self._box.ask(SceneOut, "PUT", "/api/v1/scene", scene)

    def change_scene(self, change: SceneChange) -> SceneOut:
        """What is not given stays."""
        return self._box.ask(SceneOut, "PATCH", "/api/v1/scene", change)

    def page(self) -> PageOut:
        return self._box.ask(PageOut, "GET", "/api/v1/page")

    def turn(self, step: int = 1) -> PageOut:
        """step: +1 next, -1 previous."""
        return self._box.ask(PageOut, "POST", "/api/v1/page", PageTurn(step=step))

    def go_to(self, index: int) -> PageOut:
        """index: from 0."""
        return self._box.ask(PageOut, "POST", "/api/v1/page", PageTurn(index=index))

    def panic(self) -> None:
        """The slate at once; nothing of camera and microphone goes out until `panic_over`."""
        self._box.order("PUT", "/api/v1/panic")

    def panic_over(self) -> None:
        self._box.order("DELETE", "/api/v1/panic")


class Scenes:
    """Scenes under a name."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def all(self) -> list[SavedOut]:
        return self._box.ask(list[SavedOut], "GET", "/api/v1/scenes")

    def save(self, scene: SavedBody) -> SavedOut:
        return self._box.ask(SavedOut, "POST", "/api/v1/scenes", scene)

    def change(self, scene_id: str, change: SavedChange) -> SavedOut:
        return self._box.ask(SavedOut, "PATCH", "/api/v1/scenes/{scene_id}", change, scene_id=scene_id)

    def remove(self, scene_id: str) -> None:
        self._box.order("DELETE", "/api/v1/scenes/{scene_id}", scene_id=scene_id)

    def show(self, scene_id: str) -> SceneOut:
        return self._box.ask(SceneOut, "POST", "/api/v1/scenes/{scene_id}/show", scene_id=scene_id)


class Ink:
    """What is drawn on the page, for viewers alone. page: from 0.

    The presenter's token draws with the pen on the page that is shown, points, takes back and clears its own.
    """

    def __init__(self, box: Caller) -> None:
        self._box = box

    def of_page(self, page: int) -> InkOut:
        return self._box.ask(InkOut, "GET", "/api/v1/ink", query={"page": page})

    def shown(self) -> Iterator[ShownOut]:
        """The page that is shown, now and whenever it or its ink changes."""
        return self._box.events(ShownOut, "GET", "/api/v1/ink/events")

    def clear(self, page: int) -> None:
        self._box.order("DELETE", "/api/v1/ink", query={"page": page})

    def draw(self, stroke: StrokeBody) -> StrokeOut:
        return self._box.ask(StrokeOut, "POST", "/api/v1/ink/strokes", stroke)

    def go_on(self, stroke_id: str, growth: StrokeGrowth) -> None:
        """The last stroke of the page has grown."""
        self._box.order("PATCH", "/api/v1/ink/strokes/{stroke_id}", growth, stroke_id=stroke_id)

    def undo(self, page: int) -> None:
        self._box.order("POST", "/api/v1/ink/undo", query={"page": page})

    def point(self, pointer: PointerBody) -> None:
        """Laser or spotlight; it fades when nothing more comes."""
        self._box.order("PUT", "/api/v1/ink/pointer", pointer)

    def put_away(self) -> None:
        self._box.order("DELETE", "/api/v1/ink/pointer")

    def png(self) -> bytes:
        """The page with its ink."""
        return self._box.fetch("GET", "/api/v1/ink/page.png")

    def svg(self) -> bytes:
        return self._box.fetch("GET", "/api/v1/ink/page.svg")


class Log:
    """What happened in the lesson."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def entries(self, after: int = 0, kind: EntryKind | None = None) -> LogOut:
        """Those with a larger number than `after`, oldest first, of one kind or of all."""
        query = {"after": after} | ({} if kind is None else {"kind": kind})
        return self._box.ask(LogOut, "GET", "/api/v1/lesson-log", query=query)

    def mark(self, mark: MarkBody) -> EntryOut:
        return self._box.ask(EntryOut, "POST", "/api/v1/lesson-log", mark)

    def clear(self) -> None:
        self._box.order("DELETE", "/api/v1/lesson-log")

    def csv(self) -> bytes:
        """UTF-8, with a byte order mark for spreadsheets."""
        return self._box.fetch("GET", "/api/v1/lesson-log/csv")

    def quality(self, after_s: float = 0.0) -> QualityOut:
        """The matte's, over the lesson. after_s: seconds since 1970."""
        return self._box.ask(QualityOut, "GET", "/api/v1/lesson-log/quality", query={"after_s": after_s})
