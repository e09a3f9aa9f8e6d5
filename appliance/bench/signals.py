"""`classroom bench signals`: a remote room's signal, from its press to the assistant's console."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

SUMMARY = "How soon does what a remote room signals stand in the console?"
EXAMPLES = """examples:
  classroom bench signals --json signals.json
  classroom bench signals --times 50

Both pages are open in one Chromium, and the room watches the programme meanwhile.
"""
MOST = 500


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=20, help=f"presses, 1 to {MOST} (20)")


def measure(args: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """{"signal_ms": p50, p95, most and n}. Raises BenchFailed."""
    from appliance.bench.ours import BenchFailed
    from appliance.bench.signalling import measure_signals

    if not 1 <= args.times <= MOST:
        raise BenchFailed(f"--times wants 1 to {MOST}")
    say(f"{args.times} presses ...")
    found = measure_signals(args.times)
    say("  ".join(f"{key} {value:.0f}" for key, value in found.items()))
    return {"signal_ms": found}
