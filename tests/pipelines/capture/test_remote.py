"""A room's camera by a real sender: small, seldom, gone at once; and what is too much is sent away."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator

import pytest
from aiortc import RTCPeerConnection
from av import VideoFrame
from webrtc_senders import Sender, Slides, Tone, offering

from pipelines.capture import remote
from pipelines.capture.remote import GONE_S, MOST_WH, STALLED_S, RemoteCamera
from pipelines.media import U8
from pipelines.receiving import hooks
from pipelines.receiving.offer import BadOffer, read_offer
from pipelines.timing import NS_PER_S

PATIENCE_S = 40.0
RED, BLUE = (200, 40, 40), (30, 60, 210)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)


class Room:
    """The camera's side of the box, and what it tells."""

    def __init__(self) -> None:
        hooks.install()
        self.seen: queue.Queue[str] = queue.Queue()
        self.ended: queue.Queue[tuple[str, str]] = queue.Queue()
        self.pictures: list[tuple[str, U8]] = []
        self.camera = RemoteCamera(
            self.seen.put,
            lambda session, rgb: self.pictures.append((session, rgb)),
            lambda session, why: self.ended.put((session, why)),
        )
        self.senders: list[Sender] = []

    def answer(self, session: str, sdp: str) -> tuple[str, str | None, str]:
        answers: queue.Queue[tuple[str, str | None, str]] = queue.Queue()
        self.camera.offer(session, sdp, lambda *answer: answers.put(answer))
        return answers.get(timeout=PATIENCE_S)

    def send(self, session: str, slides: Slides) -> None:
        sender = Sender(slides)
        self.senders.append(sender)
        answer, fault, why = self.answer(session, sender.offer())
        assert fault is None, why
        assert "b=AS:800" in answer, "the sender is told how little is wanted"
        sender.accept(answer)

    @property
    def newest(self) -> U8 | None:
        return self.camera.newest(time.monotonic_ns())

    def close(self) -> None:
        self.camera.close()
        for sender in self.senders:
            sender.close()


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.close()


def test_a_large_picture_becomes_a_small_one_and_goes_at_once(room: Room) -> None:
    assert room.newest is None and not room.camera.is_open
    slides = Slides(RED, (1280, 960))
    room.send("one", slides)
    assert room.seen.get(timeout=PATIENCE_S) == "one"
    until(lambda: room.newest is not None, "a picture")
    rgb = room.newest
    assert rgb is not None and not rgb.flags.writeable
    assert rgb.shape[:2] == (360, 480) and room.camera.sent_wh == (1280, 960)
    assert rgb[180, 240].astype(int) == pytest.approx(RED, abs=8), "colours by BT.601, as browsers send"
    assert room.camera.newest(time.monotonic_ns() + round((STALLED_S + 1) * NS_PER_S)) is None, "stalled"
    room.camera.end("one")
    assert room.newest is None and not room.camera.is_open, "at once"
    assert room.ended.get(timeout=PATIENCE_S)[0] == "one"


def test_the_newest_room_counts(room: Room) -> None:
    room.send("one", Slides(RED))
    until(lambda: room.newest is not None, "the first room")
    room.send("two", Slides(BLUE))
    assert room.ended.get(timeout=PATIENCE_S)[0] == "one"
    until(lambda: room.newest is not None, "the second room")
    rgb = room.newest
    assert rgb is not None and rgb[180, 320].astype(int) == pytest.approx(BLUE, abs=8)
    assert {session for session, _ in room.pictures} == {"one", "two"}
    room.camera.end("one")
    assert room.newest is not None, "who has gone long since ends nobody"


def test_pictures_that_come_too_fast_are_dropped(room: Room) -> None:
    room.send("one", Slides(RED))  # thirty a second
    until(lambda: room.camera.dropped >= 10, "dropped pictures")
    assert all(rgb.shape == (MOST_WH[1], MOST_WH[0], 3) for _, rgb in room.pictures)


def test_a_camera_that_only_pretends_is_ended(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GONE_S > STALLED_S
    monkeypatch.setattr(remote, "GONE_S", 0.5)
    slides = Slides(RED)
    room.send("one", slides)
    until(lambda: room.newest is not None, "a picture")
    slides.is_still = True
    assert room.ended.get(timeout=PATIENCE_S)[0] == "one"
    assert not room.camera.is_open


def test_what_costs_too_much_to_decode_is_sent_away() -> None:
    """Half a second of 4K; the same time of what a room's page sends is nothing."""
    taken: list[str] = []
    for size_wh, is_too_much in (((3840, 2160), True), ((640, 360), False)):
        sink = remote._Pictures("one", lambda picture: taken.append(picture[0]))
        told = [sink.picture(VideoFrame(*size_wh, "yuv420p")) for _ in range(15)]
        assert (remote.TOO_MUCH in told) == is_too_much
        assert told[0] == "", "one large picture is scaled down"
    assert taken


async def offer_of(*kinds: type[Slides] | type[Tone]) -> str:
    peer: RTCPeerConnection = await offering(*(kind() for kind in kinds))
    sdp: str = peer.localDescription.sdp
    await peer.close()
    return sdp


async def test_a_camera_is_one_picture(room: Room) -> None:
    good = await offer_of(Slides)
    assert "m=video" in read_offer(good, "camera")
    bad = (
        (await offer_of(Slides, Tone), "unsupported"),
        (await offer_of(Tone), "unsupported"),
        (await offer_of(Slides, Slides), "unsupported"),
        (good.replace("a=sendonly", "a=recvonly"), "unsupported"),
        (good.replace("VP8/", "AV1/").replace("H264/", "AV1/"), "unsupported"),
        ("hello", "malformed"),
    )
    for sdp, kind in bad:
        with pytest.raises(BadOffer) as refused:
            read_offer(sdp, "camera")
        assert (refused.value.kind, bool(refused.value.reason)) == (kind, True)
    answer, fault, why = room.answer("one", bad[4][0])
    assert (answer, fault) == ("", "unsupported") and "VP8" in why
    until(lambda: not room.camera.is_open, "a refused offer leaves nothing behind")
