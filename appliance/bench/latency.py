"""`classroom bench latency`: how old is what a browser shows?"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

SUMMARY = "Delay to a real Chromium's canvas: the teacher, page turns, and sound against picture."
EXAMPLES = """examples:
  classroom bench latency --json latency.json
  classroom bench latency --size 1920x1080 --seconds 40

The simulated camera writes the time of each picture into its corner; the browser reads it. Lens, sensor and
display are not in it. Page turns count from the order over the API.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size",
        choices=("1280x720", "1920x1080"),
        default="1280x720",
        help="of camera and programme (1280x720)",
    )
    parser.add_argument("--seconds", type=float, default=20, help="how long the teacher is watched (20)")
    parser.add_argument("--turns", type=int, default=20, help="page turns (20)")


def measure(args: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """The figures; `say` hears how far it is. Raises BenchFailed."""
    from appliance.bench.delays import measure_delays

    width, height = map(int, args.size.split("x"))
    figures = measure_delays((width, height), args.seconds, args.turns, say)
    say(_table(figures))
    return {"size_wh": [width, height]} | figures


def _table(figures: dict[str, Any]) -> str:
    rows = {
        "page turn, order to canvas": "page_turn_ms",
        "teacher, camera to canvas": "teacher_ms",
        "sound later than picture": "av_skew_ms",
    }
    lines = [f"{'ms':30}{'p50':>8}{'p95':>8}{'n':>6}"]
    for label, key in rows.items():
        lines.append(
            f"{label:30}{figures[key]['p50']:>8.0f}{figures[key]['p95']:>8.0f}{figures[key]['n']:>6}"
        )
    lines.append(f"network {figures['net_hz']:.1f} Hz, programme {figures['programme_fps']:.1f} fps")
    return "\n".join(lines)
