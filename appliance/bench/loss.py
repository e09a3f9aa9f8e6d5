"""`classroom bench loss`: what a browser shows and plays over bad networks."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from typing import Any

SUMMARY = "Bad networks: a real Chromium behind a line that loses, delays, cuts and throttles."
EXAMPLES = """examples:
  classroom bench loss --json loss.json        all of it, about three minutes
  classroom bench loss --only loss_3 cut       some of it

Every kind of weather meets a viewer that has watched in peace for some seconds. A freeze is a time without a
new picture; sound is what share of it was played as it was sent, not made up by the browser.
"""
NAMES = ("peace", "loss_1", "loss_3", "loss_5", "jitter_100", "cut", "slow_300")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=15, help="how long each kind of weather lasts (15)")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, metavar="WEATHER", help=f"some of {', '.join(NAMES)}"
    )


def measure(args: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """The figures of each kind of weather by name. Raises BenchFailed."""
    from appliance.bench.weather import measure_weather

    report = asyncio.run(measure_weather(args.only or NAMES, args.seconds, say))
    say(table(report))
    return report


def table(report: dict[str, Any]) -> str:
    """The report as lines for a terminal."""
    lines = [
        f"{'':12}{'freeze ms':>11}{'recovery ms':>13}{'fps':>7}{'sound':>8}{'NACKs':>7}{'keys':>6}  layers"
    ]
    for name, figures in report.items():
        recovery_ms = figures["recovery_ms"]
        recovery = "-" if recovery_ms is None else f"{recovery_ms:.0f}"
        lines.append(
            f"{name:12}{figures['longest_freeze_ms']:>11.0f}{recovery:>13}"
            f"{figures['fps']:>7.1f}{figures['sound_share']:>8.1%}{figures['nacks']:>7}"
            f"{figures['key_requests']:>6}  {' '.join(figures['layers'])}"
        )
    return "\n".join(lines)
