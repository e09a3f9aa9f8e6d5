from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

from models.catalog import load_catalog
from models.errors import ModelError
from models.probe import FIGURE_GRID, SIZE_WH, sample_alpha
from models.runtime import open_session
from models.rvm_convert import STATE_CHANNELS, convert
from models.settings import NetworkSettings
from models.tfjs_graph import Graph, Node

CPU = NetworkSettings(provider="cpu", threads=1)


def run_both(
    graph: Graph, evaluator: Any, path: Any, size: tuple[int, int], ratio: float, frames: int = 3
) -> list[dict[str, float]]:
    """Largest difference of every output, frame after frame, each side with its own memory."""
    session = open_session(path, CPU)
    takes_ratio = any(spec.name == "downsample_ratio" for spec in session.inputs)
    random = np.random.default_rng(3)
    ours: dict[str, Any] = {}
    for level, (name, channels) in enumerate(STATE_CHANNELS.items(), start=1):
        shape = (1, 1, 1, 1) if takes_ratio else (1, channels, size[0] // 2**level, size[1] // 2**level)
        ours[f"{name}i"] = np.zeros(shape, np.float32)
    theirs = {f"{name}i": np.zeros((1, 1, 1, 1), np.float32) for name in STATE_CHANNELS}
    differences = []
    for _ in range(frames):
        src = random.random((1, 3, *size), dtype=np.float32)
        scale = np.array([ratio], np.float32)
        found = session.run({"src": src, **ours, **({"downsample_ratio": scale} if takes_ratio else {})})
        wanted = evaluator({"src": src.transpose(0, 2, 3, 1), "downsample_ratio": scale, **theirs})
        differences.append(
            {name: float(np.abs(found[name] - wanted[name].transpose(0, 3, 1, 2)).max()) for name in found}
        )
        ours = {f"{name}i": found[f"{name}o"] for name in STATE_CHANNELS}
        theirs = {f"{name}i": wanted[f"{name}o"] for name in STATE_CHANNELS}
    return differences


def test_coarse_graph_computes_what_numpy_does(
    tiny_graph: Graph, tiny_folder: Any, numpy_evaluator: Any
) -> None:
    for frame in run_both(
        tiny_graph, numpy_evaluator(tiny_graph), tiny_folder / "coarse.onnx", (48, 64), 1.0
    ):
        assert max(frame.values()) < 2e-4, frame


def test_refining_graph_computes_what_numpy_does_at_odd_sizes(
    tiny_graph: Graph, tiny_folder: Any, numpy_evaluator: Any
) -> None:
    evaluator = numpy_evaluator(tiny_graph, pad_boxes=True)
    for frame in run_both(tiny_graph, evaluator, tiny_folder / "refine.onnx", (75, 101), 0.55):
        assert max(frame.values()) < 1e-3, frame


def test_published_borders_can_be_kept(tiny_graph: Graph, tmp_path: Any, numpy_evaluator: Any) -> None:
    onnx.save(convert(tiny_graph, "refine", pad_boxes=False), tmp_path / "published.onnx")
    published = numpy_evaluator(tiny_graph)
    for frame in run_both(tiny_graph, published, tmp_path / "published.onnx", (48, 64), 0.5, frames=1):
        assert max(frame.values()) < 1e-3, frame
    padded = run_both(
        tiny_graph,
        numpy_evaluator(tiny_graph, pad_boxes=True),
        tmp_path / "published.onnx",
        (48, 64),
        0.5,
        frames=1,
    )
    assert padded[0]["pha"] > 1e-2, "the border's padding makes no difference: is it there?"


def test_conversion_gives_the_same_bytes_again(tiny_graph: Graph) -> None:
    for kind in ("coarse", "refine"):
        assert convert(tiny_graph, kind).SerializeToString() == convert(tiny_graph, kind).SerializeToString()


def test_coarse_graph_has_nothing_that_keeps_blocked_kernels_out(tiny_graph: Graph) -> None:
    model = convert(tiny_graph, "coarse")
    ops = [node.op_type for node in model.graph.node]
    assert "HardSigmoid" in ops
    assert not {"Slice", "Expand", "Shape", "Gather"} & set(ops)
    inputs = {node.input[1]: node for node in model.graph.node if node.op_type == "Conv"}
    channels = {tensor.dims[1] for tensor in model.graph.initializer if tensor.name in inputs}
    assert 35 not in channels
    assert 59 not in channels


def test_unknown_operation_is_named(tiny_graph: Graph) -> None:
    nodes = dict(tiny_graph.nodes)
    wanted = tiny_graph.outputs["pha"]
    nodes[wanted] = Node(wanted, "FancyNewOp", nodes[wanted].inputs, {})
    with pytest.raises(ModelError, match="FancyNewOp"):
        convert(Graph(nodes, tiny_graph.weights, tiny_graph.outputs), "coarse")


def test_another_graph_is_refused(tiny_graph: Graph) -> None:
    with pytest.raises(ModelError, match="not Robust Video Matting"):
        convert(Graph(tiny_graph.nodes, tiny_graph.weights, {"logits": "src"}), "coarse")


@pytest.mark.parametrize("file_name", ["coarse.onnx", "refine.onnx"])
def test_installed_network_finds_the_drawn_person(installed_folder: Any, file_name: str) -> None:
    alpha = sample_alpha(open_session(installed_folder / file_name, CPU))
    figures = np.array(load_catalog()["rvm-mobilenetv3"].figures[file_name])
    assert alpha.shape == FIGURE_GRID
    assert np.abs(alpha - figures).max() < 5e-4
    head = alpha[32 // (SIZE_WH[1] // FIGURE_GRID[0]), 2]
    assert head > 0.5
    assert alpha[:, 0].max() < 0.05
