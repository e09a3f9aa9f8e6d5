"""`python -m models.training [train | ablate | mean]`: scenes, training, export, report; can be resumed."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import torch

from models.errors import ModelError
from models.refiner_net import WEIGHTS, RefinerNet, int8_beside
from models.settings import NetworkSettings
from models.training.ablation import FILE_NAME, RESULT, Scenes, ablate, table
from models.training.blinkers import PARTS, variant
from models.training.dataset import Plan, load_shards, make_dataset
from models.training.export import ParityError, averaged, mean_of, written
from models.training.net import Refiner
from models.training.patches import Patches
from models.training.people import DataMissing
from models.training.quantize import quantize
from models.training.report import contact_sheet, curves, errors
from models.training.train import Course, OtherCourse, Trainer

log = logging.getLogger("classroom.training")

TEST_SHARDS = 2
BUDGETS = {"train": (36, 22_000), "ablate": (6, 1_200), "mean": (6, 0)}  # shards and steps


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    log.setLevel(logging.INFO)  # its own: making 8 bits quiets the root's
    options = _options()
    cv2.setNumThreads(1)
    try:
        run(options)
    except (DataMissing, ModelError, OtherCourse, ParityError) as error:
        log.error("%s", error)
        return 1
    return 0


def run(options: argparse.Namespace) -> None:
    """Raises DataMissing, ModelError, OtherCourse, ParityError."""
    shards, steps = (
        given or usual
        for given, usual in zip((options.shards, options.steps), BUDGETS[options.what], strict=True)
    )
    scenes = _scenes(options, shards)
    if options.what == "ablate":
        folder = options.folder / f"ablation_{options.seed}_{shards}_{steps}"
        _ablate(folder, scenes, steps, options)
    elif options.what == "mean":
        _mean(scenes, options)
    else:
        _train(scenes, steps, options)


def _scenes(options: argparse.Namespace, shards: int) -> Scenes:
    plan = Plan(options.folder / "scenes", options.people, shards, options.seed, options.processes)
    wide, close = load_shards(make_dataset(plan))
    tests = load_shards(make_dataset(replace(plan, shards=TEST_SHARDS, held_out=True)))[0]
    log.info("%d wide and %d close scenes, %d of people held out", len(wide), len(close), len(tests))
    return Scenes(wide, close, tests)


def _train(scenes: Scenes, steps: int, options: argparse.Namespace) -> None:
    without = tuple(part for part in PARTS if part in options.without)
    folder: Path = options.folder / (variant(without).replace(" ", "_") if without else "refiner")
    folder.mkdir(parents=True, exist_ok=True)
    patches = Patches(scenes.wide, scenes.close, options.seed)
    Trainer(Course(folder, steps, options.seed, without, options.start)).run(patches, scenes.tests)
    curves(folder / "log.jsonl", folder / "curves.png")
    net, _ = averaged(folder / "checkpoint.pt")
    _ship(net, without, scenes, folder, options)


def _mean(scenes: Scenes, options: argparse.Namespace) -> None:
    folder: Path = options.folder / "mean"
    folder.mkdir(parents=True, exist_ok=True)
    _ship(mean_of(options.of), (), scenes, folder, options)


def _ship(
    net: Refiner, without: Sequence[str], scenes: Scenes, folder: Path, options: argparse.Namespace
) -> None:
    """Exports the network, in 8 bits as well if it lacks nothing, and reports on it into the folder."""
    target: Path = options.weights or (folder / FILE_NAME if without else WEIGHTS)
    target.parent.mkdir(parents=True, exist_ok=True)
    small = int8_beside(target)
    small.unlink(missing_ok=True)
    digests = {target.name: written(net, variant(without), target)}
    result = {"float": errors(RefinerNet.open(NetworkSettings(provider="cpu"), target), scenes.tests)}
    if not without:
        patches = Patches(scenes.wide, scenes.close, options.seed)
        digests[small.name] = quantize(target, small, patches)
        result["int8"] = errors(RefinerNet.open(NetworkSettings(provider="cpu"), target), scenes.tests)
    contact_sheet(target, scenes.tests[:10], folder / "sheet.png")
    report = json.dumps({"variant": variant(without), "sha256": digests, "errors": result}, indent=2)
    (folder / RESULT).write_text(report + "\n")
    log.info("%s", report)


def _ablate(folder: Path, scenes: Scenes, steps: int, options: argparse.Namespace) -> None:
    results = ablate(folder, scenes, steps, options.seed)
    log.info("%d steps, %d scenes of people held out\n%s", steps, len(scenes.tests), table(results))
    if options.json:
        report = {"steps": steps, "seed": options.seed, "wide_scenes": len(scenes.wide), "variants": results}
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=BUDGETS,
        default="train",
        help="train the refiner's weights (the default); small ones each without something, to compare; "
        "or the mean of weights that went on from the same ones",
    )
    parser.add_argument("--people", type=Path, default=Path("../shared/teacher/people"), help="RGBA cut-outs")
    parser.add_argument(
        "--folder", type=Path, default=Path("out/refiner"), help="scenes, checkpoints, report"
    )
    parser.add_argument(
        "--weights", type=Path, help="where the ONNX file goes (models/weights; of an ablation: its folder)"
    )
    parser.add_argument(
        "--of", type=Path, metavar="FILE", action="append", default=[], help="mean: exported float32 weights"
    )
    parser.add_argument("--start", type=Path, metavar="FILE", help="exported float32 weights to go on from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shards", type=int, help="of 24 wide and 72 close scenes (36; ablate: 6)")
    parser.add_argument("--steps", type=int, help="(22000; ablate: 1200, each)")
    parser.add_argument("--processes", type=int, default=2, help="that make scenes (2)")
    parser.add_argument(
        "--without",
        choices=PARTS,
        action="append",
        default=[],
        help="train without it, an ablation; may be given more than once",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="ablate: write the figures to FILE")
    options = parser.parse_args()
    if options.what == "mean" and len(options.of) < 2:
        parser.error("a mean is of two files or more: --of FILE --of FILE")
    torch.manual_seed(options.seed)
    return options


if __name__ == "__main__":
    sys.exit(main())
