"""The API inside one process: who may do what, limits, and the meaning of each answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from appliance.api import create_app
from appliance.api.access import WrongTokens, is_public
from appliance.api.app import openapi_document
from appliance.gateway import Gateway
from appliance.settings import load
from appliance.tokens import Tokens

ASSISTANT = {"Authorization": f"Bearer {'a' * 20}"}
VIEWER = {"Authorization": f"Bearer {'v' * 20}"}
SDP = {"Content-Type": "application/sdp"}
VIEWER_PATHS = {
    "/whep",
    "/whep/{viewer_id}",
    "/whep/{viewer_id}/sheets",
    "/whep/{viewer_id}/parts",
    "/api/v1/openapi.json",
    "/api/v1/access",
    "/api/v1/viewers/{viewer_id}/report",
    "/api/v1/viewers/{viewer_id}/signal",
    "/api/v1/viewers/{viewer_id}/ask",
    "/api/v1/viewers/{viewer_id}/events",
    "/talk/{viewer_id}",
    "/talk/{viewer_id}/camera",
}


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """The real gateway over the fake studio, not started: orders find no studio."""
    (tmp_path / "courseware").mkdir()
    (tmp_path / "courseware" / "lesson.pdf").touch()
    (tmp_path / "secret.txt").touch()
    environment = {
        "CLASSROOM_BOX_STATE_DIR": str(tmp_path),
        "CLASSROOM_HTTP_CORS_ORIGINS": '["https://school.example"]',
        "CLASSROOM_PROGRAMME_WIDTH_PX": "320",
        "CLASSROOM_PROGRAMME_HEIGHT_PX": "180",
        "CLASSROOM_BROADCAST_MAX_VIEWERS": "1",
    }
    gateway = Gateway(load(None, environment).settings, "fake_studio:run_studio", lambda: None)
    yield gateway
    await gateway.close()


@pytest.fixture
def app(gateway: Gateway) -> FastAPI:
    return create_app(gateway, Tokens("a" * 20, "p" * 20, "v" * 20))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://box:8080") as client:
        yield client


@pytest.fixture
async def live(gateway: Gateway, client: httpx.AsyncClient) -> httpx.AsyncClient:
    gateway.start()
    async with asyncio.timeout(30):
        while not gateway.is_live:
            await gateway.changes.wait(1)
    return client


def api_routes(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path) of everything that answers, static files aside."""
    found: list[tuple[str, str]] = []

    def walk(routes: list[Any], prefix: str) -> None:
        for route in routes:
            if isinstance(route, APIRoute):
                found.extend((method, prefix + route.path) for method in route.methods)
            elif hasattr(route, "original_router"):
                walk(
                    route.original_router.routes,
                    prefix + (getattr(route.include_context, "prefix", "") or ""),
                )

    walk(list(app.routes), "")
    return found


async def test_nothing_but_health_and_pages_answers_without_a_token(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    guarded = [(m, p) for m, p in api_routes(app) if not is_public(p) and m != "OPTIONS"]
    assert len(guarded) >= 16
    for method, path in guarded:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {'a' * 20}"}):
            answer = await client.request(method, path, headers=headers, content=b"{")
            assert answer.status_code in (401, 429), (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
            if answer.status_code == 401:
                assert answer.headers["www-authenticate"].startswith("Bearer")
        if "{" in path:
            path = path.replace("{item_id}", "0" * 16).replace("{index}", "0").replace("{of}", "watch")
            path = path.replace("{room_id}", "0" * 16).replace("{name}", "main")
        as_viewer = await client.request(method, path, headers=VIEWER, json={})
        if path in VIEWER_PATHS:
            assert as_viewer.status_code not in (401, 403), (method, path)
        else:
            assert as_viewer.status_code == 403 or as_viewer.status_code == 422, (method, path)
            valid = {"json": {"step": 1}} if path.endswith("/page") else {"json": {"name": "demo"}}
            if method in ("POST", "PUT") and not path.endswith("/scene"):
                refused = await client.request(method, path, headers=VIEWER, **valid)  # type: ignore[arg-type]
                assert refused.status_code == 403, (method, path)


async def test_unknown_paths_want_a_token_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/nothing")).status_code == 401
    assert (await client.get("/assets/../secret.txt")).status_code in (401, 404)
    assert (await client.get("/assets/%2e%2e/console.html")).status_code == 404
    answer = await client.get("/api/v1/nothing", headers=ASSISTANT)
    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"


def test_wrong_tokens_are_slowed_down() -> None:
    wrong = WrongTokens()
    assert [wrong.may_try("a", 0.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert wrong.may_try("b", 0.0)
    assert wrong.may_try("a", 6.0)
    for number in range(5000):
        wrong.may_try(str(number), 7.0)
    assert len(wrong._left) == 1024


async def test_a_right_token_passes_beside_many_wrong_ones(client: httpx.AsyncClient) -> None:
    statuses = [
        (await client.get("/api/v1/status", headers={"Authorization": "Bearer x"})).status_code
        for _ in range(12)
    ]
    assert statuses[-1] == 429
    assert (await client.get("/api/v1/status", headers=ASSISTANT)).status_code == 200


@pytest.mark.parametrize("path", ["/console", "/watch", "/assets/whep.js", "/health", "/api/v1/status"])
async def test_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] in ("no-cache", "no-store")


async def test_health_tells_a_stranger_no_reason(gateway: Gateway, client: httpx.AsyncClient) -> None:
    gateway.studio.state, gateway.studio.reason = "restarting", "rtsp://10.0.0.5 is unreachable"
    answer = await client.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {"status": "restarting", "reason": "The studio is being started again."}


async def test_too_much_is_not_read(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 4096

    for path, headers in (("/api/v1/page", ASSISTANT), ("/whep", VIEWER | SDP)):
        assert (await client.post(path, headers=headers, content=b" " * 70_000)).status_code == 413
        assert (await client.post(path, headers=headers, content=endless())).status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/page", {}),
        ("POST", "/page", {"step": 1, "index": 1}),
        ("POST", "/page", {"index": -1}),
        ("POST", "/page", {"index": 10**9}),
        ("PUT", "/scene", {"layout": "upside_down"}),
        ("PATCH", "/scene", {"scale": 2}),
        ("PATCH", "/scene", {"colour": "red"}),
        ("PUT", "/courseware", {"name": "../secret.txt"}),
        ("PUT", "/courseware", {"name": "/etc/passwd"}),
        ("PUT", "/courseware", {"name": "."}),
    ],
)
async def test_bad_input(client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any]) -> None:
    answer = await client.request(method, f"/api/v1{path}", headers=ASSISTANT, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_orders_wait_for_the_studio(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/page", headers=ASSISTANT, json={"step": 1})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_a_lesson(live: httpx.AsyncClient, gateway: Gateway) -> None:
    async def until(path: str, key: str, value: object) -> None:
        async with asyncio.timeout(20):
            while (await live.get(path, headers=ASSISTANT)).json()[key] != value:
                await gateway.changes.wait(1)

    assert (await live.get("/health")).json() == {"status": "live", "reason": ""}
    changed = await live.patch("/api/v1/scene", headers=ASSISTANT, json={"layout": "corner", "scale": 0.4})
    assert changed.json()["number"] == 1
    put = (await live.put("/api/v1/scene", headers=ASSISTANT, json={"layout": "slate"})).json()
    assert (put["number"], put["scale"]) == (2, 0.6)
    for order, index in (({"index": 3}, 3), ({"step": -1}, 2), ({"index": 99}, 4)):
        assert (await live.post("/api/v1/page", headers=ASSISTANT, json=order)).status_code == 202
        await until("/api/v1/page", "index", index)
    courseware = (await live.get("/api/v1/courseware", headers=ASSISTANT)).json()
    assert (courseware["name"], courseware["available"]) == ("demo", ["demo", "lesson.pdf"])
    await live.put("/api/v1/courseware", headers=ASSISTANT, json={"name": "lesson.pdf"})
    await until("/api/v1/page", "index", 0)
    status = (await live.get("/api/v1/status", headers=ASSISTANT)).json()
    assert status["courseware"] == "lesson.pdf"
    assert status["sources"]["camera"]["state"] == "live"
    assert "a" * 20 not in json.dumps(status)


async def test_events_tell_every_change(live: httpx.AsyncClient, app: FastAPI, gateway: Gateway) -> None:
    """Straight through ASGI: httpx's own transport collects an answer before it shows any of it."""
    told: asyncio.Queue[str] = asyncio.Queue()

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if body := message.get("body", b""):
            await told.put(body.decode())

    raw = [(name.lower().encode(), value.encode()) for name, value in ASSISTANT.items()]
    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/events", "raw_path": b"",
        "query_string": b"sound=true", "headers": raw,
        "client": ("1", 1), "server": ("box", 80), "scheme": "http", "http_version": "1.1",
        "asgi": {"version": "3.0"}, "root_path": "",
    }  # fmt: skip
    listening = asyncio.create_task(app(scope, receive, send))
    async with asyncio.timeout(20):
        first = await told.get()
        assert first.startswith("event: status\ndata: {")
        gateway.set_scene(slate_text="Break")
        while "Break" not in await told.get():
            pass
        while not (text := await told.get()).startswith("event: levels\ndata: "):
            pass
        levels = json.loads(text.partition("data: ")[2])
        assert -20 < levels["teacher"]["peak_dbfs"] < -10 and levels["courseware"] is None
        await gateway.close()
        await listening


async def test_whep(live: httpx.AsyncClient, gateway: Gateway) -> None:
    options = await live.options("/whep")
    assert "Link" not in options.headers
    assert (options.status_code, options.headers["accept-post"]) == (204, "application/sdp")
    assert (await live.post("/whep", headers=VIEWER, json={})).status_code == 415
    assert (await live.post("/whep", headers=VIEWER | SDP, content="v=1")).status_code == 400
    offer = await an_offer()
    answer = await live.post("/whep?name=Room%205", headers=VIEWER | SDP, content=offer)
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == "application/sdp"
    assert answer.text.startswith("v=0")
    place = answer.headers["location"]
    viewers = (await live.get("/api/v1/viewers", headers=ASSISTANT)).json()
    assert [viewer["name"] for viewer in viewers] == ["Room 5"]
    assert place == f"/whep/{viewers[0]['viewer_id']}"
    full = await live.post("/whep", headers=VIEWER | SDP, content=offer)
    assert (full.status_code, int(full.headers["retry-after"]) > 0) == (503, True)
    patched = await live.patch(place, headers=VIEWER | {"Content-Type": "application/trickle-ice-sdpfrag"})
    assert (patched.status_code, patched.headers["allow"]) == (405, "DELETE, OPTIONS")
    assert (await live.get(place, headers=VIEWER)).status_code == 405
    assert (await live.delete(place)).status_code == 401
    assert (await live.delete(place, headers=VIEWER)).status_code == 200
    assert (await live.delete(place, headers=VIEWER)).status_code == 404
    assert gateway.broadcast.viewers() == []
    again = await live.post("/whep", headers=VIEWER | SDP, content=offer)
    viewer_id = again.headers["location"].rpartition("/")[2]
    await _hold_a_layer(live, f"/api/v1/viewers/{viewer_id}/layer")
    assert (await live.delete(f"/api/v1/viewers/{viewer_id}", headers=ASSISTANT)).status_code == 204
    assert (await live.delete(f"/api/v1/viewers/{viewer_id}", headers=ASSISTANT)).status_code == 404


async def _hold_a_layer(live: httpx.AsyncClient, address: str) -> None:
    (viewer,) = (await live.get("/api/v1/viewers", headers=ASSISTANT)).json()
    assert (viewer["layer"], viewer["pinned"], viewer["layers"][-1]) == (viewer["layers"][0], False, "sound")
    assert (await live.put(address, headers=VIEWER, json={"layer": "low"})).status_code == 403
    assert (await live.put(address, headers=ASSISTANT, json={"layer": "4k"})).status_code == 422
    assert (await live.put(address, headers=ASSISTANT, json={"layer": "sound"})).status_code == 204
    (viewer,) = (await live.get("/api/v1/viewers", headers=ASSISTANT)).json()
    assert (viewer["layer"], viewer["pinned"]) == ("sound", True)
    assert (await live.put(address, headers=ASSISTANT, json={"layer": "auto"})).status_code == 204
    nobody = address.replace("/layer", "x/layer")
    assert (await live.put(nobody, headers=ASSISTANT, json={"layer": "420"})).status_code == 404


async def test_other_sites_only_by_leave(client: httpx.AsyncClient) -> None:
    asked = {"Origin": "https://school.example", "Access-Control-Request-Method": "POST"}
    allowed = await client.options(
        "/whep", headers=asked | {"Access-Control-Request-Headers": "authorization"}
    )
    assert allowed.headers["access-control-allow-origin"] == "https://school.example"
    assert "OPTIONS" in allowed.headers["access-control-allow-methods"], "for the ICE servers"
    refused = await client.options("/whep", headers=asked | {"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in refused.headers
    answer = await client.post("/whep", headers={"Origin": "https://school.example"})
    assert "Location" in answer.headers["access-control-expose-headers"]


def test_the_document_is_complete(app: FastAPI) -> None:
    document = openapi_document(app)
    assert "Problem" in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            if not is_public(path) and method != "options":
                assert operation["security"] == [{"token": []}], (method, path)
                assert "401" in operation["responses"], (method, path)
    text = json.dumps(document)
    assert "HTTPValidationError" not in text.replace('"HTTPValidationError": {"properties"', "")


async def an_offer() -> str:
    from aiortc import RTCPeerConnection

    peer = RTCPeerConnection()
    peer.addTransceiver("video", direction="recvonly")
    peer.addTransceiver("audio", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    sdp: str = peer.localDescription.sdp
    await peer.close()
    return sdp


async def calibration_of(client: httpx.AsyncClient, before: str = "running") -> dict[str, Any]:
    """How the calibration stands, once it no longer stands as before."""
    async with asyncio.timeout(10):
        while True:
            state = (await client.get("/api/v1/calibration", headers=ASSISTANT)).json()
            if state["state"] != before:
                return dict(state)
            await asyncio.sleep(0.05)


async def test_a_calibration_is_ordered_followed_and_forgotten(live: httpx.AsyncClient) -> None:
    assert (await calibration_of(live))["state"] == "none"
    assert (await live.get("/api/v1/calibration/picture", headers=ASSISTANT)).status_code == 404
    answer = await live.post("/api/v1/calibration", json={"kind": "pattern"}, headers=ASSISTANT)
    assert answer.status_code == 202 and answer.json()["state"] == "running"
    again = await live.post("/api/v1/calibration", json={}, headers=ASSISTANT)
    assert again.status_code == 409
    done = await calibration_of(live)
    assert done["state"] == "accepted" and done["report"]["rms_px"] == 0.05
    picture = await live.get("/api/v1/calibration/picture", headers=ASSISTANT)
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["cache-control"] == "no-store"
    status = (await live.get("/api/v1/status", headers=ASSISTANT)).json()
    assert status["programme"]["calibrated"] == {
        "source": "pattern", "rms_px": 0.05, "angle_deg": 9.0, "delay_ms": 85.0, "age_s": 60.0,
    }  # fmt: skip
    assert (await live.delete("/api/v1/calibration", headers=ASSISTANT)).status_code == 204
    assert (await calibration_of(live, before="accepted"))["state"] == "none"


async def test_a_failed_calibration_says_why_and_stands_among_the_notices(live: httpx.AsyncClient) -> None:
    await live.post("/api/v1/calibration", json={"kind": "courseware"}, headers=ASSISTANT)
    done = await calibration_of(live)
    assert done["state"] == "failed" and "too little" in done["reason"] and done["report"] is None
    status = (await live.get("/api/v1/status", headers=ASSISTANT)).json()
    notice = status["notices"][-1]
    assert "too little" in notice["text"] and "这一页内容太少" in notice["text_zh"]
    chinese = await live.get("/api/v1/calibration", headers=ASSISTANT | {"Accept-Language": "zh"})
    assert "这一页内容太少" in chinese.json()["reason"]
    refused = await live.get("/api/v1/pictures/plate?lang=zh", headers=ASSISTANT)
    assert refused.status_code == 404 and "没有净背景" in refused.json()["detail"]


async def test_a_calibration_wants_the_assistant_a_studio_and_a_kind(client: httpx.AsyncClient) -> None:
    for method, path in (("POST", ""), ("GET", ""), ("GET", "/picture"), ("DELETE", "")):
        assert (await client.request(method, f"/api/v1/calibration{path}", headers=VIEWER)).status_code == 403
    bad = await client.post("/api/v1/calibration", json={"kind": "guess"}, headers=ASSISTANT)
    assert bad.status_code == 422
    busy = await client.post("/api/v1/calibration", json={"kind": "pattern"}, headers=ASSISTANT)
    assert busy.status_code == 503
    assert (await client.get("/api/v1/calibration", headers=ASSISTANT)).json()["state"] == "none"
