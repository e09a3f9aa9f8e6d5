"""What flows through the conversion of Robust Video Matting: pictures, sizes, constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.errors import ModelError
from models.onnx_writer import Array
from models.tfjs_graph import Node


@dataclass(frozen=True, slots=True)
class Part:
    """One NCHW tensor."""

    name: str
    channels: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Tensors of one size that lie one behind the other along the channels.

    padding: zeros still to be put around it, (top, left, bottom, right). dilation: of the convolution
    that comes next (TensorFlow writes it as SpaceToBatch).
    """

    parts: tuple[Part, ...]
    padding: tuple[int, int, int, int] | None = None
    dilation: int = 1

    @property
    def channels(self) -> int:
        return sum(part.channels for part in self.parts)


@dataclass(frozen=True, slots=True)
class Dims:
    """A vector of sizes in NHWC order, as an ONNX tensor. is_doubled: twice the height and width of `of`."""

    name: str
    of: Picture | None = None
    is_doubled: bool = False


Value = Array | Picture | Dims


def picture(value: Value) -> Picture:
    if not isinstance(value, Picture):
        raise ModelError("the graph uses a constant or a size where the converter expects a picture")
    return value


def array(value: Value) -> Array:
    if not isinstance(value, np.ndarray):
        raise ModelError("the graph computes what the converter expects as a constant")
    return value


def dims(value: Value) -> Dims:
    if not isinstance(value, Dims):
        raise ModelError("the graph uses a picture or a constant where the converter expects sizes")
    return value


def check_channel_axis(node: Node, axis: Value) -> None:
    if int(array(axis)) not in (3, -1):
        raise ModelError(f"{node.name}: joins or splits along axis {axis}; only channels are supported")
