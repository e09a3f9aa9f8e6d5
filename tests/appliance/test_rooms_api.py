"""Rooms, signals and the lesson's log over HTTP, against the real daemon."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from aiortc import RTCPeerConnection
from box_process import VIEWER, Box, until

SDP = {"Content-Type": "application/sdp"}


def an_offer() -> str:
    async def make() -> str:
        peer = RTCPeerConnection()
        peer.addTransceiver("video", direction="recvonly")
        peer.addTransceiver("audio", direction="recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        sdp: str = peer.localDescription.sdp
        await peer.close()
        return sdp

    return asyncio.run(make())


def make_room(box: Box, name: str) -> dict[str, Any]:
    answer = box.request("POST", "/api/v1/rooms", json={"name": name})
    assert answer.status_code == 201, answer.text
    room: dict[str, Any] = answer.json()
    return room


def token_of(room: dict[str, Any]) -> str:
    return str(room["links"][0].partition("#token=")[2])


def join(box: Box, token: str, query: str = "") -> httpx.Response:
    headers = SDP | {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{box.base}/whep{query}", headers=headers, content=an_offer(), timeout=20)


def log_kinds(box: Box) -> list[str]:
    return [entry["kind"] for entry in box.get("/api/v1/lesson-log").json()["entries"]]


@pytest.fixture
def box(start_box: Callable[..., Box]) -> Box:
    box = start_box()
    box.until_live()
    return box


def test_a_room_watches_by_its_own_link_until_it_is_removed(box: Box) -> None:
    room = make_room(box, "Room 5")
    token = token_of(room)
    assert token not in box.log
    joined = join(box, token, "?name=Somebody")
    assert joined.status_code == 201
    (viewer,) = box.get("/api/v1/viewers").json()
    assert (viewer["name"], viewer["room_id"]) == ("Room 5", room["id"]), "the link's name, not the one sent"
    assert box.get("/api/v1/rooms").json()[0]["watching"] == 1
    for method, path in (("GET", "/api/v1/status"), ("GET", "/api/v1/rooms"), ("GET", "/api/v1/lesson-log")):
        assert box.request(method, path, token).status_code == 403
    qr = box.get(f"/api/v1/rooms/{room['id']}/qr")
    assert qr.headers["content-type"] == "image/svg+xml" and qr.text.startswith("<svg")
    assert (
        box.request("PATCH", f"/api/v1/rooms/{room['id']}", json={"name": "Room 6"}).json()["name"]
        == "Room 6"
    )
    assert box.get("/api/v1/viewers").json()[0]["name"] == "Room 6", "the link stays, the name follows"
    assert box.request("DELETE", f"/api/v1/rooms/{room['id']}").status_code == 204
    assert box.get("/api/v1/viewers").json() == []
    assert join(box, token).status_code == 401, "this link is refused from now on"
    assert box.request("DELETE", f"/api/v1/rooms/{room['id']}").status_code == 404
    assert box.get(f"/api/v1/rooms/{room['id']}/qr").status_code == 404
    until(lambda: log_kinds(box)[-1] == "room_left", "the room's leaving in the log")
    assert {"room_joined", "room_removed"} <= set(log_kinds(box))
    assert join(box, VIEWER).status_code == 201, "the common link goes on"


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": " \n"}, {"name": "x" * 41}, {"name": "a", "token": "b"}]
)
def test_rooms_want_a_name(shared_box: Box, body: dict[str, str]) -> None:
    assert shared_box.request("POST", "/api/v1/rooms", json=body).status_code == 422


def test_a_signal_reaches_the_status_and_the_log(box: Box) -> None:
    room = make_room(box, "=1+1")
    token = token_of(room)
    viewer_id = join(box, token).headers["location"].rpartition("/")[2]
    place = f"/api/v1/viewers/{viewer_id}/signal"
    report = {"freezes": 2, "frozen_ms": 800.5, "play_delay_ms": 90, "first_picture_ms": 500}
    heard = box.request("PUT", place.replace("signal", "report"), token, json=report)
    assert heard.json() == {"signal": None, "capture_to_send_ms": 120.0}
    assert box.request("PUT", place, token, json={"signal": "hand_up"}).status_code == 204
    (viewer,) = box.get("/api/v1/viewers").json()
    assert viewer["signal"]["kind"] == "hand_up"
    assert (viewer["freezes"], viewer["play_delay_ms"], viewer["opened_to_picture_ms"]) == (2, 90, 500)
    heard = box.request("PUT", place.replace("signal", "report"), token, json=report)
    assert heard.json()["signal"]["kind"] == "hand_up"
    assert box.request("DELETE", place).status_code == 204
    heard = box.request("PUT", place.replace("signal", "report"), token, json=report)
    assert heard.json()["signal"] is None, "the room learns that it was seen"
    box.request("PUT", "/api/v1/panic")
    heard = box.request("PUT", place.replace("signal", "report"), token, json=report)
    assert heard.json()["capture_to_send_ms"] is None, "a slate has no age"
    for bad in ({"signal": "shout"}, {}, {"signal": "fine", "text": "hello"}):
        assert box.request("PUT", place, token, json=bad).status_code == 422
    for unknown in ("nobody", "x" * 64):
        path = f"/api/v1/viewers/{unknown}/signal"
        assert box.request("PUT", path, token, json={"signal": "fine"}).status_code == 404
    flood = [
        box.request("PUT", place, token, json={"signal": ("fine", "too_fast")[turn % 2]}).status_code
        for turn in range(12)
    ]
    assert flood[-1] == 429
    kinds = log_kinds(box)
    assert kinds[:3] == ["room_joined", "hand_up", "seen"]
    table = list(csv.reader(io.StringIO(box.get("/api/v1/lesson-log/csv").text.removeprefix("\ufeff"))))
    assert table[0][2:4] == ["kind", "room"] and table[2][2:4] == ["hand_up", "'=1+1"]


def test_marks_stand_in_the_log_with_their_page(box: Box) -> None:
    box.request("POST", "/api/v1/page", json={"index": 3})
    until(lambda: box.get("/api/v1/page").json()["index"] == 3, "page 4")
    made = box.request("POST", "/api/v1/lesson-log", json={"kind": "bad_matte"})
    assert made.status_code == 201
    assert (made.json()["page_index"], made.json()["layout"]) == (3, "aligned")
    assert made.json()["matte_quality"] == 0.9, "what the studio says of the last minute"
    assert box.request("POST", "/api/v1/lesson-log", json={"kind": "hand_up"}).status_code == 422
    newest = box.get("/api/v1/lesson-log").json()["newest"]
    assert newest == box.status()["log_newest"] == made.json()["number"]
    assert box.get(f"/api/v1/lesson-log?after={newest}").json()["entries"] == []
    marks = box.get("/api/v1/lesson-log?kind=bad_matte").json()
    assert (marks["entries"], marks["newest"]) == ([made.json()], newest), "these alone"
    assert box.get("/api/v1/lesson-log?kind=nonsense").status_code == 422
    quality = box.get("/api/v1/lesson-log/quality").json()
    assert quality["samples"][0]["matte_quality"] == 0.9
    assert box.request("DELETE", "/api/v1/lesson-log").status_code == 204
    assert log_kinds(box) == ["cleared"]


def test_a_studio_that_died_stands_in_the_log(box: Box) -> None:
    box.request("PUT", "/api/v1/courseware", json={"name": "demo"})
    box.request("POST", "/api/v1/courseware/live", json={"address": "v4l2:/dev/crash"})
    until(lambda: "studio_restarted" in log_kinds(box), "the restart in the log")
