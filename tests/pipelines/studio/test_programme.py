"""What the sound is told of the teacher's age."""

from __future__ import annotations

import time

import numpy as np

from pipelines.channels import Latest
from pipelines.compositing import Compositor
from pipelines.encoding import EncodingSettings, LayeredEncoder
from pipelines.media import Box, Frame, Layout, Matte, Packet, Page, Scene, freeze
from pipelines.studio.parts import Parts
from pipelines.studio.programme import Programme
from pipelines.timing import NS_PER_MS, Marks, SessionClock

SIZE_WH = (320, 180)
AGE_NS, CODER_NS = 300 * NS_PER_MS, 60 * NS_PER_MS


def test_the_sound_waits_for_the_coder_too() -> None:
    """Sound and picture of one instant leave together: what composing and coding take is part of the age."""
    compositor, settings = Compositor(SIZE_WH), EncodingSettings(encoder="x264")
    mattes: Latest[Matte] = Latest()
    clock, encoder = SessionClock.start(), LayeredEncoder(SIZE_WH, 25, settings)
    parts = Parts(compositor, SIZE_WH, 25, settings)
    scene = Scene(layout=Layout.CAMERA)
    programme = Programme(compositor, encoder, parts, clock, scene, mattes, Marks())
    programme.watch(frozenset({"420"}))
    rgb = np.full((180, 320, 3), 120, np.uint8)
    freeze(rgb)
    sent: list[Packet] = []

    def slowly(packet: Packet) -> None:
        time.sleep(CODER_NS / 1e9)
        sent.append(packet)

    tick_ns = time.monotonic_ns()
    frame = Frame(rgb, 0, tick_ns - AGE_NS)
    mattes.put(Matte(frame, Box(0, 0, 320, 180), np.full((180, 320), 255, np.uint8), rgb))
    assert programme.await_matte(1.0)
    programme.tick(tick_ns, Page(rgb, 1, 0), "", "", slowly)
    parts.close()
    assert len(sent) == 1
    assert programme.teacher_age_ns >= AGE_NS + CODER_NS
