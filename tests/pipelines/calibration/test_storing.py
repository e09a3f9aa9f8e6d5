"""The calibration's file: what is stored comes back, what is damaged is told."""

from __future__ import annotations

import json
import stat

import numpy as np
import pytest

from pipelines.calibration.outcome import from_pattern
from pipelines.calibration.storing import CalibrationDamaged, StoredCalibration, forget, load_stored, store


@pytest.fixture(scope="module")
def stored(room, pattern) -> StoredCalibration:
    outcome = from_pattern(room("simulated:").sights(), pattern)
    return StoredCalibration.of(outcome.calibration, outcome.report)


def test_what_is_stored_comes_back_to_the_last_digit(stored, tmp_path):
    path = tmp_path / "state" / "calibration.json"
    store(path, stored)
    again = load_stored(path)
    assert again == stored
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before, after = stored.calibration(), again.calibration()
    points = np.array([[0.0, 0.0], [1279, 719], [400, 300]])
    for wh in ((1280, 720), (1920, 1080)):
        assert np.array_equal(
            before.to_camera(points, wh, (1280, 720)), after.to_camera(points, wh, (1280, 720))
        )


def test_the_tone_curve_comes_back_and_a_file_of_before_has_none(stored, tmp_path):
    path = tmp_path / "calibration.json"
    store(path, stored)
    tone = stored.calibration().tone
    assert tone.shape == (256,)
    assert np.array_equal(load_stored(path).calibration().tone, tone)
    values = json.loads(path.read_text())
    del values["tone"]
    path.write_text(json.dumps(values))
    assert load_stored(path).calibration().tone is None


def test_no_file_is_no_calibration(tmp_path):
    path = tmp_path / "calibration.json"
    assert load_stored(path) is None
    assert not forget(path)


def test_forgetting_removes_the_file(stored, tmp_path):
    path = tmp_path / "calibration.json"
    store(path, stored)
    assert forget(path)
    assert load_stored(path) is None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[: len(text) // 2], "damaged"),
        (lambda text: "", "damaged"),
        (lambda text: text.replace('"version": 1', '"version": 7'), "version"),
        (lambda text: changed(text, "page_from_flat", [[0, 0, 0]] * 3), "flat"),
        (lambda text: changed(text, "page_from_camera", [[1, 0, 0]]), "page_from_camera"),
        (lambda text: changed(text, "camera_size_wh", [0, 720]), "camera_size_wh"),
        (lambda text: changed(text, "extra", 1), "extra"),
        (lambda text: changed(text, "tone", [0.5] * 200), "tone"),
        (lambda text: changed(text, "tone", [0.5] * 200 + [0.4] * 56), "tone"),
        (lambda text: text.replace('"focal": ', '"focal": -'), "focal"),
        (lambda text: text + " " * 1_100_000, "too large"),
    ],
)
def test_a_damaged_file_is_told_with_its_fault(damage, words, stored, tmp_path):
    path = tmp_path / "calibration.json"
    store(path, stored)
    path.write_text(damage(path.read_text()))
    with pytest.raises(CalibrationDamaged, match=words) as told:
        load_stored(path)
    assert str(path) in str(told.value) and "calibrate again" in str(told.value)


def test_a_file_that_is_no_text_is_told(tmp_path):
    path = tmp_path / "calibration.json"
    path.write_bytes(b"\xff\xfe\x00 \x80")
    with pytest.raises(CalibrationDamaged, match="cannot be read"):
        load_stored(path)


def test_it_serves_other_sizes_of_the_same_picture_only(stored):
    assert stored.fits((1280, 720)) and stored.fits((1920, 1080))
    assert not stored.fits((1024, 768))


def changed(text: str, key: str, value: object) -> str:
    return json.dumps(json.loads(text) | {key: value})
