"""What the bench says: a table for people, keys for programs."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

REPO = Path(__file__).parents[2]
WANTED_TIMES_PEER = 3


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "python": platform.python_version()}


def commit() -> str:
    """The commit measured, "+" behind it when the tree had changes, "" outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "-C", str(REPO), "describe", "--always", "--dirty=+"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def table(report: dict[str, Any]) -> str:
    """The report as lines for a terminal."""
    columns = [("1280x720", report), ("1920x1080", report.get("full_hd", {}))]
    lines = [f"{'':28}" + "".join(f"{name:>14}" for name, _ in columns)]
    rows = [
        ("programme fps", "programme_fps"),
        ("  unchanged, left out", "unchanged_hz"),
        ("  naive chain", "peer_programme_fps"),
        ("  naive chain, same size", "peer_same_size_programme_fps"),
        ("fresh mattes Hz", "matte_hz"),
        ("network Hz", "net_hz"),
        ("network's alpha, age p50 ms", "alpha_age_ms.p50"),
        ("network's alpha, age p95 ms", "alpha_age_ms.p95"),
        ("capture to send p50 ms", "capture_to_send_ms.p50"),
        ("capture to send p95 ms", "capture_to_send_ms.p95"),
        ("  naive chain p95 ms", "peer_capture_to_send_ms.p95"),
        ("cores", "cores"),
        ("  naive chain", "peer_cores"),
        ("late ticks", "late"),
        ("stale mattes", "stale_mattes"),
    ]
    lines += [
        f"{label:28}" + "".join(f"{_cell(part, key):>14}" for _, part in columns) for label, key in rows
    ]
    lines.append(f"{'stage p50 / p95 ms':28}")
    for stage in report["stages_ms"]:
        cells = [
            f"{_cell(part, f'stages_ms.{stage}.p50')} / {_cell(part, f'stages_ms.{stage}.p95')}"
            for _, part in columns
        ]
        lines.append(f"  {stage:26}" + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(lines)


def _cell(part: dict[str, Any], key: str) -> str:
    value: Any = part
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return "-" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)
