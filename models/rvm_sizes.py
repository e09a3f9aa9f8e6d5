"""The arithmetic on sizes in Robust Video Matting's graph, as ONNX nodes: shapes, slices, products, casts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from models.onnx_writer import GraphWriter
from models.rvm_values import Dims, Value, array, dims, picture
from models.tfjs_graph import Node

BINARY = {
    "Mul": "Mul",
    "AddV2": "Add",
    "Add": "Add",
    "Sub": "Sub",
    "RealDiv": "Div",
    "Minimum": "Min",
    "Maximum": "Max",
}


class SizeRules:
    """Converts the operations on sizes. joined: names the one NCHW tensor of a picture."""

    def __init__(self, writer: GraphWriter, joined: Callable[[Value], str]) -> None:
        self._writer = writer
        self._joined = joined

    def rules(self) -> dict[str, Callable[[Node, list[Value]], Value | list[Value]]]:
        return {
            "Shape": self._shape,
            "StridedSlice": self._strided_slice,
            "Pack": self._pack,
            "Cast": self._cast,
        }

    def _shape(self, _node: Node, inputs: list[Value]) -> Value:
        source = picture(inputs[0])
        order = self._writer.int64(0, 2, 3, 1)
        return Dims(
            self._writer.emit("Gather", [self._writer.emit("Shape", [self._joined(source)]), order], axis=0),
            source,
        )

    def _strided_slice(self, _node: Node, inputs: list[Value]) -> Value:
        sizes = dims(inputs[0])
        limits = [array(value).astype(np.int64) for value in inputs[1:3]]
        name = self._writer.emit("Slice", [sizes.name, *map(self._writer.constant, limits)])
        return Dims(name, sizes.of if [limit.tolist() for limit in limits] == [[1], [3]] else None)

    def arithmetic(self, node: Node, inputs: list[Value]) -> Value:
        sizes, by = dims(inputs[0]), inputs[1]
        op = BINARY[node.op]
        if isinstance(by, Dims):
            return Dims(self._writer.emit(op, [sizes.name, by.name]))
        factors = array(by).astype(np.int64)
        name = self._writer.emit(op, [sizes.name, self._writer.constant(factors)])
        return Dims(name, sizes.of, is_doubled=op == "Mul" and factors.tolist() == [2, 2])

    def _pack(self, _node: Node, inputs: list[Value]) -> Value:
        names = [
            value.name if isinstance(value, Dims) else self._writer.int64(int(array(value)))
            for value in inputs
        ]
        return Dims(self._writer.emit("Concat", names, axis=0))

    def _cast(self, node: Node, inputs: list[Value]) -> Value:
        to = TensorProto.FLOAT if node.attributes["DstT"]["type"] == "DT_FLOAT" else TensorProto.INT64
        return Dims(self._writer.emit("Cast", [dims(inputs[0]).name], to=to))
