"""The matting's parts, timed: they add up, and none is counted twice."""

from __future__ import annotations

import time

import pytest

from appliance.bench.matting import Stopwatch, matting_table, measure_matting
from models.catalog import default_models_dir, locate
from models.errors import ModelError


def burn(ms: float) -> None:
    until_s = time.thread_time() + ms / 1000
    while time.thread_time() < until_s:
        pass


def test_what_lies_within_a_part_is_not_its_own() -> None:
    watch = Stopwatch()
    with watch.measure("keyer"):
        with watch.measure("network"):
            burn(20)
        with watch.measure("refiner"), watch.measure("plate"):
            burn(10)
    watch.next_frame()
    frame = watch.frames[0]
    assert frame["network"] >= 20
    assert frame["plate"] >= 10
    assert frame["keyer"] + frame["refiner"] < frame["network"]  # they did nothing but call


def test_every_part_is_measured_and_told() -> None:
    try:
        locate("rvm-mobilenetv3", default_models_dir())
    except ModelError as error:
        pytest.skip(f"needs the matting network: {error.reason}")
    figures = measure_matting((640, 360), 2)
    parts = {"network", "keyer", "carrying", "plate", "refiner's network", "refiner"}
    assert set(figures["ms"]) == parts | {"plate and refiner", "every frame's matte"}
    assert all(figures["ms"][part]["p50"] > 0 for part in parts)
    assert figures["tiles"] > 0
    table = matting_table({"640x360": figures})
    assert all(part in table for part in parts)
