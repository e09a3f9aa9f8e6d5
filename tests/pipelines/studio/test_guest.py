"""The room that was let in, over the programme: when wanted, while it arrives, and never over a slate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.capture.remote import STALLED_S, RemoteCamera
from pipelines.compositing.inset import inset_box
from pipelines.compositing.moving import STILL
from pipelines.media import U8, Corner, Frame, Layout, Matte, Page, Scene, freeze
from pipelines.orders import OfferCamera, SetScene, ShowCamera
from pipelines.reports import CameraPicture, OfferAnswer, Report
from pipelines.studio.composing import Composed, Composing, Wish
from pipelines.studio.guest import Guest
from pipelines.timing import NS_PER_S

SIZE_WH = (640, 360)
GREEN = (30, 180, 60)


class ACamera(RemoteCamera):
    """A room's camera without a connection. seen_ns: when its newest picture came; None while it is off."""

    seen_ns: int | None = 0
    rgb = np.full((36, 64, 3), GREEN, np.uint8)

    def newest(self, now_ns: int) -> U8 | None:
        stalled = self.seen_ns is None or now_ns - self.seen_ns > STALLED_S * NS_PER_S
        return None if stalled else self.rgb


class Lesson:
    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.guest = Guest(SIZE_WH, self.reports.append, lambda: None)
        self.camera = ACamera(lambda _: None, lambda _, __: None, lambda _, __: None)
        self.guest.camera = self.camera
        rgb = np.full((360, 640, 3), 250, np.uint8)
        freeze(rgb)
        self.page = Page(rgb, 1, 0)
        self.scene = Scene(layout=Layout.COURSEWARE)
        self.matte: Matte | None = None
        self._composing = Composing(SIZE_WH, 0)

    def composed(self) -> Composed:
        return self._composing.compose(Wish(self.page, self.matte, self.scene, None, "", "", False, STILL))

    def is_seen(self, now_ns: int = 0) -> bool:
        """Is there anything over the programme? It must say so itself as well."""
        composed = self.composed()
        before = composed.rgb.copy()
        over = self.guest.over(composed, now_ns)
        assert np.array_equal(composed.rgb, before), "what a raw recording gets stays as it was"
        assert (over is not composed) == self.guest.is_shown
        return bool((over.rgb != composed.rgb).any())

    def corner(self) -> Corner:
        rgb = self.guest.over(self.composed(), 0).rgb.astype(int)
        boxes = {corner: inset_box((64, 36), corner, SIZE_WH) for corner in Corner}
        (found,) = (
            corner
            for corner, box in boxes.items()
            if np.abs(rgb[box.y + box.h // 3, box.x + box.w // 2] - GREEN).max() < 3
        )
        return found


@pytest.fixture
def lesson() -> Lesson:
    return Lesson()


def test_it_is_the_assistant_who_puts_it_into_the_programme(lesson: Lesson) -> None:
    assert not lesson.is_seen()
    lesson.guest.obey(ShowCamera(in_programme=True, name="Room 5"))
    assert lesson.is_seen()
    lesson.guest.obey(SetScene(lesson.scene))
    assert lesson.is_seen(), "others' orders are none of its business"
    lesson.guest.obey(ShowCamera(in_programme=True, is_hidden=True, name="Room 5"))
    assert not lesson.is_seen()
    lesson.guest.obey(ShowCamera(name="Room 5"))
    assert not lesson.is_seen()


def test_a_camera_that_stalls_or_goes_is_gone(lesson: Lesson) -> None:
    lesson.guest.obey(ShowCamera(in_programme=True))
    assert lesson.is_seen()
    assert not lesson.is_seen(3 * NS_PER_S), "two seconds without a picture"
    lesson.camera.seen_ns = 3 * NS_PER_S
    assert lesson.is_seen(3 * NS_PER_S), "it goes on"
    lesson.camera.seen_ns = None
    assert not lesson.is_seen(3 * NS_PER_S)


def test_slates_hide_it(lesson: Lesson) -> None:
    lesson.guest.obey(ShowCamera(in_programme=True))
    lesson.scene = Scene(layout=Layout.SLATE, slate_text="Back in five minutes")
    assert not lesson.is_seen()
    lesson.scene = Scene(layout=Layout.CAMERA)
    assert not lesson.is_seen(), "no picture of the camera is a slate, too"
    lesson.matte = Matte.empty(Frame(np.full((360, 640, 3), 90, np.uint8), 0, 0))
    assert lesson.is_seen()


def test_the_corner_is_away_from_the_teacher_or_as_ordered(lesson: Lesson) -> None:
    lesson.guest.obey(ShowCamera(in_programme=True))
    lesson.scene = Scene(layout=Layout.CORNER, corner=Corner.BOTTOM_RIGHT)
    assert lesson.corner() == Corner.BOTTOM_LEFT
    lesson.scene = replace(lesson.scene, corner=Corner.BOTTOM_LEFT)
    assert lesson.corner() == Corner.BOTTOM_RIGHT
    lesson.guest.obey(ShowCamera(in_programme=True, corner=Corner.TOP_LEFT))
    assert lesson.corner() == Corner.TOP_LEFT


def test_the_main_room_gets_small_jpegs_until_it_is_hidden(lesson: Lesson) -> None:
    lesson.guest._picture("one", np.full((360, 640, 3), 90, np.uint8))
    (report,) = lesson.reports
    assert isinstance(report, CameraPicture) and report.jpeg.startswith(b"\xff\xd8")
    assert len(report.jpeg) < 20_000
    lesson.guest.obey(ShowCamera(is_hidden=True))
    lesson.guest._picture("one", np.full((360, 640, 3), 90, np.uint8))
    assert len(lesson.reports) == 1


def test_a_bad_offer_is_answered_with_its_reason() -> None:
    reports: list[Report] = []
    guest = Guest(SIZE_WH, reports.append, lambda: None)
    guest.obey(OfferCamera("one", "hello"))
    guest.close()
    (answer,) = reports
    assert isinstance(answer, OfferAnswer) and (answer.session, answer.fault) == ("one", "malformed")
    assert guest.status() is None
