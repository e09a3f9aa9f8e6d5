"""`classroom bench latency`: how old is what a browser shows?"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

SUMMARY = "Delay to a real Chromium's canvas: the teacher, page turns, and sound against picture."
EXAMPLES = """examples:
  classroom bench latency --json latency.json
  classroom bench latency --size 1920x1080 --seconds 40
  classroom bench latency --slow-matting 200      and once more, as if each matte took 200 ms longer

The simulated camera writes the time of each picture into its corner; the browser reads it. Lens, sensor and
display are not in it. Page turns count from the order over the API.
"""

MOST_SLOW_MS = 1000  # later than that the teacher is hardly shown at all
ROWS = {
    "page_turn_ms": "page turn, order to canvas",
    "teacher_ms": "teacher, camera to canvas",
    "av_skew_ms": "sound later than picture",
}
RATES = {"net_hz": "network Hz", "matte_hz": "mattes Hz", "programme_fps": "programme fps"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size",
        choices=("1280x720", "1920x1080"),
        default="1280x720",
        help="of camera and programme (1280x720)",
    )
    parser.add_argument("--seconds", type=float, default=20, help="how long the teacher is watched (20)")
    parser.add_argument("--turns", type=int, default=20, help="page turns (20)")
    parser.add_argument(
        "--slow-matting",
        type=float,
        metavar="MS",
        help="watch the teacher of a second box, too, whose every matte is made so much later",
    )


def measure(args: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """The figures; `say` hears how far it is. Raises BenchFailed."""
    from appliance.bench.delays import measure_delays, measure_slowed
    from appliance.bench.ours import BenchFailed

    slow_ms = args.slow_matting
    if slow_ms is not None and not 0 < slow_ms <= MOST_SLOW_MS:
        raise BenchFailed(f"--slow-matting wants more than 0 and at most {MOST_SLOW_MS} ms")
    width, height = map(int, args.size.split("x"))
    figures = measure_delays((width, height), args.seconds, args.turns, say)
    say(table(figures))
    if slow_ms is not None:
        slowed = measure_slowed((width, height), args.seconds, slow_ms, say)
        say(f"each matte {slow_ms:.0f} ms later:\n{table(slowed)}")
        figures |= {"slowed": slowed}
    return {"size_wh": [width, height]} | figures


def table(figures: dict[str, Any]) -> str:
    """For a person: what was measured, as `measure_delays` or `measure_slowed` gave it."""
    lines = [f"{'ms':30}{'p50':>8}{'p95':>8}{'n':>6}"]
    for key, label in ROWS.items():
        if (row := figures.get(key)) is not None:
            lines.append(f"{label:30}{row['p50']:>8.0f}{row['p95']:>8.0f}{row['n']:>6}")
    lines.append(
        f"in the box: picture sent after {figures['sent_ms']:.0f}, sound after {figures['held_ms']:.0f} ms"
    )
    rates = (f"{label} {figures[key]:.1f}" for key, label in RATES.items())
    return "\n".join([*lines, ", ".join(rates)])
