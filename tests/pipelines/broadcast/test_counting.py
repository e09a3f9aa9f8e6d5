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
