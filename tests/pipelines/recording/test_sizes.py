"""The disk is counted while recordings are deleted from it."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.recording.settings import RecordingSettings
from pipelines.recording.sizes import bytes_of, files_below
from pipelines.recording.storing import Store


def test_what_goes_while_it_is_counted_takes_nothing(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "frames").write_bytes(bytes(10))
        (tmp_path / name / "events").write_bytes(bytes(100))
    found = files_below(tmp_path)
    first = next(found)
    for folder in tmp_path.iterdir():
        if folder != tmp_path / first.relative_to(tmp_path).parts[0]:
            shutil.rmtree(folder)
    assert bytes_of((first, *found)) == 110
    assert bytes_of(files_below(tmp_path / "gone")) == 0


def test_a_recording_that_is_just_deleted_does_not_end_the_one_that_runs(tmp_path: Path) -> None:
    (tmp_path / "20260101-080000-001.mp4").write_bytes(bytes(7))
    (tmp_path / "20260101-080000-002.mp4").symlink_to("deleted")  # listed, and gone when it is looked at
    store = Store(tmp_path, RecordingSettings(keep_free_mb=0))
    assert store.used_bytes == 7 and store.has_room()
