"""`classroom bench`: how fast is this machine, beside the naive chain, in one run."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from models.errors import ModelError

SUMMARY = "Measure this machine beside the naive chain."
EXAMPLES = """examples:
  classroom bench                      both sizes, about three minutes
  classroom bench --json bench.json    and write the figures to a file
  classroom bench --matting            what each part of the matting costs, on one core
  classroom bench --soak 10            ten minutes at 1280x720: is the memory flat?
  classroom bench text                 how sharp text arrives in a browser
  classroom bench latency              how late, and whether sound and picture are in step
  classroom bench fanout               what fifty viewers cost
  classroom bench loss                 what a browser shows over bad networks
  classroom bench pixel                is the viewer page's courseware exact
  classroom bench signals              how soon a room's signal stands in the console
"""
# Modules of appliance/bench: SUMMARY, EXAMPLES, configure(parser), measure(args, say)
PARTS = ("text", "latency", "fanout", "loss", "pixel", "signals")
SIZES = {"hd": (1280, 720), "full_hd": (1920, 1080)}
PEER_FRAMES = 50


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--seconds", type=float, default=20, help="how long each part is measured, or how long a lesson (20)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--matting", action="store_true", help="measure the matting's parts instead")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="watch the memory instead, for so long")
    parts = parser.add_subparsers(dest="part", metavar="PART")
    for name in PARTS:
        module = importlib.import_module(f"appliance.bench.{name}")
        part = parts.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY,
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        # Not given here, what was given before the part's name holds.
        part.add_argument(
            "--json", type=Path, metavar="FILE", help="write the figures to FILE", default=argparse.SUPPRESS
        )
        module.configure(part)
        part.set_defaults(measure=module.measure)


def run(args: argparse.Namespace) -> int:
    # Imported here: the bench pulls in every stage, and `classroom --help` should not.
    from appliance.bench.ours import BenchFailed

    try:
        if args.part:
            figures = _part(args)
        elif args.matting:
            figures = _matting(args.seconds)
        else:
            figures = _soak(args.soak) if args.soak else _compare(args.seconds)
    except (BenchFailed, ModelError) as error:
        print(f"classroom bench: {error}", file=sys.stderr)
        return 1
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n")
        print(f"Figures written to {args.json}")
    return 0


def _part(args: argparse.Namespace) -> dict[str, Any]:
    from appliance.bench.report import commit, machine

    measured = {"machine": machine(), "commit": commit()}
    figures: dict[str, Any] = args.measure(args, partial(print, flush=True))
    return figures | measured


def _compare(seconds: float) -> dict[str, Any]:
    from appliance.bench.ours import measure_box
    from appliance.bench.report import commit, machine, table

    # Before the run: the commit of the code that runs, not of what comes meanwhile.
    measured = {"machine": machine(), "commit": commit()}
    peers = {}
    for name, size_wh in SIZES.items():
        print(f"the naive chain at {size_wh[0]}x{size_wh[1]} ...", flush=True)
        peers[name] = _peer(size_wh, seconds)
    parts = {}
    for name, size_wh in SIZES.items():
        print(f"the box at {size_wh[0]}x{size_wh[1]} ...", flush=True)
        parts[name] = measure_box(size_wh, seconds)
        # The naive chain is the one of the tutorials: the whole 1080p picture, whatever our size.
        parts[name] |= {f"peer_{key}": value for key, value in peers["full_hd"].items()}
        parts[name]["peer_same_size_programme_fps"] = peers[name]["programme_fps"]
    report = parts["hd"] | {"full_hd": parts["full_hd"]} | measured
    print(table(report))
    return report


def _matting(seconds: float) -> dict[str, Any]:
    from appliance.bench.matting import RATE_HZ, matting_table, measure_matting
    from appliance.bench.report import commit, machine

    measured = {"machine": machine(), "commit": commit()}
    frames = max(round(seconds * RATE_HZ), 1)
    sizes = {
        f"{width}x{height}{' thrifty' * is_thrifty}": measure_matting(
            (width, height), frames, is_thrifty=is_thrifty
        )
        for width, height in SIZES.values()
        for is_thrifty in (False, True)
    }
    print(matting_table(sizes))
    return {"matting": sizes} | measured


def _peer(size_wh: tuple[int, int], seconds: float) -> dict[str, Any]:
    from appliance.bench.peer import measure_peer
    from models.catalog import default_models_dir, locate
    from pipelines.courseware.opening import open_courseware
    from pipelines.simulated.rendering import render_clip

    courseware = open_courseware("demo", size_wh)
    page = courseware.page()
    courseware.close()
    frames = render_clip(size_wh, page, PEER_FRAMES)
    return measure_peer(frames, page.rgb, locate("rvm-mobilenetv3", default_models_dir()), seconds)


def _soak(minutes: float) -> dict[str, Any]:
    from multiprocessing import get_context

    from appliance.bench.ours import running_box
    from appliance.bench.processes import usage
    from appliance.bench.report import commit, machine
    from appliance.bench.viewer import watch

    measured = {"machine": machine(), "commit": commit()}
    samples: list[tuple[float, float]] = []
    with running_box(SIZES["hd"]) as box:
        viewer = get_context("spawn").Process(target=watch, args=(box.url, box.token), daemon=True)
        viewer.start()
        start_s = time.monotonic()
        while (at_s := time.monotonic() - start_s) < minutes * 60:
            samples.append((at_s, usage(box.pid).rss_bytes / 1e6))
            print(f"{at_s:6.0f} s {samples[-1][1]:8.1f} MB", flush=True)
            time.sleep(15)
        viewer.terminate()
        viewer.join()
    # The first minute fills caches; growth is what comes after it.
    settled = [mb for at_s, mb in samples if at_s >= 60] or [samples[-1][1]]
    growth_mb = settled[-1] - settled[0]
    print(f"memory {settled[0]:.0f} -> {settled[-1]:.0f} MB, {growth_mb:+.1f} MB after the first minute")
    return {"samples_s_mb": samples, "growth_mb": growth_mb} | measured
