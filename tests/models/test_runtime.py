from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import runtime
from models.errors import ModelError
from models.runtime import choose_threads, open_session
from models.settings import NetworkSettings

CPU = NetworkSettings(provider="cpu", threads=1)
HAS_GPU = Path("/dev/nvidiactl").exists()
STATES = {f"r{k}i": f"r{k}o" for k in (1, 2, 3, 4)}


def zeros(height: int = 32, width: int = 48) -> dict[str, Any]:
    channels = {1: 16, 2: 20, 3: 40, 4: 64}
    return {f"r{k}i": np.zeros((1, c, height >> k, width >> k), np.float32) for k, c in channels.items()}


def test_session_tells_what_it_takes_and_where_it_runs(tiny_folder: Path) -> None:
    session = open_session(tiny_folder / "coarse.onnx", CPU)
    assert session.provider == "cpu"
    assert session.fallback_reason == ""
    assert [spec.name for spec in session.inputs] == ["src", "r1i", "r2i", "r3i", "r4i"]
    assert session.inputs[1].shape[1] == 16


@pytest.mark.skipif(HAS_GPU, reason="this machine has a GPU")
@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_cpu_steps_in_only_if_the_settings_say_so(tiny_folder: Path, provider: Any) -> None:
    session = open_session(tiny_folder / "coarse.onnx", NetworkSettings(provider=provider))
    assert session.provider == "cpu"
    assert f"{provider}: no NVIDIA GPU is visible" in session.fallback_reason
    with pytest.raises(ModelError, match="no NVIDIA GPU is visible"):
        open_session(tiny_folder / "coarse.onnx", NetworkSettings(provider=provider, cpu_fallback=False))


@pytest.mark.skipif(HAS_GPU, reason="this machine has a GPU")
def test_auto_on_a_machine_without_gpu_is_no_fallback(tiny_folder: Path) -> None:
    session = open_session(tiny_folder / "coarse.onnx", NetworkSettings(provider="auto"))
    assert (session.provider, session.fallback_reason) == ("cpu", "")
    with pytest.raises(ModelError, match="does not start on cuda"):
        open_session(tiny_folder / "coarse.onnx", NetworkSettings(provider="auto", cpu_fallback=False))


@pytest.mark.skipif(HAS_GPU, reason="this machine has a GPU")
def test_driver_without_libraries_is_explained_in_silence(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runtime, "_NVIDIA_DEVICE", Path("/dev/null"))
    if "CUDAExecutionProvider" not in runtime.ort.get_available_providers():
        pytest.skip("this ONNX Runtime is built without CUDA")
    session = open_session(tiny_folder / "coarse.onnx", NetworkSettings(provider="auto"))
    assert session.provider == "cpu"
    assert "cannot open shared object file" in session.fallback_reason
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


@pytest.mark.parametrize("content", [b"", b"not a network at all", bytes(range(256)) * 40])
def test_unreadable_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.onnx cannot be opened"):
        open_session(path, CPU)


def test_truncated_and_missing_files_are_refused(tmp_path: Path, tiny_folder: Path) -> None:
    whole = (tiny_folder / "coarse.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    for name in ("cut.onnx", "missing.onnx"):
        with pytest.raises(ModelError, match=name):
            open_session(tmp_path / name, CPU)


def test_tensors_that_do_not_fit_are_a_model_error(tiny_folder: Path) -> None:
    session = open_session(tiny_folder / "coarse.onnx", CPU)
    with pytest.raises(ModelError, match="cannot run on these tensors"):
        session.run({"src": np.zeros((1, 4, 32, 48), np.float32), **zeros()})
    recurrence = session.recur(STATES)
    recurrence.set_states(zeros(64, 64))
    with pytest.raises(ModelError, match="cannot run on these tensors"):
        recurrence.step({"src": np.zeros((1, 3, 32, 48), np.float32)})


def test_bound_frames_equal_unbound_ones(tiny_folder: Path) -> None:
    session = open_session(tiny_folder / "coarse.onnx", CPU)
    recurrence = session.recur(STATES)
    feeds = zeros()
    recurrence.set_states(feeds)
    random = np.random.default_rng(1)
    for _ in range(5):
        src = random.random((1, 3, 32, 48), np.float32)
        wanted = session.run({"src": src, **feeds})
        feeds = {name: wanted[output] for name, output in STATES.items()}
        found = recurrence.step({"src": src})
        np.testing.assert_allclose(found["pha"], wanted["pha"], atol=1e-6)
        for name, array in recurrence.states().items():
            np.testing.assert_allclose(array, feeds[name], atol=1e-6)


def test_buffers_are_used_again_and_outlive_the_binding(tiny_folder: Path) -> None:
    recurrence = open_session(tiny_folder / "coarse.onnx", CPU).recur(STATES)
    recurrence.set_states(zeros())
    src = np.full((1, 3, 32, 48), 0.3, np.float32)
    first = recurrence.step({"src": src})["pha"]
    second = recurrence.step({"src": src})["pha"]
    assert np.shares_memory(first, second)
    kept = second.copy()
    recurrence.set_states(zeros(64, 64))
    recurrence.step({"src": np.zeros((1, 3, 64, 64), np.float32)})
    np.testing.assert_array_equal(second, kept)


def test_threads() -> None:
    assert choose_threads(NetworkSettings(threads=3)) == 3
    assert 1 <= choose_threads(NetworkSettings()) <= 8
