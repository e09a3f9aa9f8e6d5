"""`classroom eval`: how good is the matte, on clips whose true alpha is known?"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

SUMMARY = "Measure the matte on labelled clips, the network alone beside the full keyer."
EXAMPLES = """examples:
  classroom eval --set clips --json eval.json      each clip in some scenarios, with a contact sheet
  classroom eval --set clips --all-scenarios       every clip in every scenario
  classroom eval --set clips --scenarios stick,white --frames 40
  classroom eval --set clips --network-only        the network on its teacher crop, alone
  classroom eval --set clips --refiner other.onnx  with other weights of the refiner, such as an ablation's

A set is a folder of NAME_fgr.mp4 (straight colour) and NAME_pha.mkv (alpha), and courseware/*.png.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", type=Path, required=True, metavar="DIR", help="the folder of labelled clips")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="contact sheet, a PNG (beside the JSON)")
    parser.add_argument("--network-only", action="store_true", help="leave the full keyer out")
    parser.add_argument("--refiner", type=Path, metavar="FILE", help="other weights of the refiner")
    parser.add_argument(
        "--scenarios", default="", metavar="NAMES", help='names, or "tune", "check"; all of them'
    )
    parser.add_argument("--per-clip", type=int, default=6, help="scenarios a clip, rotating (6)")
    parser.add_argument("--all-scenarios", action="store_true", help="every clip in every scenario")
    parser.add_argument(
        "--frames",
        type=int,
        default=20,
        help="measured in each, after the warm-up (20); more where a knock wants time",
    )
    parser.add_argument(
        "--net-every",
        type=int,
        default=1,
        metavar="N",
        help="ask the network about one picture in N, and carry its alpha to the others (1)",
    )
    parser.add_argument(
        "--thrifty",
        action="store_true",
        help="as a box short of processors: the network is shown less, refined at half size",
    )
    parser.add_argument("--seed", type=int, default=1, help="of rooms, pages and noise (1)")
    parser.add_argument("--size", default="1280x720", metavar="WxH", help="of the camera (1280x720)")


def run(args: argparse.Namespace) -> int:
    # Imported here: the evaluation pulls in every stage, and `classroom --help` should not.
    from appliance.evaluation.clips import SetRefused

    try:
        return _run(args)
    except (SetRefused, ValueError) as error:
        print(f"classroom eval: {error}", file=sys.stderr)
        return 1


def _run(args: argparse.Namespace) -> int:
    from appliance.evaluation.clips import find_clips, load_clip, load_courseware
    from appliance.evaluation.playing import Play
    from appliance.evaluation.report import Named, as_json, contact_sheet, table
    from appliance.evaluation.scenarios import chosen, rotated
    from appliance.evaluation.scoring import evaluate
    from models.catalog import default_models_dir, locate
    from models.matting_net import MattingNet
    from models.refiner_net import WEIGHTS, RefinerNet
    from models.settings import NetworkSettings

    size_wh, settings = _size(args.size), NetworkSettings()
    if args.frames < 2 or args.per_clip < 1 or args.net_every < 1:
        raise ValueError("--frames must be 2 or more, --per-clip and --net-every 1 or more")
    wanted, names = chosen(args.scenarios), find_clips(args.set)
    given = load_courseware(args.set, size_wh)
    net = MattingNet.open(locate(settings.name, default_models_dir()), settings)
    refining = RefinerNet.open(settings, args.refiner or WEIGHTS)
    results: list[Named] = []
    started = time.monotonic()
    for number, name in enumerate(names):
        clip = load_clip(args.set, name)
        for scenario in wanted if args.all_scenarios else rotated(wanted, number, args.per_clip):
            play = Play(clip, scenario, size_wh, given, args.seed + number, args.frames)
            result = evaluate(
                play,
                net,
                refining,
                network_only=args.network_only,
                net_every=args.net_every,
                is_thrifty=args.thrifty,
            )
            results.append((name, scenario.name, result))
            print(
                f"  {name} {scenario.name} ({time.monotonic() - started:.0f} s)", file=sys.stderr, flush=True
            )
    report = as_json(results)
    if args.thrifty:
        report["thrifty"] = True
    if args.refiner:
        report["refiner"] = refining.variant or args.refiner.name
        print(f"refiner: {report['refiner']}")
    print(table(results, report))
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + "\n")
        print(f"Figures written to {args.json}")
    sheet = args.sheet or (args.json.with_suffix(".png") if args.json else None)
    if sheet:
        contact_sheet(results, sheet)
        print(f"Contact sheet written to {sheet}")
    return 0


def _size(text: str) -> tuple[int, int]:
    """Raises ValueError."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ValueError(f'--size "{text}": write it as 1280x720')
    size_wh = int(width), int(height)
    if not (640 <= size_wh[0] <= 3840 and 360 <= size_wh[1] <= 2160):
        raise ValueError(f"--size {text}: from 640x360 to 3840x2160")
    return size_wh
