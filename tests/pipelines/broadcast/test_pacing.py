from __future__ import annotations

import asyncio
import time

import pytest

from pipelines.broadcast.pacing import TOTAL_BYTES_PER_S, TOTAL_FREE_BYTES, Bucket, Pacer

RUN_BYTES = 20_000


class Line:
    """Has `runs` to send, each RUN_BYTES; notes in `log` who was served and when."""

    def __init__(self, name: str, runs: int, log: list[tuple[str, float]], pause_s: float = 0.0) -> None:
        self.name, self.left, self.log, self.pause_s = name, runs, log, pause_s

    def send_run(self, now_s: float) -> tuple[int, float | None]:
        if not self.left:
            return 0, None
        self.left -= 1
        self.log.append((self.name, now_s))
        return RUN_BYTES, self.pause_s if self.left else None


async def done(lines: list[Line]) -> None:
    for _ in range(20_000):
        if not any(line.left for line in lines):
            return
        await asyncio.sleep(0.001)
    pytest.fail(f"not everything was sent: {[line.left for line in lines]}")


def test_a_bucket_lets_the_first_bytes_go_at_once_and_the_rest_in_time() -> None:
    bucket = Bucket(per_s=1000, free=100)
    assert bucket.pause_s(5.0) <= 0
    bucket.spend(100, 5.0)
    assert bucket.pause_s(5.0) == pytest.approx(0)
    bucket.spend(500, 5.0)
    assert bucket.pause_s(5.0) == pytest.approx(0.5)
    assert bucket.pause_s(5.2) == pytest.approx(0.3)
    bucket.spend(10, 60.0)  # what was not used does not add up
    assert bucket.pause_s(60.0) == pytest.approx(-0.09)


def test_a_slower_bucket_lets_less_go_at_once() -> None:
    bucket = Bucket(per_s=1000, free=100)
    bucket.spend(600, 5.0)
    bucket.refill(100, 5.0)
    assert bucket.pause_s(5.0) == pytest.approx((600 - 10) / 100)
    bucket.refill(1000, 6.0)
    assert bucket.pause_s(6.0) == pytest.approx((600 - 100 - 100) / 1000)


async def test_a_key_frame_reaches_all_viewers_side_by_side() -> None:
    pacer, log = Pacer(), []
    lines = [Line(name, 8, log) for name in "abcde"]
    for line in lines:
        pacer.wake(line)
        pacer.wake(line)  # once more changes nothing
    await done(lines)
    order = "".join(name for name, _ in log)
    assert [sorted(order[i : i + 5]) for i in range(0, 40, 5)] == [list("abcde")] * 8


async def test_all_together_keep_to_the_total() -> None:
    pacer, log = Pacer(), []
    lines = [Line(str(i), 4, log) for i in range(50)]
    for line in lines:
        pacer.wake(line)
    await done(lines)
    beyond = 50 * 4 * RUN_BYTES - TOTAL_FREE_BYTES - RUN_BYTES
    assert log[-1][1] - log[0][1] >= beyond / TOTAL_BYTES_PER_S * 0.98


async def test_the_loop_serves_others_between_turns() -> None:
    pacer, log, turns = Pacer(), [], 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    lines = [Line(str(i), 4, log) for i in range(50)]
    for line in lines:
        pacer.wake(line)
    await done(lines)
    task.cancel()
    assert turns > 10


async def test_viewers_are_not_starved_by_what_else_the_loop_has_to_do() -> None:
    """Whatever comes between takes 20 ms: then 2 ms for the viewers would be too little."""

    class Slow(Line):
        def send_run(self, now_s: float) -> tuple[int, float | None]:
            time.sleep(0.001)
            return super().send_run(now_s)

    pacer, log, others = Pacer(), [], 0

    async def busy() -> None:
        nonlocal others
        while True:
            time.sleep(0.02)  # noqa: ASYNC251  what aiortc does with a handshake, too
            others += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(busy())
    lines = [Slow(str(i), 4, log) for i in range(25)]
    await asyncio.sleep(0)
    for line in lines:
        pacer.wake(line)
    await done(lines)
    task.cancel()
    assert others < 100 / 2 / 2  # a hundred runs, two a turn, would need fifty turns


async def test_who_must_pause_holds_up_nobody() -> None:
    pacer, log = Pacer(), []
    slow, quick = Line("slow", 2, log, pause_s=0.2), Line("quick", 5, log)
    pacer.wake(slow)
    pacer.wake(quick)
    await done([slow, quick])
    assert "".join(name[0] for name, _ in log) == "sqqqqqs"
    assert log[-1][1] - log[0][1] >= 0.19


async def test_who_is_forgotten_is_not_asked_again() -> None:
    pacer, log = Pacer(), []
    gone, stays = Line("gone", 5, log), Line("stays", 5, log)
    pacer.wake(gone)
    pacer.wake(stays)
    pacer.forget(gone)
    pacer.forget(gone)
    await done([stays])
    await asyncio.sleep(0.01)
    assert {name for name, _ in log} == {"stays"}
