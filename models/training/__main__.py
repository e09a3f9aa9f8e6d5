"""`python -m models.training`: scenes, training, export, report. Goes on where it was interrupted."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

import cv2
import torch

from models.errors import ModelError
from models.refiner_net import WEIGHTS, RefinerNet, int8_beside
from models.settings import NetworkSettings
from models.training.dataset import Plan, load_shards, make_dataset
from models.training.export import ParityError, export
from models.training.losses import Weights
from models.training.patches import Patches
from models.training.people import DataMissing
from models.training.quantize import quantize
from models.training.report import contact_sheet, curves, errors
from models.training.train import Course, Trainer

log = logging.getLogger("classroom.training")

TEST_SHARDS = 2
# Planes of features that an ablation keeps at 0.
ABLATIONS: dict[str, tuple[int, ...]] = {
    "plate": tuple(range(12, 40)),
    "uncertainty": tuple(range(36, 40)),
    "coarse": tuple(range(40, 44)),
    "before": tuple(range(44, 48)),
    "unmixed": tuple(range(48, 56)),
}


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    options = _options()
    cv2.setNumThreads(1)
    try:
        run(options)
    except (DataMissing, ModelError, ParityError) as error:
        log.error("%s", error)
        return 1
    return 0


def run(options: argparse.Namespace) -> None:
    """Raises DataMissing, ModelError, ParityError."""
    folder: Path = options.folder
    scenes = folder / "scenes"
    train = make_dataset(Plan(scenes, options.people, options.shards, options.seed))
    test = make_dataset(Plan(scenes, options.people, TEST_SHARDS, options.seed, held_out=True))
    wide, close = load_shards(train)
    tests = load_shards(test)[0]
    log.info("%d wide and %d close scenes, %d of people held out", len(wide), len(close), len(tests))
    course = Course(
        folder / (f"without_{options.without}" if options.without else "refiner"),
        options.steps,
        options.seed,
        Weights(never_worse=0.0) if options.without == "never_worse" else Weights(),
        ABLATIONS.get(options.without, ()),
        options.start,
    )
    course.folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(course)
    trainer.run(Patches(wide, close, options.seed), tests)
    curves(course.folder / "log.jsonl", course.folder / "curves.png")
    if options.without:
        return
    target: Path = options.weights
    target.parent.mkdir(parents=True, exist_ok=True)
    small = int8_beside(target)
    small.unlink(missing_ok=True)
    digests = {target.name: export(course.folder / "checkpoint.pt", target)}
    result = {"float": errors(RefinerNet.open(NetworkSettings(provider="cpu"), target), tests)}
    digests[small.name] = quantize(target, small, Patches(wide, close, options.seed))
    result["int8"] = errors(RefinerNet.open(NetworkSettings(provider="cpu"), target), tests)
    contact_sheet(target, tests[:10], course.folder / "sheet.png")
    report = json.dumps({"sha256": digests, "errors": result}, indent=2)
    (course.folder / "result.json").write_text(report + "\n")
    log.info("%s", report)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument("--people", type=Path, default=Path("../shared/teacher/people"), help="RGBA cut-outs")
    parser.add_argument(
        "--folder", type=Path, default=Path("out/refiner"), help="scenes, checkpoints, report"
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="where the ONNX file goes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shards", type=int, default=36, help="of 24 wide and 72 close scenes")
    parser.add_argument("--steps", type=int, default=22_000)
    parser.add_argument(
        "--start", type=Path, help="exported weights (float32) to go on from, not from chance"
    )
    parser.add_argument(
        "--without", choices=[*ABLATIONS, "never_worse"], default="", help="an ablation; exports nothing"
    )
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    return options


if __name__ == "__main__":
    sys.exit(main())
