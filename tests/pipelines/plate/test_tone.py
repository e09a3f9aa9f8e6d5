"""The camera's tone curve, found from flat fields of the simulated classroom, whose curve is known."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.calibration.figures import photometric
from pipelines.calibration.pattern import Pattern
from pipelines.media import F32, U8, Page
from pipelines.simulated.light import light_of_codes
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import room_from_url

WH = (1280, 720)
PICTURES = 3


def found(url: str, rgb: U8, *, teacher: bool = False) -> F32 | None:
    optics = Optics(room_from_url(url), WH)
    renderer, page = Renderer(optics, 25), Page(rgb, 1, 0, 0)
    seen = [renderer.render(8 * index, page, teacher=teacher) for index in range(PICTURES)]
    return photometric(optics.calibration()[0], rgb, np.mean(seen, axis=0, dtype=np.float32)).tone


@pytest.mark.parametrize("url", ["simulated:", "simulated:?yaw=-8&noise=2", "simulated:?light=0.7&veil=0.05"])
def test_the_curve_is_found_from_the_patterns_fields(url: str) -> None:
    tone = found(url, Pattern(WH).mosaic)
    assert tone is not None
    right = light_of_codes()
    assert np.abs(tone[64:236] / right[64:236] - 1).max() < 0.05
    power = (np.arange(256) / 255) ** 2.2
    assert np.abs(power[64:236] / right[64:236] - 1).max() > 0.15, "there is something to find"
    assert (np.diff(tone) >= 0).all()


def test_somebody_before_the_lcd_does_not_bend_it() -> None:
    tone, right = found("simulated:", Pattern(WH).mosaic, teacher=True), light_of_codes()
    assert tone is not None
    assert np.abs(tone[64:236] / right[64:236] - 1).max() < 0.05


def test_a_page_of_few_colours_tells_no_curve() -> None:
    page: U8 = np.full((WH[1], WH[0], 3), 245, np.uint8)
    page[100:300, 200:700], page[400:600, 100:900] = (200, 60, 60), 30
    assert found("simulated:", page) is None
