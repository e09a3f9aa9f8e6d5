"""The bench's slowed box: its mattes are late, the sound waits for them, and all else is as ever."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from appliance.bench.delays import CLOCK, skews_ms
from appliance.bench.ours import Box
from appliance.bench.slowed import slowed_box
from pipelines.broadcast import WhepViewer
from pipelines.simulated.strip import centres, read_strip

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SIZE_WH = (640, 360)
SLOW_MS = 300
FRAME_S = 15
LOUD = 600  # of 32767; the beep has 3277


async def watch(box: Box, seconds: int) -> tuple[list[float], list[float]]:
    """When beeps, which mark full seconds of the session, begin here; and by how much the session's second,
    as written in the pictures, is behind when they are here: s modulo 1. Both by the monotonic clock."""
    beeps: list[float] = []
    behind: list[float] = []

    async def listen(viewer: WhepViewer) -> None:
        heard, quiet = viewer.sound_blocks, 0
        while True:
            await asyncio.sleep(0.005)
            if viewer.sound_blocks == heard or viewer.newest_sound is None:
                continue
            is_loud = np.abs(viewer.newest_sound.to_ndarray()).max() > LOUD
            if is_loud and quiet > 10:
                beeps.append(time.monotonic())
            quiet = 0 if is_loud else quiet + viewer.sound_blocks - heard
            heard = viewer.sound_blocks

    async with WhepViewer(f"{box.url}/whep", box.token) as viewer:
        await viewer.next_frame(FRAME_S)
        listening = asyncio.create_task(listen(viewer))
        try:
            while len(beeps) < seconds:
                frame = await viewer.next_frame(FRAME_S)
                stamp = read_strip([float(frame.rgb[y, x].mean()) for x, y in centres(SIZE_WH)])
                if stamp is not None:
                    behind.append((frame.arrived_ns / 1e9 - stamp.second_ms / 1000) % 1)
        finally:
            listening.cancel()
    return beeps, behind


@pytest.fixture(scope="module")
def box(network: None) -> Iterator[Box]:
    with slowed_box(SIZE_WH, SLOW_MS, *CLOCK) as running:
        running.call("PATCH", "/api/v1/scene", {"layout": "camera"})
        yield running


def held_ms(box: Box) -> float:
    held: float = box.status()["sources"]["sound"]["detail"]["held_ms"]
    return held


def test_the_teacher_is_late_and_the_sound_is_held_back_as_well(
    box: Box, eventually: Callable[..., Any]
) -> None:
    def programme() -> dict[str, Any]:
        status: dict[str, Any] | None = box.status()["programme"]
        return status or {"capture_to_send_ms": {}}  # the studio has not told yet

    eventually("mattes", lambda: programme()["capture_to_send_ms"].get("n", 0) > 10)
    assert programme()["capture_to_send_ms"]["p50"] >= SLOW_MS
    counts = programme()["counts"]
    assert counts["programme"] > counts["matting"], "the programme waits for no matte"
    eventually("the sound waits", lambda: held_ms(box) >= SLOW_MS, 60)


@pytest.mark.skipif(
    not os.environ.get("CLASSROOM_BENCHES"), reason="wants a quiet machine: CLASSROOM_BENCHES=1"
)
def test_sound_and_picture_are_together_at_a_viewer(box: Box, eventually: Callable[..., Any]) -> None:
    eventually("the sound waits", lambda: held_ms(box) >= SLOW_MS, 60)
    beeps, behind = asyncio.run(watch(box, 5))
    # Receivers hold sound longer than pictures: but not held back, it would be early by all of held_ms.
    assert abs(np.median(skews_ms(beeps, behind))) < held_ms(box) / 2
