"""Page turns and films: the plate is of what this very exposure saw, whatever is known of the delay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from pipelines.media import F32, U8, Delay, Frame, Matte, Page, Prediction
from pipelines.plate.plate import Plate
from pipelines.plate.turning import Candidate, find
from pipelines.simulated.light import tone

if TYPE_CHECKING:
    from conftest import Classroom

DELAY_MS, RISE_MS, READOUT_MS = 85.0, 20.0, 12.0
PERIOD_MS = 40.0
KNOWN = 60  # doubt up to 15 codes

_LIGHTS = np.linspace(0, 1.6, 4096)
_CODES: F32 = np.asarray(tone(_LIGHTS) * 255, np.float32)
_LIGHT_OF: F32 = np.asarray(np.interp(np.arange(256), _CODES, _LIGHTS), np.float32)


class Lesson:
    """A classroom whose camera integrates light: pages by instants, exposures, and the plate beside it."""

    def __init__(self, classroom: Classroom, pages: list[Page], delay: Delay | None) -> None:
        self._classroom, self._pages = classroom, pages
        self._now_ms = 0.0
        self.plate = Plate(classroom.calibration, self._told, delay)

    def _told(self) -> list[Page]:
        """Half a second of them, as they are known 60 ms after the picture was taken."""
        told = [page for page in self._pages if page.shown_ns / 1e6 <= self._now_ms + 60]
        return [page for k, page in enumerate(told) if k == len(told) - 1 or self._ends(page) > -500]

    def _ends(self, page: Page) -> float:
        later = [p.shown_ns for p in self._pages if p.shown_ns > page.shown_ns]
        return min(later, default=10**15) / 1e6 - self._now_ms

    def empty(self, at_ms: float) -> U8:
        """The room without anybody or noise, as an exposure sees it whose stamp this is."""
        height = self._classroom.size_wh[1]
        begins = at_ms - DELAY_MS - RISE_MS / 2 + np.linspace(-0.5, 0.5, height) * READOUT_MS
        light: F32 = np.zeros((height, self._classroom.size_wh[0], 3), np.float32)
        for number, page in enumerate(self._pages):
            first = page.shown_ns / 1e6 if number else -1e9
            last = self._pages[number + 1].shown_ns / 1e6 if number + 1 < len(self._pages) else 1e9
            share = np.clip((np.minimum(begins + RISE_MS, last) - np.maximum(begins, first)) / RISE_MS, 0, 1)
            if share.any():
                code = self._classroom.renderer.render(0, page, teacher=False, noise=False)
                light += share[:, None, None].astype(np.float32) * _LIGHT_OF[code]
        steps = np.clip(np.rint(light * (len(_CODES) / 1.6)), 0, len(_CODES) - 1).astype(np.intp)
        return np.clip(np.rint(_CODES[steps]), 0, 255).astype(np.uint8)

    def see(self, at_ms: float) -> Prediction | None:
        self._now_ms = at_ms
        grain = np.random.default_rng(round(at_ms)).normal(0, 1.5, (*self._classroom.size_wh[::-1], 3))
        rgb = np.clip(self.empty(at_ms) + grain, 0, 255).astype(np.uint8)
        return self.plate.predict(Matte.empty(Frame(rgb, round(at_ms * 90), round(at_ms * 1e6))))

    def off(self, known: Prediction, at_ms: float) -> float:
        """By how many codes the plate misses what this exposure saw, 90 % of its pixels at most."""
        missed = cv2.absdiff(known.rgb, np.ascontiguousarray(self.empty(at_ms)[known.box.slices]))
        return float(np.percentile(missed.max(axis=2)[known.doubt < KNOWN], 90))


def at(page: Page, ms: float, *, flips: bool = True) -> Page:
    return replace(page, shown_ns=round(ms * 1e6), is_flip=flips)


def film(count: int, step_ms: float) -> list[Page]:
    """A picture of many colours that goes by, 6 px a step."""
    rng, wide = np.random.default_rng(3), np.full((720, 1900, 3), 110, np.float32)
    for cell, strength in ((300, 60), (90, 40), (20, 15)):
        small = rng.normal(0, strength, (720 // cell + 3, 1900 // cell + 3, 3)).astype(np.float32)
        wide += cv2.resize(small, (1900, 720), interpolation=cv2.INTER_CUBIC)
    codes = np.clip(wide, 0, 255).astype(np.uint8)
    return [
        Page(np.ascontiguousarray(codes[:, 6 * k : 6 * k + 1280]), k + 1, round(k * step_ms * 1e6), 0, False)
        for k in range(count)
    ]


@pytest.fixture
def lesson(classroom: Classroom) -> Callable[[list[Page], Delay | None], Lesson]:
    return lambda pages, delay: Lesson(classroom, pages, delay)


Make = Callable[[list[Page], Delay | None], Lesson]
RIGHT = Delay(DELAY_MS, 1.2, RISE_MS)
A_FRAME_LATE, A_FRAME_EARLY = Delay(DELAY_MS + 40, 1.2, RISE_MS), Delay(DELAY_MS - 40, 1.2, RISE_MS)


@pytest.mark.parametrize(
    ("turn_ms", "delay"),
    [
        (1015.0, RIGHT),
        (1015.0, A_FRAME_LATE),
        (1022.0, A_FRAME_EARLY),
        (1022.0, None),
        (1031.0, RIGHT),
        (1031.0, A_FRAME_EARLY),
        (1040.0, A_FRAME_LATE),
        (1040.0, None),
    ],
)
def test_every_picture_around_a_turn_has_its_own_plate(
    lesson: Make, pages: list[Page], delay: Delay | None, turn_ms: float
) -> None:
    """White to dark blue, the page before it shown for a second: the exposure may straddle the turn."""
    made = lesson([pages[0], at(pages[1], turn_ms)], delay)
    seen = {t: made.see(t) for t in np.arange(800.0, 1281.0, PERIOD_MS)}
    for at_ms, known in seen.items():
        if known is None:
            continue
        off, trust = made.off(known, at_ms), float(np.median(known.trust))
        assert off <= 8 or trust < 128, (at_ms, off, trust)
    good = [known is not None and np.median(known.trust) > 128 for known in seen.values()]
    assert sum(good) >= len(good) - 1


def test_a_straddled_turn_is_a_mixture_by_rows(lesson: Make, pages: list[Page]) -> None:
    made = lesson([pages[0], at(pages[1], 1000.0)], RIGHT)
    for at_ms in (900.0, 1000.0, 1040.0):
        made.see(at_ms)
    known = made.see(1000.0 + DELAY_MS)
    assert known is not None
    assert made.off(known, 1000.0 + DELAY_MS) <= 12  # a black page would be 180 off
    turn = made.plate.turn
    assert turn is not None
    assert turn.age_ms == pytest.approx(DELAY_MS)
    assert turn.share == pytest.approx(0.5, abs=3 * turn.sigma) and turn.sigma < 0.1


@pytest.mark.parametrize("delay", [RIGHT, A_FRAME_LATE, A_FRAME_EARLY, None])
def test_a_film_has_its_plate_picture_by_picture(lesson: Make, delay: Delay | None) -> None:
    made = lesson(film(40, 100 / 3), delay)
    for at_ms in np.arange(120.0, 1100.0, 3 * PERIOD_MS):
        known = made.see(at_ms)
        assert known is not None
        if at_ms > 700:
            assert made.off(known, at_ms) <= 6
            assert np.median(known.trust) > 200


def test_a_film_that_the_lcd_does_not_show_has_no_trust(lesson: Make, classroom: Classroom) -> None:
    """A black LCD: whatever page is looked for, the network stands alone."""
    made = lesson(film(40, 100 / 3), RIGHT)
    for at_ms in np.arange(120.0, 600.0, PERIOD_MS):
        made.see(at_ms)
    dark = classroom.renderer.render(7, None, teacher=False)
    known = made.plate.predict(Matte.empty(Frame(dark, 640 * 90, 640_000_000)))
    assert known is None or np.median(known.trust) < 60


def test_a_page_in_new_colours_is_no_mixture(lesson: Make, pages: list[Page]) -> None:
    """Cream after dark blue looks like 95 % of itself to a photometry that never met cream."""
    made = lesson([pages[1], at(pages[2], 500.0)], None)
    for at_ms in np.arange(300.0, 700.0, PERIOD_MS):
        known = made.see(at_ms)
    assert known is not None
    assert made.off(known, at_ms) <= 8


def test_where_nothing_differs_in_sight_the_clock_decides(lesson: Make, pages: list[Page]) -> None:
    """Two candidates that look alike where nobody stands."""
    light = np.full((60, 100, 3), 0.5)
    doubt, weight = np.full((60, 100), 1.0), np.full((60, 100), 100.0)
    alike = [Candidate(0, light, doubt), Candidate(1_000_000_000, light, doubt)]
    for taken_ms, shares in ((1030, 0.0), (1140, 1.0)):
        seen = find(light, weight, alike, RIGHT, taken_ms * 1_000_000)
        assert (seen.shares == shares).all()
    assert (find(light, weight, alike, None, 1_030_000_000).shares == 1).all()


def test_somebody_unseen_before_the_lcd_does_not_change_the_share() -> None:
    rng = np.random.default_rng(1)
    old, new = rng.uniform(0.05, 0.9, (2, 60, 100, 1)) * np.ones(3)
    weight, doubt = np.full((60, 100), 120.0), np.full((60, 100), 1.5)
    target = 0.7 * old + 0.3 * new
    target[10:, 40:60] = 0.2
    pages = [Candidate(0, old, doubt), Candidate(1, new, doubt)]
    seen = find(target, weight, pages, None, 50_000_000)
    assert seen.share == pytest.approx(0.3, abs=0.03)
    assert seen.shares.min() > 0.25 and seen.shares.max() < 0.35
