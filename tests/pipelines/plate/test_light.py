"""Light that changes while teaching: trust falls at once, is back within a second, and the status says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.media import U8, Frame, Matte
from pipelines.simulated.light import tone

if TYPE_CHECKING:
    from conftest import Classroom

    from pipelines.media import Page

RATE_HZ = 25
BRIGHT = "simulated:?veil=0.07&light=1.0"
DIM = "simulated:?veil=0.02&light=0.5"
_LIGHTS = np.linspace(0, 1.6, 4096)
_CODES = tone(_LIGHTS) * 255

See = Callable[[int], U8]


def exposed(rgb: U8, gain: float) -> U8:
    """The picture of a camera that lets so much more light in."""
    light = np.interp(np.arange(256), _CODES, _LIGHTS) * gain
    table = np.clip(np.rint(np.interp(light, _LIGHTS, _CODES)), 0, 255).astype(np.uint8)
    return np.asarray(table[rgb])


def watched(
    classroom: Classroom, page: Page, frames: int, rgb_at: Callable[[int, U8], U8]
) -> list[tuple[float, str]]:
    """Trust 0 to 1 and the light's state, frame by frame, with the teacher in front."""
    classroom.shown, found = page, []
    for index in range(frames):
        matte = classroom.matte(60 + index, page, teacher=True)
        frame = Frame(rgb_at(index, matte.frame.rgb), matte.pts, matte.captured_ns)
        known = classroom.plate.predict(Matte(frame, matte.box, matte.pha, matte.fgr))
        trust = 0.0 if known is None else float(np.median(known.trust)) / 255
        found.append((trust, classroom.plate.light))
    return found


@pytest.mark.parametrize("gain", [0.75, 1.25])
def test_an_exposure_step_is_followed_within_a_second(
    classroom: Classroom, pages: list[Page], gain: float
) -> None:
    seen = watched(
        classroom, pages[0], 10 + RATE_HZ, lambda index, rgb: exposed(rgb, gain) if index >= 10 else rgb
    )
    assert seen[9][0] > 0.85 and seen[9][1] == "steady"
    assert seen[10][0] < 0.3 and seen[10][1] == "changed"
    assert seen[-1][0] > 0.85 and seen[-1][1] == "steady"


def test_lamps_that_go_out_are_followed_within_a_second(
    make_classroom: type[Classroom], pages: list[Page]
) -> None:
    """Less light on glass and wall, as much from the LCD: a dark page shows it most."""
    bright, dim = make_classroom(BRIGHT), make_classroom(DIM)
    seen = watched(
        bright,
        pages[1],
        10 + RATE_HZ,
        lambda index, rgb: dim.renderer.render(60 + index, pages[1], teacher=True) if index >= 10 else rgb,
    )
    assert seen[9][0] > 0.85
    assert seen[10][0] < 0.3 and seen[10][1] == "changed"
    assert seen[-1][0] > 0.85 and seen[-1][1] == "steady"


def test_a_camera_that_slides_to_another_gain_is_followed(classroom: Classroom, pages: list[Page]) -> None:
    """30 % of the light in two seconds: trust is never gone for half a second, and is back at the end."""
    frames = 2 * RATE_HZ

    def sliding(index: int, rgb: U8) -> U8:
        return exposed(rgb, 1 - 0.3 * min(max(index - 10, 0) / frames, 1))

    seen = watched(classroom, pages[0], 10 + frames + RATE_HZ // 2, sliding)
    gone = [trust < 0.3 for trust, _ in seen[10:]]
    longest = max(len(run) for run in "".join("x" if each else " " for each in gone).split(" "))
    assert longest < RATE_HZ / 2
    assert seen[-1][0] > 0.85 and seen[-1][1] == "steady"
