"""On the way from one layout to the next: begun where the programme was, ended as by a cut."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest

from pipelines.alignment import Lens
from pipelines.compositing.compositor import Compositor
from pipelines.compositing.looks import Look, Rect, between
from pipelines.compositing.moving import STILL, Step
from pipelines.compositing.placing import place_aligned
from pipelines.compositing.slate import draw_slate
from pipelines.media import Corner, Layout, Matte, Scene

SIZE = (320, 180)
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
SCENES = {
    "aligned": Scene(),
    "corner": Scene(layout=Layout.CORNER, scale=0.5),
    "mirrored": Scene(layout=Layout.CORNER, scale=0.5, mirror=True),
    "placed": Scene(layout=Layout.CORNER, scale=0.4, place_xy=(0.3, 0.9)),
    "picture": Scene(layout=Layout.BESIDE),
    "left": Scene(layout=Layout.BESIDE, corner=Corner.TOP_LEFT, pane_share=0.4),
    "cut out": Scene(layout=Layout.BESIDE, cut_out=True),
    "page": Scene(layout=Layout.COURSEWARE),
    "faint": Scene(opacity=0.4),
}


@pytest.fixture
def page(make_page):
    return make_page(SIZE)


@pytest.fixture
def calibration(make_calibration):
    """With a lens, which the corner does not have."""
    plain = make_calibration(SIZE, SIZE)
    return replace(plain, lens=Lens(0.9, -0.12, 0.02), page_from_flat=plain.page_from_camera)


class Moving:
    """A programme that stood in one scene, with a matte of its own for each picture."""

    def __init__(self, before, page, make_matte, calibration, compositor=None):
        self.compositor = compositor or Compositor(SIZE)
        self.page, self.calibration, self.make_matte = page, calibration, make_matte
        self.pts = 0
        self.matte = None
        for _ in range(3):
            self.last = self.show(before, STILL)

    def show(self, scene, step):
        self.pts += 3600
        self.matte = self.make_matte(SIZE, dx=self.pts / 3600, pts=self.pts)
        self.last = self.compositor.compose(self.page, self.matte, scene, self.calibration, step)
        return self.last

    def alone(self, scene):
        return self.compositor.teacher(self.page, self.matte, scene, self.calibration)


@pytest.fixture
def moving(page, make_matte, calibration):
    return lambda name: Moving(SCENES[name], page, make_matte, calibration)


@pytest.mark.parametrize(("one", "other"), list(permutations(SCENES, 2)))
def test_it_begins_where_it_was_and_ends_as_a_cut(one, other, moving):
    smooth, cut = moving(one), moving(one)
    before, scene = smooth.last.astype(int), SCENES[other]
    smooth.pts -= 3600  # the very matte again: nothing else has changed
    first = smooth.show(scene, Step(1, 0.0))
    # The page beside is shrunk another way while it moves; edges of a place found anew differ by 1/256 px.
    assert np.abs(first - before).mean() < (6.0 if SCENES[one].layout == Layout.BESIDE else 0.05)
    cut.pts -= 3600
    cut.show(scene, STILL)
    for share in SHARES:
        assert smooth.show(scene, Step(1, share)).shape == (180, 320, 3)
        assert not smooth.last.flags.writeable
        cut.show(scene, STILL)
    for _ in range(2):
        assert np.array_equal(smooth.show(scene, Step(1, 1.0)), cut.show(scene, STILL))
    assert (smooth.alone(scene) is None) == (cut.alone(scene) is None)


def test_a_body_that_fades_over_writing_arrives_as_faded_as_by_a_cut(moving):
    smooth, cut, scene = moving("aligned"), moving("aligned"), replace(SCENES["placed"], text_fade=1.0)
    for share in (*SHARES, 1.0):
        shown, expected = smooth.show(scene, Step(1, share)), cut.show(scene, STILL)
    assert np.array_equal(shown, expected)
    plain = Compositor(SIZE).compose(smooth.page, smooth.matte, SCENES["placed"], smooth.calibration)
    assert (plain != shown).any()


def test_the_teacher_goes_one_way_and_grows_one_way(moving):
    lesson = moving("aligned")
    places = []
    shares = (0.0, *SHARES, 1.0)
    for share in shares:
        lesson.show(SCENES["placed"], Step(1, share))
        alpha = lesson.alone(SCENES["placed"])[..., 3] / 255
        places.append(((alpha.sum(0) * np.arange(320)).sum() / alpha.sum(), alpha.sum()))
    for values in zip(*places, strict=True):
        speeds = np.diff(values) / np.diff(shares)
        assert (speeds < 0).all(), "to the left, and smaller"
        assert speeds.min() > 2.5 * speeds.max(), "without a leap"


def test_the_page_shrinks_one_way_until_it_is_beside():
    whole, beside = Look(Rect(0, 0, 320, 180), 1.0), Look(Rect(4, 26, 226, 127), 1.0)
    boxes = [between(whole, beside, share, None, SIZE).page.box for share in (0.0, *SHARES, 1.0)]
    assert boxes[0] == (0, 0, 320, 180) and boxes[-1] == (4, 26, 226, 127)
    assert all(later.w < box.w and later.y > box.y for box, later in pairwise(boxes))


@pytest.mark.parametrize("other", ["aligned", "corner", "picture", "cut out"])
def test_to_and_from_the_page_alone_the_teacher_fades_where_they_are(other, moving):
    lesson = moving(other)
    sums = []
    for share in (0.0, *SHARES):
        lesson.show(SCENES["page"], Step(1, share))
        sums.append(int(lesson.alone(SCENES["page"])[..., 3].sum()))
    assert all(late < early for early, late in pairwise(sums)) and sums[-1] < 0.3 * sums[0]
    shown = lesson.show(SCENES["page"], Step(1, 1.0))
    assert np.shares_memory(shown, lesson.page.rgb) and lesson.alone(SCENES["page"]) is None
    sums = []
    for share in SHARES:
        lesson.show(SCENES[other], Step(2, share))
        sums.append(int(lesson.alone(SCENES[other])[..., 3].sum()))
    assert all(late > early for early, late in pairwise(sums))


def test_an_order_on_the_way_goes_on_from_where_it_is(moving):
    lesson = moving("aligned")
    for share in SHARES[:3]:
        lesson.show(SCENES["placed"], Step(1, share))
    midway = lesson.alone(SCENES["placed"]).astype(int)
    lesson.pts -= 3600
    lesson.show(SCENES["corner"], Step(2, 0.0))
    assert np.abs(lesson.alone(SCENES["corner"]) - midway).mean() < 0.05
    lesson.show(SCENES["corner"], Step(2, 0.2))
    assert np.abs(lesson.alone(SCENES["corner"]) - midway).mean() > 1


def test_a_slate_and_the_camera_are_whole_at_once(moving):
    """Whatever is under way, nothing of the teacher is in the very next picture."""
    for layout in (Layout.SLATE, Layout.CAMERA):
        lesson, scene = moving("aligned"), Scene(layout=layout, slate_text="Break")
        lesson.show(SCENES["picture"], Step(1, 0.4))
        rgb = lesson.show(scene, Step(2, 1.0))
        expected = draw_slate(SIZE, "Break") if layout == Layout.SLATE else lesson.matte.frame.rgb
        assert np.array_equal(rgb, expected)
        assert lesson.alone(scene) is None


def test_where_no_straight_way_leads_the_teacher_fades_out_and_in(moving):
    lesson = moving("aligned")
    covers = []
    for share in (0.0, *SHARES, 1.0):
        lesson.show(SCENES["mirrored"], Step(1, share))
        covers.append(int(lesson.alone(SCENES["mirrored"])[..., 3].max()))
    assert covers == [255, 204, 102, 0, 102, 204, 255]


def test_a_calibration_that_sees_no_way_falls_back_to_fading(make_calibration):
    """An anchor beyond the horizon of one of the two."""
    place = place_aligned(make_calibration(SIZE, SIZE), SIZE, SIZE)
    tilted = place.camera_from_programme.copy()
    tilted[2, 0] = 0.05
    looks = [Look(Rect(0, 0, *SIZE), 1.0, p) for p in (place, place._replace(camera_from_programme=tilted))]
    anchor = np.array([[10.0, 10], [300, 10], [300, 170], [10, 170]])
    early, late = (between(*looks, share, anchor, SIZE) for share in (0.25, 0.75))
    assert (early.place, late.place) == (looks[0].place, looks[1].place)
    assert early.opacity == late.opacity == 0.5


@pytest.mark.parametrize("one", ["aligned", "picture"])
def test_with_nobody_there_the_page_moves_alone(one, page, make_matte, calibration):
    compositor = Compositor(SIZE)
    nobody = Matte.empty(make_matte(SIZE).frame)
    for missing in (nobody, None):
        compositor.compose(page, missing, SCENES[one], calibration)
        scene = SCENES["cut out" if one == "aligned" else "corner"]
        midway = compositor.compose(page, missing, scene, calibration, Step(id(missing), 0.5))
        arrived = compositor.compose(page, missing, scene, calibration, Step(id(missing), 1.0))
        assert (midway != arrived).any()
        assert np.array_equal(arrived, Compositor(SIZE).compose(page, missing, scene, calibration))


def test_the_first_picture_of_all_does_not_move(page, make_matte, calibration):
    matte = make_matte(SIZE)
    rgb = Compositor(SIZE).compose(page, matte, Scene(), calibration, Step(1, 0.3))
    assert np.array_equal(rgb, Compositor(SIZE).compose(page, matte, Scene(), calibration))


def test_nothing_new_on_the_way_gives_the_same_picture(moving):
    lesson = moving("aligned")
    rgb = lesson.show(SCENES["corner"], Step(1, 0.5))
    compose = lesson.compositor.compose
    again = compose(lesson.page, lesson.matte, SCENES["corner"], lesson.calibration, Step(1, 0.5))
    assert again is rgb


@pytest.mark.parametrize("other", ["corner", "placed", "page", "faint"])
def test_sheet_and_teacher_together_are_the_programme_on_the_way(other, moving, put_together):
    lesson, scene = moving("aligned"), SCENES[other]
    for share in SHARES:
        whole = lesson.show(scene, Step(1, share))
        sheet = lesson.compositor.sheet(lesson.page, scene)
        assert sheet is lesson.page.rgb, "a sheet that stands costs nothing"
        put_together(sheet, lesson.alone(scene), whole)


def test_beside_the_sheet_is_where_it_is_to_be_at_once(moving, page):
    lesson, scene = moving("aligned"), SCENES["picture"]
    lesson.show(scene, Step(1, 0.2))
    sheet = lesson.compositor.sheet(page, scene)
    assert np.array_equal(sheet, Compositor(SIZE).sheet(page, scene))
    lesson.show(scene, Step(1, 0.6))
    assert lesson.compositor.sheet(page, scene) is sheet
