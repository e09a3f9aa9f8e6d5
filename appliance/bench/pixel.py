"""`classroom bench pixel`: the viewer page's courseware, held against the box's own, in a real browser."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

SUMMARY = "Is the courseware in the viewer page exact, and how soon after a page turn?"
EXAMPLES = """examples:
  classroom bench pixel --json pixel.json
  classroom bench pixel --size 1920x1080 --turns 3
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size", choices=("1280x720", "1920x1080"), default="1280x720", help="of the programme (1280x720)"
    )
    parser.add_argument("--turns", type=int, default=8, help="page turns watched (8)")


def measure(args: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """{"pixel_exact": as measure_pixel_exact gives it}. Raises BenchFailed."""
    from appliance.bench.pixel_exact import measure_pixel_exact

    width, height = map(int, args.size.split("x"))
    say(f"{args.turns} page turns at {args.size} ...")
    found = measure_pixel_exact((width, height), args.turns)
    say("\n".join(f"{key:14}{value!s:>12}" for key, value in found.items()))
    return {"size_wh": [width, height], "pixel_exact": found}
