"""`classroom replay`: what it prints and writes, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
from raw_lesson import changed, lines, shortened, store

from appliance.__main__ import main


def replayed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, and what was printed."""
    status = main(["replay", *map(str, arguments)])
    return status, *capsys.readouterr()


def test_a_lesson_comes_again_with_its_figures_and_a_film(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, film = tmp_path / "replay.json", tmp_path / "again.mp4"
    folder, count = shortened(recorded, tmp_path, 40), 40
    status, printed, faults = replayed(capsys, folder, "--json", figures, "--out", film)
    told = json.loads(figures.read_text())
    assert (status, faults) == (0, "")
    assert (told["frames"], told["identical"], told["first_difference"]) == (count, count, None)
    assert (told["ending"], told["provider"], told["changed_pages"]) == ("complete", "cpu", 0)
    assert told["software"] == told["recorded_software"] and "onnxruntime" in told["software"]
    assert printed.splitlines() == [
        "Replayed to its end.",
        f"{count} of {count} pictures are bit-identical to those that were sent.",
    ]
    with av.open(str(film)) as container:
        shapes = {picture.to_ndarray(format="rgb24").shape for picture in container.decode(video=0)}
    assert len(shapes) == 1 and shapes.pop()[2] == 3


def test_a_picture_that_differs_is_named(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shortened(recorded, tmp_path)
    events = lines(folder)
    pictures = [event for event in events if event["kind"] == "picture"]
    pictures[7]["digest"] = "0" * 32
    store(folder, events)
    status, printed, _ = replayed(capsys, folder)
    assert status == 1
    assert f"{len(pictures) - 1} of {len(pictures)} pictures are bit-identical" in printed
    assert "First difference: picture 8, " in printed


def test_up_to_a_gap_is_no_success(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = changed(recorded, tmp_path)
    events = lines(folder)
    store(folder, [*events[:40], {"kind": "gap", "dropped": 3}, *events[40:]])
    status, printed, _ = replayed(capsys, folder)
    assert (status, printed.splitlines()[0].startswith("Replayed up to a gap")) == (1, True)


def test_a_killed_box_s_recording_is_a_success_as_far_as_it_goes(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = changed(recorded, tmp_path)
    store(folder, lines(folder)[:60])
    status, printed, _ = replayed(capsys, folder)
    assert status == 0
    assert "as far as it goes: the box was killed" in printed


def test_what_is_none_and_what_is_damaged_is_said_in_a_sentence(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, printed, fault = replayed(capsys, tmp_path)
    assert (status, printed) == (1, "") and "is no raw recording" in fault
    folder = changed(recorded, tmp_path)
    store(folder, [*lines(folder)[:9], {"kind": "unheard of"}])
    status, _, fault = replayed(capsys, folder)
    assert status == 1 and fault.startswith("✗ ") and "line 10" in fault


def test_a_missing_network_is_said_with_its_mend(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, fault = replayed(capsys, recorded, "--models", tmp_path)
    assert status == 1 and "models install rvm-mobilenetv3" in fault
