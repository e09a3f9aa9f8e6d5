"""Streams of events: who has nothing new to hear is told all the same that the box is there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.api import create_app
from appliance.api import events as events_module
from appliance.gateway import Gateway
from appliance.settings import load
from appliance.tokens import Tokens


@pytest.mark.parametrize(
    ("path", "event"), [("/api/v1/events", "status"), ("/api/v1/viewers/one/events", "news")]
)
async def test_a_quiet_stream_says_that_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, event: str
) -> None:
    """The box tells of itself all the time, a running one every second: that is news for nobody."""
    monkeypatch.setattr(events_module, "HEARTBEAT_S", 0.2)
    gateway = Gateway(
        load(None, {"CLASSROOM_BOX_STATE_DIR": str(tmp_path)}).settings, "no:studio", lambda: None
    )
    gateway.desk.joined("one", "")
    told: asyncio.Queue[str] = asyncio.Queue()
    headers: dict[bytes, bytes] = {}

    async def send(message: dict[str, object]) -> None:
        if "headers" in message:
            headers.update(message["headers"])  # type: ignore[call-overload]
        if message.get("body"):
            told.put_nowait(bytes(message["body"]).decode())  # type: ignore[call-overload]

    async def receive() -> dict[str, object]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def tell() -> None:
        while True:
            gateway.changes.tell()
            await asyncio.sleep(0.02)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": b"", "query_string": b"",
        "headers": [(b"authorization", b"Bearer " + b"a" * 20)], "client": ("1", 1), "server": ("box", 80),
        "scheme": "http", "http_version": "1.1", "asgi": {"version": "3.0"}, "root_path": "",
    }  # fmt: skip
    app = create_app(gateway, Tokens("a" * 20, "p" * 20, "v" * 20))
    telling, listening = asyncio.create_task(tell()), asyncio.create_task(app(scope, receive, send))
    async with asyncio.timeout(20):
        assert (await told.get()).startswith(f"event: {event}\ndata: {{")
        assert [await told.get() for _ in range(2)] == [": still here\n\n"] * 2
        assert headers[b"x-accel-buffering"] == b"no"
        await gateway.close()
        await listening
    telling.cancel()
    await asyncio.wait([telling])
