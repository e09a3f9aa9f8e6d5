from __future__ import annotations

import asyncio

import pytest
from aiortc.mediastreams import MediaStreamError

from pipelines.broadcast.tracks import BACKLOG_PACKETS, PacketTrack
from pipelines.media import Packet


def video(pts: int, is_key: bool = False) -> Packet:
    return Packet(b"v" * 10, "video", pts, is_key, 0)


async def test_starts_with_the_first_key_frame_after_the_viewer_is_there() -> None:
    wishes: list[int] = []
    track = PacketTrack("video", lambda: wishes.append(1))
    track.feed(video(1, is_key=True))  # before the connection stood: not for this viewer
    first = asyncio.ensure_future(track.recv())
    await asyncio.sleep(0)
    assert wishes == [1] and track.lacks_key
    track.feed(video(2))
    track.feed(video(3, is_key=True))
    track.feed(video(4))
    assert (await first).pts == 3
    assert (await track.recv()).pts == 4
    assert not track.lacks_key and track.dropped == 0


async def test_who_falls_behind_drops_to_a_key_frame_and_asks_for_it_once() -> None:
    wishes: list[int] = []
    track = PacketTrack("video", lambda: wishes.append(1))
    first = asyncio.ensure_future(track.recv())
    await asyncio.sleep(0)
    track.feed(video(0, is_key=True))
    await first
    limit = BACKLOG_PACKETS["video"]
    for pts in range(1, limit + 21):
        track.feed(video(pts))
    assert len(wishes) == 2 and track.lacks_key
    assert track.dropped == limit + 20
    track.feed(video(900, is_key=True))
    assert (await track.recv()).pts == 900 and not track.lacks_key


async def test_sound_needs_no_key_and_keeps_the_newest_second() -> None:
    track = PacketTrack("sound", lambda: pytest.fail("sound asks for no key frame"))
    first = asyncio.ensure_future(track.recv())
    await asyncio.sleep(0)
    for i in range(200):
        track.feed(Packet(b"s", "sound", i * 960, True, 0))
    assert (await first).pts % 960 == 0
    got = []
    while len(track._backlog):
        got.append((await track.recv()).pts)
    assert len(got) <= BACKLOG_PACKETS["sound"] and got[-1] == 199 * 960


async def test_stop_ends_who_waits() -> None:
    track = PacketTrack("video", lambda: None)
    waiting = asyncio.ensure_future(track.recv())
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(MediaStreamError):
        await waiting
    track.feed(video(1, is_key=True))
    with pytest.raises(MediaStreamError):
        await track.recv()
