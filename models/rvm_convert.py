"""Robust Video Matting: from the TensorFlow.js graph model to ONNX. See `convert`.

The published graph is NHWC, holds both branches of "is downsample_ratio 1?" and was frozen by
TensorFlow's optimiser. Here it becomes NCHW and one branch, arranged for ONNX Runtime's blocked CPU
kernels (16 channels side by side, "NCHWc"), which the literal translation keeps out:

- A convolution over joined pictures becomes a sum of convolutions, one for each picture: 35, 59, 107 and
  171 channels cannot be blocked, their parts can, and nothing need be copied together.
- Doubling the size is a Resize by constant scales, not to a computed size.
- x * relu6(x + 3) / 6 is x * HardSigmoid(x): two passes over memory instead of four.
- The coarse graph takes sizes that are multiples of 16, so every crop falls away, and states of full
  shape, so every broadcast does.

The arithmetic is the same but for the order of sums: alpha lies within 1e-5 of the literal translation.
Measured on one core of a Xeon with AVX-512 at 256x384, best of 40, taking turns: literal 83 ms, so 65 ms.
Blocking the recurrent states too (a rewritten GRU, states through identity convolutions) gave 62 ms and was
not worth its lines; fixed sizes instead of symbolic ones gave nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import onnx

from models.errors import ModelError
from models.onnx_writer import Array, GraphWriter, float_tensor
from models.rvm_sizes import BINARY, SizeRules
from models.rvm_values import Dims, Part, Picture, Value, array, check_channel_axis, dims, picture
from models.tfjs_graph import Graph, Node, source_of

GraphKind = Literal["coarse", "refine"]

STATE_CHANNELS = {"r1": 16, "r2": 20, "r3": 40, "r4": 64}
OUTPUTS = ("fgr", "pha", "r1o", "r2o", "r3o", "r4o")

_NCHW_AXIS = {0: 0, 1: 2, 2: 3, 3: 1, -1: 1, -2: 3, -3: 2}


_LINEAR = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}


def convert(graph: Graph, kind: GraphKind, *, pad_boxes: bool = True) -> onnx.ModelProto:
    """The ONNX model, the same bytes for the same graph.

    "coarse": src f32 (1, 3, H, W) RGB 0..1 with H and W multiples of 16, r1i..r4i of full shape
    (channels 16, 20, 40, 64 at strides 2, 4, 8, 16); gives fgr, pha of the same H, W and r1o..r4o.
    "refine": the published form, any H and W, downsample_ratio f32 (1,), r1i..r4i may be (1, 1, 1, 1)
    zeros; the network sees the picture at that ratio and the fast guided filter brings its result back.

    pad_boxes: the published graph forgot the padding of the guided filter's 3x3 means, so the filter's
    coefficients shrink by two pixels and are stretched back: up to 1/ratio pixels of shift at the picture's
    border. True puts the border's own pixels around them (a person cut by the border of a 1080p picture at
    ratio 0.25: error of alpha within 16 pixels of it 0.0173, not 0.0183); False keeps what is published.
    """
    return _Converter(graph, kind, pad_boxes).model()


class _Converter:
    def __init__(self, graph: Graph, kind: GraphKind, pad_boxes: bool) -> None:
        self._graph = graph
        self._kind = kind
        self._pad_boxes = pad_boxes
        self._writer = GraphWriter()
        self._sizes = SizeRules(self._writer, self._joined)
        self._values: dict[str, list[Value]] = {}
        self._rules: dict[str, Callable[[Node, list[Value]], Value | list[Value]]] = {
            "Placeholder": self._placeholder,
            "Identity": lambda _, inputs: inputs[0],
            "Merge": lambda _, inputs: inputs[0],
            "Squeeze": lambda _, inputs: inputs[0],
            "BatchToSpaceND": lambda _, inputs: inputs[0],
            "Switch": lambda _, inputs: [inputs[0], inputs[0]],
            "Pad": self._pad,
            "SpaceToBatchND": self._space_to_batch,
            "_FusedConv2D": self._convolution,
            "Conv2D": self._convolution,
            "FusedDepthwiseConv2dNative": self._convolution,
            "DepthwiseConv2dNative": self._convolution,
            "Square": lambda node, inputs: self._binary(node, [inputs[0], inputs[0]]),
            "Relu6": self._each_part,
            "Sigmoid": self._each_part,
            "Tanh": self._each_part,
            "Mean": self._mean,
            "AvgPool": self._average_pool,
            "ConcatV2": self._concat,
            "Split": self._split,
            "SplitV": self._split,
            "ResizeBilinear": self._resize,
            "Slice": self._crop,
            "BroadcastTo": self._broadcast,
            **dict.fromkeys(BINARY, self._binary),
            **self._sizes.rules(),
        }

    def model(self) -> onnx.ModelProto:
        for name in OUTPUTS:
            if name not in self._graph.outputs:
                raise ModelError(f"the graph has no output {name}: it is not Robust Video Matting")
            self._writer.name_output(self._joined(self._value(self._graph.outputs[name])), name)
        return self._writer.model("robust_video_matting", *self._contract())

    def _contract(self) -> tuple[list[onnx.ValueInfoProto], list[onnx.ValueInfoProto]]:
        """The tensors by their public names: inputs and outputs."""
        inputs = [float_tensor("src", [1, 3, "height", "width"])]
        outputs = [
            float_tensor(name, [1, channels, "height", "width"])
            for name, channels in (("fgr", 3), ("pha", 1))
        ]
        for name, channels in STATE_CHANNELS.items():
            given = channels if self._kind == "coarse" else f"{name}_channels"
            inputs.append(float_tensor(f"{name}i", [1, given, f"{name}_height", f"{name}_width"]))
            outputs.append(float_tensor(f"{name}o", [1, channels, f"{name}o_height", f"{name}o_width"]))
        if self._kind == "refine":
            inputs.append(float_tensor("downsample_ratio", [1]))
        return inputs, outputs

    # ---- walking the graph

    def _value(self, reference: str) -> Value:
        name, number = source_of(reference)
        if name in self._graph.weights:
            return self._graph.weights[name]
        pending = [name]
        while pending:  # a stack of our own: the graph is deeper than Python's
            node = self._graph.nodes[pending[-1]]
            sources = [source for source, _ in map(source_of, self._inputs_of(node))]
            missing = [
                name for name in sources if name not in self._values and name not in self._graph.weights
            ]
            if missing:
                pending += missing
                continue
            if node.name not in self._values:
                self._values[node.name] = self._convert_node(node)
            pending.pop()
        return self._values[name][number]

    def _inputs_of(self, node: Node) -> tuple[str, ...]:
        """The inputs that matter. Merge: the branch chosen. SpaceToBatch: not its padding to whole blocks."""
        if node.op == "Merge":
            return node.inputs[1:2] if self._kind == "refine" else node.inputs[:1]
        if node.op == "Switch":
            return node.inputs[:1]
        if node.op in ("SpaceToBatchND", "BatchToSpaceND"):
            return node.inputs[:2]
        return node.inputs

    def _convert_node(self, node: Node) -> list[Value]:
        rule = self._rules.get(node.op)
        if rule is None:
            raise ModelError(f"the converter does not know the operation {node.op} of {node.name}")
        result = rule(node, [self._value(reference) for reference in self._inputs_of(node)])
        return result if isinstance(result, list) else [result]

    # ---- convolutions

    def _pad(self, _node: Node, inputs: list[Value]) -> Value:
        (top, bottom), (left, right) = array(inputs[1])[1:3].tolist()
        return replace(picture(inputs[0]), padding=(top, left, bottom, right))

    def _space_to_batch(self, _node: Node, inputs: list[Value]) -> Value:
        return replace(picture(inputs[0]), dilation=int(array(inputs[1])[0]))

    def _convolution(self, node: Node, inputs: list[Value]) -> Value:
        source, weights = picture(inputs[0]), array(inputs[1])  # weights (kh, kw, in, out)
        fused = node.texts("fused_ops")
        bias = array(inputs[2]) if "BiasAdd" in fused else None
        attributes = self._geometry(node, source, weights.shape[:2])
        if "Depthwise" in node.op:
            kernel = weights.transpose(2, 3, 0, 1)
            if self._pad_boxes and "box_filter" in node.name:
                source = self._with_border(source, kernel.shape[2:])
            part = self._conv([self._whole(source)], kernel, bias, attributes)
            return Picture((self._activated(part, fused),))
        kernel = weights.transpose(3, 2, 0, 1)
        return Picture((self._activated(self._conv(source.parts, kernel, bias, attributes), fused),))

    def _conv(
        self, parts: Sequence[Part], kernel: Array, bias: Array | None, attributes: dict[str, Any]
    ) -> Part:
        """One convolution for each part of the input, and their sum. kernel: (out, in, kh, kw)."""
        total: Part | None = None
        column = 0
        for part in parts:
            width = kernel.shape[1] if len(parts) == 1 else part.channels
            operands = [part.name, self._writer.constant(kernel[:, column : column + width])]
            if bias is not None and total is None:
                operands.append(self._writer.constant(bias))
            term = self._part("Conv", operands, len(kernel), group=part.channels // width, **attributes)
            total = term if total is None else self._part("Add", [total.name, term.name], len(kernel))
            column += width
        assert total is not None
        return total

    def _geometry(self, node: Node, source: Picture, kernel: tuple[int, ...]) -> dict[str, Any]:
        stride, dilation = node.ints("strides")[1], max(node.ints("dilations")[1], source.dilation)
        padding = source.padding
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

    def _with_border(self, source: Picture, kernel: tuple[int, ...]) -> Picture:
        """The picture with its own border pixels repeated around it."""
        high, wide = (size // 2 for size in kernel)
        pads = self._writer.int64(0, 0, high, wide, 0, 0, high, wide)
        name = self._writer.emit("Pad", [self._joined(source), pads], mode="edge")
        return Picture((Part(name, source.channels),))

    def _activated(self, part: Part, fused: list[str]) -> Part:
        for op in fused:
            if op != "BiasAdd":
                part = self._unary(op, part)
        return part

    # ---- element by element

    def _each_part(self, node: Node, inputs: list[Value]) -> Value:
        return Picture(tuple(self._unary(node.op, part) for part in picture(inputs[0]).parts))

    def _unary(self, op: str, part: Part) -> Part:
        if op == "Relu6":
            limits = [self._writer.constant(np.array(limit, np.float32)) for limit in (0, 6)]
            return self._part("Clip", [part.name, *limits], part.channels)
        if op not in ("Relu", "Sigmoid", "Tanh"):
            raise ModelError(f"the converter does not know the fused operation {op}")
        return self._part(op, [part.name], part.channels)

    def _binary(self, node: Node, inputs: list[Value]) -> Value:
        if any(isinstance(value, Dims) for value in inputs):
            return self._sizes.arithmetic(node, inputs)
        if node.op == "Mul" and (swish := self._hard_swish(node)) is not None:
            return swish
        pictures = [value for value in inputs if isinstance(value, Picture)]
        channels = max(value.channels for value in pictures)
        names = [self._joined(value) for value in inputs]
        return Picture((self._part(BINARY.get(node.op, "Mul"), names, channels),))

    def _hard_swish(self, node: Node) -> Picture | None:
        """The product as x * HardSigmoid(x), if it is (x / 6) * relu6(x + 3), in whatever order."""
        operands = [self._graph.nodes.get(source_of(reference)[0]) for reference in node.inputs]
        scaled = next((each for each in operands if each is not None and each.op == "Mul"), None)
        gate = next((each for each in operands if each is not None and each.op == "Relu6"), None)
        if scaled is None or gate is None:
            return None
        shifted = self._graph.nodes[source_of(gate.inputs[0])[0]]
        both = set(scaled.inputs) & set(shifted.inputs)
        if (
            shifted.op != "AddV2"
            or len(both) != 1
            or not (self._is_by(scaled, 1 / 6) and self._is_by(shifted, 3))
        ):
            return None
        source = picture(self._value(both.pop()))
        return Picture(tuple(self._swished(part) for part in source.parts))

    def _swished(self, part: Part) -> Part:
        gate = self._part("HardSigmoid", [part.name], part.channels, alpha=1 / 6, beta=0.5)
        return self._part("Mul", [part.name, gate.name], part.channels)

    def _is_by(self, node: Node, wanted: float) -> bool:
        """Is one operand of the node this number?"""
        constants = [self._graph.weights[name] for name in node.inputs if name in self._graph.weights]
        return any(constant.size == 1 and abs(constant.item() - wanted) < 1e-3 for constant in constants)

    def _mean(self, node: Node, inputs: list[Value]) -> Value:
        source = picture(inputs[0])
        axes = sorted(_NCHW_AXIS[int(axis)] for axis in np.atleast_1d(array(inputs[1])))
        if axes == [2, 3]:
            return Picture((self._part("GlobalAveragePool", [self._joined(source)], source.channels),))
        if axes != [1]:
            raise ModelError(f"{node.name}: a mean over axes {axes} is not supported")
        return Picture((self._part("ReduceMean", [self._joined(source)], 1, axes=[1], keepdims=1),))

    def _average_pool(self, node: Node, inputs: list[Value]) -> Value:
        """SAME pooling by 2: a window that the picture ends in has the mean of the pixels there are."""
        source = picture(inputs[0])
        if node.ints("ksize") != [1, 2, 2, 1] or node.ints("strides") != [1, 2, 2, 1]:
            raise ModelError(f"{node.name}: only 2x2 pooling by 2 is supported")
        how = {"kernel_shape": [2, 2], "strides": [2, 2], "count_include_pad": 0}
        ceil_mode = int(self._kind == "refine")
        name = [self._joined(source)]
        return Picture((self._part("AveragePool", name, source.channels, ceil_mode=ceil_mode, **how),))

    def _concat(self, node: Node, inputs: list[Value]) -> Value:
        check_channel_axis(node, inputs[-1])
        return Picture(tuple(part for value in inputs[:-1] for part in picture(value).parts))

    def _split(self, node: Node, inputs: list[Value]) -> list[Value]:
        source, axis = (inputs[1], inputs[0]) if node.op == "Split" else (inputs[0], inputs[2])
        source = picture(source)
        check_channel_axis(node, axis)
        if node.op == "Split":
            widths = [source.channels // node.int("num_split")] * node.int("num_split")
        else:
            widths = [int(width) for width in array(inputs[1])]
        if [part.channels for part in source.parts] == widths:
            return [Picture((part,)) for part in source.parts]
        operands = [self._joined(source), self._writer.int64(*widths)]
        names = self._writer.emit_many("Split", operands, len(widths), axis=1)
        return [Picture((Part(name, width),)) for name, width in zip(names, widths, strict=True)]

    # ---- pictures and sizes

    def _placeholder(self, node: Node, _inputs: list[Value]) -> Value:
        if node.name == "downsample_ratio":
            return Dims("downsample_ratio")
        channels = {"src": 3} | {f"{name}i": channels for name, channels in STATE_CHANNELS.items()}
        if node.name in channels:
            return Picture((Part(node.name, channels[node.name]),))
        raise ModelError(f"the graph has an input {node.name} that Robust Video Matting does not have")

    def _resize(self, node: Node, inputs: list[Value]) -> Value:
        source, size = picture(inputs[0]), dims(inputs[1])
        if not node.flag("half_pixel_centers") or node.flag("align_corners"):
            raise ModelError(f"{node.name}: only half-pixel resizing is supported")
        if size.is_doubled and size.of == source:
            scales = self._writer.constant(np.array([1, 1, 2, 2], np.float32))
            return Picture(
                (self._part("Resize", [self._joined(source), "", scales], source.channels, **_LINEAR),)
            )
        joined = self._joined(source)
        batch = self._writer.emit("Shape", [joined], start=0, end=2)
        target = self._writer.emit("Concat", [batch, size.name], axis=0)
        return Picture((self._part("Resize", [joined, "", "", target], source.channels, **_LINEAR),))

    def _crop(self, node: Node, inputs: list[Value]) -> Value:
        """Cuts what doubling an odd size gave too much. Sizes that are multiples of 16 are never odd."""
        source = picture(inputs[0])
        if self._kind == "coarse":
            return source
        if array(inputs[1]).any():
            raise ModelError(f"{node.name}: only crops from the top left corner are supported")
        high_wide = self._writer.emit(
            "Slice", [dims(inputs[2]).name, self._writer.int64(1), self._writer.int64(3)]
        )
        operands = [self._joined(source), self._writer.int64(0, 0), high_wide, self._writer.int64(2, 3)]
        return Picture((self._part("Slice", operands, source.channels),))

    def _broadcast(self, _node: Node, inputs: list[Value]) -> Value:
        """States of one zero spread over the picture. The coarse graph wants them whole."""
        source = picture(inputs[0])
        if self._kind == "coarse":
            return source
        nchw = self._writer.emit("Gather", [dims(inputs[1]).name, self._writer.int64(0, 3, 1, 2)], axis=0)
        return Picture((self._part("Expand", [self._joined(source), nchw], source.channels),))

    # ---- writing

    def _part(self, op: str, inputs: Sequence[str], channels: int, **attributes: Any) -> Part:
        return Part(self._writer.emit(op, inputs, **attributes), channels)

    def _whole(self, source: Picture) -> Part:
        return Part(self._joined(source), source.channels)

    def _joined(self, value: Value) -> str:
        """The name of one NCHW tensor that holds the value."""
        if isinstance(value, np.ndarray):
            shaped = value.reshape(1, -1, 1, 1) if value.ndim == 1 else value
            return self._writer.constant(shaped.astype(np.float32))
        source = picture(value)
        if len(source.parts) == 1:
            return source.parts[0].name
        return self._part("Concat", [part.name for part in source.parts], source.channels, axis=1).name
