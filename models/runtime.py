"""The one place that opens ONNX Runtime sessions: provider, threads, warm-up, binding of inputs and outputs.

ONNX Runtime falls back to the CPU by itself and says so on stderr only. Here a provider that does not start
is noticed, its reason is kept, and whether the CPU may step in is the settings' word.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.errors import ModelError
from models.settings import NetworkSettings

Provider = Literal["tensorrt", "cuda", "cpu"]
Array = npt.NDArray[Any]

_ORT_NAMES: dict[Provider, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_NVIDIA_DEVICE = Path("/dev/nvidiactl")
_SILENT = 4  # fatal errors only: every other one comes back as an exception
ort.set_default_logger_severity(_SILENT)

# ONNX Runtime's own exceptions share no ancestor but Exception.
RunFault: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(
        getattr(ort.capi.onnxruntime_pybind11_state, name)
        for name in (
            "EPFail",
            "Fail",
            "InvalidArgument",
            "InvalidGraph",
            "InvalidProtobuf",
            "NoModel",
            "NoSuchFile",
            "NotImplemented",
            "RuntimeException",
        )
    ),
)


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A tensor of a network's contract. shape: a number, or a name (or None) where any size goes."""

    name: str
    type: str
    shape: tuple[int | str | None, ...]


class Session:
    """A network that runs.

    provider: what it really runs on. fallback_reason: why not on what was asked for, else "". properties: the
    file's metadata.
    """

    def __init__(self, session: ort.InferenceSession, provider: Provider, fallback_reason: str = "") -> None:
        self._session = session
        self.provider = provider
        self.fallback_reason = fallback_reason
        self.properties: dict[str, str] = dict(session.get_modelmeta().custom_metadata_map)
        self.inputs = tuple(
            TensorSpec(item.name, item.type, tuple(item.shape)) for item in session.get_inputs()
        )
        self.outputs = tuple(
            TensorSpec(item.name, item.type, tuple(item.shape)) for item in session.get_outputs()
        )

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Runs once; every output is a new array. Raises ModelError when the tensors do not fit."""
        try:
            results = self._session.run(None, dict(feeds))
        except RunFault as error:
            raise ModelError(f"the network cannot run on these tensors: {_short(error)}") from error
        return {spec.name: result for spec, result in zip(self.outputs, results, strict=True)}

    def recur(self, states: Mapping[str, str]) -> Recurrence:
        """Runs frame after frame. states: input that remembers -> output that it becomes."""
        return Recurrence(self._session, self.provider, states)


class Recurrence:
    """A session bound for frame after frame: states stay on the device, buffers are used again.

    Two sets of states take turns: a frame reads one and writes the other. Not safe between threads.
    """

    def __init__(self, session: ort.InferenceSession, provider: Provider, states: Mapping[str, str]) -> None:
        self._session = session
        self._device = "cpu" if provider == "cpu" else "cuda"
        self._states = dict(states)
        self._results = [item.name for item in session.get_outputs() if item.name not in states.values()]
        self._current: dict[str, Any] = {}  # input name -> OrtValue, read by the next frame
        self._spare: dict[str, Any] = {}  # output name -> OrtValue, written by the next frame
        self._arrays: dict[
            str, Array
        ] = {}  # result name -> array; ours, so that callers never hold freed memory

    def set_states(self, states: Mapping[str, Array]) -> None:
        """Gives the network its memory: float32 arrays by the names of the inputs. Shapes may change."""
        self._current = {
            name: ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array), self._device, 0)
            for name, array in states.items()
        }
        self._spare = {}
        self._arrays = {}

    def states(self) -> dict[str, Array]:
        """Copies of the memory, by the names of the inputs."""
        return {name: np.array(value.numpy()) for name, value in self._current.items()}

    def step(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """One frame. The arrays returned are overwritten by the next step. Raises ModelError.

        The shapes of the feeds may change only together with `set_states`.
        """
        binding = self._session.io_binding()
        for name, array in feeds.items():
            binding.bind_cpu_input(name, array)
        for name, value in self._current.items():
            binding.bind_ortvalue_input(name, value)
        for name in self._results:
            if name in self._arrays:
                binding.bind_ortvalue_output(name, ort.OrtValue.ortvalue_from_numpy(self._arrays[name]))
            else:
                binding.bind_output(name, "cpu")
        for name in self._states.values():
            if name in self._spare:
                binding.bind_ortvalue_output(name, self._spare[name])
            else:
                binding.bind_output(name, self._device)
        try:
            self._session.run_with_iobinding(binding)
        except RunFault as error:
            raise ModelError(f"the network cannot run on these tensors: {_short(error)}") from error
        self._take(dict(zip((*self._results, *self._states.values()), binding.get_outputs(), strict=True)))
        return self._arrays

    def _take(self, values: dict[str, Any]) -> None:
        """After a frame: its states are the next frame's, and those it read are free to be written."""
        if self._arrays:  # before, the states read may have been a single zero, too small to write to
            self._spare = {output: self._current[name] for name, output in self._states.items()}
        else:
            self._arrays = {name: np.array(values[name].numpy()) for name in self._results}
        self._current = {name: values[output] for name, output in self._states.items()}


def open_session(path: Path, settings: NetworkSettings) -> Session:
    """Opens a network on the best provider that the settings allow and that starts on this machine.

    "auto" is CUDA, else the CPU. TensorRT runs on demand only: it builds an engine for each size of picture,
    which takes minutes, and keeps it beside the network. Raises ModelError when the file is unusable, or when
    no GPU starts and `cpu_fallback` is false.
    """
    wanted: tuple[Provider, ...] = ("cuda",) if settings.provider == "auto" else (settings.provider,)
    order = (*wanted, "cpu") if settings.cpu_fallback and wanted != ("cpu",) else wanted
    reasons: list[str] = []
    for provider in order:
        session, reason = _try(path, provider, settings)
        if session is not None:
            is_expected = settings.provider == "auto" and not _NVIDIA_DEVICE.exists()
            return Session(session, provider, "" if is_expected else "; ".join(reasons))
        reasons.append(f"{provider}: {reason}")
    if "cpu" in order:
        raise ModelError(f"{path} cannot be opened: {reason}.")
    raise ModelError(
        f"The network does not start on {'; '.join(reasons)}. Mend the GPU's driver, or allow the CPU: "
        "cpu_fallback = true in [network]."
    )


def choose_threads(settings: NetworkSettings) -> int:
    """CPU threads of one network: the settings' number, else half of this process's cores, 1 to 8."""
    if settings.threads:
        return settings.threads
    return min(max(len(os.sched_getaffinity(0)) // 2, 1), 8)


def _try(
    path: Path, provider: Provider, settings: NetworkSettings
) -> tuple[ort.InferenceSession | None, str]:
    """A session on this provider, or None and why not."""
    if reason := _missing(provider):
        return None, reason
    options = ort.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = choose_threads(settings)
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Idle threads that spin burn the core that composing and encoding need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = [(_ORT_NAMES[provider], _provider_options(provider, path))]
    if provider != "cpu":
        providers.append((_ORT_NAMES["cpu"], {}))  # the few operations that a GPU does not take
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
            ort.preload_dlls()
    try:
        session = ort.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
    except RunFault as error:
        return None, (provider != "cpu" and _library_fault(provider)) or _short(error)
    if session.get_providers()[0] != _ORT_NAMES[provider]:
        return None, _library_fault(provider) or "it did not start, and ONNX Runtime does not say why"
    return session, ""


def _provider_options(provider: Provider, path: Path) -> dict[str, str]:
    if provider == "cuda":
        # The crop changes its size; an exhaustive search for each new one stops the picture for seconds.
        return {"cudnn_conv_algo_search": "HEURISTIC"}
    if provider == "tensorrt":
        return {"trt_engine_cache_enable": "True", "trt_engine_cache_path": str(path.parent / "tensorrt")}
    return {}


def _missing(provider: Provider) -> str:
    """Why a provider cannot start, as far as one sees without trying; "" when nothing speaks against it."""
    if provider == "cpu":
        return ""
    if _ORT_NAMES[provider] not in ort.get_available_providers():
        return "this ONNX Runtime is built without it (pip install onnxruntime-gpu)"
    if not _NVIDIA_DEVICE.exists():
        return f"no NVIDIA GPU is visible ({_NVIDIA_DEVICE} is missing)"
    return ""


def _library_fault(provider: Provider) -> str:
    """What the loader says about the provider's library, because ONNX Runtime tells its log only; or ""."""
    folder = Path(ort.__file__).parent / "capi"
    try:
        ctypes.CDLL(str(folder / "libonnxruntime_providers_shared.so"), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(folder / f"libonnxruntime_providers_{provider}.so"))
    except OSError as error:
        return _short(error)
    return ""


def _short(error: Exception) -> str:
    """The heart of a library's message: one line, no source positions, no error numbers."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    line = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", lines[0])
    return line.split(" failed:")[-1].rstrip(".")[:240]
