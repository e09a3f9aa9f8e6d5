"""Panic and the lesson in parts: from then on no sheet goes out, and the slate reaches everybody at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from test_sheets import message, update

from appliance.gateway import Gateway
from appliance.outbox import Outbox
from appliance.settings import load
from pipelines.media import Packet
from pipelines.orders import Stop, WatchSheets
from pipelines.reports import Started


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """Live, with a studio of which only the orders are known."""
    environment = {
        "CLASSROOM_BOX_STATE_DIR": str(tmp_path),
        "CLASSROOM_PROGRAMME_WIDTH_PX": "320",
        "CLASSROOM_PROGRAMME_HEIGHT_PX": "180",
    }
    gateway = Gateway(load(None, environment).settings, "fake_studio:run_studio", lambda: None)
    gateway.studio._on_report(Started())
    gateway.studio.send = Outbox().put  # type: ignore[method-assign]
    yield gateway
    await gateway.close()


def go_live(gateway: Gateway, pts: int) -> None:
    gateway.studio_reported(Packet(b"live", "video", pts, True, 0))


def wishes(gateway: Gateway) -> list[bool]:
    """What the studio was told of the sheets."""
    outbox: Outbox = gateway.studio.send.__self__  # type: ignore[attr-defined]
    outbox.put(Stop())
    told = []
    while not isinstance(order := outbox.take(), Stop):
        if isinstance(order, WatchSheets):
            told.append(order.wanted)
    return told


async def test_no_sheet_goes_out_behind_the_slate(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    parts_at_slate: list[bool] = []
    publish = gateway.broadcast.publish

    def published(packet: Packet) -> None:
        if packet.data != b"live":
            parts_at_slate.append(gateway.broadcast._parts_allowed)
        publish(packet)

    monkeypatch.setattr(gateway.broadcast, "publish", published)
    go_live(gateway, 1)
    stream = gateway.sheets.follow("viewer", lambda: True)
    assert (await message(stream))["moves"]
    gateway.studio_reported(update(1))
    assert (await message(stream))["number"] == 1
    assert gateway.broadcast._parts_allowed and wishes(gateway) == [True]

    await gateway.panic(True)
    assert parts_at_slate and not any(parts_at_slate), "the slate waits for nobody's key frame"
    for sheet in (update(2, base=1), update(3)):
        gateway.studio_reported(sheet)
    assert (await message(stream))["moves"], "the composed video, and that is the slate"
    assert not gateway.sheets.stands and not gateway.broadcast._parts_allowed
    another = gateway.sheets.follow("another", lambda: True)
    assert (await message(another))["moves"], "nor for who comes now"
    assert wishes(gateway) == [False], "the studio need not draw them, and is not asked to"

    await gateway.panic(False)
    assert wishes(gateway) == [True], "a whole one"
    go_live(gateway, 10**9)
    gateway.studio_reported(update(5, base=4))  # it was on its way
    gateway.studio_reported(update(6))
    assert [(await message(one))["number"] for one in (stream, another)] == [6, 6]
    assert gateway.broadcast._parts_allowed
    for one in (stream, another):
        await one.aclose()


async def test_a_sheet_that_is_being_sent_is_cut_off(gateway: Gateway) -> None:
    gateway.studio_reported(update(1, size=500_000))
    stream = gateway.sheets.follow("slow", lambda: True)
    await anext(stream)
    await gateway.panic(True)
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(stream), 10)
