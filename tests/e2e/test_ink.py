"""Ink with the real studio: viewers see it, LCD and plate do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pictures import picture

from appliance.bench.ours import Box
from pipelines.media import U8

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

ORANGE = (230, 159, 0)


def is_orange(rgb: U8) -> U8:
    return np.asarray((np.abs(rgb.astype(int) - ORANGE) < 12).all(axis=2), np.uint8)


def test_ink_is_on_the_programme_and_not_on_the_lcd(
    box: Box, api: Callable[..., tuple[int, Any]], eventually: Callable[..., Any]
) -> None:
    def trust() -> float:
        programme = api(box, "GET", "/api/v1/status")[1]["programme"] or {}  # none before the studio lives
        return float(programme.get("plate_trust") or 0)

    eventually("the plate is trusted", lambda: trust() > 0.6, 60)
    clean = picture(box, "/pictures/page")
    stroke = {"page": 0, "colour": "orange", "width": 0.08, "points": [[0.05, 0.08], [0.95, 0.08]]}
    assert api(box, "POST", "/api/v1/ink/strokes", stroke)[0] == 201
    drawn = eventually(
        "ink on the programme", lambda: is_orange(picture(box, "/pictures/inked")).sum() > 20_000
    )
    assert drawn
    assert is_orange(picture(box, "/pictures/programme")).sum() > 10_000
    assert (picture(box, "/pictures/page") == clean).all(), "the page on the LCD has no ink"
    # Ten mattes later the plate still believes the camera: what it was told of the LCD is true.
    done = api(box, "GET", "/api/v1/status")[1]["programme"]["counts"]["matting"]
    eventually(
        "ten mattes",
        lambda: api(box, "GET", "/api/v1/status")[1]["programme"]["counts"]["matting"] > done + 10,
        60,
    )
    eventually("the plate is still trusted", lambda: trust() > 0.6, 30)
    assert is_orange(picture(box, "/pictures/camera"))[: 720 // 4].sum() < 200, "nor does the camera see any"
    for kind in ("matte", "plate"):
        assert picture(box, f"/pictures/{kind}").shape == (720, 1280, 3)
