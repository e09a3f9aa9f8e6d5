"""`classroom doctor`: what this machine lacks, and the command that mends it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from appliance.settings import add_settings_flags, load_from_flags

SUMMARY = "Check this machine, and say how to mend what it lacks."

EXAMPLES = """\
examples:
  classroom doctor                                 for the settings in force
  classroom doctor --camera /dev/video0            and is this camera usable?
  classroom doctor --json                          for a monitor

Exit status: 0 when a lesson can be taught, 1 when something keeps it from being taught.
"""

_SIGNS = {"ok": "✓", "note": "!", "fault": "✗"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    add_settings_flags(parser)


def run(args: argparse.Namespace) -> int:
    from appliance.checks import check_all  # brings the networks' library along, which takes its time

    settings = load_from_flags(args).settings
    checks = []
    for check in check_all(settings):
        checks.append(check)
        if not args.json:
            print(f"{_SIGNS[check.mark]} {check.name:<11} {check.text}", flush=True)
            if check.mend:
                print(f"  {'':<11} → {check.mend}", flush=True)
    is_fit = all(check.mark != "fault" for check in checks)
    if args.json:
        print(
            json.dumps(
                {"is_fit": is_fit, "checks": [asdict(check) for check in checks]},
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        print("\nReady." if is_fit else "\nNot ready: mend the lines with ✗.")
    return 0 if is_fit else 1
