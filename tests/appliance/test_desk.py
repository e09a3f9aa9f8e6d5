"""What the desk keeps: rooms and their links, signals, the log; over restarts, damage and floods."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.desk import Audience, LessonLog, NoSuchRoom, Rooms, TooManyRooms, TooOften
from appliance.desk import lesson_log as lesson_log_module
from appliance.desk import rooms as rooms_module


def nothing() -> None:
    """Nobody listens."""


def test_rooms_and_their_links_outlive_a_restart(tmp_path: Path) -> None:
    changes: list[int] = []
    rooms = Rooms(tmp_path, lambda: changes.append(1))
    first, second = rooms.add("  Room\n5 "), rooms.add("三年级二班")
    assert (first.name, second.name) == ("Room 5", "三年级二班")
    assert first.token != second.token and len(first.token) >= 30
    assert repr(first).count(first.token) == 0
    rooms.rename(first.room_id, "Room 6")
    again = Rooms(tmp_path, nothing)
    assert [room.name for room in again.all()] == ["Room 6", "三年级二班"]
    assert again.of_token(first.token) == rooms.room(first.room_id)
    assert (tmp_path / "rooms.json").stat().st_mode & 0o777 == 0o600
    again.remove(first.room_id)
    assert again.of_token(first.token) is None and again.of_token("") is None
    assert Rooms(tmp_path, nothing).of_token(first.token) is None
    with pytest.raises(NoSuchRoom):
        again.remove(first.room_id)
    assert len(changes) == 3


def test_rooms_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "MAX_ROOMS", 2)
    rooms = Rooms(tmp_path, nothing)
    with pytest.raises(ValueError, match="name"):
        rooms.add(" \n\u200b")
    assert len(rooms.add("x" * 100).name) == 40
    rooms.add("b")
    with pytest.raises(TooManyRooms):
        rooms.add("c")


@pytest.mark.parametrize("text", ["{", '{"a": 1}', '[{"room_id": 1}]', "[3]"])
def test_damaged_rooms_are_put_aside(tmp_path: Path, text: str) -> None:
    (tmp_path / "rooms.json").write_text(text)
    assert Rooms(tmp_path, nothing).all() == []
    assert (tmp_path / "rooms.json.damaged").read_text() == text


def test_a_signal_stands_until_it_is_seen_and_cannot_flood() -> None:
    told: list[int] = []
    audience = Audience(lambda: told.append(1))
    audience.joined("a", "room")
    assert audience.signal("a", "hand_up")
    assert not audience.signal("a", "hand_up"), "it stands already"
    with pytest.raises(TooOften):
        for _ in range(10):
            audience.signal("a", "fine")
            audience.signal("a", "too_fast")
    stood = audience.clear_signal("a")
    assert stood is not None and audience.signal_of("a") is None
    assert audience.keep([]) == ["room"]
    with pytest.raises(KeyError):
        audience.signal("a", "fine")
    assert audience.room_of("a") == ""


def test_the_log_grows_over_restarts_and_stays_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_log_module, "MOST", 10)
    log = LessonLog(tmp_path)
    for _ in range(33):
        log.add("page", page_index=3, matte_quality=0.9)
    path = tmp_path / "lesson-log.jsonl"
    assert 10 <= len(path.read_text().splitlines()) <= 20
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("a") as file:
        file.write('{"number": 99, "at_')  # the power went
    again = LessonLog(tmp_path)
    assert again.newest == 33
    assert [entry.number for entry in again.entries(30)] == [31, 32, 33]
    again.clear()
    assert [(entry.number, entry.kind) for entry in again.entries()] == [(34, "cleared")]
    assert [json.loads(line)["number"] for line in path.read_text().splitlines()] == [34]


def test_the_log_goes_on_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = LessonLog(tmp_path / "file")
    log.add("mark")
    assert log.newest == 1
