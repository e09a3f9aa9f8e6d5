"""Fixtures of the box's tests. The folder goes on the path: the fake studio is imported by name."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from box_process import PATIENCE_S, Box


@pytest.fixture
def start_box(tmp_path: Path) -> Iterator[Callable[..., Box]]:
    boxes: list[Box] = []

    def start(*arguments: str, **environment: str) -> Box:
        boxes.append(Box(tmp_path, *arguments, **environment))
        return boxes[-1]

    yield start
    for box in boxes:
        box.close()


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A live one for all tests of a file that do not mind what the others did to it."""
    box = Box(tmp_path_factory.mktemp("shared"))
    box.until_live()
    yield box
    box.close()


@pytest.fixture
def notify_socket(tmp_path: Path) -> Iterator[socket.socket]:
    """What systemd would listen on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(PATIENCE_S)
        yield listener
