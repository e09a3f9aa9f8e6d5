"""Ablations: what is left out has no say, in PyTorch and in the exported file; rules; runs side by side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is missing: pip install '.[train]'")

import torch

from models.refiner_net import WEIGHTS, RefinerNet
from models.settings import NetworkSettings
from models.training.ablation import LEFT_OUT, SHIPPED, Scenes, ablate, table
from models.training.blinkers import FIXED_CODES, PARTS, Blinkers, variant
from models.training.dataset import BEFORE, COARSE, DOUBT, FGR, PHA, PLANES, PLATE, RGB, Sample
from models.training.export import export, written
from models.training.losses import Truth, opened
from models.training.net import Refiner
from models.training.patches import Patches, batch_of, gather_patch
from models.training.report import by_scene, errors, refined
from models.training.rules import VARIANT, Rules
from models.training.train import Course, Trainer
from pipelines.matting.evidence import FEATURES
from pipelines.matting.light import LIGHT
from pipelines.media import DOUBT_UNITS, F32, U8, UNKNOWN

CPU = NetworkSettings(provider="cpu", threads=1)
SIZE = 160
STICK = (slice(60, 66), slice(20, 82))
BODY = (slice(40, SIZE), slice(80, 130))
# Features of evidence.py that each part is.
HIDDEN = {
    "plate": [*range(3, 10), 12, 13],
    "uncertainty": [9, 13],
    "coarse": [10, 12, 13],
    "before": [11],
    "unmixed": [12, 13],
}


def scene(seed: int, doubt: int = 2) -> Sample:
    """A pale page with a body before it and a stick that the coarse alpha has lost."""
    rng = np.random.default_rng(seed)
    planes: U8 = np.zeros((SIZE, SIZE, PLANES), np.uint8)
    page = np.full((SIZE, SIZE, 3), (190, 200, 185), np.float32)
    planes[..., PLATE], planes[..., DOUBT] = page, doubt
    planes[(*BODY, PHA)] = planes[(*BODY, COARSE)] = planes[(*BODY, BEFORE)] = 255
    planes[(*STICK, PHA)] = 255
    planes[BODY[0], BODY[1].start, PHA] = 128
    planes[..., FGR] = rng.integers(30, 90, 3)
    seen = page + planes[..., PHA, None] / 255 * (planes[..., FGR] - page) + rng.normal(0, 1, page.shape)
    planes[..., RGB] = np.clip(seen, 0, 255)
    return Sample(planes, LIGHT)


def features_of(sample: Sample) -> F32:
    out: F32 = np.empty((1, 4 * FEATURES, SIZE // 2, SIZE // 2), np.float32)
    gather_patch(sample, out[0])
    return out


def changed(features: F32, part: str) -> F32:
    """Other values in a part's planes."""
    other = features.copy()
    for feature in HIDDEN[part]:
        other[:, 4 * feature : 4 * (feature + 1)] *= -0.5
        other[:, 4 * feature : 4 * (feature + 1)] += 0.1
    return other


def said(net: Refiner, features: F32) -> F32:
    with torch.no_grad():
        return np.asarray(net.eval()(torch.from_numpy(features)).numpy(), np.float32)


@pytest.mark.parametrize("part", HIDDEN)
def test_what_is_left_out_has_no_say(part: str) -> None:
    features = features_of(scene(1))
    other = changed(features, part)
    torch.manual_seed(1)
    all_of_it, without = Refiner(), Refiner((part,))
    assert np.abs(said(all_of_it, features) - said(all_of_it, other)).max() > 1e-4
    one, two = said(without, features), said(without, other)
    if part == "coarse":  # the box adds the answer to it
        one, two = (answer + seen[:, 40:44] for answer, seen in ((one, features), (two, other)))
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_without_uncertainty_differences_do_not_depend_on_it() -> None:
    seen = [torch.from_numpy(features_of(scene(1, doubt))) for doubt in (2, 60)]
    assert not torch.equal(seen[0], seen[1])
    sure, doubtful = (Blinkers(("uncertainty",))(planes) for planes in seen)
    torch.testing.assert_close(sure, doubtful)


def test_the_fixed_deviation_is_told_as_the_box_tells_its_own() -> None:
    noise = 1.6  # of the sensor: evidence.NOISE_CODES
    doubt = round(DOUBT_UNITS * float(np.sqrt(FIXED_CODES**2 - noise**2)))
    features = torch.from_numpy(features_of(scene(1, doubt)))
    seen = Blinkers(("uncertainty",))(features)
    torch.testing.assert_close(seen[:, 24:36], features[:, 24:36], atol=2e-2, rtol=0)
    assert float(seen[:, 24:36].abs().max()) > 1
    unknown = Blinkers(("uncertainty",))(torch.from_numpy(features_of(scene(1, UNKNOWN))))
    assert float(unknown[:, 24:36].abs().max()) < 1e-5


def test_without_the_coarse_alpha_the_answer_is_alpha_itself() -> None:
    net = Refiner(("coarse",))
    with torch.no_grad():
        for weight in (net.head.weight, net.head.bias):
            weight.zero_()
    batch = batch_of([scene(1)])
    coarse = torch.from_numpy(batch.coarse).float() / 255
    alpha = opened(net(torch.from_numpy(batch.features)), Truth(coarse, coarse, coarse, coarse))
    torch.testing.assert_close(alpha, torch.full_like(alpha, 0.5))


def test_never_worse_is_a_part_of_the_loss(tmp_path: Path) -> None:
    scenes = [scene(seed) for seed in range(2)]
    trained = []
    for without in ((), ("never_worse",)):
        trainer = Trainer(Course(tmp_path / variant(without).replace(" ", "_"), 6, without=without))
        trainer.course.folder.mkdir()
        with torch.no_grad():
            trainer.net.head.bias.fill_(0.2)  # worse than the coarse alpha everywhere
        trainer.run(Patches(scenes, scenes, 1), [])
        trained.append(said(trainer.net, features_of(scenes[0])))
    assert np.abs(trained[0] - trained[1]).max() > 1e-6


def test_the_exported_file_knows_what_it_was_trained_without(tmp_path: Path) -> None:
    scenes = [scene(seed) for seed in range(2)]
    without = ("plate", "before")
    Trainer(Course(tmp_path, 2, without=without)).run(Patches(scenes, scenes, 1), [])
    target = tmp_path / "refiner.onnx"
    export(tmp_path / "checkpoint.pt", target)  # raises where ONNX Runtime and PyTorch differ
    net = RefinerNet.open(CPU, target)
    assert net.variant == "without plate, before"
    features = features_of(scenes[0])
    for part in without:
        np.testing.assert_array_equal(net.answer(changed(features, part)), net.answer(features))
    assert np.abs(net.answer(changed(features, "coarse")) - net.answer(features)).max() > 1e-6
    assert RefinerNet.open(CPU, WEIGHTS).variant == "all"


def test_rules_find_what_differs_and_leave_the_unknown_alone(tmp_path: Path) -> None:
    target = tmp_path / "rules.onnx"
    written(Rules(), VARIANT, target)
    net = RefinerNet.open(CPU, target)
    assert net.variant == VARIANT
    known = scene(3)
    pha, _ = refined(net, known)
    assert pha[STICK].mean() > 0.8 * 255
    assert pha[BODY].mean() > 0.97 * 255
    assert pha[known.planes[..., PHA] == 0].mean() < 0.02 * 255
    pha, _ = refined(net, scene(3, UNKNOWN))
    np.testing.assert_array_equal(pha, known.planes[..., COARSE])


def test_errors_tell_scenes_that_became_worse() -> None:
    class Inverted:
        """Says the opposite of the coarse alpha. Satisfies Net."""

        def answer(self, features: F32) -> F32:
            return np.asarray(-2 * features[:, 40:44], np.float32)

    rows = by_scene(Inverted(), [scene(1), scene(2)])
    assert [row["worse"] for row in rows] == [1.0, 1.0]
    assert errors(Inverted(), [scene(1)])["ratio"] > 1


def test_ablations_run_side_by_side_and_are_not_run_again(tmp_path: Path) -> None:
    made = [scene(seed) for seed in range(3)]
    scenes = Scenes(made, made, made[:2])
    results = ablate(tmp_path, scenes, 2, 1)
    names = [variant(without) for without in LEFT_OUT]
    assert len(names) == 1 + len(PARTS)
    assert list(results) == [*names, VARIANT, SHIPPED]
    assert [results[name]["variant"] for name in names] == names
    lines = table(results).splitlines()
    assert len(lines) == 2 + len(results)
    assert all(line.startswith(name) for line, name in zip(lines[2:], results, strict=True))
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    again = tmp_path / "without_plate" / "result.json"
    told = json.loads(again.read_text())
    again.write_text(json.dumps(told | {"mean": told["mean"] | {"mad": 0.5}}))
    assert ablate(tmp_path, scenes, 2, 1)["without plate"]["mean"]["mad"] == 0.5
    (tmp_path / "without_before" / "result.json").unlink()
    assert ablate(tmp_path, scenes, 2, 1)["without before"] == results["without before"]
    assert all(path.stat().st_mtime_ns == kept[path] for path in kept if path.suffix == ".pt")
