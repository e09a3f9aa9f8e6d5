"""A tiny network in the form of Robust Video Matting's published one, for tests without the real weights."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np


def coded(text: str) -> str:
    """A string as graph models write it."""
    return base64.b64encode(text.encode()).decode()


class TinyRvm:
    """Writes a small graph model with every operation and every turn of Robust Video Matting's graph.

    Quantized and plain weights, both branches of downsample_ratio == 1, strides, dilation as SpaceToBatch,
    hard swish, squeeze and excitation, GRUs with split gates, doubled sizes with crops, a guided filter.
    """

    def __init__(self, seed: int = 7) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[dict[str, Any]] = []
        self.specs: list[dict[str, Any]] = []
        self.packed = b""

    def write(self, folder: Path) -> Path:
        outputs = {name: {"name": f"{node}:0"} for name, node in self._build().items()}
        model = {
            "modelTopology": {"node": self.nodes},
            "weightsManifest": [{"paths": ["tiny.bin"], "weights": self.specs}],
            "signature": {"outputs": outputs},
        }
        (folder / "tiny.bin").write_bytes(self.packed)
        (folder / "tiny.json").write_text(json.dumps(model))
        return folder / "tiny.json"

    def node(self, op: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        name = name or f"{op}_{len(self.nodes)}"
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def weight(self, array: Any, quantized: bool = False) -> str:
        array = np.asarray(array)
        name = self.node("Const", name=f"weight_{len(self.nodes)}")
        spec: dict[str, Any] = {"name": name, "shape": list(array.shape), "dtype": str(array.dtype)}
        if quantized:
            low, scale = float(array.min()), float(np.ptp(array) / 255) or 1.0
            spec["quantization"] = {"dtype": "uint8", "min": low, "scale": scale, "original_dtype": "float32"}
            array = np.round((array - low) / scale).astype(np.uint8)
        self.specs.append(spec)
        self.packed += array.tobytes()
        return name

    def conv(
        self, x: str, cin: int, cout: int, k: int = 3, stride: int = 1, op: str = "_FusedConv2D", **more: Any
    ) -> str:
        shape = (k, k, cin, 1) if "Depthwise" in op else (k, k, cin, cout)
        weights = self.weight(
            (
                self.random.standard_normal(shape) * 1.3 / np.sqrt(k * k * (1 if "Depthwise" in op else cin))
            ).astype(np.float32),
            quantized=True,
        )
        fused = more.pop("fused", ["BiasAdd"])
        inputs = [x, weights]
        if "BiasAdd" in fused:
            inputs.append(self.weight((self.random.standard_normal(cout) * 0.2).astype(np.float32)))
        attributes = {
            "strides": {"list": {"i": ["1", str(stride), str(stride), "1"]}},
            "dilations": {"list": {"i": ["1", "1", "1", "1"]}},
            "padding": {"s": coded(more.pop("padding", "SAME"))},
            "fused_ops": {"list": {"s": [coded(each) for each in fused]}},
        }
        return self.node(op, *inputs, name=more.pop("name", ""), **attributes)

    def padded(self, x: str, by: int = 1) -> str:
        return self.node("Pad", x, self.weight(np.array([[0, 0], [by, by], [by, by], [0, 0]], np.int32)))

    def number(self, value: float) -> str:
        return self.weight(np.array(value, np.float32))

    def hard_swish(self, x: str) -> str:
        scaled = self.node("Mul", self.number(1 / 6), x)
        return self.node("Mul", scaled, self.node("Relu6", self.node("AddV2", x, self.number(3))))

    def sizes(self, x: str) -> str:
        limits = [self.weight(np.array([value], np.int32)) for value in (1, 3, 1)]
        masks = {key: {"i": "0"} for key in ("begin_mask", "end_mask", "shrink_axis_mask")}
        return self.node("StridedSlice", self.node("Shape", x), *limits, **masks)

    def resized(self, x: str, sizes: str) -> str:
        flags = {"half_pixel_centers": {"b": True}, "align_corners": {"b": False}}
        return self.node("ResizeBilinear", x, sizes, **flags)

    def doubled(self, x: str, like: str) -> str:
        """Twice the size, cut to the size of `like`."""
        up = self.resized(x, self.node("Mul", self.sizes(x), self.weight(np.array([2, 2], np.int32))))
        shape = self.node("Shape", like)
        masks = {key: {"i": "0"} for key in ("begin_mask", "end_mask")} | {"shrink_axis_mask": {"i": "1"}}
        parts = []
        for axis in (1, 2):
            limits = [self.weight(np.array([value], np.int32)) for value in (axis, axis + 1, 1)]
            parts.append(self.node("StridedSlice", shape, *limits, **masks))
        whole = [self.weight(np.array(value, np.int32)) for value in (1, -1)]
        size = self.node("Pack", whole[0], *parts, whole[1], axis={"i": "0"})
        return self.node("Slice", up, self.weight(np.zeros(4, np.int32)), size)

    def joined(self, *parts: str) -> str:
        return self.node("ConcatV2", *parts, self.weight(np.array(-1, np.int32)))

    def halves(self, x: str) -> tuple[str, str]:
        name = self.node("Split", self.weight(np.array(3, np.int32)), x, num_split={"i": "2"})
        return name, f"{name}:1"

    def gru(self, x: str, state: str, channels: int) -> tuple[str, str]:
        """Half of the channels pass, half go through a gated recurrent unit: (joined, new state)."""
        kept, new = self.halves(x)
        old = self.node("BroadcastTo", state, self.node("Shape", new))
        gates = self.node("Sigmoid", self.conv(self.joined(new, old), 2 * channels, 2 * channels))
        reset, update = self.halves(gates)
        candidate = self.node(
            "Tanh", self.conv(self.joined(new, self.node("Mul", reset, old)), 2 * channels, channels)
        )
        rest = self.node("Mul", self.node("Sub", self.number(1), update), old)
        state = self.node("AddV2", rest, self.node("Mul", update, candidate))
        return self.joined(kept, state), state

    def _build(self) -> dict[str, str]:
        for name in ("src", "r1i", "r2i", "r3i", "r4i", "downsample_ratio"):
            self.node("Placeholder", name=name)
        is_whole = self.node("Squeeze", self.node("Equal", "downsample_ratio", self.number(1)))
        branch = self.node("Switch", "src", is_whole)
        ratio = self.node("Switch", "downsample_ratio", is_whole)
        size = self.node("Mul", self.node("Cast", self.sizes(branch), DstT={"type": "DT_FLOAT"}), ratio)
        small = self.resized(branch, self.node("Cast", size, DstT={"type": "DT_INT32"}))
        small = self.node("Merge", self.node("Identity", f"{branch}:1"), small)
        features = self._encoder(small)
        results = self._decoder(small, features)
        return self._refiner(small, results.pop("out"), is_whole) | results

    def _encoder(self, small: str) -> list[str]:
        x = self.node("Sub", small, self.weight(np.array([0.5, 0.4, 0.45], np.float32)))
        f1 = self.hard_swish(self.conv(self.padded(x), 3, 16, stride=2, padding="VALID"))
        depthwise = "FusedDepthwiseConv2dNative"
        x = self.conv(self.padded(f1), 16, 16, op=depthwise, padding="VALID", fused=["BiasAdd", "Relu"])
        f2 = self.conv(self.padded(x), 16, 24, stride=2, padding="VALID", fused=["BiasAdd", "Relu6"])
        f3 = self.hard_swish(self.conv(self.padded(f2), 24, 40, stride=2, padding="VALID"))
        x = self.conv(self.padded(f3), 40, 128, stride=2, padding="VALID")
        block = self.weight(np.array([2, 2], np.int32))
        shape = self.sizes(self.padded(x, 2))
        spare = self.node("FloorMod", shape, self.weight(np.array([2, 2], np.int32)))
        zeros = self.weight(np.zeros(2, np.int32))
        paddings = self.node("Pack", zeros, spare, axis={"i": "0"})
        paddings = self.node("Transpose", paddings)
        blocks = self.node("SpaceToBatchND", self.padded(x, 2), block, paddings)
        blocks = self.conv(blocks, 128, 128, op="DepthwiseConv2dNative", padding="VALID", fused=[])
        x = self.node("BatchToSpaceND", blocks, block, paddings)
        pooled = self.node("Mean", x, self.weight(np.array([1, 2], np.int32)))
        gate = self.node("Sigmoid", self.conv(pooled, 128, 128, k=1, op="Conv2D", fused=[], padding="VALID"))
        return [f1, f2, f3, self.node("Mul", x, gate)]

    def _decoder(self, small: str, features: list[str]) -> dict[str, str]:
        pictures = [small]
        pool = {
            "ksize": {"list": {"i": ["1", "2", "2", "1"]}},
            "strides": {"list": {"i": ["1", "2", "2", "1"]}},
        }
        for _ in range(3):
            pictures.append(self.node("AvgPool", pictures[-1], padding={"s": coded("SAME")}, **pool))
        x, states, width = features[3], {}, 128
        x, states["r4o"] = self.gru(x, "r4i", 64)
        for level, (channels, skip) in {3: (40, 40), 2: (20, 24), 1: (16, 16)}.items():
            x = self.joined(self.doubled(x, pictures[level]), features[level - 1], pictures[level])
            x = self.conv(x, width + skip + 3, 2 * channels, fused=["BiasAdd", "Relu"])
            x, states[f"r{level}o"] = self.gru(x, f"r{level}i", channels)
            width = 2 * channels
        x = self.joined(self.doubled(x, small), small)
        return {"out": self.conv(x, width + 3, 4, k=1), **states}

    def _refiner(self, small: str, out: str, is_whole: str) -> dict[str, str]:
        widths, axis = self.weight(np.array([3, 1], np.int32)), self.weight(np.array(3, np.int32))
        coarse = self.node("SplitV", out, widths, axis)
        ends = [self.node("Switch", each, is_whole) for each in (coarse, f"{coarse}:1", "src", small)]
        guide = self.joined(ends[3], self._channel_mean(ends[3]))
        full = self.joined(ends[2], self._channel_mean(ends[2]))
        wanted = self.joined(ends[0], ends[1])
        mean_x, mean_y = self._box(guide), self._box(wanted)
        covariance = self.node(
            "Sub", self._box(self.node("Mul", guide, wanted)), self.node("Mul", mean_x, mean_y)
        )
        variance = self.node("Sub", self._box(self.node("Square", guide)), self.node("Square", mean_x))
        slope = self.node("RealDiv", covariance, self.node("Add", variance, self.number(0.01)))
        offset = self.node("Sub", mean_y, self.node("Mul", slope, mean_x))
        size = self.sizes(full)
        fine = self.node("Add", self.node("Mul", self.resized(slope, size), full), self.resized(offset, size))
        fine = self.node("SplitV", fine, widths, axis)
        fgr = self.node("Merge", f"{ends[0]}:1", fine)
        pha = self.node("Merge", f"{ends[1]}:1", f"{fine}:1")
        return {"fgr": self._clipped(self.node("AddV2", fgr, "src")), "pha": self._clipped(pha)}

    def _channel_mean(self, x: str) -> str:
        return self.node("Mean", x, self.weight(np.array([3], np.int32)))

    def _box(self, x: str) -> str:
        name = f"box_filter/depthwise_{len(self.nodes)}"
        weights = self.weight(np.full((3, 3, 4, 1), 1 / 9, np.float32))
        attributes = {
            "strides": {"list": {"i": ["1", "1", "1", "1"]}},
            "dilations": {"list": {"i": ["1", "1", "1", "1"]}},
            "padding": {"s": coded("VALID")},
        }
        return self.node("DepthwiseConv2dNative", x, weights, name=name, **attributes)

    def _clipped(self, x: str) -> str:
        return self.node("Maximum", self.node("Minimum", x, self.number(1)), self.number(0))
