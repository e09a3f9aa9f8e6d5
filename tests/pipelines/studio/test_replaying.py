"""A lesson of the simulated classroom, recorded raw by the real studio, and made again."""

from __future__ import annotations

import json
import stat
from itertools import islice, pairwise
from pathlib import Path

import cv2
import pytest
from raw_lesson import changed, lines, shortened, store

from models.catalog import default_models_dir
from pipelines.media import Scene
from pipelines.orders import SetFilm, TurnPage
from pipelines.recording.raw.entries import ENTRY, EVENTS, Began, Ordered, order_of
from pipelines.recording.raw.log import RawLog
from pipelines.recording.raw.notes import OrderNote
from pipelines.recording.raw.reading import BrokenRecording
from pipelines.studio.replaying import Replay


def played(folder: Path, most: int | None = None) -> tuple[list[bool], Replay]:
    """Whether each picture is the same. most: no more of them."""
    replay = Replay(folder, default_models_dir())
    return [picture.is_same for picture in islice(replay.pictures(), most)], replay


def test_every_picture_comes_again_bit_for_bit(recorded: Path) -> None:
    same, replay = played(recorded)
    assert (replay.ending, replay.provider) == ("complete", "cpu")
    assert len(same) >= 50
    assert all(same)
    made = [event for event in lines(recorded) if event["kind"] == "frame" and event["made"] is not None]
    assert len(made) >= 40
    assert any(event["given"] for event in made), "the plate had no part in it"


def test_a_recording_of_a_box_without_transitions_replays_without(recorded: Path, tmp_path: Path) -> None:
    folder = changed(recorded, tmp_path)
    events = lines(folder)
    del events[0]["settings"]["programme"]["transition_ms"]  # type: ignore[index]
    store(folder, events)
    same, replay = played(folder)
    assert replay.programme.transition_ms == 0
    cuts = [n for n, (early, late) in enumerate(pairwise(same)) if early and not late]
    assert len(cuts) == 2, "the two changes of scene were recorded as moves"


def test_only_the_owner_can_read_it(recorded: Path) -> None:
    for path in (recorded, *recorded.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_changed_order_shows_from_its_picture_on(recorded: Path, tmp_path: Path) -> None:
    folder = changed(recorded, tmp_path)
    events = lines(folder)
    order = next(e for e in events if e["kind"] == "order" and e["name"] == "DrawStroke")
    order["order"]["stroke"]["colour"] = "green"  # type: ignore[index]
    store(folder, events)
    pictures = [event for event in events if event["kind"] == "picture"]
    first = next(n for n, picture in enumerate(pictures) if picture["ink"])
    same, _ = played(folder, first + 1)
    assert same == [True] * first + [False]


def test_a_changed_page_shows_from_its_picture_on(recorded: Path, tmp_path: Path) -> None:
    folder = changed(recorded, tmp_path)
    events = lines(folder)
    page = [event for event in events if event["kind"] == "page"][-1]
    path = folder / "pages" / f"{page['sha256']}.png"
    rgb = cv2.imread(str(path))
    rgb[0, 0] ^= 1
    cv2.imwrite(str(path), rgb)
    pictures = [event for event in events if event["kind"] == "picture"]
    first = next(n for n, picture in enumerate(pictures) if picture["page"] == page["revision"])
    same, replay = played(folder, first + 1)
    assert replay.changed_pages == 1
    assert same == [True] * first + [False]


def test_a_killed_box_leaves_what_replays_as_far_as_it_goes(recorded: Path, tmp_path: Path) -> None:
    folder = changed(recorded, tmp_path)
    events = (folder / "events.jsonl").read_bytes()
    (folder / "events.jsonl").write_bytes(events[: len(events) // 2])
    same, replay = played(folder)
    assert replay.ending == "cut off"
    assert same
    assert all(same)


def test_a_film_that_was_cut_off_ends_the_replay(recorded: Path, tmp_path: Path) -> None:
    folder = changed(recorded, tmp_path)
    film = folder / "frames-001.mkv"
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    same, replay = played(folder)
    assert replay.ending == "cut off"
    assert same
    assert all(same)


def test_what_is_no_recording_is_told(recorded: Path, tmp_path: Path) -> None:
    with pytest.raises(BrokenRecording, match="is no raw recording"):
        Replay(tmp_path, default_models_dir())
    folder = changed(recorded, tmp_path)
    events = (folder / "events.jsonl").read_text().splitlines()
    events[10] = events[10][:-3]
    (folder / "events.jsonl").write_text("\n".join(events) + "\n")
    with pytest.raises(BrokenRecording, match="line 11"):
        played(folder)


def test_the_orders_for_a_film_are_written_and_read_again(recorded: Path, tmp_path: Path) -> None:
    began = Began(software="", provider="cpu", settings={}, scene=Scene())
    log = RawLog(tmp_path / "raw", 10**9, 0, 25.0, began)
    orders = [SetFilm(is_paused=True), SetFilm(position_s=12.5), SetFilm(False, 0.0)]
    for order in orders:
        log.note(OrderNote(order))
    log.close()
    written = (tmp_path / "raw" / EVENTS).read_text().splitlines()[1:-1]
    entries = [ENTRY.validate_json(line) for line in written]
    assert [order_of(entry) for entry in entries if isinstance(entry, Ordered)] == orders
    # What a film did stands in the pages that were shown: its orders change no picture of a replay.
    folder = shortened(recorded, tmp_path, 10)
    events = lines(folder)
    store(folder, [events[0], *(json.loads(line) for line in written), *events[1:]])
    same, replay = played(folder)
    assert replay.ending == "complete" and all(same) and len(same) == 10


def test_what_comes_after_panic_is_not_written(tmp_path: Path) -> None:
    began = Began(software="", provider="cpu", settings={}, scene=Scene())
    log = RawLog(tmp_path / "raw", 10**9, 0, 25.0, began)
    log.note(OrderNote(TurnPage(index=1)))
    log.end("panic")
    log.note(OrderNote(TurnPage(index=2)))
    log.close()
    assert not log.is_on and log.reason == "panic"
    lines = (tmp_path / "raw" / EVENTS).read_text().splitlines()
    assert len(lines) == 3 and json.loads(lines[-1]) == {"kind": "ended", "reason": "panic"}
