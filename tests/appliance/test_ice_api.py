"""STUN and TURN servers, as those who may watch are told of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from appliance.api import create_app
from appliance.gateway import Gateway
from appliance.settings import load
from appliance.tokens import Tokens
from pipelines.orders import BoxServer, OfferCamera, OfferScreen, OfferVoice, Order
from pipelines.reports import OfferAnswer

VIEWER = {"Authorization": f"Bearer {'v' * 20}"}
PRESENTER = {"Authorization": f"Bearer {'p' * 20}"}
AN_OFFER = {"Content-Type": "application/sdp"}


class Studio:
    """Answers every offer at once, and keeps which servers the box was to use for it."""

    def __init__(self, gateway: Gateway) -> None:
        self.servers: list[tuple[BoxServer, ...]] = []
        self._gateway = gateway

    def send(self, order: Order) -> bool:
        if isinstance(order, OfferScreen | OfferVoice | OfferCamera):
            self.servers.append(order.servers)
            answer = OfferAnswer(order.session, "v=0\r\n")
            self._gateway.screens.take(answer)
            self._gateway.talk.take(answer)
        return True


@pytest.fixture
async def new_box(tmp_path: Path) -> AsyncIterator[Callable[[str], tuple[Studio, httpx.AsyncClient]]]:
    """A box with a STUN and a TURN server, its relay as said; somebody called "room" watches."""
    gateways: list[Gateway] = []

    def create(relay: str) -> tuple[Studio, httpx.AsyncClient]:
        (tmp_path / "turn").write_text("shared with the server")
        environment = {
            "CLASSROOM_BOX_STATE_DIR": str(tmp_path),
            "CLASSROOM_BROADCAST_ICE_URLS": '["stun:one.example:3478", "turn:two.example?transport=tcp"]',
            "CLASSROOM_BROADCAST_TURN_SECRET_FILE": str(tmp_path / "turn"),
            "CLASSROOM_BROADCAST_RELAY": relay,
        }
        gateway = Gateway(load(None, environment).settings, "fake_studio:run_studio", lambda: None)
        gateways.append(gateway)
        gateway.desk.joined("room", "")
        studio = Studio(gateway)
        gateway.studio._child = studio  # type: ignore[assignment]
        transport = httpx.ASGITransport(create_app(gateway, Tokens("a" * 20, "p" * 20, "v" * 20)))
        gateway.talk.let_in("room", in_programme=False)
        return studio, httpx.AsyncClient(transport=transport, base_url="http://box:8080")

    yield create
    for gateway in gateways:
        gateway.studio._child = None
        await gateway.close()


@pytest.mark.parametrize("path", ["/whep", "/whip", "/talk/room", "/talk/room/camera"])
async def test_ice_servers_are_told_to_those_who_may_watch(
    new_box: Callable[[str], tuple[Studio, httpx.AsyncClient]], path: str
) -> None:
    async with new_box("viewers")[1] as client:
        stranger = await client.options(path)
        assert stranger.status_code in (204, 401) and "Link" not in stranger.headers
        wrong = await client.options(path, headers={"Authorization": "Bearer wrong"})
        assert wrong.status_code == 401 and "Link" not in wrong.headers
        told = await client.options(path, headers=VIEWER)
    assert told.status_code == 204
    assert told.headers["Cache-Control"] == "no-store"
    check_links(told)


def check_links(told: httpx.Response) -> None:
    links = told.headers.get_list("Link")
    assert links[0] == '<stun:one.example:3478>; rel="ice-server"'
    assert links[1].startswith('<turn:two.example?transport=tcp>; rel="ice-server"; username="')
    assert "shared with the server" not in links[1]


@pytest.mark.parametrize(("relay", "kinds"), [("viewers", ["stun"]), ("both", ["stun", "turn"])])
async def test_who_sends_and_the_box_meet_by_these_servers(
    new_box: Callable[[str], tuple[Studio, httpx.AsyncClient]], relay: str, kinds: list[str]
) -> None:
    studio, client = new_box(relay)
    async with client:
        for path, who in (("/whip", PRESENTER), ("/talk/room", VIEWER), ("/talk/room/camera", VIEWER)):
            answer = await client.post(path, headers=who | AN_OFFER, content="v=0\r\n")
            assert answer.status_code == 201, answer.text
            assert answer.headers["Location"].startswith(path)
            check_links(answer)
    assert [[one.url.partition(":")[0] for one in servers] for servers in studio.servers] == [kinds] * 3
    relays = [one for servers in studio.servers for one in servers if one.url.startswith("turn")]
    assert all(one.username and one.password for one in relays)
