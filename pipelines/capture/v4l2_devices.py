"""Which capture devices this machine has, without disturbing who uses them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from pipelines.capture.v4l2_driver import KernelV4l2Driver

_SYS: Final = Path("/sys/class/video4linux")
_NODE: Final = re.compile(r"video(\d+)")


class CaptureDevice(NamedTuple):
    """path: /dev/video2. name: as the card or its driver calls itself."""

    path: str
    name: str


def capture_devices(sys_folder: Path = _SYS, dev_folder: Path = Path("/dev")) -> list[CaptureDevice]:
    """What can deliver pictures, by number. Where a node may not be opened, sysfs alone is believed.

    A few system calls a device. Never raises.
    """
    try:
        nodes = [
            (int(match[1]), node) for node in sys_folder.iterdir() if (match := _NODE.fullmatch(node.name))
        ]
    except OSError:  # no driver of the kind is loaded
        return []
    found = []
    for _number, node in sorted(nodes):
        path = str(dev_folder / node.name)
        name = _read(node / "name") or node.name
        card = _card(path)
        # A webcam has a second node for its metadata; without leave to ask, the index tells them apart.
        if card if card is not None else _read(node / "index") in ("", "0"):
            found.append(CaptureDevice(path, card or name))
    return found


def _card(path: str) -> str | None:
    """The card's name, "" where it delivers no pictures, None where it cannot be asked."""
    try:
        driver = KernelV4l2Driver(path, (1920, 1080), 30.0)
    except OSError:
        return None
    try:
        capability = driver.capability()
    except OSError:
        return None
    finally:
        driver.close()
    return (capability.card.strip() or Path(path).name) if capability.can_capture else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
