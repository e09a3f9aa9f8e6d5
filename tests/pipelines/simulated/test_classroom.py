from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.media import Frame, Page, SourceLost
from pipelines.simulated import clip
from pipelines.simulated.classroom import SHORT_SHARE, LcdHistory, SimulatedClassroom, Spare, lit_page
from pipelines.timing import NS_PER_MS, SessionClock

from .conftest import MakePage

SIZE_WH = (320, 180)


def next_frame(camera: SimulatedClassroom) -> Frame:
    """Reads until a frame comes: building the room takes long on a busy machine."""
    while True:
        frame = camera.read(2.0)
        if frame is not None:
            return frame


@pytest.fixture
def classroom() -> Iterator[SimulatedClassroom]:
    camera = SimulatedClassroom("simulated:?noise=1", SIZE_WH, 50.0, SessionClock.start(), lambda: None)
    yield camera
    camera.close()


@pytest.fixture
def empty_room() -> Iterator[SimulatedClassroom]:
    camera = SimulatedClassroom("simulated:?teacher=no", SIZE_WH, 50.0, SessionClock.start(), lambda: None)
    yield camera
    camera.close()


def test_frames_carry_the_instant_of_their_tick(empty_room: SimulatedClassroom) -> None:
    frames = [next_frame(empty_room) for _ in range(4)]
    for frame in frames:
        index = empty_room.index_of(frame.pts)
        assert abs(empty_room.pts_of(index) - frame.pts) <= 1
        assert frame.rgb.shape == (180, 320, 3)
    for one, two in itertools.pairwise(frames):
        steps = (two.captured_ns - one.captured_ns) / (20 * NS_PER_MS)
        assert steps >= 1 and steps == int(steps)
        assert empty_room.index_of(two.pts) - empty_room.index_of(one.pts) == steps
    state = empty_room.state
    assert state.state == "live"
    assert state.detail["size"] == "320x180"


def test_truth_belongs_to_the_very_frame(classroom: SimulatedClassroom) -> None:
    frame = next_frame(classroom)
    truth = classroom.truth(frame.pts)
    solid = truth.pha == 255
    assert solid.sum() > 1000
    difference = frame.rgb[solid].astype(int) - truth.fgr[solid]
    assert np.abs(difference).max() <= 12  # noise
    assert abs(difference.mean()) < 0.5


def test_a_page_is_seen_after_the_delay_of_the_display(page_of: MakePage) -> None:
    clock = SessionClock.start()
    white, black = page_of(255, 1, clock.zero_ns), page_of(0, 2, clock.zero_ns)
    shown: list[Page] = [white]
    url = "simulated:?teacher=no&delay_ms=100"
    camera = SimulatedClassroom(url, SIZE_WH, 50.0, clock, lambda: shown[-1])
    seen = []
    try:
        for _ in range(25):
            frame = next_frame(camera)
            is_bright = bool(frame.rgb[60:100, 100:200].mean() > 128)
            seen.append(is_bright)
            last = shown[-1]
            expected = (
                white if last is white or frame.captured_ns - last.shown_ns < 100 * NS_PER_MS else black
            )
            if frame.captured_ns - clock.zero_ns >= 100 * NS_PER_MS:
                assert is_bright == (expected is white)
            if len(seen) == 10:
                shown.append(Page(black.rgb, 2, frame.captured_ns))
    finally:
        camera.close()
    assert seen[10] and seen[11]
    assert not seen[-1]


def test_the_history_of_the_lcd(page_of: MakePage) -> None:
    history = LcdHistory(delay_ns=85)
    assert history.seen_at(10_000) is None
    one, two, three = (page_of(0, k, 1000 * k) for k in (1, 2, 3))
    for page in (one, one, two, three):
        history.note(page, 9_000)
    history.note(None, 5_000)
    at = [(1084, None), (1085, one), (2084, one), (2085, two), (3085, three), (5084, three), (5085, None)]
    for captured_ns, page in at:
        assert history.seen_at(captured_ns) is page


def test_an_exposure_sees_what_was_lit_during_it(page_of: MakePage) -> None:
    history = LcdHistory(delay_ns=85)
    white, grey, black = page_of(255, 1, 1000), page_of(128, 2, 2000), page_of(0, 3, 2030)
    for page in (white, grey, black):
        history.note(page, 9_000)
    assert history.seen_during(1000, 1100) == [(None, 0.85), (white, 0.15)]
    assert history.seen_during(2000, 2000) == [(white, 1.0)]
    assert history.seen_during(2065, 2165) == [(white, 0.2), (grey, 0.3), (black, 0.5)]
    assert lit_page([(white, 1.0)]) is white
    mixed = lit_page([(white, 0.25), (black, 0.75)])
    assert mixed is not None
    assert abs(int(mixed.rgb[5, 5, 1]) - 255 * 0.25 ** (1 / 2.22)) <= 1  # light adds up, codes do not
    dim = lit_page([(None, 0.5), (white, 0.5)])
    assert dim is not None and abs(int(dim.rgb[5, 5, 1]) - 255 * 0.5 ** (1 / 2.22)) <= 1


def test_a_read_that_may_not_wait_returns_nothing() -> None:
    camera = SimulatedClassroom("simulated:?teacher=no", SIZE_WH, 0.01, SessionClock.start(), lambda: None)
    assert camera.renderer is not None  # built: only the tick, 100 s away, is missing
    assert camera.read(0.0) is None
    assert camera.read(0.01) is None
    assert camera.state.state == "starting"
    camera.close()


def test_a_closed_camera_gives_up(empty_room: SimulatedClassroom) -> None:
    empty_room.close()
    with pytest.raises(SourceLost) as caught:
        empty_room.read(5.0)
    assert not caught.value.retry
    assert empty_room.state.state == "ended"


@pytest.mark.parametrize(
    "url", ["simulated:?yaw=80", "simulated:?nois=3", "simulated:?fill=0.9&yaw=-30&distance=2"]
)
def test_an_impossible_room_is_a_lost_source_without_retry(url: str) -> None:
    with pytest.raises(SourceLost) as caught:
        SimulatedClassroom(url, SIZE_WH, 25.0, SessionClock.start(), lambda: None)
    assert not caught.value.retry
    assert "simulated" in str(caught.value)


def test_without_its_clip_the_classroom_is_lost_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clip, "ASSETS", tmp_path)
    camera = SimulatedClassroom("simulated:", SIZE_WH, 25.0, SessionClock.start(), lambda: None)
    with pytest.raises(SourceLost, match="clip") as caught:
        while True:
            camera.read(5.0)
    assert not caught.value.retry
    assert camera.state.state == "lost"
    camera.close()


@pytest.mark.parametrize("rate_hz", [10.0, 25.0, 29.97, 60.0])
def test_pts_and_index_tell_each_other_for_a_whole_lesson(rate_hz: float) -> None:
    clock = SessionClock.start()
    camera = SimulatedClassroom("simulated:?teacher=no", SIZE_WH, rate_hz, clock, lambda: None)
    camera.close()
    for index in (0, 1, 119, 100_000, 200_000):
        assert camera.index_of(camera.pts_of(index)) == index
        assert camera.index_of(clock.pts(clock.zero_ns + index * round(1e9 / rate_hz))) == index


def test_where_processors_stay_short_every_second_picture_is_left_out_until_they_are_not() -> None:
    spare = Spare()
    spare.note(5.0)  # one that took long says little
    assert not spare.is_short
    for _ in range(40):
        spare.note(SHORT_SHARE + 0.1)
    assert spare.is_short
    for _ in range(10):
        spare.note(SHORT_SHARE - 0.1)
    assert spare.is_short, "with half the pictures drawing is easier"
    for _ in range(60):
        spare.note(0.1)
    assert not spare.is_short


def test_what_is_left_out_does_not_depend_on_when_pictures_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.simulated.classroom.SHORT_SHARE", -1.0)  # processors are always short
    camera = SimulatedClassroom("simulated:?teacher=no", SIZE_WH, 50.0, SessionClock.start(), lambda: None)
    indices = []
    for late_ms in (0, 0, 30, 0, 50, 10, 0, 70, 0):
        time.sleep(late_ms / 1000)
        indices.append(camera.index_of(next_frame(camera).pts))
    camera.close()
    assert [index % 2 for index in indices[1:]] == [0] * 8  # the first was before that was known
    assert indices == sorted(set(indices))
