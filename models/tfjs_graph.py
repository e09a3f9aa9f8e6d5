"""Reads a TensorFlow.js graph model: one JSON with the nodes, one or more binary files with the weights.

Format (tfjs-converter, "graph-model"): `modelTopology.node` is a TensorFlow GraphDef written as JSON, and
`weightsManifest` lists groups of weights that lie one after the other in the group's files. A weight
may be quantized: stored as unsigned integers q with w = q * scale + min, scale and min for the whole tensor.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ModelError

Array = npt.NDArray[Any]

_DTYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_, "uint8": np.uint8, "uint16": np.uint16}


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. inputs: "name" or "name:k" for output k; control inputs ("^name") are left out."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def ints(self, key: str) -> list[int]:
        """A list of integers, such as strides; empty when the attribute is missing."""
        return [int(value) for value in self.attributes.get(key, {}).get("list", {}).get("i", [])]

    def int(self, key: str) -> int:
        return int(self.attributes[key]["i"])

    def flag(self, key: str) -> bool:
        return bool(self.attributes.get(key, {}).get("b", False))

    def text(self, key: str) -> str:
        return base64.b64decode(self.attributes[key]["s"]).decode()

    def texts(self, key: str) -> list[str]:
        """A list of strings, such as the operations fused into a convolution."""
        coded = self.attributes.get(key, {}).get("list", {}).get("s", [])
        return [base64.b64decode(value).decode() for value in coded]


@dataclass(frozen=True, slots=True)
class Graph:
    """nodes and weights (NHWC, float32 or int32) by name; a weight has a Const node of its name too.

    outputs: the signature's name of a result ("pha") to the node that computes it ("Identity_1").
    """

    nodes: Mapping[str, Node]
    weights: Mapping[str, Array]
    outputs: Mapping[str, str]


def source_of(reference: str) -> tuple[str, int]:
    """Node and number of the output that an input refers to: "split:1" -> ("split", 1)."""
    name, _, number = reference.partition(":")
    return name, int(number or 0)


def read_graph(path: Path) -> Graph:
    """Reads NAME.json and the weight files beside it. Raises ModelError when they do not fit together."""
    try:
        model = json.loads(path.read_bytes())
        nodes = [_node(item) for item in model["modelTopology"]["node"]]
        weights: dict[str, Array] = {}
        for group in model["weightsManifest"]:
            packed = b"".join((path.parent / Path(name).name).read_bytes() for name in group["paths"])
            weights |= _unpack(packed, group["weights"])
        outputs = {
            name: source_of(spec["name"])[0]
            for name, spec in model.get("signature", {}).get("outputs", {}).items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path.name} is not a readable TensorFlow.js graph model: {error}") from error
    return Graph({node.name: node for node in nodes}, weights, outputs)


def _node(item: Mapping[str, Any]) -> Node:
    inputs = tuple(name for name in item.get("input", []) if not name.startswith("^"))
    return Node(item["name"], item["op"], inputs, item.get("attr", {}))


def _unpack(packed: bytes, specs: list[Mapping[str, Any]]) -> dict[str, Array]:
    weights: dict[str, Array] = {}
    offset = 0
    for spec in specs:
        quantization = spec.get("quantization", {})
        dtype = np.dtype(_DTYPES[quantization.get("dtype", spec["dtype"])])
        count = math.prod(spec["shape"])
        stored = np.frombuffer(packed, dtype.newbyteorder("<"), count, offset).reshape(spec["shape"])
        weights[spec["name"]] = _dequantize(stored, quantization) if quantization else stored
        offset += count * dtype.itemsize
    if offset != len(packed):
        raise ValueError(f"the weights need {offset} bytes, the files hold {len(packed)}")
    return weights


def _dequantize(stored: Array, quantization: Mapping[str, Any]) -> Array:
    scale, low = np.float32(quantization["scale"]), np.float32(quantization["min"])
    result: Array = np.asarray(stored.astype(np.float32) * scale + low, np.float32)
    return result
