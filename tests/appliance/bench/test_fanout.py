from __future__ import annotations

import asyncio
import json
import time
from multiprocessing import Pipe

import pytest

from appliance.__main__ import main
from appliance.bench.calls import Caller, serve
from appliance.bench.lesson import RATE_HZ, Lesson, pictures
from appliance.bench.ours import BenchFailed
from pipelines.encoding.settings import EncodingSettings


async def test_calls_are_answered_side_by_side_and_failures_told_in_words() -> None:
    ours, theirs = Pipe()

    async def later(text: str, after_s: float) -> str:
        await asyncio.sleep(after_s)
        return text

    async def fails() -> None:
        raise ValueError("no such viewer")

    serving = asyncio.create_task(serve(theirs, {"later": later, "fails": fails}))
    caller = Caller(ours)
    slow = asyncio.create_task(caller.call("later", "slow", 0.2))
    assert await caller.call("later", "quick", 0.0) == "quick"
    assert not slow.done() and await slow == "slow"
    with pytest.raises(BenchFailed, match="ValueError: no such viewer"):
        await caller.call("fails")
    waiting = asyncio.create_task(caller.call("later", "never", 60.0))
    await asyncio.sleep(0.05)
    serving.cancel()
    theirs.close()
    with pytest.raises(BenchFailed, match="has ended"):
        await waiting
    with pytest.raises(BenchFailed, match="has ended"):
        await caller.call("later", "never", 0.0)
    await caller.close()


def test_a_lesson_has_pictures_sound_and_page_turns() -> None:
    packets = []
    lesson = Lesson(pictures((320, 180), 10), EncodingSettings(encoder="x264"), packets.append)
    lesson.watch(frozenset({"420"}))
    lesson.want_key("420")
    lesson.start()
    while lesson.published < 2 * RATE_HZ:
        time.sleep(0.02)
    lesson.stop()
    video = [packet for packet in packets if packet.kind == "video"]
    assert len(video) == lesson.published and video[0].is_key
    assert len(packets) - len(video) == pytest.approx(2 * len(video), abs=2)
    assert lesson.coding_s > 0 and lesson.gap_ms >= 1000 / RATE_HZ * 0.9


def test_the_bench_measures_both_and_tells_how_often_ours_goes_into_theirs(tmp_path, capsys) -> None:
    file = tmp_path / "fanout.json"
    assert (
        main(["bench", "fanout", "--viewers", "3", "--peers", "1", "--seconds", "2", "--json", str(file)])
        == 0
    )
    report = json.loads(file.read_text())
    assert (report["viewers"], report["peer_viewers"], report["storm_without_picture"]) == (3, 1, 0)
    assert report["packets"] > 300 and report["lost_packets"] == 0
    # Two clocks: one of a thread's own, the other in steps of a hundredth of a second.
    assert 0 < report["coding_cpu_ms_per_viewer_s"] < 1.1 * report["cpu_ms_per_viewer_s"]
    assert report["peer_cpu_ms_per_viewer_s"] > 0 and report["stall_ms_max"] >= 0
    assert {"machine", "commit"} <= report.keys()
    assert "times the processor time" in capsys.readouterr().out


def test_nonsense_is_refused(capsys) -> None:
    assert main(["bench", "fanout", "--viewers", "0"]) == 1
    assert "--viewers must be at least" in capsys.readouterr().err
