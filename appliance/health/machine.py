"""The machine: temperature, memory, disk, GPU, network; read from where Linux tells them."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.health.findings import Finding, Mark

HOT_C: Final = 80.0
TOO_HOT_C: Final = 92.0  # processors throttle from about 95
FEW_BYTES: Final = 2_000_000_000
NO_BYTES: Final = 200_000_000
FEW_MEMORY: Final = 0.10
NO_MEMORY: Final = 0.04
SLOW_MBITS: Final = 100  # a few rooms at 8 Mbit/s fill it
GPU_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class Machine:
    """root: of the file system, for tests. folder: where the box keeps its state."""

    folder: Path
    root: Path = Path("/")


def machine_findings(machine: Machine) -> Iterator[Finding]:
    """Takes some seconds where the GPU's driver hangs: call it in a thread."""
    yield _temperature(machine.root)
    yield _memory(machine.root)
    yield _disk(machine.folder)
    yield _gpu()
    yield _lan(machine.root)


def _temperature(root: Path) -> Finding:
    """The hottest sensor of the kernel's thermal zones and of hwmon."""
    hottest: float | None = None
    for pattern in ("sys/class/thermal/thermal_zone*/temp", "sys/class/hwmon/hwmon*/temp*_input"):
        for path in root.glob(pattern):
            with contextlib.suppress(OSError, ValueError):  # a sensor that sleeps answers with an error
                celsius = int(path.read_text()) / 1000
                if 0 < celsius < 150:
                    hottest = max(celsius, hottest or 0.0)
    if hottest is None:
        return Finding("temperature", "untold")
    return Finding("temperature", "hot", _mark(hottest, HOT_C, TOO_HOT_C), {"celsius": round(hottest)})


def _memory(root: Path) -> Finding:
    try:
        lines = dict(
            line.split(":") for line in (root / "proc/meminfo").read_text().splitlines() if ":" in line
        )
        free, whole = (int(lines[key].split()[0]) for key in ("MemAvailable", "MemTotal"))
    except (OSError, ValueError, KeyError, IndexError):
        return Finding("memory", "untold")
    mark = _mark(-free / whole, -FEW_MEMORY, -NO_MEMORY)
    return Finding(
        "memory", "free", mark, {"free_gb": round(free / 1e6, 1), "whole_gb": round(whole / 1e6, 1)}
    )


def _disk(folder: Path) -> Finding:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    mark = _mark(-free, -FEW_BYTES, -NO_BYTES)
    return Finding("disk", "free", mark, {"free_gb": round(free / 1e9, 1), "folder": str(folder)})


def _gpu() -> Finding:
    program = shutil.which("nvidia-smi")
    if program is None:
        return Finding("gpu", "none")
    command = [
        program,
        "--query-gpu=name,temperature.gpu,utilization.gpu,memory.used,memory.total",
        "--format=csv,noheader,nounits",
    ]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=GPU_S, check=True).stdout
        name, celsius, busy, used, whole = (part.strip() for part in told.splitlines()[0].split(","))
        values: dict[str, str | int | float] = {
            "gpu": name,
            "celsius": int(celsius),
            "busy": int(busy),
            "used_gb": round(int(used) / 1024, 1),
            "whole_gb": round(int(whole) / 1024, 1),
        }
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return Finding("gpu", "silent", "fault")
    return Finding("gpu", "works", _mark(int(celsius), HOT_C, TOO_HOT_C), values)


def _lan(root: Path) -> Finding:
    """The interface of the default route: is its cable in, and how fast is it?"""
    try:
        rows = [line.split() for line in (root / "proc/net/route").read_text().splitlines()[1:]]
    except OSError:
        return Finding("lan", "untold")
    name = next((row[0] for row in rows if len(row) > 1 and row[1] == "00000000"), None)
    if name is None:
        return Finding("lan", "no_route", "fault")
    folder = root / "sys/class/net" / name
    if _read(folder / "carrier") == "0":
        return Finding("lan", "no_cable", "fault", {"interface": name})
    speed = _read(folder / "speed")
    if not speed.isdecimal():  # -1 and an error are what Wi-Fi and virtual machines say
        return Finding("lan", "up", "ok", {"interface": name})
    mark: Mark = "note" if int(speed) < SLOW_MBITS else "ok"
    return Finding("lan", "speed", mark, {"interface": name, "mbits": int(speed)})


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""


def _mark(value: float, note: float, fault: float) -> Mark:
    return "fault" if value >= fault else "note" if value >= note else "ok"
