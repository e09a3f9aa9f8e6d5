"""What is each thing that the refiner sees worth? Small trainings side by side, each without one of them.

All from one seed, on the same scenes and batches, for the same few steps; then each of them, the rules and
the weights that came with the project answer for the same scenes of people held out. What is done is not done
again: a variant's folder keeps its checkpoint and, in the end, its weights and `result.json`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.refiner_net import WEIGHTS, RefinerNet
from models.runtime import open_session
from models.settings import NetworkSettings
from models.training.blinkers import PARTS, variant
from models.training.dataset import Sample
from models.training.export import export, written
from models.training.patches import Patches
from models.training.report import by_scene, means
from models.training.rules import VARIANT, Rules
from models.training.train import Course, Trainer

log = logging.getLogger("classroom.training")

RESULT, FILE_NAME = "result.json", "refiner.onnx"
SHIPPED = "as shipped"
LEFT_OUT: tuple[tuple[str, ...], ...] = ((), *((part,) for part in PARTS))
_COLUMNS = ("MAD", "of coarse", "soft MAD", "worse", "colour", "MAD less that of all")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scenes:
    """Wide and close ones to train on, and wide ones of people held out."""

    wide: Sequence[Sample]
    close: Sequence[Sample]
    tests: Sequence[Sample]


def ablate(folder: Path, scenes: Scenes, steps: int, seed: int) -> dict[str, Json]:
    """By variant: `mean`, and `scenes` one by one (of report.by_scene). Makes what is not in folder yet.

    Raises ModelError, ParityError.
    """
    results: dict[str, Json] = {}
    for without in LEFT_OUT:
        place = _place(folder, variant(without))
        if not (place / RESULT).exists():
            log.info("%s: %d steps", variant(without), steps)
            Trainer(Course(place, steps, seed, without)).run(Patches(scenes.wide, scenes.close, seed), [])
            export(place / "checkpoint.pt", place / FILE_NAME)
        results[variant(without)] = _measured(place, place / FILE_NAME, scenes.tests)
    place = _place(folder, VARIANT)
    if not (place / RESULT).exists():
        written(Rules(), VARIANT, place / FILE_NAME)
    results[VARIANT] = _measured(place, place / FILE_NAME, scenes.tests)
    results[SHIPPED] = _measured(_place(folder, SHIPPED), WEIGHTS, scenes.tests)  # float32, as they all are
    return results


def table(results: dict[str, Json]) -> str:
    """Errors times 1000. of coarse: median of MAD by the coarse alpha's. worse: share of scenes above it.

    The last column: mean difference by scene to the variant `all`, and that mean's standard error.
    """
    whole = results[variant(())]
    coarse = whole["mean"]
    lines = [f"{'':<22}" + "".join(f"{name:>12}" for name in _COLUMNS)]
    lines.append(_line("coarse alpha", coarse["coarse_mad"], 1.0, coarse["coarse_soft_mad"], 0, None, ""))
    for name, result in results.items():
        mean = result["mean"]
        off = [1000 * (a["mad"] - b["mad"]) for a, b in zip(result["scenes"], whole["scenes"], strict=True)]
        spread = float(np.std(off, ddof=1) / np.sqrt(len(off))) if len(off) > 1 else 0.0
        told = "" if result is whole else f"{np.mean(off):+.1f} ± {spread:.1f}"
        lines.append(
            _line(name, mean["mad"], mean["ratio"], mean["soft_mad"], mean["worse"], mean["fgr_error"], told)
        )
    return "\n".join(lines)


def _line(
    name: str, mad: float, ratio: float, soft: float, worse: float, colour: float | None, told: str
) -> str:
    own = "" if colour is None else f"{1000 * colour:.1f}"
    return f"{name:<22}{1000 * mad:>12.1f}{ratio:>12.2f}{1000 * soft:>12.1f}{worse:>12.0%}{own:>12}{told:>24}"


def _place(folder: Path, name: str) -> Path:
    place = folder / name.replace(" ", "_")
    place.mkdir(parents=True, exist_ok=True)
    return place


def _measured(place: Path, weights: Path, tests: Sequence[Sample]) -> Json:
    """What result.json says; measures and writes it first if it is not there."""
    path = place / RESULT
    if not path.exists():
        net = RefinerNet(open_session(weights, NetworkSettings(provider="cpu")))
        rows = by_scene(net, tests)
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"variant": net.variant, "mean": means(rows), "scenes": rows}) + "\n")
        part.rename(path)
    result: Json = json.loads(path.read_text())
    return result
