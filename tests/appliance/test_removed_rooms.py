"""A room that is removed: whoever of it is just joining does not get in, and the log tells what was done."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from test_api import ASSISTANT, SDP, an_offer, app, client, gateway

from appliance.gateway import Gateway

__all__ = ["app", "client", "gateway"]


async def test_a_room_that_is_removed_while_it_joins_does_not_get_in(
    client: httpx.AsyncClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = gateway.desk.rooms.add("Room 5")
    answer = gateway.broadcast.answer

    async def removed_meanwhile(offer: str, *, name: str) -> tuple[str, str]:
        admitted = await answer(offer, name=name)
        removed = await client.delete(f"/api/v1/rooms/{room.room_id}", headers=ASSISTANT)
        assert removed.status_code == 204
        return admitted

    monkeypatch.setattr(gateway.broadcast, "answer", removed_meanwhile)
    token = {"Authorization": f"Bearer {room.token}"}
    refused = await client.post("/whep", headers=token | SDP, content=await an_offer())
    assert refused.status_code == 401 and "invalid_token" in refused.headers["www-authenticate"]
    assert gateway.broadcast.viewers() == []
    assert [entry.kind for entry in gateway.desk.log.entries()] == ["room_removed"]
    assert (await client.post("/whep", headers=token | SDP, content="v=0")).status_code == 401


async def test_a_room_that_cannot_be_removed_is_not_told_as_removed(
    tmp_path: Path, client: httpx.AsyncClient, gateway: Gateway
) -> None:
    room = gateway.desk.rooms.add("Room 5")
    draft = tmp_path / "rooms.json.new"
    draft.mkdir()  # stands for a disk that is full, for root as well
    path = f"/api/v1/rooms/{room.room_id}"
    assert (await client.delete(path, headers=ASSISTANT)).status_code == 507
    assert gateway.desk.log.entries() == []
    draft.rmdir()
    assert (await client.delete(path, headers=ASSISTANT)).status_code == 204
    assert [(entry.kind, entry.room) for entry in gateway.desk.log.entries()] == [("room_removed", "Room 5")]
