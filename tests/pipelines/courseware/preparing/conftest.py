"""Runs the program that prepares uploads, as the box does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@dataclass
class Outcome:
    folder: Path
    messages: list[dict[str, Any]]

    def said(self, key: str) -> Any:
        return next((message[key] for message in self.messages if key in message), None)

    @property
    def left(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


Prepare = Callable[..., Outcome]


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    def run(content: bytes, left: tuple[str, ...] = ()) -> Outcome:
        """left: files that are there already, from a preparation that was interrupted."""
        folder = tmp_path / "item"
        folder.mkdir()
        for name in left:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(b"half")
        (folder / "source").write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-I", "-m", "pipelines.courseware.preparing", folder],
            capture_output=True,
            check=False,
            timeout=110,
        )
        return Outcome(folder, [json.loads(line) for line in done.stdout.splitlines()])

    return run
