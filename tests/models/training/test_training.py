"""The refiner's training: scenes and batches, and, where PyTorch is installed, a few steps and the export."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from models.refiner_net import MULTIPLE, WEIGHTS, RefinerNet
from models.settings import NetworkSettings
from models.training.camera import Camera
from models.training.coarse import imitated_coarse
from models.training.dataset import CLOSE_HW, PLANES, Sample, sample_of
from models.training.pages import make_page
from models.training.patches import SIZE_PX, Batch, Patches
from models.training.people import Cutout, DataMissing, cropped, load_people
from models.training.scene import Scene, make_scene
from pipelines.matting.evidence import ANSWERS, FEATURES
from pipelines.matting.light import LIGHT
from pipelines.media import U8


def someone() -> Cutout:
    pha: U8 = np.zeros((300, 200), np.uint8)
    cv2.ellipse(pha, (100, 60), (40, 50), 0, 0, 360, (255,), -1)
    cv2.rectangle(pha, (40, 110), (160, 299), (255,), -1)
    rgb: U8 = np.full((300, 200, 3), (150, 90, 70), np.uint8)
    return cropped(rgb, pha)


def scene(seed: int, size_hw: tuple[int, int] = CLOSE_HW) -> Scene:
    rng = np.random.default_rng(seed)
    people = [someone()]
    return make_scene(rng, size_hw, [make_page(rng, people)], people, close=True)


def sample(seed: int, size_hw: tuple[int, int] = CLOSE_HW) -> Sample:
    made, rng = scene(seed, size_hw), np.random.default_rng(seed)
    coarse = imitated_coarse(made.pha, made.plate, rng)
    return sample_of(made, coarse, rng)


def test_scenes_come_again_from_their_seed() -> None:
    one, other = scene(3), scene(3)
    np.testing.assert_array_equal(one.rgb, other.rgb)
    np.testing.assert_array_equal(one.plate, other.plate)
    assert not np.array_equal(one.rgb, scene(4).rgb)


def test_where_nobody_is_the_picture_is_about_the_plate() -> None:
    off = []
    for seed in range(12):
        made = scene(seed)
        nobody = (made.pha == 0) & (made.doubt < 40)
        if nobody.mean() > 0.2:
            off.append(float(np.median(cv2.absdiff(made.rgb, made.plate)[nobody])))
    assert len(off) >= 5
    assert np.median(off) < 10


def test_where_somebody_is_the_picture_is_their_colour() -> None:
    for seed in range(6):
        made = scene(seed)
        inside = cv2.erode(made.pha, np.ones((7, 7), np.uint8)) == 255
        if inside.sum() > 500:
            assert np.median(cv2.absdiff(made.rgb, made.fgr)[inside]) < 8


def test_the_tone_curve_is_about_what_a_calibration_would_find() -> None:
    rng, unmeasured, off = np.random.default_rng(2), 0, []
    for _ in range(40):
        camera = Camera.random(rng)
        tone = camera.measured(rng)
        assert (np.diff(tone) >= 0).all()
        if np.array_equal(tone, LIGHT):
            unmeasured += 1
            continue
        # A flat field of half the light beside it: what the codes say of the two is what was there.
        one, half = (camera.coded(np.full((8, 8, 3), light, np.float32))[4, 4, 1] for light in (0.6, 0.3))
        off.append(float(tone[half] / tone[one] / 0.5 - 1))
    assert 2 < unmeasured < 20
    assert np.median(np.abs(off)) < 0.04
    assert max(np.abs(off)) < 0.2


def test_batches_are_the_same_in_every_run() -> None:
    scenes = [sample(seed) for seed in range(4)]
    assert scenes[0].planes.shape == (*CLOSE_HW, PLANES)
    one, other = (Patches(scenes, scenes, 7).batch(5) for _ in range(2))
    np.testing.assert_array_equal(one.features, other.features)
    assert one.features.shape[1:] == (4 * FEATURES, SIZE_PX // 2, SIZE_PX // 2)
    assert np.isfinite(one.features).all()
    assert np.abs(one.features).max() <= 2.0


def test_no_people_no_training(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="No people"):
        load_people(tmp_path)


def test_people_held_out_are_others() -> None:
    folder = Path("../shared/teacher/people")
    if not folder.is_dir():
        pytest.skip("../shared/teacher/people is missing: people to train on")
    train, test = load_people(folder), load_people(folder, held_out=True)
    assert len(train) > 4 * len(test) > 0


def test_the_weights_that_come_with_the_project_fit_the_loops() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000
    net = RefinerNet.open(NetworkSettings(provider="cpu", threads=1))
    features = np.zeros((2, 4 * FEATURES, 4 * MULTIPLE, 2 * MULTIPLE), np.float32)
    assert net.answer(features).shape == (2, 4 * ANSWERS, 4 * MULTIPLE, 2 * MULTIPLE)


def test_no_processor_saturates_on_the_weights_in_8_bits() -> None:
    # Without VNNI two products, of a u8 and an s8 each, are added in 16 bits: 2 x 255 x 64 still fits.
    graph = onnx.load(WEIGHTS.with_suffix(".int8.onnx")).graph
    eight = [
        onnx.numpy_helper.to_array(one) for one in graph.initializer if one.data_type == onnx.TensorProto.INT8
    ]
    kernels = [array for array in eight if array.ndim == 4]
    assert len(kernels) > 10
    assert max(int(np.abs(kernel.astype(np.int16)).max()) for kernel in kernels) <= 64


class Broken(Patches):
    """Fails at step 6."""

    def batch(self, step: int) -> Batch:
        if step == 6:
            raise ZeroDivisionError("a scene without pixels")
        return super().batch(step)


def test_what_goes_wrong_while_batches_are_made_is_raised() -> None:
    scenes = [sample(seed) for seed in range(2)]
    made = Broken(scenes, scenes, 1).batches(5, 9)
    next(made)
    with pytest.raises(ZeroDivisionError, match="without pixels"):
        next(made)


def test_a_few_steps_learn_resume_and_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch is missing: pip install '.[train]'")
    from models.training import train
    from models.training.export import export
    from models.training.train import Course, OtherCourse, Trainer

    scenes = [sample(seed) for seed in range(4)]
    patches = Patches(scenes, scenes, 1)
    monkeypatch.setattr(train, "SAVE_EVERY", 4)
    with pytest.raises(ZeroDivisionError):
        Trainer(Course(tmp_path, 8)).run(Broken(scenes, scenes, 1), [])
    for other, word in (
        (Course(tmp_path, 9), "steps 8, not 9"),
        (Course(tmp_path, 8, seed=2), "seed 1, not 2"),
        (Course(tmp_path, 8, start=WEIGHTS), "start none"),
    ):
        with pytest.raises(OtherCourse, match=word):
            Trainer(other)
    again = Trainer(Course(tmp_path, 8))
    assert again.step == 4
    again.run(patches, scenes[:1])
    assert again.step == 8
    target = tmp_path / "refiner.onnx"
    assert len(export(tmp_path / "checkpoint.pt", target)) == 64
    assert RefinerNet.open(NetworkSettings(provider="cpu"), target).answer(
        np.zeros((1, 4 * FEATURES, 16, 16), np.float32)
    ).shape == (1, 4 * ANSWERS, 16, 16)


def test_training_goes_on_from_exported_weights(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is missing: pip install '.[train]'")
    import torch

    from models.training.export import ParityError, begin_with
    from models.training.net import Refiner

    alone = tmp_path / "float.onnx"  # without its form in 8 bits beside it
    alone.write_bytes(WEIGHTS.read_bytes())
    net = Refiner()
    begin_with(net, alone)
    features = np.random.default_rng(1).normal(0, 0.2, (1, 4 * FEATURES, 32, 32)).astype(np.float32)
    with torch.no_grad():
        answer = net.eval()(torch.from_numpy(features)).numpy()
    session = RefinerNet.open(NetworkSettings(provider="cpu"), alone)
    np.testing.assert_allclose(answer, session.answer(features), atol=2e-4)
    with pytest.raises(ParityError, match="no refiner that training can go on from"):
        begin_with(net, WEIGHTS.with_suffix(".int8.onnx"))


def test_the_mean_of_weights_lies_between_them(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is missing: pip install '.[train]'")
    from models.training.export import mean_of

    model, other = onnx.load(WEIGHTS), tmp_path / "other.onnx"
    (stem,) = (array for array in model.graph.initializer if array.name == "stem.weight")
    known = onnx.numpy_helper.to_array(stem)
    stem.CopyFrom(onnx.numpy_helper.from_array(known + np.float32(0.5), "stem.weight"))
    onnx.save(model, other)
    mean = mean_of([WEIGHTS, other]).stem.weight.detach().numpy()
    np.testing.assert_allclose(mean, known + np.float32(0.25), atol=1e-6)


def test_planes_that_the_older_weights_did_not_know_begin_at_nothing(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is missing: pip install '.[train]'")
    from models.training.export import begin_with
    from models.training.net import Refiner

    model, older = onnx.load(WEIGHTS), tmp_path / "older.onnx"
    (stem,) = (array for array in model.graph.initializer if array.name == "stem.weight")
    known = onnx.numpy_helper.to_array(stem)[:, :48]
    stem.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(known), "stem.weight"))
    onnx.save(model, older)
    net = Refiner()
    begin_with(net, older)
    weight = net.stem.weight.detach().numpy()
    np.testing.assert_array_equal(weight[:, :48], known)
    assert not weight[:, 48:].any()
