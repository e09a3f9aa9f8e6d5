"""Shared screens: a real sender's pictures and sound come out as pages; what is no screen is refused."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from aiortc.rtp import RtpPacket
from webrtc_senders import SIZE_WH, Sender, Slides, Tone

from pipelines.courseware.screens.live import Live
from pipelines.courseware.screens.sharing import ScreenShares
from pipelines.receiving import hooks
from pipelines.receiving.offer import BadOffer, read_offer

PATIENCE_S = 40.0


class Presenter(Sender):
    """Slides and their sound."""

    def __init__(self) -> None:
        self.slides = Slides()
        super().__init__(self.slides, Tone())


@pytest.fixture
def sender() -> Iterator[Presenter]:
    hooks.install()
    sender = Presenter()
    yield sender
    sender.close()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)


def test_a_screen_from_its_offer_to_its_end(sender: Presenter) -> None:
    lives: queue.Queue[tuple[str, Live]] = queue.Queue()
    ended: queue.Queue[tuple[str, str]] = queue.Queue()
    answers: queue.Queue[tuple[str, str | None, str]] = queue.Queue()
    shares = ScreenShares(
        SIZE_WH, lambda *live: lives.put(live), lambda session, why: ended.put((session, why))
    )
    shares.offer("s1", sender.offer(), lambda *answer: answers.put(answer))
    sdp, fault, _ = answers.get(timeout=PATIENCE_S)
    assert fault is None
    assert "b=AS:" in sdp, "the sender is told how much the box can take"
    sender.accept(sdp)
    session, live = lives.get(timeout=PATIENCE_S)
    assert session == "s1"
    first = live.page()
    assert first.rgb[180, 320] == pytest.approx((200, 40, 40), abs=8), "colours by BT.601, as browsers send"
    sender.slides.colour = (20, 120, 220)
    until(lambda: abs(int(live.page().rgb[180, 320, 2]) - 220) < 9, "the turned page")
    turned = live.page()
    assert turned.revision > first.revision and turned.shown_ns > first.shown_ns
    heard: list[int] = []
    assert live.sounding is not None

    def hear() -> bool:
        block = live.sounding.take(960) if live.sounding is not None else None
        heard.append(0 if block is None else int(np.abs(block).max()))
        return heard[-1] > 4000

    until(hear, "the tone")
    shares.end("s1")
    assert ended.get(timeout=PATIENCE_S)[0] == "s1"
    until(lambda: live.state.state == "ended", "the end in the state")
    assert live.page().rgb[180, 320, 2] > 200, "the last picture stays until something else is shown"
    live.close()
    shares.close()


def test_an_offer_that_cannot_be_answered_has_its_reason(sender: Presenter) -> None:
    good = sender.offer()
    assert read_offer(good, "screen")
    for bad, kind in (
        ("hello", "malformed"),
        ("v=0\r\n", "unsupported"),
        (good.replace("a=sendonly", "a=recvonly"), "unsupported"),
        (good.replace("VP8/", "AV1/").replace("H264/", "AV1/"), "unsupported"),
        (good + "a=x:" + "y" * 70_000, "too_large"),
    ):
        with pytest.raises(BadOffer) as refused:
            read_offer(bad, "screen")
        assert (refused.value.kind, bool(refused.value.reason)) == (kind, True)


def test_hidden_and_endless_candidates_are_left_out(sender: Presenter) -> None:
    line = "a=candidate:1 1 udp 1 abc.local 9 typ host"
    many = "\r\n".join(f"a=candidate:{i} 1 udp 1 10.0.0.1 {i + 1} typ host" for i in range(100))
    kept = read_offer(f"{sender.offer()}{line}\r\n{many}\r\n", "screen")
    assert ".local" not in kept
    assert kept.count("a=candidate:") <= 32


def test_a_picture_ends_at_its_marker() -> None:
    """aiortc alone hands a picture on only when the next one begins."""
    buffer = hooks.MarkedFrames(16)

    def packet(number: int, at: int, marker: int) -> RtpPacket:
        made = RtpPacket(sequence_number=number, timestamp=at, marker=marker)
        made._data = bytes([number])  # type: ignore[attr-defined]
        return made

    assert buffer.add(packet(0, 0, 0)) == (False, None)
    whole = buffer.add(packet(1, 0, 1))[1]
    assert whole is not None and whole.data == b"\0\1"
    assert buffer.add(packet(3, 9, 1))[1] is None, "a packet is missing"
    late = buffer.add(packet(2, 9, 0))[1]
    assert late is not None and late.data == b"\2\3"
