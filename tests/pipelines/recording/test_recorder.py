"""The recorder in an event loop: on, off, files, pages, quota, and a process that is really killed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import av
import pytest
from programme import RATE_HZ, coded

from pipelines.media import SOUND_HZ
from pipelines.recording.aligning import SoundAlignment
from pipelines.recording.marks import chapters
from pipelines.recording.recorder import CannotRecord, Recorder
from pipelines.recording.settings import RecordingSettings
from pipelines.recording.storing import BeingWritten, NotThere


def new_recorder(folder: Path, asked: list[str] | None = None, **settings: object) -> Recorder:
    return Recorder(
        folder / "recordings",
        RecordingSettings(keep_free_mb=0, **settings),  # type: ignore[arg-type]
        RATE_HZ,
        (asked if asked is not None else []).append,
        lambda: None,
    )


async def until(condition, what: str) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a thread sets it
            await asyncio.sleep(0.01)


async def test_off_until_it_is_started_and_off_again(tmp_path, packets, played) -> None:
    asked: list[str] = []
    recorder = new_recorder(tmp_path, asked)
    for packet in packets[:50]:
        recorder.feed(packet)
    assert recorder.watched == frozenset() and not (tmp_path / "recordings").exists() and asked == []
    recorder.start()
    assert recorder.watched == {"420"} and recorder.status().state == "waiting"
    for packet in packets:
        recorder.feed(packet)
    await until(lambda: recorder.status().state == "recording", "a file")
    (item,) = recorder.store.items()
    assert item.is_open and item.notes.sha256 is None
    with pytest.raises(BeingWritten):
        recorder.store.delete(item.item_id)
    await recorder.stop()
    assert recorder.status().state == "off" and recorder.watched == frozenset()
    (item,) = recorder.store.items()
    assert played(item.path)[0] == 150
    assert item.notes.sha256 == hashlib.sha256(item.path.read_bytes()).hexdigest()
    assert item.notes.duration_s == pytest.approx(6.0) and not item.is_open
    assert stat.S_IMODE((tmp_path / "recordings").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "recordings").iterdir()}
    assert modes == {0o600}
    recorder.store.delete(item.item_id)
    assert list((tmp_path / "recordings").iterdir()) == []
    with pytest.raises(NotThere):
        recorder.store.delete("../../etc/passwd")


async def test_it_begins_with_a_key_frame_and_asks_for_one(tmp_path, packets, played) -> None:
    asked: list[str] = []
    recorder = new_recorder(tmp_path, asked)
    recorder.start()
    for packet in packets[30:]:  # in the middle of a picture sequence
        recorder.feed(packet)
    assert asked == ["420"]
    await recorder.stop()
    (item,) = recorder.store.items()
    assert played(item.path)[0] == 75  # from the key frame at 3 s on


async def test_holes_other_encoders_and_time_begin_new_files(tmp_path, packets, played) -> None:
    recorder = new_recorder(tmp_path)
    recorder.start()
    later = list(coded(25, start=20 * RATE_HZ, keys=(20 * RATE_HZ,)))
    other = list(coded(25, start=21 * RATE_HZ, keys=(21 * RATE_HZ,), size_wh=(640, 360)))
    back = list(coded(25, start=0, keys=(0,)))
    for packet in packets + later + other + back:
        recorder.feed(packet)
    await recorder.stop()
    files = sorted(item.path for item in recorder.store.items())
    assert [played(path)[0] for path in files] == [150, 25, 25, 25]
    assert [path.stem[-3:] for path in files] == ["001", "002", "003", "004"]


async def test_a_new_file_after_the_time_set(tmp_path, played) -> None:
    recorder = new_recorder(tmp_path, segment_minutes=0.1)
    recorder.start()
    for packet in coded(20 * RATE_HZ, keys=range(0, 500, 25)):
        recorder.feed(packet)
    await recorder.stop()
    lengths = [played(item.path)[0] for item in sorted(recorder.store.items(), key=lambda item: item.path)]
    assert lengths == [150, 150, 150, 50]


async def test_pages_become_chapters(tmp_path, packets) -> None:
    recorder = new_recorder(tmp_path)
    recorder.turn(0, "分数.pdf")
    recorder.start()
    for index, packet in enumerate(packets):
        if index == len(packets) // 2:
            recorder.turn(1, "分数.pdf")
            recorder.turn(1, "分数.pdf")
        recorder.feed(packet)
    await recorder.stop()
    (item,) = recorder.store.items()
    assert [(mark.page, mark.courseware) for mark in item.notes.marks] == [(0, "分数.pdf"), (1, "分数.pdf")]
    assert item.notes.marks[0].at_s == 0 and item.notes.marks[1].at_s == pytest.approx(3.0, abs=0.2)
    text = chapters(item.notes, item.notes.duration_s or 0)
    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.960\n1 · 分数.pdf") and "2 · 分数.pdf" in text
    hostile = replace(item.notes, marks=(replace(item.notes.marks[0], courseware="a\n\n--> <b>&"),))
    assert chapters(hostile, 5.0).splitlines()[2:] == ["00:00:00.000 --> 00:00:05.000", "1 · a → &lt;b>&amp;"]


async def test_when_full_the_oldest_goes_or_recording_ends(tmp_path, packets, monkeypatch) -> None:
    monkeypatch.setattr("pipelines.recording.writer.ROOM_EVERY_S", 0.0)
    for when_full, left in (("delete_oldest", ["new"]), ("stop", ["old", "new"])):
        folder = tmp_path / when_full
        (folder / "recordings").mkdir(parents=True)
        old = folder / "recordings" / "20200101-000000-001.mp4"
        old.write_bytes(bytes(9_990_000))
        recorder = new_recorder(folder, quota_mb=10, when_full=when_full)
        recorder.start()
        for packet in packets:
            recorder.feed(packet)
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.2)
        if when_full == "stop":
            await until(lambda recorder=recorder: not recorder.is_on, "the end")
            assert recorder.status().fault == "full" and "no room" in recorder.status().reason
            with pytest.raises(CannotRecord, match="no room"):
                recorder.start()
        await recorder.stop()
        found = ["old" if item.path == old else "new" for item in reversed(recorder.store.items())]
        assert found == left, when_full


async def test_a_disk_that_fails_ends_the_recording_alone(tmp_path, packets) -> None:
    recorder = new_recorder(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, before[1]))  # the kernel refuses to write more
    try:
        recorder.start()
        for packet in packets:
            recorder.feed(packet)
        await until(lambda: not recorder.is_on, "the end")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    status = recorder.status()
    assert (status.state, status.fault) == ("off", "disk") and "File too large" in status.reason
    assert recorder.store.interrupted() == "", "nothing goes on by itself"
    recorder.start()
    for packet in packets:
        recorder.feed(packet)
    await recorder.stop()
    assert recorder.status().fault == "" and len(recorder.store.items()) == 2


async def test_sound_follows_the_pictures_as_viewers_hear_it() -> None:
    """Sound that leaves 180 ms after its pts, pictures that leave 20 ms after theirs: 160 ms apart."""
    alignment = SoundAlignment()
    pictures = [packet for packet in coded(50) if packet.kind == "video"]
    sounds = [packet for packet in coded(50) if packet.kind == "sound"]
    assert alignment.video_pts(0) is None
    for picture, sound in zip(pictures, sounds[::2], strict=True):
        alignment.arrived(picture, round((picture.pts / 90_000 + 0.020) * 1e9))
        alignment.arrived(sound, round((sound.pts / 48_000 + 0.180) * 1e9))
    first = alignment.video_pts(0)
    assert first == pytest.approx(0.160 * SOUND_HZ, abs=100)
    alignment.arrived(sounds[-1], round((sounds[-1].pts / 48_000 + 0.200) * 1e9))
    assert alignment.video_pts(0) == first, "a tremble moves nothing"
    for _ in range(400):
        alignment.arrived(sounds[-1], round((sounds[-1].pts / 48_000 + 0.400) * 1e9))
    assert alignment.video_pts(0) == pytest.approx(0.380 * SOUND_HZ, abs=0.045 * SOUND_HZ)


def killed(folder: Path) -> int:
    """Records in a process of its own, kills that after five seconds; how many pictures it had been given."""
    program = Path(__file__).parent / "record_for_ever.py"
    fed = 0
    with subprocess.Popen(
        [sys.executable, str(program), str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while fed < 5 * RATE_HZ:  # it says how many
            fed = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        return int((process.stdout.read().split() or [fed])[-1])


async def test_a_killed_process_leaves_all_but_the_last_two_seconds(tmp_path, played) -> None:
    folder = tmp_path / "recordings"
    fed = await asyncio.to_thread(killed, folder)
    (path,) = folder.glob("*.mp4")
    assert played(path)[0] >= fed - 2 * RATE_HZ, "what is left can be played as it lies there"

    recorder = new_recorder(tmp_path)
    await recorder.resume()
    assert recorder.is_on, "it goes on"
    for packet in coded(50):
        recorder.feed(packet)
    await recorder.stop()
    files = sorted(recorder.store.items(), key=lambda item: item.item_id)
    assert [item.item_id[-3:] for item in files] == ["001", "002"]
    assert files[0].item_id[:-3] == files[1].item_id[:-3]
    for item in files:
        pictures, _, last_s = played(item.path)
        assert item.notes.sha256 == hashlib.sha256(item.path.read_bytes()).hexdigest()
        assert item.notes.duration_s == pytest.approx(last_s, abs=0.1)
        assert pictures > 25
    assert played(files[0].path)[0] >= fed - 2 * RATE_HZ, "the end that was cut off cost no more"
    with av.open(str(files[0].path)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


async def test_what_was_interrupted_long_ago_does_not_go_on(tmp_path, packets) -> None:
    recorder = new_recorder(tmp_path)
    recorder.store.make()
    recorder.store.intend("20200101-000000")
    path = tmp_path / "recordings" / "20200101-000000-001.mp4"
    path.write_bytes(b"not even a header")
    os.utime(path, (time.time() - 3600,) * 2)
    await recorder.resume()
    assert not recorder.is_on and recorder.store.interrupted() == ""
    assert recorder.store.items() == []
