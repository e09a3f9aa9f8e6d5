"""What happens in the room while a clip plays. Some scenarios are to tune with, others to check with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Held = Literal["", "stick", "book", "pale", "sleeve"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """room: options of the simulated classroom. pages: kinds of pages, turned every TURN_NS; "video" plays.

    codec: "", "mjpeg" or "h264", between camera and box. held: a wooden stick or a book drawn on, pale
    clothes, or one white sleeve. late_ms: the LCD is that much later than the calibration says. glare,
    moving_shadow: light that no calibration knows. step: factor of all light, as an exposure makes it;
    ambient: factor of the lamps' light alone; both from the middle of what is measured on. knock_px: the
    camera moves after a third of what is measured. least_frames: so many are measured at least. shift_px,
    gain: faults of the calibration from the start. walks: the teacher comes in and leaves.
    """

    name: str
    use: Literal["tune", "check"]
    pages: tuple[str, ...] = ("white",)
    room: str = ""
    codec: str = ""
    held: Held = ""
    late_ms: float = 0.0
    glare: float = 0.0
    moving_shadow: float = 0.0
    step: float = 1.0
    ambient: float = 1.0
    knock_px: float = 0.0
    least_frames: int = 0
    shift_px: float = 0.0
    gain: float = 1.0
    walks: bool = False


TURN_NS = 377_000_000  # no multiple of the camera's period: each turn meets another part of an exposure

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("white", "tune"),
    Scenario("dark", "tune", ("dark",), "yaw=-8&noise=2"),
    Scenario("photo", "check", ("photo",), "yaw=10&pitch=-5"),
    Scenario("courseware", "check", ("given",), "k1=-0.12&yaw=4", codec="mjpeg"),
    Scenario("flips", "check", ("white", "dark", "given"), "yaw=-5"),
    Scenario("video", "check", ("video",), "veil=0.04"),
    Scenario("stick", "tune", ("given",), "yaw=6", held="stick"),
    Scenario("stick-dark", "check", ("dark",), "yaw=-12", codec="mjpeg", held="stick"),
    Scenario("book", "check", ("white",), "pitch=-6", held="book"),
    Scenario("pale", "tune", ("white",), "yaw=9", held="pale"),
    Scenario("sleeve", "check", ("white",), "yaw=-7&pitch=-4", held="sleeve"),
    Scenario("glare", "check", ("given",), glare=0.12),
    Scenario("light-step", "check", ("white",), "yaw=3", step=0.8),
    Scenario("ambient-step", "check", ("dark",), "yaw=-3&veil=0.06", ambient=0.55),
    Scenario("late", "check", ("white", "given"), late_ms=160.0),
    Scenario("video-late", "check", ("video",), "yaw=3", late_ms=40.0),
    Scenario("knocked", "check", ("given",), "yaw=-4", knock_px=5.0, least_frames=75),
    Scenario("shifted", "tune", ("given",), shift_px=1.5),
    Scenario("gain", "check", ("photo",), gain=0.9),
    Scenario("shadow", "check", ("white",), "light=0.7&veil=0.05", moving_shadow=0.5),
    Scenario("walk", "check", ("given",), "yaw=7", codec="h264", walks=True),
    Scenario("h264", "tune", ("white",), "fill=0.7&noise=2.5", codec="h264"),
)


def chosen(names: str) -> tuple[Scenario, ...]:
    """Scenarios by comma-separated names or uses. Raises ValueError."""
    if not names:
        return SCENARIOS
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {scenario.name for scenario in SCENARIOS} | {"tune", "check"}
    for name in wanted:
        if name not in known:
            raise ValueError(f'there is no scenario "{name}": known are {", ".join(sorted(known))}')
    return tuple(s for s in SCENARIOS if s.name in wanted or s.use in wanted)


def rotated(scenarios: tuple[Scenario, ...], clip_number: int, count: int) -> tuple[Scenario, ...]:
    """So many of them for one clip, other ones for the next, so that together the clips meet all of them."""
    if count >= len(scenarios):
        return scenarios
    spread = [scenarios[(clip_number + k * 7) % len(scenarios)] for k in range(len(scenarios))]
    return tuple(dict.fromkeys(spread))[:count]
