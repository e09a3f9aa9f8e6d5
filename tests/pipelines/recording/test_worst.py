"""The worst mattes of a recording: which are kept, where, and when nothing is."""

from __future__ import annotations

import json
import logging
import shutil
import stat
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.media import PTS_HZ, Box, Frame, Matte
from pipelines.recording.settings import RecordingSettings
from pipelines.recording.storing import BeingWritten, NotThere, Store
from pipelines.recording.worst import WorstMattes
from pipelines.recording.worst_files import WorstFolder, WorstMoment, displaced

ONE, TWO, OTHER = "20260302-081500-001", "20260302-081500-002", "20260303-081500-001"
SIZE_WH = (160, 90)
BOX = Box(40, 20, 32, 48)


class Lesson:
    """A recorded lesson that a test tells: a matte at a second, with a score."""

    def __init__(self, folder: Path, most: int, keep_free_bytes: int = 0) -> None:
        self.folder, self.now_s = folder, 0.0
        self.mattes = WorstMattes(folder, most, keep_free_bytes, lambda: 3, lambda: 1_000_000.0 + self.now_s)

    def begin(self, item_id: str) -> None:
        (self.folder / f"{item_id}.mp4").write_bytes(b"film")
        self.mattes.keep_for(item_id)

    def see(self, at_s: float, score: float | None) -> None:
        """What it hands over is judged when this returns."""
        self.now_s = at_s
        self.mattes.see(matte(at_s), score, 0.75)
        deadline_s = time.monotonic() + 20
        while not self.mattes.is_idle:
            assert time.monotonic() < deadline_s, "nobody judges it"
            time.sleep(0.002)

    def play(self, *scores: float | None) -> None:
        """One every ten seconds, and the end of the last ten."""
        start_s = self.now_s
        for number, score in enumerate((*scores, None), 1):
            self.see(start_s + 10 * number, score)

    def kept(self, item_id: str = ONE) -> list[float]:
        return [moment.score for moment in WorstFolder(self.folder, item_id).moments()]


def matte(at_s: float) -> Matte:
    rgb = np.full((SIZE_WH[1], SIZE_WH[0], 3), (200, 60, 20), np.uint8)
    pha = np.full((BOX.h, BOX.w), 255, np.uint8)
    return Matte(Frame(rgb, round(at_s * PTS_HZ), 0), BOX, pha, rgb[BOX.slices], carried_pts=PTS_HZ // 10)


@pytest.fixture
def tell(tmp_path: Path) -> Iterator[Callable[..., Lesson]]:
    told: list[Lesson] = []

    def begun(most: int = 2, **options: int) -> Lesson:
        told.append(Lesson(tmp_path, most, **options))
        return told[-1]

    yield begun
    for lesson in told:
        lesson.mattes.close()


def at(score: float, taken_s: float) -> WorstMoment:
    return WorstMoment(score, 0, taken_s, 0, 1.0, 0.0)


def test_worse_ones_displace_better_ones_and_the_worst_of_ten_seconds_stays() -> None:
    kept = [at(0.2, 0), at(0.6, 20), at(0.4, 40)]
    assert displaced(kept, at(0.9, 60), 4) == []
    assert displaced(kept, at(0.5, 60), 3) == [kept[1]]
    assert displaced(kept, at(0.6, 60), 3) is None, "no better than what is kept"
    assert displaced(kept, at(0.3, 45), 4) == [kept[2]], "too near to stand beside it"
    assert displaced(kept, at(0.5, 45), 4) is None
    assert displaced(kept, at(0.3, 60), 2) == [kept[2], kept[1]], "the number was lowered since"
    assert displaced([], at(0.0, 0), 0) is None


def test_the_worst_are_kept_with_all_that_is_known_of_them(tell: Callable[..., Lesson]) -> None:
    lesson = tell(most=2)
    lesson.begin(ONE)
    lesson.play(0.9, 0.5, 0.7, None, 0.3123, 0.8)
    assert lesson.kept() == [0.312, 0.5]
    folder = lesson.folder / f"{ONE}.worst"
    name = "0.312-0004500000"
    assert {path.name for path in folder.glob("0.*")} == {
        f"{stem}{kind}" for stem in (name, "0.500-0001800000") for kind in (".camera.jpg", ".alpha.png")
    }
    worst, _ = WorstFolder(lesson.folder, ONE).moments()
    assert worst == WorstMoment(0.312, 50 * PTS_HZ, 1_000_050.0, 3, 0.75, 100.0)
    alpha = cv2.imread(str(folder / f"{name}.alpha.png"), cv2.IMREAD_UNCHANGED)
    expected = np.zeros(SIZE_WH[::-1], np.uint8)
    expected[BOX.slices] = 255
    assert np.array_equal(alpha, expected)
    blue, green, red = cv2.imread(str(folder / f"{name}.camera.jpg"))[0, 0]
    assert red > 190 and green < 70 and blue < 30, "the camera's picture, in its colours"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert set(json.loads((folder / "worst.jsonl").read_text().splitlines()[0])) == set(
        WorstMoment.__dataclass_fields__
    )


def test_of_ten_seconds_the_worst_frame_is_written_once(tell: Callable[..., Lesson]) -> None:
    lesson = tell(most=5)
    lesson.begin(ONE)
    for at_s, score in ((10, 0.6), (12, 0.4), (14, 0.5), (19, 0.45)):
        lesson.see(at_s, score)
    assert lesson.kept() == [], "nothing is written before they are over"
    lesson.see(21, 0.3)
    assert lesson.kept() == [0.4]
    lesson.see(30, 0.8)
    assert lesson.kept() == [0.3], "nine seconds after the one before, and worse"
    lesson.see(40, None)
    assert lesson.kept() == [0.3], "nine seconds after it, and better"
    assert lesson.mattes.kept == 2


def test_nothing_without_a_recording_and_nothing_after_it(tell: Callable[..., Lesson]) -> None:
    lesson = tell()
    lesson.play(0.1, 0.2)
    lesson.begin(ONE)
    lesson.see(100, 0.4)
    lesson.mattes.keep_for("")
    lesson.play(0.1, 0.1)
    assert list(lesson.folder.glob("*.worst")) == [], "not even what was seen before the end"
    lesson.mattes.keep_for(ONE)
    lesson.play(0.9)
    assert lesson.kept() == [0.9], "after panic it goes on"


def test_files_of_one_recording_share_the_number_and_outlive_the_studio(
    tell: Callable[..., Lesson],
) -> None:
    first = tell(most=2)
    first.begin(ONE)
    first.play(0.5, 0.3)
    first.begin(TWO)
    first.play(0.4)
    assert (first.kept(ONE), first.kept(TWO)) == ([0.3], [0.4])
    again = tell(most=2)  # the next studio knows the number is reached
    again.now_s = 1000
    again.begin(TWO)
    again.play(0.9, 0.2)
    assert (again.kept(ONE), again.kept(TWO)) == ([0.3], [0.2])
    again.begin(OTHER)
    again.play(0.9)
    assert again.kept(OTHER) == [0.9] and again.kept(ONE) == [0.3]


def test_no_room_no_disk_no_film(
    tell: Callable[..., Lesson], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each costs the moment alone, counted; the next is kept when it can be."""
    caplog.set_level(logging.INFO)
    lesson = tell(keep_free_bytes=1_000_000)
    usage = namedtuple("usage", "total used free")
    free = [1_000_000]
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 0, free[0]))
    lesson.begin(ONE)
    lesson.play(0.5)
    assert (lesson.kept(), lesson.mattes.left_out) == ([], 1)
    free[0] = 2_000_000
    (lesson.folder / f"{ONE}.worst").write_bytes(b"in the way")
    lesson.play(0.5)
    assert lesson.mattes.left_out == 2 and "cannot be kept" in caplog.text
    (lesson.folder / f"{ONE}.worst").unlink()
    (lesson.folder / f"{ONE}.mp4").unlink()
    lesson.play(0.5)
    assert lesson.mattes.left_out == 3 and not (lesson.folder / f"{ONE}.worst").exists()
    lesson.begin(ONE)
    lesson.play(0.5)
    assert lesson.kept() == [0.5]
    lesson.mattes.keep_for("")
    assert "worst mattes of the recording: 1 kept, 3 left out" in caplog.text


def test_they_count_for_the_quota_and_go_with_the_file(tell: Callable[..., Lesson]) -> None:
    lesson = tell(most=3)
    lesson.begin(ONE)
    lesson.play(0.5, 0.3, 0.4)
    folder = lesson.folder / f"{ONE}.worst"
    size = sum(path.stat().st_size for path in folder.iterdir())
    store = Store(lesson.folder, RecordingSettings(keep_free_mb=0))
    (item,) = store.items()
    assert (item.size_bytes, item.worst_bytes, store.used_bytes) == (4, size, 4 + size)
    assert [moment.score for moment in store.worst(ONE)] == [0.3, 0.4, 0.5]
    lesson.play(0.1)
    assert store.used_bytes == 4 + sum(path.stat().st_size for path in folder.iterdir())
    name = f"{store.worst(ONE)[0].stem}.alpha.png"
    assert store.worst_file(ONE, name).read_bytes().startswith(b"\x89PNG")
    (folder / "0.999-0000000000.alpha.png").symlink_to("/etc/passwd")
    for wrong in ("../other.mp4", "0.999-0000000000.alpha.png", "0.100-0000000001.alpha.png", ""):
        with pytest.raises(NotThere):
            store.worst_file(ONE, wrong)
    (lesson.folder / f"{ONE}.going").mkdir()  # of a delete that a crash cut off
    (lesson.folder / f"{ONE}.going" / name).write_bytes(b"")
    store.delete(ONE)
    assert [path.name for path in lesson.folder.iterdir()] == []
    for ask in (store.worst, lambda item_id: store.worst_file(item_id, name)):
        with pytest.raises(NotThere):
            ask(ONE)
    lesson.play(0.01)
    assert list(lesson.folder.iterdir()) == [], "the recording is gone, and nothing follows it"


def test_the_oldest_recording_takes_them_with_it(tell: Callable[..., Lesson]) -> None:
    lesson = tell()
    lesson.begin(ONE)
    lesson.play(0.5)
    (lesson.folder / f"{ONE}.mp4").write_bytes(bytes(9_999_999))
    store = Store(lesson.folder, RecordingSettings(keep_free_mb=0, quota_mb=10, when_full="delete_oldest"))
    assert store.new(OTHER[:15]).stem == OTHER
    with pytest.raises(BeingWritten):
        store.delete(OTHER)
    assert store.has_room(), "the pictures went over the quota, not the film"
    assert list(lesson.folder.iterdir()) == []


def test_what_a_crash_left_is_tidied(tell: Callable[..., Lesson]) -> None:
    lesson = tell()
    lesson.begin(ONE)
    lesson.play(0.5)
    folder = lesson.folder / f"{ONE}.worst"
    whole = {path.name for path in folder.iterdir()}
    for left in ("0.100-0000000001.alpha.png", "0.100-0000000001.camera.jpg.half"):
        (folder / left).write_bytes(b"half")
    with (folder / "worst.jsonl").open("a") as lines:
        lines.write('{"score": 0.1, "pts"')
    gone, going = lesson.folder / f"{OTHER}.worst", lesson.folder / f"{TWO}.going"
    for without_film in (gone, going):
        shutil.copytree(folder, without_film)
    (lesson.folder / f"{ONE}.jsonl").write_text('{"kind": "end", "duration_s": 1.0, "sha256": "0"}\n')
    Store(lesson.folder, RecordingSettings()).recover()
    assert {path.name for path in folder.iterdir()} == whole
    assert lesson.kept() == [0.5]
    assert not gone.exists() and not going.exists()
    lesson.play(0.2)
    assert lesson.kept() == [0.2, 0.5], "the next line begins after the one that was cut off"
