"""The counting viewer must count what was sent, and notice what was lost."""

from __future__ import annotations

import asyncio

import pytest

from pipelines.broadcast import CountingViewer


@pytest.fixture
async def counting(studio):
    async def exchange(sdp: str) -> str:
        return (await studio.broadcast.answer(sdp))[1]

    viewer = CountingViewer(exchange)
    await viewer.connect()
    yield viewer
    await viewer.close()


async def test_everything_that_was_sent_is_counted(studio, counting, until) -> None:
    await until(lambda: counting.count().pictures > 5, "pictures")
    counting.reset()
    mark = len(studio.published)
    await until(lambda: counting.count().pictures >= 50, "fifty more")
    count, sent = counting.count(), studio.published[mark:]
    assert count.lost == 0 and count.received == count.expected >= 50
    assert abs(sum(p.kind == "video" for p in sent) - count.pictures) <= 2
    assert abs(sum(p.kind == "sound" for p in sent) - count.sound) <= 4
    assert 0 < count.gap_ms < 5000 and count.payload_bytes > 50 * 20
    assert counting.first_picture_s is not None and counting.first_picture_s > counting.offered_s


async def test_what_is_lost_is_missed_and_reported(studio, counting, until) -> None:
    await until(lambda: counting.count().pictures > 5, "pictures")
    (peer,) = studio.broadcast._peers.values()
    send, left_out = peer._video._wire.send, 0

    def lossy(sent) -> int:
        nonlocal left_out
        if sent.unit.is_key or sent.sequence_number % 3:
            return send(sent)
        left_out += sent.last - sent.first
        return sum(map(len, sent.unit.payloads))  # gone on the way

    counting.reset()
    peer._video._wire.send = lossy
    await until(lambda: left_out >= 10, "losses")
    peer._video._wire.send = send
    await until(lambda: counting.count().lost == left_out, "the count")
    await until(lambda: studio.broadcast.viewers()[0].lost_packets == left_out, "the report")


async def test_a_stall_is_seen(studio, counting, until) -> None:
    await until(lambda: counting.count().pictures > 5, "pictures")
    (peer,) = studio.broadcast._peers.values()
    counting.reset()
    feed, peer.feed = peer.feed, lambda unit: None
    await asyncio.sleep(0.6)
    peer.feed = feed
    had = counting.count().pictures
    await until(lambda: counting.count().pictures > had + 2, "pictures again")
    assert counting.count().gap_ms > 500


@pytest.mark.parametrize("max_viewers", [20])
async def test_who_watches_loses_nothing_while_a_dozen_come_and_go(studio, until) -> None:
    known: list[str] = []

    async def exchange(sdp: str) -> str:
        viewer_id, answer = await studio.broadcast.answer(sdp)
        known.append(viewer_id)
        return answer

    async def come_and_go(number: int) -> None:
        await asyncio.sleep(number * 0.1)  # the next ones come while these shake hands and others leave
        viewer = CountingViewer(exchange)
        await viewer.connect()
        try:
            await until(lambda: viewer.count().pictures > 3, f"pictures of number {number}")
        finally:
            await viewer.close()

    watching = [CountingViewer(exchange) for _ in range(2)]
    try:
        for viewer in watching:
            await viewer.connect()
        await until(lambda: all(viewer.count().pictures > 5 for viewer in watching), "pictures")
        stayed = set(known)
        for viewer in watching:
            viewer.reset()
        await asyncio.gather(*(come_and_go(number) for number in range(12)))
        await until(
            lambda: {one.viewer_id for one in studio.broadcast.viewers()} == stayed, "all others gone"
        )
        counts = [viewer.count() for viewer in watching]
        assert len(known) == 14 and min(count.expected for count in counts) > 25
        assert [count.lost for count in counts] == [0, 0]
        assert [one.dropped for one in studio.broadcast.viewers()] == [0, 0]
    finally:
        for viewer in watching:
            await viewer.close()
