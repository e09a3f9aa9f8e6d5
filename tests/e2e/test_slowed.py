"""The bench's slowed box: its mattes are late, and all else is as ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from appliance.bench.slowed import slowed_box

pytestmark = pytest.mark.e2e

SLOW_MS = 400


def test_the_teacher_is_older_by_that_at_least(network: None, eventually: Callable[..., Any]) -> None:
    with slowed_box((640, 360), SLOW_MS) as box:

        def programme() -> dict[str, Any]:
            status: dict[str, Any] | None = box.status()["programme"]
            return status or {"capture_to_send_ms": {}}  # the studio has not told yet

        eventually("mattes", lambda: programme()["capture_to_send_ms"].get("n", 0) > 10)
        assert programme()["capture_to_send_ms"]["p50"] >= SLOW_MS
        counts = programme()["counts"]
        assert counts["programme"] > counts["matting"], "the programme waits for no matte"
