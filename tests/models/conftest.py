"""A slow, plain evaluation of TensorFlow.js graphs in NumPy, to judge the converter by.

It shares no code with the converter. The figures in models/catalog.toml were made with it: see
`test_figures_of_the_catalogue` in test_rvm_convert.py.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from models.catalog import default_models_dir, locate
from models.errors import ModelError
from models.rvm_convert import convert
from models.tfjs_graph import Graph, Node, read_graph, source_of

Array = Any
DEAD = object()  # what leaves a Switch by the branch not taken


class NumpyEvaluator:
    """evaluate({placeholder: NHWC array}) -> {output name: NHWC array}, operation by operation."""

    def __init__(self, graph: Graph, pad_boxes: bool = False) -> None:
        self.graph = graph
        self.pad_boxes = pad_boxes

    def __call__(self, feeds: dict[str, Array]) -> dict[str, Array]:
        values: dict[str, list[Array]] = {name: [array] for name, array in feeds.items()}
        values |= {name: [array] for name, array in self.graph.weights.items()}
        for output in self.graph.outputs.values():
            self._compute(output, values)
        return {name: values[node][0] for name, node in self.graph.outputs.items()}

    def _compute(self, wanted: str, values: dict[str, list[Array]]) -> None:
        pending = [wanted]
        while pending:
            node = self.graph.nodes[pending[-1]]
            missing = [s for s, _ in map(source_of, node.inputs) if s not in values]
            if missing:
                pending += missing
                continue
            if node.name not in values:
                inputs = [values[s][k] for s, k in map(source_of, node.inputs)]
                values[node.name] = self._run(node, inputs)
            pending.pop()

    def _run(self, node: Node, inputs: list[Array]) -> list[Array]:
        if node.op == "Merge":
            return [next(value for value in inputs if value is not DEAD)]
        if any(value is DEAD for value in inputs):
            return [DEAD] * 4
        if node.op == "Switch":
            return [DEAD, inputs[0]] if bool(inputs[1]) else [inputs[0], DEAD]
        if node.op in ("_FusedConv2D", "Conv2D", "FusedDepthwiseConv2dNative", "DepthwiseConv2dNative"):
            return [self._convolve(node, inputs)]
        result = OPS[node.op](node, *inputs)
        return result if isinstance(result, list) else [result]

    def _convolve(self, node: Node, inputs: list[Array]) -> Array:
        x, weights = inputs[:2]
        if self.pad_boxes and "box_filter" in node.name:
            high, wide = (size // 2 for size in weights.shape[:2])
            x = np.pad(x, ((0, 0), (high, high), (wide, wide), (0, 0)), mode="edge")
        dilation, stride = (node.ints("dilations") or [1, 1])[1], node.ints("strides")[1]
        if node.text("padding") == "SAME":
            assert stride == 1
            high, wide = ((size - 1) * dilation for size in weights.shape[:2])
            x = np.pad(x, ((0, 0), (high // 2, high - high // 2), (wide // 2, wide - wide // 2), (0, 0)))
        span = tuple((size - 1) * dilation + 1 for size in weights.shape[:2])
        windows = sliding_window_view(x, span, axis=(1, 2))[:, ::stride, ::stride, :, ::dilation, ::dilation]
        if "Depthwise" in node.op:
            y = np.einsum("nhwcij,ijcm->nhwcm", windows, weights, optimize=True)
            y = y.reshape(*y.shape[:3], -1)
        else:
            y = np.einsum("nhwcij,ijco->nhwo", windows, weights, optimize=True)
        for fused in node.texts("fused_ops"):
            y = y + inputs[2] if fused == "BiasAdd" else np.clip(y, 0, 6 if fused == "Relu6" else None)
        return y


def resize_bilinear(node: Node, x: Array, size: Array) -> Array:
    assert node.flag("half_pixel_centers")
    for axis, wanted in ((1, int(size[0])), (2, int(size[1]))):
        length = x.shape[axis]
        at = (np.arange(wanted, dtype=np.float64) + 0.5) * length / wanted - 0.5
        low = np.floor(at)
        share = (at - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(4)])
        first = np.take(x, np.clip(low, 0, length - 1).astype(int), axis)
        second = np.take(x, np.clip(low + 1, 0, length - 1).astype(int), axis)
        x = first * (1 - share) + second * share
    return x


def average_pool(node: Node, x: Array) -> Array:
    assert node.ints("ksize") == [1, 2, 2, 1]
    padded = np.pad(x, ((0, 0), (0, x.shape[1] % 2), (0, x.shape[2] % 2), (0, 0)), constant_values=np.nan)
    blocks = padded.reshape(x.shape[0], padded.shape[1] // 2, 2, padded.shape[2] // 2, 2, x.shape[3])
    return np.nanmean(blocks, axis=(2, 4))


def space_to_batch(node: Node, x: Array, block: Array, paddings: Array) -> Array:
    x = np.pad(x, ((0, 0), tuple(paddings[0]), tuple(paddings[1]), (0, 0)))
    n, h, w, c = x.shape
    by, bx = (int(size) for size in block)
    return (
        x.reshape(n, h // by, by, w // bx, bx, c).transpose(2, 4, 0, 1, 3, 5).reshape(-1, h // by, w // bx, c)
    )


def batch_to_space(node: Node, x: Array, block: Array, crops: Array) -> Array:
    by, bx = (int(size) for size in block)
    n, h, w, c = x.shape
    x = x.reshape(by, bx, n // (by * bx), h, w, c).transpose(2, 3, 0, 4, 1, 5).reshape(-1, h * by, w * bx, c)
    (top, bottom), (left, right) = crops
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def strided_slice(node: Node, x: Array, begin: Array, end: Array, steps: Array) -> Array:
    begin_mask, end_mask = node.int("begin_mask"), node.int("end_mask")
    index = tuple(
        slice(
            None if begin_mask >> k & 1 else int(begin[k]),
            None if end_mask >> k & 1 else int(end[k]),
            int(steps[k]),
        )
        for k in range(len(begin))
    )
    result = x[index]
    return result.squeeze() if node.int("shrink_axis_mask") else result


def pack(node: Node, *parts: Array) -> Array:
    return np.stack([np.asarray(part).reshape(np.shape(part)) for part in parts])


def cast(node: Node, x: Array) -> Array:
    return (
        x.astype(np.float32)
        if node.attributes["DstT"]["type"] == "DT_FLOAT"
        else np.trunc(x).astype(np.int32)
    )


def crop(node: Node, x: Array, begin: Array, size: Array) -> Array:
    return x[
        tuple(slice(int(b), None if s < 0 else int(b) + int(s)) for b, s in zip(begin, size, strict=True))
    ]


def split(node: Node, axis: Array, x: Array) -> list[Array]:
    return np.split(x, node.int("num_split"), int(axis))


def split_v(node: Node, x: Array, widths: Array, axis: Array) -> list[Array]:
    return np.split(x, np.cumsum(widths)[:-1], int(axis))


OPS: dict[str, Callable[..., Any]] = {
    "Identity": lambda node, x: x,
    "Squeeze": lambda node, x: np.squeeze(x),
    "Equal": lambda node, a, b: a == b,
    "Mul": lambda node, a, b: a * b,
    "AddV2": lambda node, a, b: a + b,
    "Add": lambda node, a, b: a + b,
    "Sub": lambda node, a, b: a - b,
    "RealDiv": lambda node, a, b: a / b,
    "FloorMod": lambda node, a, b: np.mod(a, b),
    "Minimum": lambda node, a, b: np.minimum(a, b),
    "Maximum": lambda node, a, b: np.maximum(a, b),
    "Square": lambda node, x: x * x,
    "Relu6": lambda node, x: np.clip(x, 0, 6),
    "Sigmoid": lambda node, x: 0.5 * (1 + np.tanh(x / 2)),
    "Tanh": lambda node, x: np.tanh(x),
    "Mean": lambda node, x, axes: x.mean(tuple(np.atleast_1d(axes)), keepdims=True),
    "ConcatV2": lambda node, *parts: np.concatenate(parts[:-1], int(parts[-1])),
    "Pad": lambda node, x, amounts: np.pad(x, [tuple(pair) for pair in amounts]),
    "Shape": lambda node, x: np.array(x.shape, np.int32),
    "BroadcastTo": lambda node, x, shape: np.broadcast_to(x, tuple(shape)),
    "AvgPool": average_pool,
    "ResizeBilinear": resize_bilinear,
    "SpaceToBatchND": space_to_batch,
    "BatchToSpaceND": batch_to_space,
    "StridedSlice": strided_slice,
    "Pack": pack,
    "Cast": cast,
    "Slice": crop,
    "Split": split,
    "SplitV": split_v,
    "Transpose": lambda node, x: x.T,
}


@pytest.fixture
def numpy_evaluator() -> type[NumpyEvaluator]:
    return NumpyEvaluator


@pytest.fixture(scope="session")
def tiny_rvm() -> Any:
    """The class TinyRvm of tiny_rvm.py, which lies beside this file (tests are no package)."""
    spec = importlib.util.spec_from_file_location("tiny_rvm", Path(__file__).with_name("tiny_rvm.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TinyRvm


@pytest.fixture(scope="session")
def tiny_graph(tiny_rvm: Any, tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """The tiny network, read back from its files."""
    return read_graph(tiny_rvm().write(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="session")
def tiny_folder(tiny_graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network as if it were installed: coarse.onnx and refine.onnx."""
    folder = tmp_path_factory.mktemp("installed")
    onnx.save(convert(tiny_graph, "coarse"), folder / "coarse.onnx")
    onnx.save(convert(tiny_graph, "refine"), folder / "refine.onnx")
    return folder


@pytest.fixture(scope="session")
def installed_folder() -> Path:
    """The real network, where it is installed."""
    try:
        return locate("rvm-mobilenetv3", default_models_dir())
    except ModelError as error:
        pytest.skip(f"the network is not installed: {error.reason}")
