"""From the camera's picture, and from the order to turn the page, to the pixels in a browser's canvas."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from appliance.bench.browser import APART, browsing, hold, open_programme
from appliance.bench.ours import BenchFailed, Box, running_box
from appliance.bench.points import Glance, take_points, take_sound, watch_points, watch_sound
from appliance.bench.slowed import slowed_box
from appliance.bench.whereabouts import demo_pages
from pipelines.media import U8, SizeWh
from pipelines.media import Box as Part
from pipelines.simulated.strip import CAPTURED_BITS, COLUMNS, ROWS, block_px, centres, read_strip

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

PAGES = (1, 2)  # neighbours: the box has drawn both
TURN_EVERY_S = 1.3  # no whole part of a second: turns fall at all phases of the programme's beat
SETTLE_S = 6.0
PROBES = 200
# The upper left, beside the teacher.
PROBED = (0.02, 0.03, 0.5, 0.35)
BEEP = 0.02
QUIET_S = 0.4


# Time in the picture, and beeps at the same seconds.
CLOCK = ("camera.url=simulated:?clock=yes", "sound.source=tone:")


def measure_delays(size_wh: SizeWh, seconds: float, turns: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The keys of the report. Raises BenchFailed."""
    with running_box(size_wh, *CLOCK) as box, browsing() as tab:
        open_programme(tab, box)
        hold(box, "444")
        say("page turns ...")
        figures: dict[str, Any] = {"page_turn_ms": spread(_watch_turns(tab, box, size_wh, turns))}
        say("the teacher ...")
        return figures | _watch_teacher(tab, box, size_wh, seconds)


def measure_slowed(
    size_wh: SizeWh, seconds: float, slow_ms: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """The teacher alone, of a box whose every matte is made so much later: does the sound wait for them?

    Keys as of `measure_delays`. Raises BenchFailed.
    """
    with slowed_box(size_wh, slow_ms, *CLOCK) as box, browsing() as tab:
        open_programme(tab, box)
        hold(box, "444")
        say(f"the teacher, each matte {slow_ms:.0f} ms later ...")
        return {"slow_ms": slow_ms} | _watch_teacher(tab, box, size_wh, seconds)


def _watch_turns(tab: Tab, box: Box, size_wh: SizeWh, turns: int) -> list[float]:
    """From each order to the canvas, ms. The layout is the aligned one, as a lesson begins."""
    pages = demo_pages(PAGES, size_wh)
    part, points = probed_points(pages[PAGES[0]], pages[PAGES[1]])
    colours = {index: at_points(page, points) for index, page in pages.items()}
    box.call("POST", "/api/v1/page", {"index": PAGES[0]})
    tab.wait_for_timeout(SETTLE_S * 1000)
    watch_points(tab, part, points)
    orders: list[tuple[float, int, int]] = []
    for count in range(turns):
        before, after = PAGES[count % 2], PAGES[(count + 1) % 2]
        orders.append((time.time(), before, after))
        box.call("POST", "/api/v1/page", {"index": after})
        tab.wait_for_timeout(TURN_EVERY_S * 1000)
    glances = take_points(tab)
    return [turned_ms(glances, at_s, colours[before], colours[after]) for at_s, before, after in orders]


def _watch_teacher(tab: Tab, box: Box, size_wh: SizeWh, seconds: float) -> dict[str, Any]:
    """The camera layout shows the frame of the newest matte: it waits for all that the teacher waits for."""
    box.call("PATCH", "/api/v1/scene", {"layout": "camera"})
    side = block_px(size_wh)
    watch_points(tab, Part(0, 0, COLUMNS * side, ROWS * side), centres(size_wh))
    watch_sound(tab, BEEP, QUIET_S)
    tab.wait_for_timeout(SETTLE_S * 1000)
    for take in (take_points, take_sound):  # what is of the time before
        take(tab)
    tab.wait_for_timeout(seconds * 1000)
    glances, beeps = take_points(tab), take_sound(tab)
    ages, behind = ages_ms(glances, time.time() - time.monotonic())
    status = box.status()
    programme = status["programme"]
    return {
        "teacher_ms": spread(ages),
        "unread_pictures": len(glances) - len(ages),
        "av_skew_ms": spread(skews_ms(beeps, behind)),
        # The box's share of the skew is the difference of these two; the rest is the browser's.
        "held_ms": status["sources"]["sound"]["detail"]["held_ms"],
        "sent_ms": programme["capture_to_send_ms"]["p50"],
    } | {name: programme[name] for name in ("net_hz", "matte_hz", "programme_fps", "capture_to_send_ms")}


def probed_points(before: U8, after: U8) -> tuple[Part, list[tuple[int, int]]]:
    """Where two pages u8 (H, W, 3) are told apart, beside the teacher: a part, and points (x, y) in it.

    Raises BenchFailed for pages that are alike there.
    """
    height, width = before.shape[:2]
    x, y, w, h = (round(share * side) for share, side in zip(PROBED, (width, height) * 2, strict=True))
    part = Part(x, y, w, h)
    apart = np.abs(before[part.slices].astype(np.int16) - after[part.slices]).max(axis=2) > APART
    rows, columns = np.nonzero(apart)
    if not rows.size:
        raise BenchFailed("the two pages are too alike for the bench to see the turn")
    chosen = np.linspace(0, rows.size - 1, PROBES).astype(int)
    return part, [(int(columns[i]) + x, int(rows[i]) + y) for i in chosen]


def at_points(page: U8, points: Sequence[tuple[int, int]]) -> U8:
    """The page's colours there, u8 (points, 3)."""
    return np.array([page[y, x] for x, y in points], np.uint8)


def turned_ms(glances: Sequence[Glance], ordered_s: float, before: U8, after: U8) -> float:
    """From the order to the first picture nearer to the new page. Raises BenchFailed when none came."""
    for glance in glances:
        if glance.at_s > ordered_s and _distance(glance.rgb, after) < _distance(glance.rgb, before):
            return (glance.at_s - ordered_s) * 1000
    raise BenchFailed("a page turn was never seen in the browser")


def _distance(one: U8, other: U8) -> int:
    return int(np.abs(one.astype(np.int16) - other).sum())


def ages_ms(glances: Sequence[Glance], wall_less_monotonic_s: float) -> tuple[list[float], list[float]]:
    """Of every picture whose time strip could be read: its age in the canvas in ms, and by how much the
    session's clock, in its second, is behind the wall's when it is shown: s modulo 1."""
    ages, behind = [], []
    for glance in glances:
        stamp = read_strip(glance.rgb.mean(axis=1).tolist())
        if stamp is None:
            continue
        at_ms = round((glance.at_s - wall_less_monotonic_s) * 1000)
        ages.append(float((at_ms - stamp.captured_ms) % (1 << CAPTURED_BITS)))
        behind.append((glance.shown_s - stamp.second_ms / 1000) % 1)
    return ages, behind


def skews_ms(beeps: Sequence[float], behind_s: Sequence[float]) -> list[float]:
    """How much later the sound is than the picture, ms; negative: earlier. Beeps mark the session's seconds.

    beeps: seconds since 1970. behind_s: of the pictures, see ages_ms; their median stands for the picture.
    """
    circle = np.exp(2j * np.pi * np.asarray(behind_s))
    middle = float(np.angle(circle.mean())) / (2 * np.pi)
    return [((beep - middle + 0.5) % 1 - 0.5) * 1000 for beep in beeps]


def spread(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and how many. Raises BenchFailed when there are none."""
    if not values:
        raise BenchFailed("nothing could be read in the browser: see the other figures")
    p50, p95 = np.percentile(values, (50, 95))
    return {"p50": float(p50), "p95": float(p95), "n": len(values)}
