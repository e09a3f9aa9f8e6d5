from __future__ import annotations

import asyncio
from typing import cast

import pytest
from aiortc.rtcdtlstransport import RTCDtlsTransport

from pipelines.broadcast.pacing import FREE_BYTES, PACE_BYTES_PER_S, PacedTransport


class Wire:
    """Takes what is sent, and notes the loop's time."""

    state = "connected"

    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes]] = []

    async def _send_rtp(self, data: bytes) -> None:
        self.sent.append((asyncio.get_running_loop().time(), data))


async def send(count: int) -> tuple[Wire, PacedTransport]:
    wire = Wire()
    paced = PacedTransport(cast(RTCDtlsTransport, wire))
    for i in range(count):
        await paced._send_rtp(i.to_bytes(2, "big") * 600)
    return wire, paced


async def test_a_key_frame_is_spread_and_keeps_its_order() -> None:
    wire, paced = await send(200)
    assert [int.from_bytes(data[:2], "big") for _, data in wire.sent] == list(range(200))
    span_s = wire.sent[-1][0] - wire.sent[0][0]
    assert span_s >= (200 * 1200 - FREE_BYTES) / PACE_BYTES_PER_S * 0.8
    assert (paced.sent_packets, paced.sent_bytes) == (200, 200 * 1200)


async def test_others_are_served_while_a_key_frame_goes_out() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await send(200)
    task.cancel()
    assert turns > 5


async def test_ordinary_pictures_go_at_once() -> None:
    turns_before = asyncio.get_running_loop().time()
    wire, _ = await send(FREE_BYTES // 1200)
    assert all(at == pytest.approx(turns_before, abs=0.5) for at, _ in wire.sent)
    assert len(wire.sent) == FREE_BYTES // 1200


async def test_a_viewer_who_is_gone_is_an_error() -> None:
    class Broken(Wire):
        async def _send_rtp(self, data: bytes) -> None:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await PacedTransport(cast(RTCDtlsTransport, Broken()))._send_rtp(b"x")
