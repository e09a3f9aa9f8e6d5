from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import ModelError
from models.tfjs_graph import read_graph, source_of


def test_quantized_weights_are_restored(tmp_path: Path, tiny_rvm: Any) -> None:
    builder = tiny_rvm()
    values = np.linspace(-3, 5, 36).astype(np.float32).reshape(3, 3, 2, 2)
    plain, rough = builder.weight(values), builder.weight(values, quantized=True)
    graph = read_graph(builder.write(tmp_path))
    np.testing.assert_array_equal(graph.weights[plain], values)
    assert graph.weights[rough].dtype == np.float32
    assert 0 < np.abs(graph.weights[rough] - values).max() <= 8 / 255 / 2 + 1e-6


@pytest.mark.parametrize("cut", [1, -4])
def test_weights_of_the_wrong_length_are_refused(tmp_path: Path, tiny_rvm: Any, cut: int) -> None:
    path = tiny_rvm().write(tmp_path)
    packed = (tmp_path / "tiny.bin").read_bytes()
    (tmp_path / "tiny.bin").write_bytes(packed[:-cut] if cut > 0 else packed + bytes(-cut))
    with pytest.raises(ModelError, match=r"tiny\.json is not a readable"):
        read_graph(path)


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"modelTopology": {"node": [{}]}, "weightsManifest": []}']
)
def test_what_is_no_graph_model_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.json").write_text(content)
    with pytest.raises(ModelError, match=r"odd\.json"):
        read_graph(tmp_path / "odd.json")


def test_weights_are_looked_for_beside_the_graph_only(tmp_path: Path) -> None:
    (tmp_path / "outside.bin").write_bytes(b"")
    folder = tmp_path / "inside"
    folder.mkdir()
    manifest = [{"paths": ["../outside.bin"], "weights": []}]
    (folder / "odd.json").write_text(json.dumps({"modelTopology": {"node": []}, "weightsManifest": manifest}))
    with pytest.raises(ModelError):
        read_graph(folder / "odd.json")


def test_references() -> None:
    assert source_of("split:1") == ("split", 1)
    assert source_of("split") == ("split", 0)
