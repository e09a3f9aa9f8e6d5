"""What the simulated classroom is like: every number of its screen, camera, light and teacher."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from urllib.parse import parse_qsl

SCHEME = "simulated:"


@dataclass(frozen=True, slots=True)
class Room:
    """A classroom with an 86-inch LCD, a fixed camera and a teacher. Lengths in metres, angles in degrees.

    yaw, pitch, roll: of the camera about the middle of the LCD. fill: width of the LCD as a share of the
    picture's width. k1, k2: radial distortion (Brown). blur_px: sigma of lens and sensor, for a picture of
    720 rows. noise: sigma in 8-bit codes at middle grey. bright: light of a white page, where 1 begins to
    saturate. veil: room light thrown back by the LCD's glass, in the same unit. light: room light on wall and
    teacher. vignetting: light lost at the left and right edge. delay_ms: from a page's shown_ns to the light
    of it in the camera, at the middle of an exposure. exposure_ms: how long that is; a page turn within it
    gives a mixture of both pages, with 0 never. absent_s: (from, to) in seconds from the session's zero with
    an empty stage. clock: a time strip in the picture's corner, to measure delays by (see strip.py).
    """

    seed: int = 1
    yaw_deg: float = 6.0
    pitch_deg: float = -3.0
    roll_deg: float = 0.5
    distance_m: float = 4.0
    fill: float = 0.76
    k1: float = -0.06
    k2: float = 0.01
    blur_px: float = 0.75
    noise: float = 1.5
    bright: float = 0.95
    veil: float = 0.02
    light: float = 1.0
    vignetting: float = 0.12
    delay_ms: float = 85.0
    exposure_ms: float = 0.0
    teacher: bool = True
    absent_s: tuple[float, float] | None = None
    clock: bool = False


# Key of the url: field, lowest and highest value that still give a picture worth the name.
_RANGES: dict[str, tuple[str, float, float]] = {
    "seed": ("seed", 0, 2**31 - 1),
    "yaw": ("yaw_deg", -35, 35),
    "pitch": ("pitch_deg", -20, 20),
    "roll": ("roll_deg", -10, 10),
    "distance": ("distance_m", 2, 12),
    "fill": ("fill", 0.3, 0.9),
    "k1": ("k1", -0.3, 0.3),
    "k2": ("k2", -0.1, 0.1),
    "blur": ("blur_px", 0.3, 4),
    "noise": ("noise", 0, 6),
    "bright": ("bright", 0.1, 1.5),
    "veil": ("veil", 0, 0.3),
    "light": ("light", 0.1, 1.5),
    "vignetting": ("vignetting", 0, 0.6),
    "delay_ms": ("delay_ms", 0, 1000),
    "exposure": ("exposure_ms", 0, 40),
}
_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
KEYS = (*_RANGES, "teacher", "absent", "clock")


def room_from_url(url: str) -> Room:
    """The room a camera url asks for, e.g. "simulated:?seed=3&yaw=12&noise=1.5&teacher=no&absent=2-4".

    Raises ValueError with one sentence that names the key, the value, and what is allowed.
    """
    if not url.startswith(SCHEME):
        raise ValueError(f'"{url}" is not a simulated camera: it must begin with "{SCHEME}"')
    tail = url.removeprefix(SCHEME).removeprefix("//")
    if tail and not tail.startswith("?"):
        raise ValueError(f'"{url}": options follow a question mark, as in "{SCHEME}?seed=3&yaw=12"')
    changes: dict[str, int | float | bool | tuple[float, float]] = {}
    seen: set[str] = set()
    for key, value in parse_qsl(tail[1:], keep_blank_values=True):
        if key in seen:
            raise ValueError(f'{SCHEME} option "{key}" is given twice')
        seen.add(key)
        name, read = _read(key, value)
        changes[name] = read
    known = {field.name for field in fields(Room)}
    assert changes.keys() <= known
    return replace(Room(), **changes)  # type: ignore[arg-type]  # every name and type comes from the table above


def _read(key: str, value: str) -> tuple[str, int | float | bool | tuple[float, float]]:
    if key in ("teacher", "clock"):
        if value.lower() not in _WORDS:
            raise ValueError(f'{SCHEME} option {key}={value}: must be "yes" or "no"')
        return key, _WORDS[value.lower()]
    if key == "absent":
        return "absent_s", _stretch(value)
    if key not in _RANGES:
        near = get_close_matches(key, KEYS, n=1, cutoff=0.7)
        hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(KEYS)}"
        raise ValueError(f'{SCHEME} has no option "{key}": {hint}')
    name, low, high = _RANGES[key]
    try:
        number = int(value) if key == "seed" else float(value)
    except ValueError:
        kind = "a whole number" if key == "seed" else "a number"
        raise ValueError(f'{SCHEME} option {key}="{value}": must be {kind} from {low} to {high}') from None
    if not low <= number <= high:  # NaN fails this too
        raise ValueError(f"{SCHEME} option {key}={value}: must be from {low} to {high}")
    return name, number


def _stretch(value: str) -> tuple[float, float]:
    begin, dash, end = value.partition("-")
    try:
        stretch = float(begin), float(end)
    except ValueError:
        dash = ""
        stretch = 0.0, 0.0
    if not dash or not 0 <= stretch[0] < stretch[1]:
        raise ValueError(f'{SCHEME} option absent="{value}": must be two times in seconds, as in absent=2-4')
    return stretch
