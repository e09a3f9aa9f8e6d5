"""Checks that a network is what it says: its tensor contract, and figures of an independent evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import ModelError
from models.runtime import Session, TensorSpec, open_session
from models.settings import NetworkSettings

F32 = npt.NDArray[np.float32]

STATES = ("r1", "r2", "r3", "r4")
SIZE_WH = (96, 128)
FIGURE_GRID = (8, 6)  # rows and columns of the sampled alpha
TOLERANCE = 2e-3

_CPU = NetworkSettings(provider="cpu", threads=1)


def probe_pictures() -> list[F32]:
    """Three pictures of a drawn person who steps aside, f32 (1, 3, 128, 96), RGB 0..1, always the same."""
    return [_picture(step) for step in (0, 4, 8)]


def check_contract(path: Path) -> None:
    """Raises ModelError, in words, unless the file holds a network shaped like Robust Video Matting."""
    session = open_session(path, _CPU)
    inputs = {spec.name: spec for spec in session.inputs}
    outputs = {spec.name: spec for spec in session.outputs}
    wanted = {"src", *(f"{name}i" for name in STATES)}
    _names("inputs", set(inputs) - {"downsample_ratio"}, wanted)
    _names("outputs", set(outputs), {"fgr", "pha", *(f"{name}o" for name in STATES)})
    for spec in (*session.inputs, *session.outputs):
        _check_tensor(spec)
    if any(isinstance(size, int) for size in inputs["src"].shape[2:]):
        raise ModelError(
            f"it was exported for pictures of {inputs['src'].shape[2:]} only, and the crop changes its size: "
            "export it with dynamic height and width"
        )
    _check_run(session)


def sample_alpha(session: Session) -> F32:
    """Alpha of the third probe picture on a grid, f32 (8, 6), to be compared with the catalogue's figures."""
    rows, columns = FIGURE_GRID
    return _run_probe(session)["pha"][0, 0, 8 :: SIZE_WH[1] // rows, 8 :: SIZE_WH[0] // columns]


def check_figures(path: Path, figures: Sequence[Sequence[float]]) -> None:
    """Raises ModelError when the file's alpha is not what an independent evaluation of the network gave."""
    found = sample_alpha(open_session(path, _CPU))
    error = float(np.abs(found - np.asarray(figures, np.float32)).max())
    if not error <= TOLERANCE:
        raise ModelError(
            f"{path.name} computes other values than the published network: off by {error:.4f} in alpha."
        )


def first_states(session: Session, size_wh: tuple[int, int]) -> dict[str, F32]:
    """Zeros to begin with: of full shape where the network names its channels, else (1, 1, 1, 1)."""
    inputs = {spec.name: spec for spec in session.inputs}
    states: dict[str, F32] = {}
    for level, name in enumerate(STATES, start=1):
        channels = inputs[f"{name}i"].shape[1]
        shape = (1, 1, 1, 1)
        if isinstance(channels, int) and channels > 1:
            shape = (1, channels, -(-size_wh[1] // 2**level), -(-size_wh[0] // 2**level))
        states[name] = np.zeros(shape, np.float32)
    return states


def _names(what: str, found: set[str], wanted: set[str]) -> None:
    if found != wanted:
        missing, strange = sorted(wanted - found), sorted(found - wanted)
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has {', '.join(strange)} that the box does not know"] if strange else []
        raise ModelError(f"its {what} are not those of Robust Video Matting: it {' and '.join(parts)}")


def _check_tensor(spec: TensorSpec) -> None:
    if spec.type != "tensor(float)":
        raise ModelError(
            f"its tensor {spec.name} is {spec.type}, and the box hands over float32: tensor(float)"
        )
    rank = 1 if spec.name == "downsample_ratio" else 4
    if len(spec.shape) != rank:
        raise ModelError(f"its tensor {spec.name} has {len(spec.shape)} dimensions instead of {rank}")
    channels = {"src": 3, "fgr": 3, "pha": 1}.get(spec.name)
    if channels is not None and isinstance(spec.shape[1], int) and spec.shape[1] != channels:
        raise ModelError(
            f"its tensor {spec.name} has {spec.shape[1]} channels instead of {channels} (N, C, H, W)"
        )


def _run_probe(session: Session) -> dict[str, F32]:
    """The outputs for the third probe picture, the memory of the first two carried along."""
    feeds: dict[str, F32] = {f"{name}i": array for name, array in first_states(session, SIZE_WH).items()}
    if any(spec.name == "downsample_ratio" for spec in session.inputs):
        feeds["downsample_ratio"] = np.array([0.5], np.float32)
    results: dict[str, F32] = {}
    for picture in probe_pictures():
        results = session.run({**feeds, "src": picture})
        feeds.update({f"{name}i": results[f"{name}o"] for name in STATES})
    return results


def _check_run(session: Session) -> None:
    results = _run_probe(session)
    for name, channels in (("fgr", 3), ("pha", 1)):
        expected = (1, channels, SIZE_WH[1], SIZE_WH[0])
        if results[name].shape != expected:
            raise ModelError(f"its {name} comes out as {results[name].shape} for a picture of {expected}")
        if not np.isfinite(results[name]).all() or results[name].min() < -0.01 or results[name].max() > 1.01:
            raise ModelError(f"its {name} leaves the range 0 to 1")


def _picture(step: int) -> F32:
    width, height = SIZE_WH
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x = x - step
    wall = np.stack([0.75 + 0.1 * np.sin(y / 19), 0.78 + 0 * x, 0.70 + 0.1 * np.cos((x + y) / 23)])
    skin = np.array([0.85, 0.62, 0.5], np.float32).reshape(3, 1, 1) * (1 - 0.15 * (x - 44) / 20)
    shirt = np.array([0.15, 0.25, 0.5], np.float32).reshape(3, 1, 1) * (1 + 0.2 * np.sin(y / 5))
    hair = np.array([0.12, 0.09, 0.08], np.float32).reshape(3, 1, 1)

    def ellipse(cx: float, cy: float, rx: float, ry: float) -> F32:
        distance = np.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)
        cover: F32 = np.clip((1 - distance) * min(rx, ry) + 0.5, 0, 1).astype(np.float32)
        return cover

    layers = (
        (hair, (44, 34, 16, 21)),
        (shirt, (44, 108, 30, 48)),
        (skin, (44, 60, 6, 14)),
        (skin, (44, 38, 12, 16)),
    )
    eyes = ((hair, (39, 36, 2.2, 1.6)), (hair, (49, 36, 2.2, 1.6)), (hair * 3, (44, 46, 4, 1.3)))
    picture = wall
    for colour, place in (*layers, *eyes):
        cover = ellipse(*place)
        picture = picture * (1 - cover) + colour * cover
    result: F32 = np.clip(picture, 0, 1).astype(np.float32)[None]
    return result
