"""The programme's ticks: what a change of scene shows, its key frames, and what the sound waits for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipelines.channels import Latest
from pipelines.compositing.slate import draw_slate
from pipelines.encoding.layers import LayeredEncoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.media import TEACHER_LAYER, U8, Box, Frame, Layout, Matte, Packet, Page, Scene, freeze
from pipelines.saying import learn, said
from pipelines.studio.composing import Composed, Composing
from pipelines.studio.parts import Parts
from pipelines.studio.programme import Programme
from pipelines.timing import NS_PER_MS, Marks, SessionClock

SIZE_WH = (320, 180)
TICK_NS = 40 * NS_PER_MS
AGE_NS, CODER_NS = 300 * NS_PER_MS, 60 * NS_PER_MS
CORNER = Scene(1, Layout.CORNER, scale=0.5, place_xy=(0.2, 1.0))
CODED = {"420", TEACHER_LAYER}


def _page(shade: int, revision: int) -> Page:
    rgb = np.full((180, 320, 3), shade, np.uint8)
    rgb[::9, ::3] = 20
    freeze(rgb)
    return Page(rgb, revision, 0)


def _matte(tick_ns: int) -> Matte:
    """A figure in the right half of the camera's picture."""
    pha = np.zeros((180, 320), np.uint8)
    cv2.ellipse(pha, (230, 110), (25, 60), 0, 0, 360, 255, -1)
    box = Box(*cv2.boundingRect(pha))
    rgb = np.full((180, 320, 3), (200, 90, 60), np.uint8)
    return Matte(Frame(rgb, tick_ns * 9 // 100_000, tick_ns), box, pha[box.slices], rgb[box.slices])


class Running:
    """A programme watched by everybody, with a new matte for every picture."""

    def __init__(self, transition_ms: int) -> None:
        settings, clock = EncodingSettings(encoder="x264"), SessionClock(0)
        composing = Composing(SIZE_WH, transition_ms)
        self.mattes: Latest[Matte] = Latest()
        self.encoder = LayeredEncoder(SIZE_WH, 25, settings)
        self.parts = parts = Parts(composing.compositor, SIZE_WH, 25, settings)
        self.marks = Marks()
        self.programme = Programme(composing, self.encoder, parts, clock, Scene(), self.mattes, self.marks)
        self.programme.watch(frozenset(CODED))
        self.page, self.now_ns = _page(240, 1), TICK_NS
        self.keys: list[set[str]] = []  # of each picture: layers that began anew with it

    def picture(self, scene: Scene | None = None) -> Composed:
        if scene is not None:
            self.programme.scene = scene
        self.now_ns += TICK_NS
        self.mattes.put(_matte(self.now_ns))
        assert self.programme.await_matte(1.0)
        packets: list[Packet] = []
        composed = self.programme.tick(self.now_ns, self.page, "", "", packets.append)
        self.keys.append({packet.layer for packet in packets if packet.is_key})
        return composed

    def pictures(self, count: int, scene: Scene | None = None) -> list[U8]:
        return [self.picture(scene).rgb for _ in range(count)]

    def new_keys(self) -> list[set[str]]:
        keys, self.keys = self.keys, []
        return keys

    def close(self) -> None:
        self.programme.watch(frozenset())
        self.encoder.close()
        self.parts.watch_teacher(False)
        self.parts.close()


@pytest.fixture
def start() -> Iterator[Callable[[int], Running]]:
    started: list[Running] = []

    def running(transition_ms: int) -> Running:
        started.append(Running(transition_ms))
        started[-1].pictures(4)
        started[-1].new_keys()
        return started[-1]

    yield running
    for one in started:
        one.close()


@pytest.fixture
def running(start: Callable[[int], Running]) -> Running:
    return start(400)


@pytest.fixture
def cut(start: Callable[[int], Running]) -> Running:
    """The same without transitions."""
    return start(0)


def test_a_change_of_layout_moves_and_ends_as_the_cut_does(running: Running, cut: Running) -> None:
    smooth, at_once = running.pictures(12, CORNER), cut.pictures(12, CORNER)
    assert [bool((a != b).any()) for a, b in zip(smooth, at_once, strict=True)] == [True] * 9 + [False] * 3
    places = [float(np.argwhere((rgb != running.page.rgb).any(2)).mean(0)[1]) for rgb in smooth]
    assert all(late < early for early, late in pairwise(places[:10])), "to the left"


def test_one_key_frame_and_it_is_that_of_the_arrival(running: Running, cut: Running) -> None:
    running.pictures(12, CORNER)
    assert running.new_keys() == [set()] * 9 + [CODED] + [set()] * 2
    cut.pictures(3, CORNER)
    assert cut.new_keys() == [CODED, set(), set()]


def test_many_orders_on_the_way_are_no_storm_of_key_frames(running: Running) -> None:
    layouts = (Layout.CORNER, Layout.BESIDE, Layout.COURSEWARE, Layout.ALIGNED)
    for number in range(1, 9):
        running.pictures(4, Scene(number, layouts[number % 4]))
    assert running.new_keys() == [set()] * 32
    running.pictures(12)
    assert sum(keys == CODED for keys in running.new_keys()) == 1


def test_a_viewer_who_needs_a_key_frame_gets_it_on_the_way(running: Running) -> None:
    running.pictures(3, CORNER)
    running.programme.request_key("420")
    running.page = _page(120, 2)  # and a page turn has its own
    running.pictures(9)
    keys = running.new_keys()
    assert keys[3] == {"420"} and keys[9] == CODED


def test_a_slate_is_whole_in_the_very_next_picture_and_has_its_key(running: Running) -> None:
    running.pictures(4, replace(CORNER, layout=Layout.BESIDE))
    running.new_keys()
    slate = running.picture(Scene(2, Layout.SLATE, slate_text="Break"))
    assert np.array_equal(slate.rgb, draw_slate(SIZE_WH, "Break")) and slate.matte is None
    assert running.new_keys() == [CODED]
    back = running.picture(Scene(3))
    assert (back.rgb != running.page.rgb).any() and running.new_keys() == [CODED]


def test_to_the_page_alone_the_teacher_lives_while_they_fade(running: Running) -> None:
    shown = [running.picture(Scene(1, Layout.COURSEWARE)) for _ in range(12)]
    assert [composed.matte is not None for composed in shown] == [True] * 9 + [False] * 3
    differences = [float(np.abs(composed.rgb.astype(int) - running.page.rgb).mean()) for composed in shown]
    assert differences[:10] == sorted(differences[:10], reverse=True) and differences[9:] == [0] * 3
    assert shown[-1].rgb is shown[-2].rgb, "and then nothing is composed any more"


def test_what_is_missing_is_said_in_both_languages(running: Running) -> None:
    learn({"unplugged": "请插好 {cable}。"})
    try:
        running.now_ns += 10_000 * NS_PER_MS  # no matte for long
        why = said("unplugged", "Plug {cable} in.", cable="HDMI")
        composed = running.programme.tick(running.now_ns, None, "nothing to show", why, lambda packet: None)
    finally:
        learn({})
    assert composed.wish.camera_reason == "请插好 HDMI。\nPlug HDMI in."
    assert composed.wish.page_reason == "nothing to show"
    assert composed.rgb[-12:].mean() < composed.rgb[:90].mean() + 60, "there is a strip"


def test_a_drag_asks_for_no_key_frames_and_is_followed_at_once(running: Running, cut: Running) -> None:
    running.pictures(12, CORNER)
    running.new_keys()
    for number in range(2, 12):
        dragged = replace(CORNER, number=number, place_xy=(0.2 + 0.05 * number, 1.0))
        rgb = running.picture(dragged).rgb
        if number > 2:
            cut.now_ns = running.now_ns - TICK_NS
            assert np.array_equal(rgb, cut.picture(dragged).rgb)
    assert running.new_keys() == [set()] * 10


def test_the_sound_waits_for_the_coder_too() -> None:
    """Sound and picture of one instant leave together: what composing and coding take is part of the age."""
    composing, settings = Composing(SIZE_WH, 0), EncodingSettings(encoder="x264")
    mattes: Latest[Matte] = Latest()
    clock, encoder = SessionClock.start(), LayeredEncoder(SIZE_WH, 25, settings)
    parts = Parts(composing.compositor, SIZE_WH, 25, settings)
    scene = Scene(layout=Layout.CAMERA)
    programme = Programme(composing, encoder, parts, clock, scene, mattes, Marks())
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


def test_the_sound_waits_for_no_picture_that_was_not_sent(running: Running) -> None:
    """A picture left out shows nobody anything, and its teacher is older than the one who was shown."""

    def ages() -> float:
        return running.marks.percentiles()["capture_to_send"]["n"]

    running.programme.is_short = True
    running.picture()
    before, sent, spared = ages(), running.programme.rate.total, running.programme.spared_rate.total
    for _ in range(8):
        running.now_ns += TICK_NS
        running.programme.tick(running.now_ns, running.page, "", "", lambda _: None)
    assert running.programme.spared_rate.total > spared
    assert ages() - before == running.programme.rate.total - sent


def test_where_processors_are_short_what_has_not_changed_is_not_sent(running: Running) -> None:
    running.programme.is_short = True
    packets: list[Packet] = []

    def ticks(count: int) -> int:
        packets.clear()
        for _ in range(count):
            running.now_ns += TICK_NS
            running.programme.tick(running.now_ns, running.page, "", "", packets.append)
        return len([packet for packet in packets if packet.layer == "420"])

    running.picture()
    spared = running.programme.spared_rate.total
    assert 3 <= ticks(12) <= 5
    assert running.programme.spared_rate.total - spared >= 7
    running.programme.request_key("420")
    assert ticks(1) == 1 and packets[0].is_key, "a viewer who joins does not wait"
    running.page = _page(90, 2)
    assert ticks(1) == 1, "nor does a page turn"
    sent = running.programme.rate.total
    running.pictures(8)
    assert running.programme.rate.total - sent == 8, "nor a teacher who moves"
