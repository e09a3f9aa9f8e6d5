"""STUN and TURN servers, as those who may watch are told of them."""

from __future__ import annotations

from pathlib import Path

import httpx

from appliance.api import create_app
from appliance.gateway import Gateway
from appliance.settings import load
from appliance.tokens import Tokens

VIEWER = {"Authorization": f"Bearer {'v' * 20}"}


async def test_ice_servers_are_told_to_those_who_may_watch(tmp_path: Path) -> None:
    (tmp_path / "turn").write_text("shared with the server")
    environment = {
        "CLASSROOM_BOX_STATE_DIR": str(tmp_path),
        "CLASSROOM_BROADCAST_ICE_URLS": '["stun:one.example:3478", "turn:two.example?transport=tcp"]',
        "CLASSROOM_BROADCAST_TURN_SECRET_FILE": str(tmp_path / "turn"),
    }
    gateway = Gateway(load(None, environment).settings, "fake_studio:run_studio", lambda: None)
    transport = httpx.ASGITransport(create_app(gateway, Tokens("a" * 20, "p" * 20, "v" * 20)))
    async with httpx.AsyncClient(transport=transport, base_url="http://box:8080") as client:
        stranger = await client.options("/whep")
        assert stranger.status_code == 204 and "Link" not in stranger.headers
        wrong = await client.options("/whep", headers={"Authorization": "Bearer wrong"})
        assert wrong.status_code == 401 and "Link" not in wrong.headers
        told = await client.options("/whep", headers=VIEWER)
    links = told.headers.get_list("Link")
    assert told.headers["Cache-Control"] == "no-store"
    assert links[0] == '<stun:one.example:3478>; rel="ice-server"'
    assert links[1].startswith('<turn:two.example?transport=tcp>; rel="ice-server"; username="')
    assert "shared with the server" not in links[1]
    await gateway.close()
