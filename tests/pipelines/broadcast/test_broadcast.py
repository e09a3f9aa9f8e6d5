"""A Broadcast with real viewers: aiortc on the other side of real sockets."""

from __future__ import annotations

import asyncio
import gc
import re
from dataclasses import replace

import numpy as np
import pytest
from aioice.ice import StunProtocol

from pipelines.broadcast import BadOffer, Broadcast, BroadcastSettings, TooManyViewers


async def join(studio, viewer) -> str:
    viewer_id, answer = await studio.broadcast.answer(await viewer.offer())
    await viewer.accept(answer)
    return viewer_id


def open_sockets() -> int:
    gc.collect()
    return sum(isinstance(o, StunProtocol) and not o.transport.is_closing() for o in gc.get_objects())


async def test_pictures_and_sound_arrive_on_one_clock(studio, new_viewer, until, patches) -> None:
    viewer = new_viewer()
    viewer_id = await join(studio, viewer)
    await until(lambda: len(viewer.video_pts) >= 50 and len(viewer.sound_pts) >= 90, "two seconds of lesson")

    for x, y, colour in patches.values():
        assert np.abs(viewer.newest[y - 30 : y + 30, x - 30 : x + 30].astype(int) - colour).max() <= 6
    # aiortc counts from its first picture; the steps must be the studio's, tick for tick.
    layer = [p for p in studio.published if p.kind == "video" and p.layer == "444"]
    sent = [p.pts for p in layer]
    keys = [i for i, p in enumerate(layer) if p.is_key]  # which of them was the viewer's first, nobody tells
    steps = np.diff(viewer.video_pts[:40])
    assert any(np.array_equal(steps, np.diff(sent[start : start + 40])) for start in keys)
    assert set(np.diff(viewer.sound_pts)) == {960}

    (status,) = studio.broadcast.viewers()
    assert (status.viewer_id, status.state, status.dropped, status.lost_packets) == (
        viewer_id,
        "connected",
        0,
        0,
    )
    assert status.sent_bytes > 10_000 and status.sent_packets > 100
    assert status.first_picture_ms is not None
    await until(lambda: studio.broadcast.viewers()[0].rtt_ms is not None, "a round trip time")


async def test_the_answer_is_complete_and_sends_only(studio, new_viewer) -> None:
    _, answer = await studio.broadcast.answer(await new_viewer().offer())
    assert answer.count("a=sendonly") == 2 and "a=end-of-candidates" in answer
    assert (
        "a=candidate:" in answer and "opus/48000/2" in answer and "PCMU" not in answer and "VP8" not in answer
    )
    first = answer[answer.index("m=video") :].split("a=rtpmap:")[1]
    assert "H264/90000" in first and "profile-level-id=f4001f" in first
    assert "profile-level-id=42e01f" in answer


async def test_a_late_viewer_sees_a_picture_within_a_second(studio, new_viewer, until) -> None:
    early = new_viewer()
    await join(studio, early)
    await until(lambda: len(early.video_pts) > 20, "the early viewer's pictures")
    late = new_viewer()
    wishes = len(studio.key_wishes)
    await join(studio, late)
    joined = len(studio.published)
    await until(lambda: late.video_pts, "the late viewer's first picture")
    assert len(studio.key_wishes) == wishes + 1
    # Counted in pictures published meanwhile, not in seconds: a busy machine must not fail it.
    assert sum(p.kind == "video" for p in studio.published[joined:]) < 25


async def test_a_blocked_viewer_costs_the_other_nothing(studio, new_viewer, until) -> None:
    blocked, free = new_viewer(), new_viewer()
    blocked_id = await join(studio, blocked)
    await until(lambda: blocked.video_pts, "the first viewer's pictures")
    wire = studio.broadcast._peers[blocked_id]._video._wire
    wire.send, send = lambda sent: 0, wire.send  # the kernel has no room for them
    await join(studio, free)
    await until(lambda: free.video_pts, "the second viewer's pictures")
    mark, had = len(studio.published), len(free.video_pts)
    await until(lambda: len(free.video_pts) >= had + 60, "60 more pictures")
    published = sum(p.kind == "video" for p in studio.published[mark:])
    assert abs(published - 60) <= 3
    stuck, fine = studio.broadcast.viewers()
    assert stuck.dropped > 0 and fine.dropped == 0
    assert len(studio.broadcast._peers[blocked_id]._video._backlog) <= 30
    had = len(blocked.video_pts)
    wire.send = send
    await until(lambda: len(blocked.video_pts) > had + 25, "the blocked viewer's recovery")


async def test_picture_loss_leads_to_key_frames_but_not_to_many(studio, new_viewer, until) -> None:
    viewer = new_viewer()
    viewer_id = await join(studio, viewer)
    await until(lambda: len(viewer.video_pts) > 5, "pictures")
    await asyncio.sleep(0.4)
    wishes, keys = len(studio.key_wishes), sum(p.is_key and p.kind == "video" for p in studio.published)
    receiver = viewer.connection.getReceivers()[0]
    ssrc = studio.broadcast._peers[viewer_id]._video_sender._ssrc
    for _ in range(30):
        await receiver._send_rtcp_pli(ssrc)
    await until(lambda: studio.broadcast.viewers()[0].key_requests >= 25, "the reports")
    await asyncio.sleep(0.8)
    assert 1 <= len(studio.key_wishes) - wishes <= 2
    new_keys = sum(p.is_key and p.kind == "video" for p in studio.published) - keys
    assert 1 <= new_keys <= 2


async def test_lost_packets_are_asked_for_again_and_arrive(studio, new_viewer, until) -> None:
    viewer = new_viewer()
    await join(studio, viewer)
    await until(lambda: len(viewer.video_pts) > 5, "pictures")
    transport = viewer.connection.getReceivers()[0].transport
    take = transport._handle_rtp_data
    counter = 0

    async def lossy(data: bytes, arrival_time_ms: int) -> None:
        nonlocal counter
        counter += 1
        if counter % 10:
            await take(data, arrival_time_ms=arrival_time_ms)

    transport._handle_rtp_data = lossy
    had, mark = len(viewer.video_pts), len(studio.published)
    await until(lambda: len(viewer.video_pts) > had + 60, "pictures through a line that loses a tenth", 20)
    assert studio.broadcast.viewers()[0].nacks > 0
    (peer,) = studio.broadcast._peers.values()
    assert peer._video.sent_again > 0
    published = sum(p.kind == "video" for p in studio.published[mark:])
    assert published < 120


async def test_time_goes_forward_over_slate_and_restart(studio, new_viewer, until) -> None:
    viewer = new_viewer(("video",))
    await join(studio, viewer)
    await until(lambda: len(viewer.video_pts) > 3, "pictures")
    broadcast = studio.broadcast
    seen = []
    feed = broadcast._peers[next(iter(broadcast._peers))].feed
    broadcast._peers[next(iter(broadcast._peers))].feed = lambda p: (seen.append(p), feed(p))
    newest = max(p.pts for p in studio.published if p.kind == "video")
    key = next(p for p in studio.published if p.kind == "video" and p.is_key)
    for pts in (newest + 90_000, newest + 80_000, newest + 80_000):
        broadcast.publish(replace(key, pts=pts))
    video = [p.pts for p in seen if p.kind == "video"]
    assert video[-3:] == [newest + 90_000, newest + 90_001, newest + 90_002]
    sound = next(p for p in studio.published if p.kind == "sound")
    count = sum(p.kind == "sound" for p in seen)
    broadcast.publish(sound)  # from the past
    assert sum(p.kind == "sound" for p in seen) == count


async def test_removal_leaves_nothing(studio, new_viewer, until) -> None:
    sockets = open_sockets()
    tasks = asyncio.all_tasks()
    viewer = new_viewer()
    viewer_id = await join(studio, viewer)
    await until(lambda: viewer.video_pts, "pictures")
    assert open_sockets() > sockets
    assert await studio.broadcast.remove(viewer_id)
    assert studio.broadcast.viewers() == []
    assert not await studio.broadcast.remove(viewer_id)
    await viewer.close()
    await asyncio.sleep(1.2)  # the caretaker looks round once a second, and then goes home
    assert open_sockets() == sockets
    assert asyncio.all_tasks() <= tasks


async def test_a_viewer_who_says_goodbye_is_removed_at_once(studio, new_viewer, until) -> None:
    viewer = new_viewer()
    await join(studio, viewer)
    await until(lambda: viewer.video_pts, "pictures")
    await viewer.close()
    await until(lambda: not studio.broadcast.viewers(), "the viewer's removal", 5)


async def test_a_viewer_who_falls_silent_is_removed(studio, new_viewer, until) -> None:
    broadcast = studio.broadcast
    broadcast._silence_timeout_s = 2.5
    viewer = new_viewer()
    viewer_id = await join(studio, viewer)
    await until(lambda: broadcast._peers[viewer_id]._tally.heard_ns, "a first report")
    for transceiver in viewer.connection.getTransceivers():  # the cable is pulled: nothing goes out any more
        for protocol in transceiver.receiver.transport.transport._connection._protocols:
            protocol.transport.sendto = lambda *_: None
    await until(lambda: not broadcast.viewers(), "the viewer's removal", 10)


async def test_a_viewer_who_never_connects_is_removed(studio, new_viewer, until) -> None:
    studio.broadcast._connect_timeout_s = 0.5
    await studio.broadcast.answer(await new_viewer().offer())
    (status,) = studio.broadcast.viewers()
    assert status.state == "connecting" and status.first_picture_ms is None
    await until(lambda: not studio.broadcast.viewers(), "the viewer's removal", 5)


async def test_places_are_limited(studio, new_viewer) -> None:
    ids = [(await studio.broadcast.answer(await new_viewer().offer()))[0] for _ in range(4)]
    offer = await new_viewer().offer()
    with pytest.raises(TooManyViewers, match="all 4 viewers' places") as error:
        await studio.broadcast.answer(offer)
    assert error.value.retry_after_s > 0
    await studio.broadcast.remove(ids[0])
    await studio.broadcast.answer(offer)


async def test_a_refused_or_cancelled_offer_leaves_nothing(studio, new_viewer, until) -> None:
    sockets = open_sockets()
    offer = await new_viewer().offer()
    mine = open_sockets()
    with pytest.raises(BadOffer):
        await studio.broadcast.answer(offer.replace("a=recvonly", "a=sendonly"))
    with pytest.raises(BadOffer, match="in common"):  # read_offer is content, aiortc is not
        await studio.broadcast.answer(re.sub("42e01f|42001f|4d001f|f4001f", "64001f", offer))
    answering = asyncio.create_task(studio.broadcast.answer(offer))
    await asyncio.sleep(0)
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)
    assert studio.broadcast.viewers() == []
    await until(lambda: open_sockets() == mine, "the sockets' end", 5)
    assert mine > sockets


async def test_nothing_is_answered_after_the_end(new_viewer) -> None:
    broadcast = Broadcast(BroadcastSettings(), lambda layer: None)
    await broadcast.close()
    with pytest.raises(RuntimeError):
        await broadcast.answer(await new_viewer().offer())


async def test_publishing_to_nobody_is_fine_and_quick(studio) -> None:
    assert studio.broadcast.viewers() == []
    await asyncio.sleep(0.1)
    assert studio.published and not studio.key_wishes
