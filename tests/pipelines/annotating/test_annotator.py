"""Ink on pages: where it is, what it leaves alone, and when a page is a new picture."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipelines.annotating.annotator import Annotator
from pipelines.ink import INK_COLOURS, PageKey, Pointer, Stroke, Tool
from pipelines.light import linear_from_srgb
from pipelines.media import Page, freeze

SIZE = (320, 180)
KEY = PageKey("lesson.pdf", 2)


def a_page(seed: int = 0, index: int = 2) -> Page:
    rgb = np.random.default_rng(seed).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    freeze(rgb)
    return Page(rgb, seed, 0, index)


def a_line(name: str = "a", tool: Tool = Tool.PEN, y: float = 0.5, **changes) -> Stroke:
    return dataclasses.replace(Stroke(name, tool, "blue", 0.05, ((0.25, y), (0.75, y))), **changes)


def changed(page: Page, out: Page) -> np.ndarray:
    return (page.rgb != out.rgb).any(axis=2)


def test_a_page_without_ink_is_the_very_page():
    annotator, page = Annotator(SIZE), a_page()
    assert annotator.over(KEY, page) is page
    annotator.draw(PageKey("lesson.pdf", 3), a_line())
    annotator.draw(PageKey("other.pdf", 2), a_line())
    assert annotator.over(KEY, page) is page, "ink of another page"


def test_a_pen_covers_where_its_points_are_and_nothing_else():
    annotator, page = Annotator(SIZE), a_page()
    annotator.draw(KEY, a_line())
    out = annotator.over(KEY, page)
    # 0.25 to 0.75 of 320 pixels, 0.5 of 180 with a width of 0.05 * 180 = 9 pixels.
    assert (out.rgb[88:92, 84:236] == INK_COLOURS["blue"]).all()
    rows, columns = np.nonzero(changed(page, out))
    assert (rows.min(), rows.max()) == pytest.approx((89.5 - 4.5, 89.5 + 4.5), abs=0.6)
    assert (columns.min(), columns.max()) == pytest.approx((79.5 - 4.5, 239.5 + 4.5), abs=0.6)
    assert not out.rgb.flags.writeable
    assert (out.index, out.revision, out.shown_ns) == (page.index, page.revision, page.shown_ns)


def test_a_marker_mixes_in_linear_light():
    annotator = Annotator(SIZE)
    white = Page(np.full((SIZE[1], SIZE[0], 3), 255, np.uint8), 0, 0)
    annotator.draw(KEY, a_line(tool=Tool.MARKER))
    middle = annotator.over(KEY, white).rgb[90, 160]
    expected = 0.58 + 0.42 * linear_from_srgb(np.array(INK_COLOURS["blue"]) / 255)
    assert linear_from_srgb(middle / 255) == pytest.approx(expected, abs=0.006)


def test_a_growing_stroke_is_the_same_as_one_drawn_at_once():
    page, whole = a_page(), ((0.1, 0.2), (0.5, 0.9), (0.8, 0.3))
    growing, at_once, put = Annotator(SIZE), Annotator(SIZE), Annotator(SIZE)
    first = a_line("z", Tool.MARKER, y=0.6)
    for annotator in (growing, at_once):
        annotator.draw(KEY, first)
    for end in (1, 2, 3):
        growing.draw(KEY, a_line(tool=Tool.MARKER, points=whole[:end]))
    at_once.draw(KEY, a_line(tool=Tool.MARKER, points=whole))
    put.put(KEY, (first, a_line(tool=Tool.MARKER, points=whole)))
    shown = [annotator.over(KEY, page).rgb for annotator in (growing, at_once, put)]
    assert (shown[0] == shown[1]).all() and (shown[0] == shown[2]).all()


def test_ink_of_two_pages_by_turns():
    annotator, page = Annotator(SIZE), a_page()
    other = PageKey("lesson.pdf", 3)
    annotator.draw(KEY, a_line("a", y=0.2))
    annotator.draw(other, a_line("b", y=0.4))
    annotator.draw(KEY, a_line("c", y=0.6))
    mine, theirs = changed(page, annotator.over(KEY, page)), changed(page, annotator.over(other, page))
    assert [bool(mine[round(y * 180), 160]) for y in (0.2, 0.4, 0.6)] == [True, False, True]
    assert [bool(theirs[round(y * 180), 160]) for y in (0.2, 0.4, 0.6)] == [False, True, False]


def test_clearing_brings_the_page_back_bit_for_bit():
    annotator, page = Annotator(SIZE), a_page()
    annotator.draw(KEY, a_line())
    annotator.over(KEY, page)
    annotator.put(KEY, ())
    assert (annotator.over(KEY, page).rgb == page.rgb).all()


def test_ink_is_no_page_flip():
    annotator, page = Annotator(SIZE), a_page()
    assert annotator.over(KEY, page).is_flip
    annotator.draw(KEY, a_line())
    inked = annotator.over(KEY, page)
    assert not inked.is_flip, "a stroke needs no key frame"
    assert annotator.over(KEY, page) is inked, "the same object while nothing changes"
    annotator.point(Pointer("laser", 0.5, 0.5))
    assert not annotator.over(KEY, page).is_flip
    annotator.point(None)
    annotator.put(KEY, ())
    assert not annotator.over(KEY, page).is_flip
    assert annotator.over(KEY, a_page(1)).is_flip, "another page is"
    annotator.draw(KEY, a_line())
    assert annotator.over(KEY, a_page(2)).is_flip, "with ink on it, too"


@pytest.mark.parametrize("at", [(0.5, 0.5), (0.0, 0.0), (1.0, 1.0), (-0.5, 1.5)])
def test_the_laser_is_a_small_dot_wherever_it_is(at):
    annotator, page = Annotator(SIZE), a_page()
    annotator.point(Pointer("laser", *at))
    where = np.argwhere(changed(page, annotator.over(KEY, page)))
    inside = all(0 <= share <= 1 for share in at)
    assert bool(len(where)) == inside
    if inside:
        centre = (at[1] * 180 - 0.5, at[0] * 320 - 0.5)
        assert np.hypot(*(where - centre).T).max() < 0.016 * 180 + 1.5


def test_the_spotlight_keeps_its_disc_and_dims_the_rest():
    annotator, page = Annotator(SIZE), a_page()
    annotator.draw(KEY, a_line())
    inked = annotator.over(KEY, page)
    annotator.point(Pointer("spotlight", 0.5, 0.5, 0.2))
    lit = annotator.over(KEY, page).rgb
    rows, columns = np.mgrid[:180, :320]
    distance = np.hypot(columns - 159.5, rows - 89.5)
    assert (lit[distance < 30] == inked.rgb[distance < 30]).all(), "bit for bit inside, the ink too"
    outside = distance > 42
    before = linear_from_srgb(inked.rgb[outside] / 255)
    assert linear_from_srgb(lit[outside] / 255) == pytest.approx(0.22 * before, abs=0.004)


@pytest.mark.parametrize("points", [((0.5, 0.5),), ((-0.4, 0.5), (1.4, 0.5)), ((1.5, 1.5), (1.4, 1.4))])
def test_dots_and_strokes_over_the_edge(points):
    annotator, page = Annotator(SIZE), a_page()
    annotator.draw(KEY, a_line(points=points))
    out = annotator.over(KEY, page)
    assert changed(page, out).any() == (points[0] != (1.5, 1.5))
