"""Scenes saved under a name, kept over restarts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from appliance.desk.storing import read_document, set_aside, write_document
from pipelines.media import Corner, Layout, Scene

MAX_SCENES: Final = 30
MAX_NAME: Final = 40
FILE_NAME: Final = "scenes.json"


class NoSuchScene(Exception):
    """There is none of this id."""


class TooManyScenes(Exception):
    """MAX_SCENES are there already."""


@dataclass(frozen=True, slots=True)
class SavedScene:
    """scene: its number means nothing."""

    scene_id: str
    name: str
    scene: Scene


class SavedScenes:
    """In order of saving. For one thread. on_change: called after each change."""

    def __init__(self, folder: Path, on_change: Callable[[], None]) -> None:
        self._path = folder / FILE_NAME
        self._tell = on_change
        self.revision = 0
        self._scenes: dict[str, SavedScene] = {}
        self._load()

    def all(self) -> list[SavedScene]:
        return list(self._scenes.values())

    def get(self, scene_id: str) -> SavedScene:
        """Raises NoSuchScene."""
        try:
            return self._scenes[scene_id]
        except KeyError:
            raise NoSuchScene(scene_id) from None

    def add(self, name: str, scene: Scene) -> SavedScene:
        """Raises TooManyScenes, CannotStore."""
        if len(self._scenes) >= MAX_SCENES:
            raise TooManyScenes
        saved = SavedScene(secrets.token_hex(8), name, replace(scene, number=0))
        self._put(self._scenes | {saved.scene_id: saved})
        return saved

    def change(self, scene_id: str, name: str | None, scene: Scene | None) -> SavedScene:
        """Another name, another scene, or both. Raises NoSuchScene, CannotStore."""
        before = self.get(scene_id)
        saved = SavedScene(scene_id, name or before.name, replace(scene or before.scene, number=0))
        self._put(self._scenes | {scene_id: saved})
        return saved

    def remove(self, scene_id: str) -> None:
        """Raises NoSuchScene, CannotStore."""
        self.get(scene_id)
        self._put({known: saved for known, saved in self._scenes.items() if known != scene_id})

    def _put(self, scenes: dict[str, SavedScene]) -> None:
        write_document(self._path, [asdict(saved) for saved in scenes.values()])
        self._scenes = scenes
        self.revision += 1
        self._tell()

    def _load(self) -> None:
        document = read_document(self._path)
        if document is None:
            return
        try:
            read = [SavedScene(str(d["scene_id"]), str(d["name"]), _scene(d["scene"])) for d in document]
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            set_aside(self._path, repr(error))
            return
        self._scenes = {saved.scene_id: saved for saved in read}


def _scene(document: dict[str, Any]) -> Scene:
    """Raises TypeError, KeyError, ValueError. Fields of another version of the box are left out."""
    known = {field.name for field in fields(Scene)}
    given = {key: value for key, value in document.items() if key in known}
    place = given.get("place_xy")
    given["layout"], given["corner"] = Layout(given["layout"]), Corner(given["corner"])
    given["place_xy"] = None if place is None else (float(place[0]), float(place[1]))
    return Scene(**given)
