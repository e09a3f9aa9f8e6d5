"""Courseware that the operator put on the box: the built-in lesson, that of the settings, and one folder."""

from __future__ import annotations

from pathlib import Path

from appliance.library import Library

DEMO = "demo"


class Shelf:
    """Items by name. A name is looked up among what lies there, never joined to a path as it came."""

    def __init__(self, folder: Path, from_settings: str, library: Library) -> None:
        self._folder = folder
        self._library = library
        self._from_settings = from_settings

    def items(self) -> dict[str, str]:
        """{name: path, or "demo"}: the built-in lesson, that of the settings, then the folder's."""
        found = {DEMO: DEMO}
        if self._from_settings != DEMO:
            found[Path(self._from_settings).name] = self._from_settings
        try:
            entries = sorted(self._folder.iterdir())
        except OSError:  # not made yet, or not readable: then it holds nothing
            entries = []
        for entry in entries:
            if not entry.name.startswith("."):
                found.setdefault(entry.name, str(entry))
        return found

    def name_of(self, path: str) -> str:
        """The name shown for a path that was opened."""
        item = self._library.opened_as(path)
        if item is not None:
            return item.name
        return next((name for name, item in self.items().items() if item == path), Path(path).name)
