"""`classroom bench text`: how sharp is the text that a browser shows, at a page turn and after it?"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

SUMMARY = "Sharpness of text in a real Chromium, beside stock aiortc and a 720p peer."
EXAMPLES = """examples:
  classroom bench text --json text.json
  classroom bench text --only layer_444 --turns 1      the quickest look
  classroom bench text --only --bandwidth 4 1.5        the box over slow lines alone
"""
COLUMNS = ("flip", "two_frames", "after_300_ms", "after_1_s", "settled")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size", choices=("1280x720", "1920x1080"), default="1920x1080", help="of the programme (1920x1080)"
    )
    parser.add_argument("--turns", type=int, default=4, help="page turns watched for each subject (4)")
    parser.add_argument(
        "--bandwidth",
        type=float,
        nargs="+",
        metavar="MBIT",
        default=[],
        help="also over lines of MBIT Mbit/s",
    )
    parser.add_argument("--only", nargs="*", metavar="SUBJECT", help="some of layer_444, layer_420, peer_...")


def measure(args: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """The figures of each subject by name; `say` hears how far it is. Raises BenchFailed."""
    from appliance.bench.ours import BenchFailed
    from appliance.bench.text_subjects import SUBJECTS, measure_subjects

    names = list(SUBJECTS) if args.only is None else args.only
    if unknown := set(names) - set(SUBJECTS):
        raise BenchFailed(f"no subject {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    width, height = map(int, args.size.split("x"))
    figures = measure_subjects(names, (width, height), args.turns, args.bandwidth, say)
    say(_table({name: figures[name] for name in names}))
    for mbit_s, on_line in figures.get("lines", {}).items():
        say(f"over a line of {mbit_s} Mbit/s")
        say(_table(on_line))
    return {"size_wh": [width, height]} | figures


def _table(subjects: dict[str, dict[str, Any]]) -> str:
    """dB and SSIM by instant, one line a subject."""
    lines = [f"{'text: RGB PSNR dB / SSIM':26}" + "".join(f"{name:>14}" for name in COLUMNS)]
    for subject, figures in subjects.items():
        if "settled_db" not in figures:
            told = ", ".join(f"{key} {value}" for key, value in figures.items())
            lines.append(f"{subject:26}  {told}")
            continue
        cells = [f"{figures[f'{name}_db']:.1f} / {figures[f'{name}_ssim']:.3f}" for name in COLUMNS]
        lines.append(f"{subject:26}" + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(lines)
