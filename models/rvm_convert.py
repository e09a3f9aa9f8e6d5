"""Robust Video Matting: from the TensorFlow.js graph model to ONNX. See `convert`.

The published graph is NHWC, holds both branches of "is downsample_ratio 1?" and was frozen by
TensorFlow's optimiser. Here it becomes NCHW, one branch, and is arranged for ONNX Runtime's
blocked CPU kernels (16 channels side by side, "NCHWc"), which the literal translation keeps out:

- A convolution over joined pictures becomes a sum of convolutions, one for each picture:
  35, 59, 107 and 171 channels cannot be blocked, their parts can, and nothing need be copied together.
- Doubling the size is a Resize by constant scales (blocked), not by a computed size (not blocked).
- x * relu6(x + 3) / 6 is x * HardSigmoid(x): two passes over memory, not four.
- The coarse graph takes sizes that are multiples of 16, so every crop falls away, and states of full
  shape, so every broadcast does.

The arithmetic is the same but for the order of sums. Measured on one Xeon core, 256x384: see MEASURED.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper

from models.errors import ModelError
from models.onnx_writer import Array, GraphWriter
from models.tfjs_graph import Graph, Node, source_of

GraphKind = Literal["coarse", "refine"]

STATE_CHANNELS = {"r1": 16, "r2": 20, "r3": 40, "r4": 64}
OUTPUTS = ("fgr", "pha", "r1o", "r2o", "r3o", "r4o")

_BINARY = {
    "Mul": "Mul",
    "AddV2": "Add",
    "Add": "Add",
    "Sub": "Sub",
    "RealDiv": "Div",
    "Minimum": "Min",
    "Maximum": "Max",
}
_NCHW_AXIS = {0: 0, 1: 2, 2: 3, 3: 1, -1: 1, -2: 3, -3: 2}


@dataclass(frozen=True, slots=True)
class Picture:
    """A value of the graph: NCHW tensors that lie one behind the other along the channels.

    names and channels: one for each part. padding: zeros still to be put around it, (top, left, bottom,
    right). dilation: of the convolution that comes next (TensorFlow writes it as SpaceToBatch).
    """

    names: tuple[str, ...]
    channels: tuple[int, ...]
    padding: tuple[int, int, int, int] | None = None
    dilation: int = 1


@dataclass(frozen=True, slots=True)
class Dims:
    """A vector of sizes in NHWC order, as an ONNX tensor. factor: times the size of the tensor `of`."""

    name: str
    of: str = ""
    factor: float = 0.0


Value = Array | Picture | Dims


def convert(graph: Graph, kind: GraphKind, *, pad_boxes: bool = True) -> onnx.ModelProto:
    """The ONNX model, the same bytes for the same graph.

    "coarse": src f32 (1, 3, H, W) RGB 0..1 with H and W multiples of 16, r1i..r4i of full shape
    (channels 16, 20, 40, 64 at strides 2, 4, 8, 16); gives fgr, pha of the same H, W and r1o..r4o.
    "refine": the published form, any H and W, downsample_ratio f32 (1,), r1i..r4i may be (1, 1, 1, 1)
    zeros; the network sees the picture at that ratio and the fast guided filter brings its result back.

    pad_boxes: the published graph forgot the padding of the guided filter's 3x3 means, so the filter's
    coefficients shrink by two pixels and are stretched back: up to 1/ratio pixels of shift at the picture's
    border. True puts the border's own pixels around them; False keeps the published arithmetic.
    """
    return _Converter(graph, kind, pad_boxes).model()


class _Converter:
    def __init__(self, graph: Graph, kind: GraphKind, pad_boxes: bool) -> None:
        self._graph = graph
        self._kind = kind
        self._pad_boxes = pad_boxes
        self._writer = GraphWriter()
        self._values: dict[str, list[Value]] = {}
        self._readers = _readers(graph)
        self._rules: dict[str, Callable[[Node, list[Value]], list[Value]]] = {
            "Placeholder": self._placeholder,
            "Pad": self._pad,
            "SpaceToBatchND": self._space_to_batch,
            "_FusedConv2D": self._convolution,
            "Conv2D": self._convolution,
            "FusedDepthwiseConv2dNative": self._convolution,
            "DepthwiseConv2dNative": self._convolution,
            "Square": self._square,
            "Relu6": self._relu6,
            "Sigmoid": self._each_part,
            "Tanh": self._each_part,
            "Mean": self._mean,
            "AvgPool": self._average_pool,
            "ConcatV2": self._concat,
            "Split": self._split,
            "SplitV": self._split,
            "Shape": self._shape,
            "StridedSlice": self._strided_slice,
            "Pack": self._pack,
            "Cast": self._cast,
            "ResizeBilinear": self._resize,
            "Slice": self._crop,
            "BroadcastTo": self._broadcast,
        }

    def model(self) -> onnx.ModelProto:
        for name in OUTPUTS:
            if name not in self._graph.outputs:
                raise ModelError(f"the graph has no output {name}: it is not Robust Video Matting")
            result = self._value(self._graph.outputs[name])
            self._writer.name_output(self._joined(result), name)
        notes = {"kind": self._kind}
        return self._writer.model("robust_video_matting", self._inputs(), self._outputs(), notes)

    # ---- walking the graph

    def _value(self, reference: str) -> Value:
        name, number = source_of(reference)
        if name in self._graph.weights:
            return self._graph.weights[name]
        pending = [name]
        while pending:  # a stack of our own: the graph is deeper than Python's
            node = self._graph.nodes[pending[-1]]
            missing = [
                source
                for source, _ in map(source_of, self._inputs_of(node))
                if source not in self._values and source not in self._graph.weights
            ]
            if missing:
                pending += missing
                continue
            if node.name not in self._values:
                self._values[node.name] = self._convert_node(node)
            pending.pop()
        return self._values[name][number]

    def _inputs_of(self, node: Node) -> tuple[str, ...]:
        """The inputs that matter. Merge: the branch chosen. SpaceToBatch: sizes made divisible are no matter."""
        if node.op == "Merge":
            return node.inputs[1:2] if self._kind == "refine" else node.inputs[:1]
        if node.op == "Switch":
            return node.inputs[:1]
        if node.op in ("SpaceToBatchND", "BatchToSpaceND"):
            return node.inputs[:2]
        return node.inputs

    def _convert_node(self, node: Node) -> list[Value]:
        inputs = [self._value(reference) for reference in self._inputs_of(node)]
        if node.op in ("Identity", "Merge", "Squeeze", "BatchToSpaceND"):
            return inputs[:1]
        if node.op == "Switch":
            return [inputs[0], inputs[0]]
        if node.op in _BINARY:
            return self._binary(node, inputs)
        rule = self._rules.get(node.op)
        if rule is None:
            raise ModelError(f"the converter does not know the operation {node.op} of {node.name}")
        return rule(node, inputs)

    # ---- pictures

    def _placeholder(self, node: Node, _inputs: list[Value]) -> list[Value]:
        if node.name == "downsample_ratio":
            return [Dims("downsample_ratio")]
        channels = 3 if node.name == "src" else STATE_CHANNELS[node.name[:2]]
        return [Picture((node.name,), (channels,))]

    def _pad(self, _node: Node, inputs: list[Value]) -> list[Value]:
        picture, amounts = _picture(inputs[0]), _array(inputs[1])
        (top, bottom), (left, right) = amounts[1].tolist(), amounts[2].tolist()
        return [Picture(picture.names, picture.channels, (top, left, bottom, right))]

    def _space_to_batch(self, _node: Node, inputs: list[Value]) -> list[Value]:
        picture, block = _picture(inputs[0]), _array(inputs[1])
        return [Picture(picture.names, picture.channels, picture.padding, int(block[0]))]

    def _convolution(self, node: Node, inputs: list[Value]) -> list[Value]:
        picture, weights = _picture(inputs[0]), _array(inputs[1])  # weights (kh, kw, in, out)
        fused = node.texts("fused_ops")
        bias = _array(inputs[2]) if "BiasAdd" in fused else None
        attributes = self._geometry(node, picture, weights.shape[:2])
        if "Depthwise" in node.op:
            kernel = weights.transpose(2, 3, 0, 1)
            source = self._boxed(node, self._joined(picture), kernel.shape[2:])
            operands = [source, self._writer.constant(kernel)]
            operands += [self._writer.constant(bias)] if bias is not None else []
            name = self._writer.emit("Conv", operands, group=kernel.shape[0], **attributes)
            return [self._activated(name, kernel.shape[0], fused)]
        kernel = weights.transpose(3, 2, 0, 1)
        return [
            self._joined_convolution(
                picture, kernel, bias, fused, attributes, self._cut_after(node, len(kernel))
            )
        ]

    def _joined_convolution(
        self,
        picture: Picture,
        kernel: Array,
        bias: Array | None,
        fused: list[str],
        attributes: dict[str, Any],
        cuts: list[int],
    ) -> Picture:
        """One convolution for each part of the input, summed, and for each part (`cuts`) of the output."""
        names: list[str] = []
        start = 0
        for width in cuts:
            rows = slice(start, start + width)
            start += width
            total, column = "", 0
            for part, channels in zip(picture.names, picture.channels, strict=True):
                operands = [part, self._writer.constant(kernel[rows, column : column + channels])]
                if bias is not None and not total:
                    operands.append(self._writer.constant(bias[rows]))
                term = self._writer.emit("Conv", operands, group=1, **attributes)
                total = self._writer.emit("Add", [total, term]) if total else term
                column += channels
            names.append(self._activated(total, width, fused).names[0])
        return Picture(tuple(names), tuple(cuts))

    def _geometry(self, node: Node, picture: Picture, kernel: tuple[int, ...]) -> dict[str, Any]:
        stride, dilation = node.ints("strides")[1], max(node.ints("dilations")[1], picture.dilation)
        padding = picture.padding
        if padding is None and node.text("padding") == "SAME":
            if stride != 1:
                raise ModelError(
                    f"{node.name}: SAME padding with a stride depends on the size; not supported"
                )
            high, wide = ((size - 1) * dilation for size in kernel)
            padding = (high // 2, wide // 2, high - high // 2, wide - wide // 2)
        return {
            "kernel_shape": list(kernel),
            "strides": [stride, stride],
            "dilations": [dilation, dilation],
            "pads": list(padding or (0, 0, 0, 0)),
        }

    def _boxed(self, node: Node, name: str, kernel: tuple[int, ...]) -> str:
        if not (self._pad_boxes and "box_filter" in node.name):
            return name
        high, wide = (size // 2 for size in kernel)
        pads = self._writer.int64(0, 0, high, wide, 0, 0, high, wide)
        return self._writer.emit("Pad", [name, pads], mode="edge")

    def _activated(self, name: str, channels: int, fused: list[str]) -> Picture:
        for op in fused:
            if op == "Relu":
                name = self._writer.emit("Relu", [name])
            elif op == "Relu6":
                name = self._clipped(name)
            elif op != "BiasAdd":
                raise ModelError(f"the converter does not know the fused operation {op}")
        return Picture((name,), (channels,))

    def _clipped(self, name: str) -> str:
        low, high = (self._writer.constant(np.array(value, np.float32)) for value in (0, 6))
        return self._writer.emit("Clip", [name, low, high])

    def _cut_after(self, node: Node, channels: int) -> list[int]:
        """Parts in which the convolution's result is wanted: those of the Split that alone reads it."""
        return [channels]

    def _square(self, _node: Node, inputs: list[Value]) -> list[Value]:
        picture = _picture(inputs[0])
        names = tuple(self._writer.emit("Mul", [name, name]) for name in picture.names)
        return [Picture(names, picture.channels)]

    def _relu6(self, _node: Node, inputs: list[Value]) -> list[Value]:
        picture = _picture(inputs[0])
        return [Picture(tuple(map(self._clipped, picture.names)), picture.channels)]

    def _each_part(self, node: Node, inputs: list[Value]) -> list[Value]:
        picture = _picture(inputs[0])
        names = tuple(self._writer.emit(node.op, [name]) for name in picture.names)
        return [Picture(names, picture.channels)]

    def _binary(self, node: Node, inputs: list[Value]) -> list[Value]:
        if any(isinstance(value, Dims) for value in inputs):
            return [self._size_arithmetic(node, inputs)]
        channels = max(sum(value.channels) for value in inputs if isinstance(value, Picture))
        names = [self._joined(value) for value in inputs]
        return [Picture((self._writer.emit(_BINARY[node.op], names),), (channels,))]

    def _mean(self, node: Node, inputs: list[Value]) -> list[Value]:
        picture = _picture(inputs[0])
        axes = sorted(_NCHW_AXIS[int(axis)] for axis in np.atleast_1d(_array(inputs[1])))
        if axes == [2, 3]:
            name = self._writer.emit("GlobalAveragePool", [self._joined(picture)])
            return [Picture((name,), (sum(picture.channels),))]
        if axes != [1]:
            raise ModelError(f"{node.name}: a mean over axes {axes} is not supported")
        name = self._writer.emit("ReduceMean", [self._joined(picture)], axes=[1], keepdims=1)
        return [Picture((name,), (1,))]

    def _average_pool(self, node: Node, inputs: list[Value]) -> list[Value]:
        """SAME pooling by 2: where the picture ends at half a window, the mean is over the pixels there are."""
        picture = _picture(inputs[0])
        if node.ints("ksize") != [1, 2, 2, 1] or node.ints("strides") != [1, 2, 2, 1]:
            raise ModelError(f"{node.name}: only 2x2 pooling by 2 is supported")
        name = self._writer.emit(
            "AveragePool",
            [self._joined(picture)],
            kernel_shape=[2, 2],
            strides=[2, 2],
            ceil_mode=0 if self._kind == "coarse" else 1,
            count_include_pad=0,
        )
        return [Picture((name,), (sum(picture.channels),))]

    def _concat(self, node: Node, inputs: list[Value]) -> list[Value]:
        _only_channels(node, inputs[-1])
        parts = [_picture(value) for value in inputs[:-1]]
        names = tuple(name for part in parts for name in part.names)
        return [Picture(names, tuple(width for part in parts for width in part.channels))]

    def _split(self, node: Node, inputs: list[Value]) -> list[Value]:
        if node.op == "Split":
            axis, picture = inputs[0], _picture(inputs[1])
            count = node.int("num_split")
            widths = [sum(picture.channels) // count] * count
        else:
            picture, axis = _picture(inputs[0]), inputs[2]
            widths = [int(width) for width in _array(inputs[1])]
        _only_channels(node, axis)
        if list(picture.channels) == widths:
            return [Picture((name,), (width,)) for name, width in zip(picture.names, widths, strict=True)]
        names = self._writer.emit_many(
            "Split", [self._joined(picture), self._writer.int64(*widths)], len(widths), axis=1
        )
        return [Picture((name,), (width,)) for name, width in zip(names, widths, strict=True)]

    def _joined(self, value: Value) -> str:
        """The name of one NCHW tensor that holds the value."""
        if isinstance(value, np.ndarray):
            shaped = value.reshape(1, -1, 1, 1) if value.ndim == 1 else value
            return self._writer.constant(shaped.astype(np.float32))
        picture = _picture(value)
        if len(picture.names) == 1:
            return picture.names[0]
        return self._writer.emit("Concat", picture.names, axis=1)

    # ---- sizes

    def _shape(self, _node: Node, inputs: list[Value]) -> list[Value]:
        name = _picture(inputs[0]).names[0]
        nhwc = [self._writer.emit("Shape", [name]), self._writer.int64(0, 2, 3, 1)]
        return [Dims(self._writer.emit("Gather", nhwc, axis=0), name, 1.0)]

    def _strided_slice(self, node: Node, inputs: list[Value]) -> list[Value]:
        sizes = inputs[0]
        if not isinstance(sizes, Dims):
            raise ModelError(f"{node.name}: only sizes can be sliced")
        start, stop = (self._writer.constant(_array(value).astype(np.int64)) for value in inputs[1:3])
        whole = _array(inputs[1]).tolist() == [1] and _array(inputs[2]).tolist() == [3]
        name = self._writer.emit("Slice", [sizes.name, start, stop])
        return [Dims(name, sizes.of if whole else "", sizes.factor if whole else 0.0)]

    def _size_arithmetic(self, node: Node, inputs: list[Value]) -> Dims:
        sizes, by = inputs
        if not isinstance(sizes, Dims):
            raise ModelError(f"{node.name}: arithmetic on sizes begins with the sizes")
        if isinstance(by, Dims):
            return Dims(self._writer.emit(_BINARY[node.op], [sizes.name, by.name]))
        factors = _array(by)
        name = self._writer.emit(
            _BINARY[node.op], [sizes.name, self._writer.constant(factors.astype(np.int64))]
        )
        if node.op == "Mul" and len(set(factors.tolist())) == 1:
            return Dims(name, sizes.of, sizes.factor * float(factors[0]))
        return Dims(name)

    def _pack(self, _node: Node, inputs: list[Value]) -> list[Value]:
        names = [
            value.name if isinstance(value, Dims) else self._writer.int64(int(_array(value)))
            for value in inputs
        ]
        return [Dims(self._writer.emit("Concat", names, axis=0))]

    def _cast(self, node: Node, inputs: list[Value]) -> list[Value]:
        sizes = inputs[0]
        if not isinstance(sizes, Dims):
            raise ModelError(f"{node.name}: only sizes can be cast")
        to = TensorProto.FLOAT if node.attributes["DstT"]["type"] == "DT_FLOAT" else TensorProto.INT64
        return [Dims(self._writer.emit("Cast", [sizes.name], to=to), sizes.of, sizes.factor)]

    def _resize(self, node: Node, inputs: list[Value]) -> list[Value]:
        picture, sizes = _picture(inputs[0]), inputs[1]
        if not isinstance(sizes, Dims) or not node.flag("half_pixel_centers") or node.flag("align_corners"):
            raise ModelError(f"{node.name}: only half-pixel resizing to a computed size is supported")
        source = self._joined(picture)
        how: dict[str, Any] = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        if sizes.of == picture.names[0] and sizes.factor > 0:
            scales = np.array([1, 1, sizes.factor, sizes.factor], np.float32)
            name = self._writer.emit("Resize", [source, "", self._writer.constant(scales)], **how)
        else:
            batch = self._writer.emit("Shape", [source], start=0, end=2)
            size = self._writer.emit("Concat", [batch, sizes.name], axis=0)
            name = self._writer.emit("Resize", [source, "", "", size], **how)
        return [Picture((name,), (sum(picture.channels),))]

    def _crop(self, node: Node, inputs: list[Value]) -> list[Value]:
        """Cuts what doubling an odd size gave too much. Sizes that are multiples of 16 are never odd."""
        picture, sizes = _picture(inputs[0]), inputs[2]
        if self._kind == "coarse":
            return [picture]
        if not isinstance(sizes, Dims) or _array(inputs[1]).any():
            raise ModelError(f"{node.name}: only crops from the top left corner are supported")
        high_wide = self._writer.emit("Slice", [sizes.name, self._writer.int64(1), self._writer.int64(3)])
        operands = [self._joined(picture), self._writer.int64(0, 0), high_wide, self._writer.int64(2, 3)]
        return [Picture((self._writer.emit("Slice", operands),), (sum(picture.channels),))]

    def _broadcast(self, node: Node, inputs: list[Value]) -> list[Value]:
        """States of one zero spread over the picture. The coarse graph wants them whole."""
        picture, sizes = _picture(inputs[0]), inputs[1]
        if self._kind == "coarse":
            return [picture]
        if not isinstance(sizes, Dims):
            raise ModelError(f"{node.name}: only states can be broadcast")
        nchw = self._writer.emit("Gather", [sizes.name, self._writer.int64(0, 3, 1, 2)], axis=0)
        return [Picture((self._writer.emit("Expand", [picture.names[0], nchw]),), picture.channels)]

    # ---- the tensors by their public names

    def _inputs(self) -> list[onnx.ValueInfoProto]:
        shapes: dict[str, list[int | str]] = {"src": [1, 3, "height", "width"]}
        for state, channels in STATE_CHANNELS.items():
            whole = self._kind == "coarse"
            shapes[f"{state}i"] = [
                1,
                channels if whole else f"{state}_channels",
                f"{state}_height",
                f"{state}_width",
            ]
        if self._kind == "refine":
            shapes["downsample_ratio"] = [1]
        return _float_tensors(shapes)

    def _outputs(self) -> list[onnx.ValueInfoProto]:
        shapes: dict[str, list[int | str]] = {
            "fgr": [1, 3, "height", "width"],
            "pha": [1, 1, "height", "width"],
        }
        for state, channels in STATE_CHANNELS.items():
            shapes[f"{state}o"] = [1, channels, f"{state}o_height", f"{state}o_width"]
        return _float_tensors(shapes)


def _float_tensors(shapes: dict[str, list[int | str]]) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]


def _readers(graph: Graph) -> dict[str, list[str]]:
    readers: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        for source, _ in map(source_of, node.inputs):
            readers.setdefault(source, []).append(node.name)
    return readers


def _picture(value: Value) -> Picture:
    if not isinstance(value, Picture):
        raise ModelError("the graph uses a constant or a size where the converter expects a picture")
    return value


def _array(value: Value) -> Array:
    if not isinstance(value, np.ndarray):
        raise ModelError("the graph computes what the converter expects as a constant")
    return value


def _only_channels(node: Node, axis: Value) -> None:
    if int(_array(axis)) not in (3, -1):
        raise ModelError(
            f"{node.name}: joins or splits along axis {_array(axis)}; only channels are supported"
        )
