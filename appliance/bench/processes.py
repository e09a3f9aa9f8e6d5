"""What the kernel says about a process and its children: processor time and memory (proc(5), Linux)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a whole family: cpu_s, processor seconds so far, user and system; rss_bytes, memory held now."""

    cpu_s: float
    rss_bytes: int


def family(pid: int) -> list[int]:
    """The process and all that descend from it, as far as they live."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        fields = _fields(stat)
        if fields:
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def usage(pid: int) -> Usage:
    cpu_ticks, rss_pages = 0, 0
    for one in family(pid):
        fields = _fields(Path(f"/proc/{one}/stat"))
        if fields:
            cpu_ticks += int(fields[11]) + int(fields[12])
            rss_pages += int(fields[21])
    return Usage(cpu_ticks / TICKS_PER_S, rss_pages * PAGE_BYTES)


def _fields(stat: Path) -> list[str]:
    """The fields after the command's name (which may hold spaces), from the state on; [] when it has gone."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return []
