"""A camera that is knocked, sags, or sees nothing, with the teacher in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from pipelines.alignment import Calibration
from pipelines.calibration.watching import LOOK_EVERY_S, GeometryState, Watcher
from pipelines.media import F64, Page

if TYPE_CHECKING:
    from conftest import Room

Knock = Callable[..., F64]
WITHIN = round(3 / LOOK_EVERY_S)  # looks in three seconds


def settle(room: Room, looks: int = 4) -> None:
    for _ in range(looks):
        room.look()
    assert room.watcher.geometry.state == "locked"


def test_a_right_calibration_is_left_alone(room: Room) -> None:
    before = room.watcher.calibration
    settle(room, 6)
    assert room.watcher.calibration is before
    assert room.watcher.geometry.shift_px is not None and room.watcher.geometry.shift_px < 0.1
    assert room.watcher.geometry.moves == 0


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("simulated:", "text"),
        ("simulated:", "white"),
        ("simulated:?k1=-0.2&k2=0.05&yaw=12&pitch=-5&noise=3", "dark"),
    ],
)
def test_a_knock_is_found_and_followed(
    make_room: type[Room], pages: dict[str, Page], knocked_by: Knock, url: str, kind: str
) -> None:
    """5 px found within 2 s, locked again within 3 s; on bare paper by the LCD's frame."""
    room = make_room(url)
    room.page = pages[kind]
    settle(room, 5)
    room.moved = knocked_by(4, -3, turn_deg=0.12, zoom=1.002)
    states = [room.look() for _ in range(WITHIN)]
    assert "moved" in states[: round(2 / LOOK_EVERY_S)]
    assert states[-1] == "locked"
    assert room.error_px() < 0.2
    assert room.watcher.geometry.moves >= 1
    assert room.watcher.geometry.last_move_px == pytest.approx(5.2, abs=0.6)


def test_a_large_knock_is_found(make_room: type[Room], knocked_by: Knock) -> None:
    for dx, dy, turn in ((25, -17, 0.3), (-30, 20, -0.4)):
        room = make_room()
        settle(room)
        room.moved = knocked_by(dx, dy, turn_deg=turn)
        states = [room.look() for _ in range(WITHIN)]
        assert states[-1] == "locked"
        assert room.error_px() < 0.2


def test_a_slow_drift_is_followed(room: Room, knocked_by: Knock) -> None:
    settle(room)
    for step in range(1, 13):
        room.moved = knocked_by(0.1 * step, 0.06 * step)
        assert room.look() == "locked"
    room.look()
    room.look()
    assert room.error_px() < 0.15


def test_while_the_camera_is_off_it_is_said(room: Room, knocked_by: Knock) -> None:
    settle(room)
    assert not room.watcher.is_off
    room.moved = knocked_by(6, 2)
    room.look()
    assert room.watcher.is_off
    for _ in range(WITHIN):
        room.look()
    assert not room.watcher.is_off


def test_a_camera_that_still_swings_is_waited_for(room: Room, knocked_by: Knock) -> None:
    settle(room)
    before = room.watcher.calibration
    for dx in (6, -5, 4, -3):
        room.moved = knocked_by(dx, 0)
        assert room.look() == "moved"
    assert room.watcher.calibration is before


def test_an_empty_page_and_no_frame_known_is_unwatched(make_room: type[Room], pages: dict[str, Page]) -> None:
    room = make_room()
    room.page = pages["white"]
    assert room.look() == "unwatched"
    room.page = None
    assert room.look() == "unwatched"
    assert room.watcher.geometry == GeometryState("unwatched")


def test_another_page_on_the_lcd_moves_nothing(room: Room, pages: dict[str, Page]) -> None:
    """The LCD shows what the box does not know: the calibration stays."""
    settle(room)
    before = room.watcher.calibration
    for _ in range(6):
        room.look(seen=pages["dark"])
    assert room.watcher.calibration is before
    for _ in range(2):
        room.look()
    assert room.watcher.geometry.state == "locked"


def test_without_a_lens_the_homography_itself_moves(make_room: type[Room], knocked_by: Knock) -> None:
    room = make_room("simulated:?k1=0&k2=0")
    room.truth = Calibration(room.truth.page_from_camera, (1280, 720), (1920, 1080), "corners")
    room.watcher = Watcher(room.truth)
    settle(room)
    room.moved = knocked_by(5, 2, turn_deg=0.1)
    for _ in range(WITHIN):
        room.look()
    assert room.error_px() < 0.2
    found = room.watcher.calibration
    assert found.source == "corners" and found.lens is None and found.page_from_flat is None
