"""The trained network as ONNX, checked against PyTorch tensor by tensor; and back, to train on from it."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from models.refiner_net import VARIANT_KEY, RefinerNet
from models.settings import NetworkSettings
from models.training.blinkers import variant
from models.training.net import Refiner
from pipelines.matting.evidence import FEATURES

OPSET = 17
TOLERANCE = 2e-4  # of alpha, where 1/255 is a code


class ParityError(Exception):
    """ONNX Runtime and PyTorch disagree about the same weights."""


def averaged(checkpoint: Path) -> tuple[Refiner, str]:
    """The network with the averaged weights of a checkpoint, and its variant."""
    states = torch.load(checkpoint, map_location="cpu", weights_only=True)
    without = states.get("without", [])
    net = Refiner(without)
    net.load_state_dict(
        {k.removeprefix("module."): v for k, v in states["average"].items() if k != "n_averaged"}
    )
    return net, variant(without)


def begin_with(net: Refiner, weights: Path) -> None:
    """Gives the network the weights of an exported one, float32; planes of features that it did not know
    begin at 0. Raises ParityError when it is another network.
    """
    graph = onnx.load(weights).graph
    known = {array.name: torch.from_numpy(numpy_helper.to_array(array).copy()) for array in graph.initializer}
    states = net.state_dict()
    for name, own in states.items():
        old = known.get(name)
        if old is None or old.ndim != own.ndim or not _fits(old, own):
            raise ParityError(f"{weights} is no refiner that training can go on from: {name} does not fit.")
        own.zero_()
        own[tuple(slice(n) for n in old.shape)] = old
    net.load_state_dict(states)


def _fits(old: torch.Tensor, own: torch.Tensor) -> bool:
    return all(a <= b for a, b in zip(old.shape, own.shape, strict=True))


def mean_of(files: Sequence[Path]) -> Refiner:
    """The mean of exported weights that went on from the same ones: better than each, and as quick (Wortsman
    et al., "Model soups", ICML 2022). Raises ParityError.
    """
    nets = [Refiner() for _ in files]
    for net, file in zip(nets, files, strict=True):
        begin_with(net, file)
    mean = Refiner()
    states = [net.state_dict() for net in nets]
    mean.load_state_dict({name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]})
    return mean


def export(checkpoint: Path, target: Path) -> str:
    """Writes target and returns its sha256. Raises ParityError; what was at target stays then."""
    return written(*averaged(checkpoint), target)


def written(net: nn.Module, name: str, target: Path) -> str:
    """Writes a network as ONNX, its variant's name in it, and returns the sha256. Raises ParityError."""
    net.eval()
    sample = torch.randn(2, FEATURES * 4, 64, 64, generator=torch.Generator().manual_seed(1)) * 0.5
    axes = {0: "n", 2: "h", 3: "w"}
    part = target.with_suffix(".part.onnx")
    with warnings.catch_warnings():
        # The exporter that traces is the one that needs nothing beside PyTorch.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            net,
            (sample,),
            part,
            input_names=["features"],
            output_names=["answer"],
            dynamic_axes={"features": axes, "answer": axes},
            opset_version=OPSET,
            dynamo=False,
        )
    graph = onnx.load(part)
    graph.doc_string = "Refiner of the dual-teacher classroom; see README.md beside this file."
    onnx.helper.set_model_props(graph, {VARIANT_KEY: name})
    onnx.checker.check_model(graph)
    part.write_bytes(graph.SerializeToString(deterministic=True))
    _check(net, part, sample)
    part.rename(target)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def _check(net: nn.Module, path: Path, sample: torch.Tensor) -> None:
    session = RefinerNet.open(NetworkSettings(provider="cpu"), path)
    for features in (sample, sample[:1, :, :32, :48].contiguous()):
        with torch.no_grad():
            expected = net(features).numpy()
        off = float(np.abs(session.answer(features.numpy()) - expected).max())
        if not off <= TOLERANCE:
            path.unlink()
            raise ParityError(
                f"ONNX Runtime differs from PyTorch by {off:.2g}, more than {TOLERANCE}: not exported"
            )
