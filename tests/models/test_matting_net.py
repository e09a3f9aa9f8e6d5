from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import ModelError
from models.matting_net import MattingNet, resample
from models.probe import probe_pictures
from models.settings import NetworkSettings

CPU = NetworkSettings(provider="cpu", threads=1)


@pytest.fixture
def net(tiny_folder: Path) -> MattingNet:
    return MattingNet.open(tiny_folder, CPU)


@pytest.fixture
def real_net(installed_folder: Path) -> MattingNet:
    return MattingNet.open(installed_folder, CPU)


@pytest.fixture
def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(5)
    return [random.integers(0, 256, (48, 64, 3), dtype=np.uint8) for _ in range(3)]


def person() -> np.ndarray:
    """The drawn person of the probe, twice as large, u8 (256, 192, 3)."""
    rgb = np.round(probe_pictures()[0][0].transpose(1, 2, 0) * 255).astype(np.uint8)
    return cv2.resize(rgb, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


def test_shapes_and_ranges(net: MattingNet, pictures: list[np.ndarray]) -> None:
    fgr, pha = net.matte(pictures[0], 1.0)
    assert (fgr.shape, fgr.dtype) == ((48, 64, 3), np.uint8)
    assert (pha.shape, pha.dtype) == ((48, 64), np.float32)
    assert 0 <= pha.min() <= pha.max() <= 1
    assert net.provider == "cpu"


def test_colour_channels_keep_their_places(net: MattingNet) -> None:
    """The foreground is the picture plus the network's correction: red stays red."""
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[...] = (250, 10, 120)
    wanted, _ = net.matte(rgb, 1.0)
    wanted = wanted.copy()
    net.reset()
    swapped, _ = net.matte(np.ascontiguousarray(rgb[..., ::-1]), 1.0)
    assert not np.array_equal(wanted, swapped)


def test_memory_matters_and_reset_forgets(net: MattingNet, pictures: list[np.ndarray]) -> None:
    first = net.matte(pictures[0], 1.0)[1].copy()
    second = net.matte(pictures[0], 1.0)[1].copy()
    assert np.abs(first - second).max() > 1e-4
    net.reset()
    np.testing.assert_array_equal(net.matte(pictures[0], 1.0)[1], first)


def test_look_leaves_the_memory_alone(net: MattingNet, pictures: list[np.ndarray]) -> None:
    net.matte(pictures[0], 1.0)
    wanted = net.matte(pictures[1], 1.0)[1].copy()
    net.reset()
    net.matte(pictures[0], 1.0)
    seen = net.look(pictures[2][:32, :32])
    np.testing.assert_array_equal(net.look(pictures[2][:32, :32]), seen)
    np.testing.assert_array_equal(net.matte(pictures[1], 1.0)[1], wanted)


def test_ratio_below_one_keeps_the_size_of_the_picture(net: MattingNet) -> None:
    rgb = np.random.default_rng(2).integers(0, 256, (91, 133, 3), dtype=np.uint8)
    fgr, pha = net.matte(rgb, 0.5)
    assert fgr.shape == (91, 133, 3)
    assert pha.shape == (91, 133)


@pytest.mark.parametrize(("size", "ratio"), [((50, 64), 1.0), ((48, 64), 0.0), ((48, 64), 1.5)])
def test_what_the_network_cannot_take_is_refused(
    net: MattingNet, size: tuple[int, int], ratio: float
) -> None:
    with pytest.raises(ModelError):
        net.matte(np.zeros((*size, 3), np.uint8), ratio)


def test_network_of_ones_own_in_one_file(tiny_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "network.onnx").write_bytes((tiny_folder / "refine.onnx").read_bytes())
    own = MattingNet.open(tmp_path, CPU)
    rgb = np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    for ratio in (1.0, 0.5):
        assert own.matte(rgb, ratio)[1].shape == (48, 64)
    own.shift_state((16, 0, 64, 48), (64, 48))
    own.matte(rgb, 0.5)


def test_moves_by_whole_cells_only_shift() -> None:
    state = np.random.default_rng(0).random((1, 5, 12, 16), dtype=np.float32)
    moved = resample(state, (16.0, -32.0, 128.0, 96.0), (128, 96), 8)
    np.testing.assert_array_equal(moved[:, :, 4:, :14], state[:, :, :8, 2:])
    assert not moved[:, :, :4].any()
    assert not moved[:, :, :, 14:].any()


def test_resampling_keeps_pixel_centres() -> None:
    """A ramp seen through a window is the ramp of the window's own pixel centres."""
    columns = (np.arange(32, dtype=np.float32) + 0.5) * 4  # centres in pixels of the picture, stride 4
    state = np.broadcast_to(columns, (1, 2, 24, 32)).copy()
    window, new_wh = (20.0, 8.0, 60.0, 64.0), (128, 96)
    moved = resample(state, window, new_wh, 4)
    assert moved.shape == (1, 2, 24, 32)
    wanted = window[0] + (np.arange(32) + 0.5) * 4 * window[2] / new_wh[0]
    np.testing.assert_allclose(moved[0, 1, 12], wanted, atol=0.15)


def test_shift_before_the_first_picture_is_no_matter(net: MattingNet, pictures: list[np.ndarray]) -> None:
    net.shift_state((0, 0, 32, 32), (64, 48))
    first = net.matte(pictures[0], 1.0)[1].copy()
    net.reset()
    np.testing.assert_array_equal(net.matte(pictures[0], 1.0)[1], first)


def test_carried_memory_beats_an_empty_one(real_net: MattingNet) -> None:
    """After a move of the crop, alpha is nearer to what a settled network sees there than after a reset."""
    rgb, (x, y, w, h) = person(), (32, 16, 160, 224)
    view = np.ascontiguousarray(rgb[y : y + h, x : x + w])
    for _ in range(5):
        settled = real_net.matte(view, 1.0)[1].copy()
    errors = []
    for carries in (True, False):
        real_net.reset()
        for _ in range(4):
            real_net.matte(rgb, 1.0)
        if carries:
            real_net.shift_state((x, y, w, h), (w, h))
        else:
            real_net.reset()
        errors.append(float(np.abs(real_net.matte(view, 1.0)[1] - settled).mean()))
    assert errors[0] < 0.8 * errors[1], errors


def test_real_network_cuts_the_drawn_person_out(real_net: MattingNet) -> None:
    rgb = person()
    for _ in range(3):
        fgr, pha = real_net.matte(rgb, 1.0)
    assert pha[60:90, 78:98].mean() > 0.95, "the face"
    assert pha[:, :12].max() < 0.1, "the wall"
    face = np.abs(fgr[60:90, 78:98].astype(int) - rgb[60:90, 78:98])
    assert face.mean() < 12, "red, green and blue at their places"
