"""A lesson of the simulated classroom, recorded raw by the real studio, and made again."""

from __future__ import annotations

import json
import shutil
import stat
from itertools import pairwise
from pathlib import Path

import cv2
import pytest
from running_studio import RunningStudio, settings

from models.catalog import default_models_dir, locate
from models.errors import ModelError
from pipelines.ink import PageKey, Stroke, Tool
from pipelines.media import Layout, Scene
from pipelines.orders import DrawStroke, SetScene, TurnPage
from pipelines.recording import RecordingSettings
from pipelines.recording.raw import BrokenRecording, RawLog
from pipelines.recording.raw.entries import EVENTS, Began
from pipelines.recording.raw.notes import OrderNote
from pipelines.reports import Started, StudioStatus
from pipelines.studio.replaying import Replay

LINE = Stroke("a", Tool.PEN, "vermillion", 0.01, ((0.2, 0.2), (0.6, 0.5)))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some seconds: teacher, page turn, ink, another layout."""
    try:
        locate("rvm-mobilenetv3", default_models_dir())
    except ModelError as error:
        pytest.skip(f"the matting network is not installed: {error}")
    parent = tmp_path_factory.mktemp("state") / "raw"
    chosen = settings(default_models_dir()).model_copy(
        update={"recording": RecordingSettings(raw=True, keep_free_mb=0), "raw_path": parent}
    )
    running = RunningStudio(chosen)
    running.until(lambda report: isinstance(report, Started))
    for order in (
        TurnPage(step=1),
        DrawStroke(PageKey("demo", 1), LINE),
        SetScene(Scene(1, Layout.CORNER)),
        SetScene(Scene(2, Layout.ALIGNED, opacity=0.7)),
    ):
        _some_pictures_later(running)
        running.pipe.send(order)
    _some_pictures_later(running)
    assert running.end() == 0
    (folder,) = parent.iterdir()
    return folder


def _some_pictures_later(running: RunningStudio) -> None:
    seen: list[int] = []

    def is_later(report: object) -> bool:
        if isinstance(report, StudioStatus):
            assert report.raw is not None
            assert (report.raw.is_on, report.raw.dropped) == (True, 0)
            seen.append(report.counts["matting"])
        return len(seen) > 1 and seen[-1] - seen[0] >= 10

    running.until(is_later)


def played(folder: Path) -> tuple[list[bool], Replay]:
    replay = Replay(folder, default_models_dir())
    return [picture.is_same for picture in replay.pictures()], replay


def changed(folder: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    return copy


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def store(folder: Path, events: list[dict[str, object]]) -> None:
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


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
    same, _ = played(folder)
    assert all(same[:first])
    assert not same[first]


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
    same, replay = played(folder)
    assert replay.changed_pages == 1
    assert all(same[:first])
    assert not same[first]


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
