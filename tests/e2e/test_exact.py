"""The viewer page before the real box: every pixel of the courseware, behind a teacher who teaches."""

from __future__ import annotations

import pytest
from browsers import needs_chromium

from appliance.bench.pixel_exact import measure_pixel_exact

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    needs_chromium,
]


def test_pages_are_exact_in_a_real_browser(network: None) -> None:
    found = measure_pixel_exact((640, 360), turns=3)
    assert found["exact"], found
    assert found["bytes"] > 5_000
