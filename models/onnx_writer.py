"""Writes an ONNX graph node by node: equal nodes and constants are written once, unused ones not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

OPSET = 17
IR_VERSION = 8

Array = npt.NDArray[Any]


def float_tensor(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    """The declaration of a float32 tensor; symbols stand for sizes that are not fixed."""
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, list(shape))


class GraphWriter:
    """Collects nodes; tensors are known by name. The same calls give the same bytes."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._written: dict[object, list[str]] = {}
        self._count = 0

    def emit(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Writes one node with one output and returns the output's name."""
        return self.emit_many(op, inputs, 1, **attributes)[0]

    def emit_many(self, op: str, inputs: Sequence[str], outputs: int, **attributes: Any) -> list[str]:
        """Writes one node with several outputs."""
        key = (op, tuple(inputs), outputs, repr(sorted(attributes.items())))
        if key not in self._written:
            names = [self._name(op.lower()) for _ in range(outputs)]
            self._nodes.append(helper.make_node(op, list(inputs), names, name=names[0], **attributes))
            self._written[key] = names
        return self._written[key]

    def name_output(self, tensor: str, name: str) -> None:
        """Gives a result its public name."""
        self._nodes.append(helper.make_node("Identity", [tensor], [name], name=name))

    def constant(self, array: Array) -> str:
        array = np.ascontiguousarray(array)
        key = ("constant", array.dtype.str, array.shape, array.tobytes())
        if key not in self._written:
            name = self._name("constant")
            self._constants[name] = numpy_helper.from_array(array, name)
            self._written[key] = [name]
        return self._written[key][0]

    def int64(self, *values: int) -> str:
        """A 1-D constant of int64."""
        return self.constant(np.array(values, np.int64))

    def model(
        self, name: str, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        """The finished, checked model: only what the outputs need."""
        nodes = self._needed({output.name for output in outputs})
        used = {tensor for node in nodes for tensor in node.input}
        constants = [tensor for key, tensor in self._constants.items() if key in used]
        graph = helper.make_graph(nodes, name, list(inputs), list(outputs), constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="dual-teacher-classroom",
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _needed(self, wanted: set[str]) -> list[onnx.NodeProto]:
        kept: list[onnx.NodeProto] = []
        for node in reversed(self._nodes):  # the list is in topological order
            if wanted.intersection(node.output):
                wanted.update(node.input)
                kept.append(node)
        return kept[::-1]

    def _name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"
